"""Requests in the words of RBAC."""

import pytest

from harness.kubernetes.asked import AskedRequest, asked

PODS = "/api/v1/namespaces/shop/pods"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", f"{PODS}/web", [], ("get", "", "pods", "shop", "web")),
        ("GET", PODS, [], ("list", "", "pods", "shop", "")),
        ("GET", "/api/v1/pods", [("watch", "true")], ("watch", "", "pods", "", "")),
        ("GET", "/api/v1/pods", [("watch", "false")], ("list", "", "pods", "", "")),
        ("POST", PODS, [], ("create", "", "pods", "shop", "")),
        ("PUT", f"{PODS}/web", [], ("update", "", "pods", "shop", "web")),
        ("PATCH", f"{PODS}/web", [], ("patch", "", "pods", "shop", "web")),
        ("DELETE", f"{PODS}/web", [], ("delete", "", "pods", "shop", "web")),
        ("DELETE", PODS, [], ("deletecollection", "", "pods", "shop", "")),
        ("GET", f"{PODS}/web/exec", [("command", "id")], ("get", "", "pods/exec", "shop", "web")),
        ("GET", f"{PODS}/web/log", [], ("get", "", "pods/log", "shop", "web")),
        ("POST", f"{PODS}/web:80/proxy/a/b", [], ("create", "", "pods/proxy", "shop", "web")),
        ("GET", "/api/v1/nodes/n1/proxy/run/x", [], ("get", "", "nodes/proxy", "", "n1")),
        ("GET", "/api/v1/namespaces", [], ("list", "", "namespaces", "", "")),
        ("DELETE", "/api/v1/namespaces/shop", [], ("delete", "", "namespaces", "", "shop")),
        ("PUT", "/api/v1/namespaces/shop/finalize", [], ("update", "", "namespaces/finalize", "", "shop")),
        (
            "PATCH",
            "/apis/chaos-mesh.org/v1alpha1/namespaces/shop/podchaos/kill",
            [],
            ("patch", "chaos-mesh.org", "podchaos", "shop", "kill"),
        ),
        ("GET", "/apis/apps/v1/deployments", [], ("list", "apps", "deployments", "", "")),
        ("GET", "/apis", [], ("get", "", "", "", "")),
        ("GET", "/apis/chaos-mesh.org/v1alpha1", [], ("get", "", "", "", "")),
        ("GET", "/metrics", [], ("get", "", "", "", "")),
        ("GET", "/api/v1/namespaces/sh%2Fop/pods", [], ("list", "", "pods", "sh/op", "")),
    ],
)
def test_a_request_is_read_as_the_api_server_reads_it(method, path, query, expected):
    found = asked(method, path, query)
    assert (found.verb, found.group, found.resource, found.namespace, found.name) == expected


def test_what_is_behind_a_proxy_is_kept():
    assert asked("GET", "/api/v1/nodes/n1/proxy/runningpods/").inner == "/runningpods"
    assert asked("GET", f"{PODS}/web:80/proxy").inner == "/"


@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
def test_a_get_that_enters_a_container_does_not_read(subresource):
    assert not asked("GET", f"{PODS}/web/{subresource}").reads
    assert asked("GET", f"{PODS}/web/log").reads


def test_a_dry_run_is_seen():
    assert asked("POST", PODS, [("dryRun", "All")]).dry_run
    assert not asked("POST", PODS).dry_run


def test_it_is_said_as_a_person_says_it():
    assert asked("DELETE", f"{PODS}/web").text() == "delete pods web in the namespace shop"
    assert asked("PATCH", "/apis/apps/v1/namespaces/a/deployments/b").text() == (
        "patch deployments.apps b in the namespace a"
    )
    assert AskedRequest("get", path="/metrics").text() == "get /metrics"
