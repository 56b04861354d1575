"""What is hidden, and what has to stay readable."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.redaction import HIDDEN, redact, redact_values

PEM = """\
-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEAplanted
plantedplanted==
-----END RSA PRIVATE KEY-----
"""
CERTIFICATE = PEM.replace("RSA PRIVATE KEY", "CERTIFICATE")
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJwbGFudGVkIn0.c2lnbmF0dXJlLXBsYW50ZWQ"

PLANTED = {
    "bearer": ("Authorization: Bearer planted-0123456789", "planted"),
    "bearer in json": ('{"Authorization":["Bearer planted-0123456789"]}', "planted"),
    "basic": ("authorization: Basic cGxhbnRlZA==", "cGxhbnRlZA"),
    "jwt": (f"using {JWT} to log in", "eyJ"),
    "jwt without signature": (f"using {JWT.rpartition('.')[0]}. to log in", "eyJ"),
    "pem": (f"read\n{PEM}", "planted"),
    "certificate": (f"read\n{CERTIFICATE}", "planted"),
    "pem in json": (f'{{"k":"{PEM}"}}'.replace("\n", r"\n"), "planted"),
    "pem without end": (PEM[:60], "planted"),
    "pem without beginning": (PEM[35:], "planted"),
    "pem in base64": (f"x: {base64.b64encode(PEM.encode()).decode()}", "LS0tLS1"),
    "client-key-data": ("    client-key-data: cGxhbnRlZA==\n", "cGxhbnRlZA"),
    "client-certificate-data": ('"client-certificate-data": "cGxhbnRlZA=="', "cGxhbnRlZA"),
    "certificate-authority-data": ("certificate-authority-data: cGxhbnRlZA==", "cGxhbnRlZA"),
    "caBundle": ("  caBundle: cGxhbnRlZA==", "cGxhbnRlZA"),
    "token of a kubeconfig": ("users:\n- name: a\n  user:\n    token: planted\n", "planted"),
    "password in json": (r'{"msg":"{\"password\":\"planted\"}"}', "planted"),
    "password with spaces": ('DB_PASSWORD="planted with spaces"', "planted"),
    "password in an assignment": ("DB_PASSWORD=planted next", "planted"),
    "env in yaml": ("- name: MY_TOKEN\n  value: planted\n", "planted"),
    "env in json": ('{"name":"DB_SECRET","value":"planted"}', "planted"),
    "env in Go": ("EnvVar{Name:DB_PASSWORD,Value:planted,ValueFrom:nil,}", "planted"),
    "flag": ("helm --password planted --x", "planted"),
    "user of an address": ("get https://me:planted@example.com/x", "planted"),
    "aws": ("with AKIAIOSFODNN7EXAMPLE", "AKIA"),
    "github": ("with ghp_0123456789abcdefghijABCDEFGHIJ012345", "ghp_"),
    "cookie": ("Set-Cookie: planted=1", "planted"),
}
HARMLESS = [
    "secretName: chaos-mesh-webhook-certs",
    "automountServiceAccountToken: true",
    'secrets "aws-credentials" not found',
    "the token is missing",
    '2026-01-01T00:00:00Z\tERROR\tchaos-daemon\tx.go:1\tunable to set tcs\t{"pod": "a/b"}',
    "[12:720] -A CHAOS-INPUT -i eth0 -m set --match-set A src -j DROP",
    "tokenExpirationSeconds: 3600",
    "name: mode, value: one",
    'chaos_daemon_iptables_packets{chain="INPUT",rule="-j INPUT/0"} 12',
]


@pytest.mark.parametrize(("text", "secret"), PLANTED.values(), ids=PLANTED)
def test_a_planted_secret_is_hidden(text, secret):
    assert secret in text
    hidden = redact(text)
    assert secret not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


def test_what_stands_around_a_secret_stays():
    assert redact(f"before {JWT} after") == "before *** (JWT) after"
    assert redact(f"a\n{PEM}b") == "a\n*** (PEM)\nb"
    assert redact('{"name":"A_TOKEN","value":"x"},{"name":"MODE","value":"one"}') == (
        '{"name":"A_TOKEN","value":***},{"name":"MODE","value":"one"}'
    )


@given(st.sampled_from(sorted(PLANTED)), st.text(max_size=30), st.text(max_size=30))
def test_a_secret_is_hidden_whatever_lines_stand_around_it(which, before, after):
    text, secret = PLANTED[which]
    assert secret not in redact(f"{before}\n{text}\n{after}").replace(before, "").replace(after, "") or (
        secret in before + after
    )


@given(st.text(alphabet="a:=-\"'\\{}, tokenTOKEN*\n", max_size=60))
def test_redacting_twice_is_redacting_once(text):
    once = redact(text)
    assert redact(once) == once


def test_values_of_objects_are_hidden_by_their_keys_and_by_the_names_of_variables():
    found = {
        "env": [
            {"name": "A_TOKEN", "value": "planted"},
            {"name": "MODE", "value": "one"},
            {"name": "B_SECRET", "valueFrom": {"secretKeyRef": {"name": "n", "key": "k"}}},
        ],
        "data": {"password": "planted", "note": f"see {PEM}"},
        "clientConfig": {"caBundle": "planted"},
        "volumes": [{"secret": {"secretName": "certificates"}}],
        "tokens": ["planted", 3],
    }
    hidden = redact_values(found)
    assert "planted" not in str(hidden)
    assert hidden["env"][0] == {"name": "A_TOKEN", "value": HIDDEN}
    assert hidden["env"][1:] == found["env"][1:]
    assert hidden["volumes"] == found["volumes"]
    assert hidden["tokens"] == [HIDDEN, 3]
    assert found["data"]["password"] == "planted", "what was given is not changed"
