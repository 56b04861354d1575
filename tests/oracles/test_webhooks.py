import pytest

from harness.oracles.base import OracleError
from harness.oracles.webhooks import WebhookCalls

MUTATE = "/mutate-chaos-mesh-org-v1alpha1-podchaos"
VALIDATE = "/validate-chaos-mesh-org-v1alpha1-podchaos"
NAME = "apiserver_admission_webhook_admission_duration_seconds_count"


def entry(name, path, namespace="chaos-mesh"):
    return {"name": name, "clientConfig": {"service": {"namespace": namespace, "name": "s", "path": path}}}


def calls(name, number, rejected="false", operation="CREATE"):
    return f'{NAME}{{name="{name}",operation="{operation}",rejected="{rejected}",type="t"}} {number}\n'


@pytest.fixture
def told(cluster):
    """Sets what the API server tells of itself."""
    cluster.put(
        "MutatingWebhookConfiguration", {"metadata": {"name": "m"}, "webhooks": [entry("m.io", MUTATE)]}
    )
    cluster.put(
        "ValidatingWebhookConfiguration",
        {
            "metadata": {"name": "v"},
            "webhooks": [entry("v.io", VALIDATE), {"name": "url", "clientConfig": {}}],
        },
        {"metadata": {"name": "x"}, "webhooks": [entry("other.io", "/theirs", "other")]},
    )

    def telling(*lines):
        cluster.text = lambda path: "".join(['# TYPE a counter\na{b="c"} 1\n', *lines]) if path else ""

    return telling


@pytest.fixture
def oracle(world, told):
    told(calls("m.io", 5), calls("v.io", 3))
    made = WebhookCalls(world)
    made.start()
    return made


def test_calls_are_counted_from_the_beginning_of_the_scenario(oracle, told, read):
    assert read(oracle, webhook=MUTATE) == {(): 0}
    told(calls("m.io", 6), calls("m.io", 2, operation="UPDATE"), calls("v.io", 3), calls("other.io", 9))
    assert read(oracle, webhook=MUTATE) == {(): 3}
    assert read(oracle, webhook=VALIDATE) == {(): 0}


def test_refusals_are_told_apart(oracle, told, read):
    told(calls("m.io", 5), calls("v.io", 4), calls("v.io", 2, rejected="true"))
    assert read(oracle, webhook=VALIDATE) == {(): 3}
    assert read(oracle, webhook=VALIDATE, rejected=True) == {(): 2}
    assert read(oracle, webhook=VALIDATE, rejected=False) == {(): 1}


def test_a_path_that_no_webhook_has_is_named_with_those_that_there_are(oracle, read):
    with pytest.raises(OracleError) as raised:
        read(oracle, webhook="/validate-auth")
    assert str(raised.value) == (
        f"no webhook of Chaos Mesh has the path /validate-auth; there is: {MUTATE}, {VALIDATE}"
    )


def test_no_answer_is_no_number(oracle, cluster, read):
    cluster.down = True
    with pytest.raises(OracleError):
        read(oracle, webhook=MUTATE)
