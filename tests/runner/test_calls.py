"""What is sent, what is noted of the answers, and what a wrong answer becomes."""

import contextlib
import json
from typing import Any

import pytest

from harness.actions.exec import Exec
from harness.actions.request import Http
from harness.base.errors import BoundaryError, UsageError
from harness.chaosmesh.boundary import Reach
from harness.chaosmesh.workload import WorkloadHandle
from harness.kubernetes.client import ExecResult, HttpAnswer
from harness.kubernetes.errors import UnreachableError, from_answer
from harness.runner import calls
from harness.runner.step_failed import StepFailedError

POD: dict[str, Any] = {
    "metadata": {"name": "mini-node-exporter-0", "uid": "u"},
    "spec": {"nodeName": "n1", "containers": [{"name": "exporter"}]},
}
WORKLOAD = WorkloadHandle("mini-node-exporter", "ns", {}, [POD], "mini-node-exporter")
TARGET = {"namespace": "ns", "pod": "mini-node-exporter-0", "container": "exporter", "node": "n1"}
SCOPE = {
    "page": "x",
    "word": "hello",
    "targets": [TARGET],
    "two": [TARGET, TARGET],
    "pod": POD["metadata"]["name"],
}
OK = HttpAnswer(200, b"[]", "application/json")


class FakeCluster:
    def __init__(self):
        self.sent = []
        self.sessions = 0
        self.answers = [OK]
        self.result = ExecResult("", "", 0)
        self.alive = True

    @contextlib.contextmanager
    def session(self):
        self.sessions += 1
        yield "session"

    def proxy_send(self, session, *where, **options):
        assert session == "session"
        self.sent.append((where, options))
        answer = self.answers[min(len(self.sent), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def version(self, timeout):
        if not self.alive:
            raise UnreachableError("the API server is gone")

    def exec(self, *what):
        self.sent.append(what)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def cluster():
    return FakeCluster()


BOUNDS = Reach(("ns", "ns-there"))
OWN_UID = "11111111-2222-3333-4444-555555555555"


def http(cluster, workload=WORKLOAD, **wanted):
    request = Http.model_validate(wanted)
    return calls.http(cluster, request, "chaos-mesh", workload, SCOPE, BOUNDS, OWN_UID.__eq__)


def execute(cluster, workload=WORKLOAD, **wanted):
    return calls.execute(cluster, Exec.model_validate(wanted), workload, SCOPE, BOUNDS)


def failure(call):
    with pytest.raises(StepFailedError) as failed:
        call()
    return failed.value.problem


@pytest.mark.parametrize(
    ("to", "where"),
    [
        ("chaos-dashboard", ("services", "chaos-mesh", "chaos-dashboard", 2333)),
        ("controller-manager", ("services", "chaos-mesh", "chaos-mesh-controller-manager", 10080)),
        ("workload", ("services", "ns", "mini-node-exporter", 8080)),
        ("mini-node-exporter-0", ("pods", "ns", "mini-node-exporter-0", 8080)),
        ("${pod}", ("pods", "ns", "mini-node-exporter-0", 8080)),
    ],
)
def test_each_recipient_has_its_service_or_pod_and_port(cluster, to, where):
    http(cluster, to=to, path="/api/${page}")
    assert cluster.sent == [
        ((*where, "/api/x"), {"method": "GET", "body": None, "headers": {}, "timeout": 5.0})
    ]


def test_a_recipient_that_a_template_makes_up_is_named(cluster):
    with pytest.raises(UsageError, match="'x'") as raised:
        http(cluster, to="${page}", path="/")
    assert raised.value.details == [
        "there is: chaos-daemon, chaos-dashboard, controller-manager, workload, mini-node-exporter-0"
    ]
    with pytest.raises(UsageError):
        http(cluster, workload=None, to="workload", path="/")


def test_requests_go_out_exactly_as_often_as_wanted_and_the_answers_are_counted(cluster):
    cluster.answers = [OK, HttpAnswer(500, b"secret", "text/plain"), HttpAnswer(200, b"abc", "text/plain")]
    detail = http(cluster, to="chaos-dashboard", path="/a", times=3, method="DELETE")
    assert (len(cluster.sent), cluster.sessions) == (3, 1)
    del detail["seconds"]
    assert detail == {
        "to": "chaos-dashboard",
        "method": "DELETE",
        "path": "/a",
        "statuses": {"200": 2, "500": 1},
        "bytes": 11,
    }


def test_a_body_is_sent_as_json_with_its_templates_resolved(cluster):
    http(
        cluster,
        to="chaos-dashboard",
        path="/a",
        method="POST",
        body={"a": ["${word}", 1]},
        headers={"X": "${word}"},
    )
    ((_, options),) = cluster.sent
    assert json.loads(options["body"]) == {"a": ["hello", 1]}
    assert options["headers"] == {"Content-Type": "application/json", "X": "hello"}


def test_another_status_ends_the_step_at_once_with_the_errors_beginning(cluster):
    cluster.answers = [OK, HttpAnswer(404, b"no such page" + b"." * 300, "text/plain")]
    problem = failure(lambda: http(cluster, to="chaos-dashboard", path="/a", times=5, status=200))
    assert (problem.kind, problem.reason) == (
        "http",
        "chaos-dashboard answered GET /a with 404, not 200 (request 2 of 5)",
    )
    assert problem.details == ["no such page" + "." * 188]
    assert len(cluster.sent) == 2


def test_the_body_of_a_success_is_never_told(cluster):
    cluster.answers = [HttpAnswer(200, b"token", "text/plain")]
    problem = failure(lambda: http(cluster, to="chaos-dashboard", path="/a", status=404))
    assert problem.reason == "chaos-dashboard answered GET /a with 200, not 404"
    assert problem.details == []


@pytest.mark.parametrize("status", [None, 503])
def test_an_answer_of_the_api_server_itself_is_no_answer_of_the_component(cluster, status):
    body = {"kind": "Status", "apiVersion": "v1", "message": "no endpoints available"}
    cluster.answers = [HttpAnswer(503, json.dumps(body).encode(), "application/json")]
    problem = failure(lambda: http(cluster, to="chaos-dashboard", path="/a", status=status))
    assert problem.reason == "GET /a did not reach chaos-dashboard"
    assert problem.details == ["no endpoints available"]


def test_a_component_that_hangs_fails_the_step_and_an_api_server_that_is_gone_does_not(cluster):
    cluster.answers = [UnreachableError("cannot GET", details=["timed out"])]
    problem = failure(lambda: http(cluster, to="chaos-dashboard", path="/a", timeout=2))
    assert (problem.reason, problem.details) == (
        "chaos-dashboard did not answer GET /a within 2 s",
        ["timed out"],
    )
    assert len(cluster.sent) == 1, "never sent twice"
    cluster.alive = False
    with pytest.raises(UnreachableError, match="the API server is gone"):
        http(cluster, to="chaos-dashboard", path="/a")


@pytest.mark.parametrize("where", ["${targets[0]}", "${targets}", "${pod}", "mini-node-exporter-0", TARGET])
def test_a_command_is_run_in_the_container_that_is_meant(cluster, where):
    cluster.result = ExecResult("hello\n", "warned", 0)
    detail = execute(cluster, **{"in": where}, command=["echo", "${word}"], timeout=3)
    assert cluster.sent == [("ns", "mini-node-exporter-0", "exporter", ["echo", "hello"], 3.0)]
    assert detail == {
        "in": {"namespace": "ns", "pod": "mini-node-exporter-0", "container": "exporter"},
        "command": ["echo", "hello"],
        "exit": 0,
        "stdout": "hello\n",
        "stderr": "warned",
    }


@pytest.mark.parametrize("where", ["${two}", "no-such-pod", "${word}", {"pod": "a"}])
def test_what_is_no_container_is_named(cluster, where):
    with pytest.raises(UsageError, match="this is no container"):
        execute(cluster, **{"in": where}, command=["true"])


@pytest.mark.parametrize(("code", "wanted"), [(1, 0), (0, 1)])
def test_another_exit_code_fails_the_step_with_the_output(cluster, code, wanted):
    cluster.result = ExecResult("out\n", "no such file\n", code)
    problem = failure(lambda: execute(cluster, **{"in": "${pod}"}, command=["cat", "a b"], exit=wanted))
    assert (problem.kind, problem.reason, problem.details) == (
        "exec",
        f"`cat 'a b'` in mini-node-exporter-0/exporter ended with {code}, not {wanted}",
        ["out", "no such file"],
    )


def test_an_exit_code_that_is_wanted_is_no_failure(cluster):
    cluster.result = ExecResult("", "", 7)
    assert execute(cluster, **{"in": "${pod}"}, command=["false"], exit=7)["exit"] == 7


@pytest.mark.parametrize(
    ("answered", "holds"), [("${word}", True), (" hello ", True), ("hell", False), ("", False)]
)
def test_the_answer_must_be_the_wanted_one_and_not_hold_it(cluster, answered, holds):
    cluster.result = ExecResult(" hello\n", "", 0)

    def run():
        return execute(cluster, **{"in": "${pod}"}, command=["echo"], answered=answered)

    if holds:
        run()
    else:
        assert (
            failure(run).reason
            == f"`echo` in mini-node-exporter-0/exporter answered 'hello', not {answered!r}"
        )


def test_no_more_than_the_beginning_of_the_output_is_noted(cluster):
    cluster.result = ExecResult("x" * 5000, "\N{SNOWMAN}" * 3000, 0)
    detail = execute(cluster, **{"in": "${pod}"}, command=["yes"])
    assert len(detail["stdout"]) == 2048
    assert len(detail["stderr"].encode()) < 2048 + 3


def test_a_program_that_is_not_there_fails_the_step(cluster):
    message = 'OCI runtime exec failed: exec failed: exec: "nope": executable file not found in $PATH'
    cluster.result = from_answer("run nope", 500, json.dumps({"reason": "InternalError", "message": message}))
    problem = failure(lambda: execute(cluster, **{"in": "${pod}"}, command=["nope"]))
    assert problem.reason == "`nope` in mini-node-exporter-0/exporter was not run"
    assert problem.details == [message]


def test_a_container_that_is_not_there_fails_the_step(cluster):
    cluster.result = from_answer("run x", 404, json.dumps({"reason": "NotFound", "message": "no such pod"}))
    assert failure(lambda: execute(cluster, **{"in": "${pod}"}, command=["x"])).details == ["no such pod"]


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("cannot run x: no end within 10 s"),
        from_answer(
            "run x", 500, json.dumps({"reason": "InternalError", "message": "error dialing backend"})
        ),
    ],
)
def test_trouble_on_the_way_to_the_container_is_the_infrastructures(cluster, error):
    cluster.result = error
    with pytest.raises(UnreachableError):
        execute(cluster, **{"in": "${pod}"}, command=["x"])


