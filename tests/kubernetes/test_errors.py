import json

import pytest

from harness.kubernetes.errors import MalformedError, RefusedError, UnreachableError, from_answer

DENIED = 'admission webhook "vworkflow.kb.io" denied the request: '


def answered(status, message):
    return from_answer("create Workflow plan", status, json.dumps({"message": message}))


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (403, DENIED + "no", RefusedError),
        (500, DENIED + "panic: runtime error: invalid memory address [recovered]", RefusedError),
        (422, DENIED + "no", RefusedError),
        (422, "spec.action: Unsupported value", MalformedError),
        (500, 'failed calling webhook "vworkflow.kb.io": connection refused', UnreachableError),
        (500, "etcdserver: request timed out", UnreachableError),
        (429, DENIED + "later", UnreachableError),
    ],
)
def test_what_a_webhook_answers_is_a_refusal_whatever_status_it_has(status, message, kind):
    found = answered(status, message)
    assert type(found) is kind
    assert found.message == message
