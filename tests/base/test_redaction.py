"""What is hidden, and what has to stay readable."""

import base64
import gzip
import html
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.redaction import (
    HIDDEN,
    forget,
    redact,
    redact_json,
    redact_lines,
    redact_shapes,
    redact_values,
    remember,
    secrets_in,
    secrets_of_environment,
    shapes_of,
)

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
    "aws temporary": ("with ASIAIOSFODNN7EXAMPLE", "ASIA"),
    "aws secret key": ("aws_secret_access_key = wJalrplanted/K7MDENG+planted", "planted"),
    "signed address": ("https://s3/x?X-Amz-Signature=planted00&a=b", "planted"),
    "azure": ("AccountName=a;AccountKey=planted000==;x", "planted"),
    "azure sas": ("https://x/y?sv=1&sig=planted%3D", "planted"),
    "github fine-grained": ("with github_pat_planted0123456789ABCDEF_x", "planted"),
    "gitlab": ("with glpat-planted0123456789AB", "planted"),
    "slack": ("xoxb-123456789012-planted", "planted"),
    "slack hook": ("https://hooks.slack.com/services/T0/B0/planted", "planted"),
    "gcp key": ("?key=AIzaSyPlanted0123456789abcdefghijklmnop", "AIza"),
    "gcp account": (
        r'{"private_key": "-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n"}',
        "planted",
    ),
    "gcp oauth": ("ya29.planted0123456789ABCDEFGH", "planted"),
    "stripe": ("sk_live_planted0123456789", "planted"),
    "npm": ("npm_planted0123456789ABCDEFGHIJ0123456789", "planted"),
    "vault": ("hvs.planted0123456789ABCDEFGH", "planted"),
    "basic in an argument": ("curl -H 'Authorization: Basic cGxhbnRlZA=='", "cGxhbnRlZA"),
    "basic alone": ("WWW: Basic cGxhbnRlZA==", "cGxhbnRlZA"),
    "curl's user": ("curl -u me:planted https://x", "planted"),
    "curl's long user": ("curl --user=me:planted https://x", "planted"),
    "query": ("GET /x?a=b&access_token=planted&c=d", "planted"),
    "escaped pem": (PEM.replace("\n", r"\\n"), "planted"),
}
HARMLESS = [
    'sum by (pod) (rate(x_total{pod="token-server-0",namespace="secret-store-1a2b3c"}[30s]))',
    'workqueue_depth{name="token_cleaner"} 3',
    "container 3f6d0a9c1b2e4d5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b",
    "uid 0f8fad5b-d9cb-469f-a165-70867728950e",
    "event burn.17f0c2a9b8d3e4f5",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "mini-node-exporter-0 in example-3fa2b1 on chaos-harness-worker2",
    "quay.io/x/y@sha256:abc, http://10.244.1.7:8080/ping?to=10.244.1.8:8080",
    "sk-learn-worker-7d9f8b6c5d-abcde",
    "a basic setup, and Basic auth is off",
    "kubectl --context one --kubeconfig /home/me/.kube/config version",
    "kubectl --kubeconfig=/home/me/.kube/config get pods, --kubeconfig ~/x, --kubeconfig ../x",
    "date -u +%s",
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
    found: dict[str, Any] = {
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


@pytest.fixture
def memory():
    forget()
    yield
    forget()


SECRET = 'a named/secret "value" & more+1'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        html.escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
@pytest.mark.usefixtures("memory")
def test_a_value_that_was_named_is_hidden_in_every_form(written):
    remember([SECRET])
    assert redact_shapes(f"a {SECRET} b") == f"a {HIDDEN} b"
    assert SECRET not in redact(f"a {written} b")
    assert HIDDEN in redact(f"a {written} b")
    assert "named" not in redact(f"a {written} b")


@pytest.mark.usefixtures("memory")
def test_each_line_of_a_value_of_several_lines_is_hidden():
    remember(["first line 1\nsecond line 2\n"])
    assert redact("x second line 2 y") == f"x {HIDDEN} y"


@pytest.mark.parametrize("value", ["true", "default", "1", "30", "500Mi", "10.0.0.1", "short", ""])
@pytest.mark.usefixtures("memory")
def test_words_and_numbers_are_not_hidden_everywhere(value):
    remember([value])
    assert redact_shapes(f"a {value} b") == f"a {value} b"


def test_the_environment_names_its_secrets():
    environment = {
        "GITHUB_TOKEN": "abcdefgh12345678",
        "HOME": "abcdefgh12345679",
        "MINE": "mine",
        "SECRET_NAME": "abcdefgh12345670",
        "TOKEN_FILE": "/run/token",
        "DB_PASSWORD": "mini-node-exporter-0",
    }
    assert secrets_of_environment(environment, ["MINE", "NOT_THERE"]) == ["abcdefgh12345678", "mine"]


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ({"headers": {"X-Api-Key": "k1"}, "path": "/x?token=t1&a=b"}, ["k1", "t1"]),
        ({"body": {"spec": {"password": "p1", "mode": "one"}}}, ["p1"]),
        ({"command": ["curl", "--token", "t1", "A_SECRET=s1", "--password=p1", "plain"]}, ["t1", "s1", "p1"]),
        ({"command": ["echo", "a --token", "t1"]}, ["t1"]),
        ({"command": ["curl", "-u", "me:p1", "https://me:p2@x/"]}, ["p1", "p2"]),
        ({"env": [{"name": "DB_PASSWORD", "value": "p1"}, {"name": "MODE", "value": "one"}]}, ["p1"]),
        ({"secretName": "none", "automountServiceAccountToken": False}, []),
    ],
)
def test_what_goes_by_the_name_of_a_secret_is_found(value, secrets):
    assert sorted({secret for secret in secrets_in(value) if secret}) == sorted(secrets)