POD_CHAOS: dict[str, Any] = {
    "apiVersion": "chaos-mesh.org/v1alpha1",
    "kind": "PodChaos",
    "metadata": {"name": "kill", "namespace": "ns"},
    "spec": {"action": "pod-kill", "mode": "all", "selector": {"namespaces": ["ns"]}},
}


def dashboard(cluster, **wanted):
    return http(cluster, **{"to": "chaos-dashboard", "status": 200, **wanted})


@pytest.mark.parametrize(
    "wanted",
    [
        {"path": "/api/experiments?namespace=other"},
        {"path": "/api/experiments", "method": "POST", "body": POD_CHAOS},
        {"path": f"/api/experiments/{OWN_UID}", "method": "DELETE"},
        {"path": f"/api/archives?uids={OWN_UID},{OWN_UID}", "method": "DELETE"},
        {"path": f"/api/experiments/pause/{OWN_UID}", "method": "PUT", "body": {}},
        {"path": "/api/experiments", "method": "POST", "body": {"kind": "NoChaos"}},
        {"path": "/no-such-page", "method": "DELETE"},
    ],
    ids=str,
)
def test_the_dashboard_is_asked_about_what_is_the_scenarios_own(cluster, wanted):
    dashboard(cluster, **wanted)
    assert len(cluster.sent) == 1


