import json
import threading
import time

import pytest

from harness.base.errors import InfrastructureError, UsageError
from harness.kubernetes.client import (
    Cluster,
    ConflictError,
    HttpAnswer,
    NotFoundError,
    RefusedError,
    UnreachableError,
    WaitTimeoutError,
)

PODS = "/api/v1/namespaces/n/pods"


def status(code, reason, message):
    return {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}


def pod(name, version, **labels):
    return {"metadata": {"name": name, "namespace": "n", "resourceVersion": version, "labels": labels}}


def listing(*items, version="1"):
    return {"metadata": {"resourceVersion": version}, "items": list(items)}


def test_an_error_of_tls_is_told_in_one_line_without_a_traceback(api, kubeconfig):
    kubeconfig.write_text(kubeconfig.read_text().replace("http://", "https://"))
    cluster = Cluster.connect(kubeconfig)
    for ask in (cluster.version, lambda: cluster.proxy_fetch("pods", "n", "p", 1, "/")):
        with pytest.raises(UnreachableError) as caught:
            ask()
        (why,) = caught.value.details
        assert why.startswith("SSLError: [SSL")
        assert "no answer from the API server https://" in caught.value.problem
        assert caught.value.next_step


def test_missing_context_and_file_are_usage_errors(kubeconfig, tmp_path):
    with pytest.raises(UsageError):
        Cluster.connect(tmp_path / "nothing")
    with pytest.raises(UsageError):
        Cluster.connect(kubeconfig, "another")
    assert Cluster.connect(kubeconfig).context == "own"


def test_get_sends_the_token_and_returns_the_object(api, cluster):
    api.route = lambda request: request.answer(200, pod("a", "1"))
    assert cluster.get("Pod", "a", "n")["metadata"]["name"] == "a"
    assert api.requests[0].path == f"{PODS}/a"
    assert api.requests[0].headers["Authorization"] == "Bearer a-token"


def test_what_does_not_exist_is_none_and_deleting_it_is_fine(api, cluster):
    api.route = lambda request: request.answer(404, status(404, "NotFound", 'pods "a" not found'))
    assert cluster.get("Pod", "a", "n") is None
    cluster.delete("Pod", "a", "n")
    with pytest.raises(NotFoundError):
        cluster.patch("Pod", "a", "n", {})


def test_items_of_a_list_know_their_kind(api, cluster):
    api.route = lambda request: request.answer(200, listing(pod("a", "1")))
    (found,) = cluster.list("Pod", "n", "app=x")
    assert (found["kind"], found["apiVersion"]) == ("Pod", "v1")
    assert ("labelSelector", "app=x") in api.requests[0].query


def test_a_webhooks_words_are_kept(api, cluster):
    words = 'admission webhook "x" denied the request: spec.mode: wrong\nsecond line'
    api.route = lambda request: request.answer(403, status(403, "Forbidden", words))
    with pytest.raises(RefusedError) as caught:
        cluster.create({"kind": "StressChaos", "metadata": {"name": "burn", "namespace": "n"}})
    assert (caught.value.message, caught.value.reason, caught.value.status) == (words, "Forbidden", 403)
    assert isinstance(caught.value, UsageError)
    assert not isinstance(caught.value, InfrastructureError)
    assert api.requests[0].path == "/apis/chaos-mesh.org/v1alpha1/namespaces/n/stresschaos"


def test_existing_object_is_a_conflict(api, cluster):
    api.route = lambda request: request.answer(409, status(409, "AlreadyExists", "it exists"))
    with pytest.raises(ConflictError):
        cluster.create({"kind": "Pod", "metadata": {"name": "a", "namespace": "n"}})


@pytest.mark.parametrize("code", [500, 503, 504, 429])
def test_a_server_in_trouble_is_infrastructure_and_is_asked_once(api, cluster, code):
    api.route = lambda request: request.answer(code, status(code, "InternalError", "etcd is away"))
    with pytest.raises(UnreachableError) as caught:
        cluster.get("Pod", "a", "n")
    assert isinstance(caught.value, InfrastructureError)
    assert "etcd is away" in caught.value.render()
    assert len(api.requests) == 1


def test_no_server_is_unreachable(cluster, api):
    api.server.shutdown()
    api.server.server_close()
    with pytest.raises(UnreachableError):
        cluster.list("Pod")


def test_a_silent_server_is_given_up(api, cluster):
    api.route = lambda request: api.done.wait(5)
    with pytest.raises(UnreachableError):
        cluster.get("Pod", "a", "n", timeout=0.2)


def test_a_trickling_answer_is_given_up(api, cluster):
    def trickle(request):
        send = request.stream()
        while not api.done.wait(0.05):
            send("x")

    api.route = trickle
    with pytest.raises(UnreachableError):
        cluster.get("Pod", "a", "n", timeout=0.3)


def test_an_answer_that_is_no_json_is_unreachable(api, cluster):
    api.route = lambda request: request.answer(200, b"<html>", "text/html")
    with pytest.raises(UnreachableError):
        cluster.get("Pod", "a", "n")


