import json

import pytest

from harness.cluster.errors import MalformedError, Refused, Unreachable, from_answer

DENIED = 'admission webhook "vworkflow.kb.io" denied the request: '


def answered(status, message):
    return from_answer("create Workflow plan", status, json.dumps({"message": message}))


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (403, DENIED + "no", Refused),
        (500, DENIED + "panic: runtime error: invalid memory address [recovered]", Refused),
        (422, DENIED + "no", Refused),
        (422, "spec.action: Unsupported value", MalformedError),
        (500, 'failed calling webhook "vworkflow.kb.io": connection refused', Unreachable),
        (500, "etcdserver: request timed out", Unreachable),
        (429, DENIED + "later", Unreachable),
    ],
)
def test_what_a_webhook_answers_is_a_refusal_whatever_status_it_has(status, message, kind):
    found = answered(status, message)
    assert type(found) is kind
    assert found.message == message