def changed(**spec):
    return {**POD_CHAOS, "spec": {**POD_CHAOS["spec"], **spec}}


@pytest.mark.parametrize(
    "wanted",
    [
        {"path": "/api/experiments", "method": "POST", "body": changed(selector={"namespaces": ["other"]})},
        {"path": "/api/experiments", "method": "POST", "body": changed(selector={"Namespaces": ["other"]})},
        {"path": "/api/experiments", "method": "POST", "body": {**POD_CHAOS, "metadata": {"name": "a"}}},
        {
            "path": "/api/experiments",
            "method": "POST",
            "body": {**POD_CHAOS, "metadata": {"name": "a", "namespace": "other"}},
        },
        {"path": "/api/experiments", "method": "POST", "body": {**POD_CHAOS, "kind": "Secret"}},
        {
            "path": "/api/schedules",
            "method": "POST",
            "body": {"metadata": {"namespace": "other"}, "spec": {}},
        },
        {"path": "/api/templates/statuschecks", "method": "POST", "body": {"namespace": "other", "spec": {}}},
        {"path": "/api/experiments/66666666-2222-3333-4444-555555555555", "method": "DELETE"},
        {"path": "/api/experiments/%366666666-2222-3333-4444-555555555555/", "method": "DELETE"},
        {"path": f"/api/experiments?uids={OWN_UID},other", "method": "DELETE"},
        {"path": f"/api/experiments?force=true&uids={OWN_UID}&uids=other", "method": "DELETE"},
        {"path": "/api/experiments", "method": "DELETE"},
        {"path": "/api/archives", "method": "DELETE"},
        {"path": "/api/experiments/pause/other", "method": "PUT", "body": {}},
        {"path": "/api/workflows/other", "method": "PUT", "body": {}},
        {"path": "/api/templates/statuschecks/statuscheck?namespace=other&name=a", "method": "DELETE"},
    ],
    ids=str,
)
def test_the_dashboard_is_not_asked_to_change_what_is_of_others(cluster, wanted):
    with pytest.raises(BoundaryError):
        dashboard(cluster, **wanted)
    assert cluster.sent == []


def test_a_command_does_not_run_in_a_container_of_others(cluster):
    other = {**TARGET, "namespace": "kube-system"}
    with pytest.raises(BoundaryError, match="kube-system"):
        execute(
            cluster, **{"in": {key: other[key] for key in ("namespace", "pod", "container")}}, command=["id"]
        )
    assert cluster.sent == []