def test_patch_is_a_merge_patch_and_delete_takes_a_grace_period(api, cluster):
    api.route = lambda request: request.answer(200, pod("a", "1"))
    cluster.patch("Pod", "a", "n", {"metadata": {"finalizers": None}})
    cluster.delete("Pod", "a", "n", grace=0)
    patch, delete = api.requests
    assert (patch.method, patch.headers["Content-Type"]) == ("PATCH", "application/merge-patch+json")
    assert patch.body == {"metadata": {"finalizers": None}}
    assert delete.body["gracePeriodSeconds"] == 0


def test_a_dry_run_keeps_nothing_and_a_deletion_may_name_its_object(api, cluster):
    api.route = lambda request: request.answer(200, pod("a", "1"))
    cluster.create({"kind": "Pod", **pod("a", "1")}, dry_run=True)
    cluster.create({"kind": "Pod", **pod("a", "1")})
    cluster.delete("Pod", "a", "n", uid="u-1")
    tried, made, deleted = api.requests
    strict = ("fieldValidation", "Strict")
    assert (tried.query, made.query) == ([strict, ("dryRun", "All")], [strict])
    assert deleted.body["preconditions"] == {"uid": "u-1"}


def test_unknown_kind_is_named(cluster):
    with pytest.raises(UsageError, match="Stresschaos"):
        cluster.list("Stresschaos", "n")


class Watched:
    """Lists one state, then tells changes to each watch."""

    def __init__(self, items, events):
        self.items, self.events = items, events
        self.watches = 0

    def __call__(self, request):
        if ("watch", "true") not in request.query:
            request.answer(200, listing(*self.items, version="7"))
            return
        self.watches += 1
        assert ("resourceVersion", "7") in request.query
        send = request.stream()
        for event in self.events:
            send(event)
        request.end_stream()


def test_until_looks_first(api, cluster):
    api.route = Watched([pod("a", "1")], [])
    assert cluster.until("Pod", "n", lambda found: found is not None, 5, "a")["metadata"]["name"] == "a"
    assert ("fieldSelector", "metadata.name=a") in api.requests[0].query
    assert api.route.watches == 0


def test_until_sees_each_change_in_order(api, cluster):
    events = [
        {"type": "MODIFIED", "object": pod("a", "8", step="1")},
        {"type": "BOOKMARK", "object": {"metadata": {}}},
        {"type": "MODIFIED", "object": pod("a", "9", step="2")},
        {"type": "DELETED", "object": pod("a", "10")},
    ]
    api.route = Watched([pod("a", "1", step="0")], events)
    seen = []

    def gone(found):
        seen.append(found and found["metadata"]["labels"]["step"])
        return found is None

    assert cluster.until("Pod", "n", gone, 5, "a") is None
    assert seen == ["0", "1", "2", None]


def test_until_all_keeps_what_did_not_change(api, cluster):
    api.route = Watched([pod("a", "1")], [{"type": "ADDED", "object": pod("b", "8")}])
    found = cluster.until_all("Pod", "n", lambda pods: len(pods) == 2, 5, label_selector="x=y")
    assert {item["metadata"]["name"] for item in found} == {"a", "b"}
    assert all(("labelSelector", "x=y") in request.query for request in api.requests)


def test_until_ends_at_its_bound_with_what_was_there(api, cluster):
    def route(request):
        if ("watch", "true") in request.query:
            request.stream()({"type": "MODIFIED", "object": pod("a", "8", late="yes")})
            api.done.wait(5)
        else:
            request.answer(200, listing(pod("a", "1"), version="7"))

    api.route = route
    began = time.monotonic()
    with pytest.raises(WaitTimeoutError) as caught:
        cluster.wait_gone("Pod", "a", "n", 0.3)
    assert caught.value.last[0]["metadata"]["labels"] == {"late": "yes"}
    assert time.monotonic() - began < 5, "a watch that says nothing must not hold the wait up"


def test_until_lists_again_when_the_version_is_too_old(api, cluster):
    states = iter([listing(version="7"), listing(pod("a", "9"), version="9")])

    def route(request):
        if ("watch", "true") in request.query:
            send = request.stream()
            send({"type": "ERROR", "object": status(410, "Expired", "too old")})
            request.end_stream()
        else:
            request.answer(200, next(states))

    api.route = route
    assert cluster.until("Pod", "n", lambda found: found is not None, 5, "a") is not None


def test_until_reports_an_api_server_that_went_away(api, cluster):
    answers = iter([200, 500])

    def route(request):
        if ("watch", "true") in request.query:
            request.stream()
            request.end_stream()
        elif next(answers) == 200:
            request.answer(200, listing(version="7"))
        else:
            request.answer(500, status(500, "InternalError", "gone"))

    api.route = route
    with pytest.raises(UnreachableError):
        cluster.until("Pod", "n", lambda found: found is not None, 5, "a")


