import json

import pytest

from harness.kubernetes.client import NotFoundError, RefusedError, UnreachableError

SUCCESS = b"\x03" + json.dumps({"status": "Success"}).encode()


def failure(**status):
    return b"\x03" + json.dumps({"status": "Failure", **status}).encode()


def test_output_and_exit_code(api, cluster):
    def route(request):
        send = request.upgrade("v5.channel.k8s.io")
        send(b"\x01out \xe2\x82")
        send(b"\x02err")
        send(b"\x01\xac\n")
        send(failure(details={"causes": [{"reason": "ExitCode", "message": "3"}]}, reason="NonZeroExitCode"))
        send(b"\x03\xe8", opcode=8)

    api.route = route
    result = cluster.exec("n", "a", "c", ["sh", "-c", "x y"])
    assert (result.stdout, result.stderr, result.code) == ("out €\n", "err", 3)
    request = api.requests[0]
    assert request.path == "/api/v1/namespaces/n/pods/a/exec"
    assert [value for key, value in request.query if key == "command"] == ["sh", "-c", "x y"]
    assert ("container", "c") in request.query
    assert "stdin" not in dict(request.query)
    assert request.headers["Authorization"] == "Bearer a-token"


def test_standard_input_is_sent_and_closed(api, cluster):
    got = []

    def route(request):
        send = request.upgrade("v5.channel.k8s.io")
        got.extend([request.receive(), request.receive()])
        send(SUCCESS)
        send(b"\x03\xe8", opcode=8)

    api.route = route
    assert cluster.exec("n", "a", "c", ["cat"], stdin="hello").code == 0
    assert got == [b"\x00hello", b"\xff\x00"]
    assert ("stdin", "true") in api.requests[0].query


def test_a_missing_pod_is_refused_with_the_servers_words(api, cluster):
    body = {"kind": "Status", "code": 404, "reason": "NotFound", "message": 'pods "a" not found'}
    api.route = lambda request: request.answer(404, body)
    with pytest.raises(NotFoundError) as caught:
        cluster.exec("n", "a", "c", ["ls"])
    assert caught.value.message == 'pods "a" not found'


def test_a_command_that_was_not_run_is_an_error(api, cluster):
    def route(request):
        send = request.upgrade("v5.channel.k8s.io")
        send(failure(code=400, reason="BadRequest", message="container not found"))
        send(b"\x03\xe8", opcode=8)

    api.route = route
    with pytest.raises(RefusedError, match="refused") as caught:
        cluster.exec("n", "a", "c", ["ls"])
    assert caught.value.message == "container not found"


def test_an_end_without_a_status_is_no_success(api, cluster):
    def route(request):
        send = request.upgrade("v5.channel.k8s.io")
        send(b"\x01half")
        send(b"\x03\xe8", opcode=8)

    api.route = route
    with pytest.raises(UnreachableError):
        cluster.exec("n", "a", "c", ["ls"])


def test_a_command_that_does_not_end_is_given_up(api, cluster):
    def route(request):
        request.upgrade("v5.channel.k8s.io")(b"\x01half")
        api.done.wait(5)

    api.route = route
    with pytest.raises(UnreachableError):
        cluster.exec("n", "a", "c", ["sleep", "1000"], 0.3)


def test_a_server_that_does_not_shake_hands_is_given_up(api, cluster):
    api.route = lambda request: api.done.wait(5)
    with pytest.raises(UnreachableError):
        cluster.exec("n", "a", "c", ["ls"], 0.3)