def test_words_of_a_command_are_hidden_after_their_flag():
    command = ["curl", "--token", "planted", "-u", "me:planted", "A_TOKEN=planted", "plain"]
    assert redact_values({"command": command}) == {
        "command": ["curl", "--token", HIDDEN, "-u", f"me:{HIDDEN}", f"A_TOKEN={HIDDEN}", "plain"]
    }


def test_a_block_over_several_lines_of_a_list_is_hidden():
    lines = ["before", *PEM.splitlines(), "after"]
    assert redact_lines(lines) == ["before", "*** (PEM)", "after"]
    assert redact_values({"details": lines}) == {"details": ["before", "*** (PEM)", "after"]}
    assert shapes_of([lines]) == [["before", "*** (PEM)", "after"]]
    assert redact_lines([]) == []


def test_json_stays_json_and_without_secrets_as_it_is():
    plain = '{"a":   1, "b": [NaN]}\n'
    assert redact_json(plain) == plain
    text = json.dumps({"a": f"x {PEM[:60]}", "b": {"token": "stays", "c": JWT}})
    assert json.loads(redact_json(text)) == {"a": "x *** (PEM)", "b": {"token": "stays", "c": "*** (JWT)"}}


def test_what_is_compared_is_hidden_by_its_shape_only():
    assert redact_shapes('x{token="abc"} == 1') == 'x{token="abc"} == 1'
    assert redact_shapes(f'x{{a="{JWT}"}}') == 'x{a="*** (JWT)"}'


@pytest.mark.parametrize(("text", "secret"), PLANTED.values(), ids=PLANTED)
def test_what_was_hidden_stays_as_it_is(text, secret):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("folder", ["recordings", "recordings-of-failures"])
def test_nothing_in_a_real_recording_looks_like_a_secret(folder):
    files = [path for path in (Path(__file__).parent.parent / folder).rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for line in (gzip.decompress(content) if path.suffix == ".gz" else content).decode().splitlines():
            if '"type":"samples"' not in line:
                assert redact(line) == line