def test_a_watch_can_be_ended_from_another_thread(api, cluster):
    def route(request):
        request.stream()
        api.done.wait(5)

    api.route = route
    opened = threading.Event()
    ends = []

    def remember(end):
        ends.append(end)
        opened.set()

    watching = threading.Thread(
        target=lambda: list(cluster.watch("Pod", "n", "1", 30, opened=remember)), daemon=True
    )
    watching.start()
    assert opened.wait(5)
    ends[0]()
    watching.join(5)
    assert not watching.is_alive()


def test_proxy_gives_answers_of_any_status(api, cluster):
    api.route = lambda request: request.answer(404, b"no such page", "text/plain")
    answer = cluster.proxy_fetch("pods", "n", "a", 8080, "/send", params={"to": "1.2.3.4:5"})
    assert (answer.status, answer.body) == (404, b"no such page")
    request = api.requests[0]
    assert request.path == f"{PODS}/a:8080/proxy/send"
    assert request.query == [("to", "1.2.3.4:5")]


def test_proxy_keeps_the_content_type(api, cluster):
    api.route = lambda request: request.answer(200, b"up 1\n", "text/plain; version=0.0.4")
    answer = cluster.proxy_fetch("services", "n", "s", "metrics", "metrics")
    assert (answer.status, answer.body, answer.content_type) == (200, b"up 1\n", "text/plain; version=0.0.4")


def test_session_reaches_what_the_proxy_url_names(api, cluster):
    api.route = lambda request: request.answer(200, b"ok")
    url = cluster.service_proxy_url("n", "prometheus", 9090)
    assert cluster.session().get(url + "/-/ready", timeout=5).text == "ok"
    assert api.requests[0].path == "/api/v1/namespaces/n/services/prometheus:9090/proxy/-/ready"
    assert api.requests[0].headers["Authorization"] == "Bearer a-token"


def test_logs_are_plain_text(api, cluster):
    api.route = lambda request: request.answer(200, b"a line\n", "text/plain")
    assert cluster.logs("n", "a", "c", seconds=30) == "a line\n"
    assert api.requests[0].path == f"{PODS}/a/log"
    assert ("sinceSeconds", "30") in api.requests[0].query


def send(cluster, path, **options):
    with cluster.session() as session:
        return cluster.proxy_send(session, "services", "n", "web", 80, path, **options)


def test_a_request_through_the_proxy_goes_out_once_as_it_is(api, cluster):
    api.route = lambda request: request.answer(503, b"busy", "text/plain")
    answer = send(
        cluster,
        "/a%2Fb?x=1&y=%20",
        method="POST",
        body=b'{"a": 1}',
        headers={"X-One": "1", "Content-Type": "b/c"},
    )
    assert (answer.status, answer.body, answer.content_type) == (503, b"busy", "text/plain")
    (request,) = api.requests
    assert request.path == "/api/v1/namespaces/n/services/web:80/proxy/a%2Fb"
    assert (request.method, request.query, request.body) == ("POST", [("x", "1"), ("y", " ")], {"a": 1})
    assert (request.headers["X-One"], request.headers["Content-Type"]) == ("1", "b/c")
    assert request.headers["Authorization"] == "Bearer a-token"


def test_no_redirect_is_followed(api, cluster):
    def redirect(request):
        request._handler.send_response(302)
        request._handler.send_header("Location", "/elsewhere")
        request._handler.send_header("Content-Length", "0")
        request._handler.end_headers()

    api.route = redirect
    assert send(cluster, "/").status == 302
    assert len(api.requests) == 1


def test_a_request_through_the_proxy_that_is_not_answered_is_unreachable_and_not_repeated(api, cluster):
    api.route = lambda request: api.done.wait(5)
    with pytest.raises(UnreachableError):
        send(cluster, "/", timeout=0.2)
    assert len(api.requests) == 1


def test_a_trickling_answer_through_the_proxy_is_given_up(api, cluster):
    def trickle(request):
        answer = request.stream()
        while not api.done.wait(0.05):
            answer("x")

    api.route = trickle
    with pytest.raises(UnreachableError, match="did not end in time"):
        send(cluster, "/", timeout=0.3)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            HttpAnswer(
                503,
                json.dumps({"apiVersion": "v1", **status(503, "x", "no endpoints")}).encode(),
                "application/json",
            ),
            "no endpoints",
        ),
        (HttpAnswer(503, b'{"kind": "Busy"}', "application/json"), None),
        (HttpAnswer(503, b"no endpoints", "text/plain"), None),
        (HttpAnswer(500, b"{", "application/json"), None),
        (HttpAnswer(500, b"[]", "application/json"), None),
        (
            HttpAnswer(
                200, json.dumps({"apiVersion": "v1", **status(503, "x", "y")}).encode(), "application/json"
            ),
            None,
        ),
    ],
)
def test_the_api_servers_own_answer_is_told_from_the_components(answer, why):
    assert answer.undelivered() == why
