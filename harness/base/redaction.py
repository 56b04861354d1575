"""Hides what no artefact may hold: credentials, keys, certificates.

Too much is hidden rather than too little. What hides is the shape of a value (a JWT, a PEM block) or the name
that it goes by (`password`, `DB_TOKEN`); the name stays, so that a reader sees that something was there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

HIDDEN = "***"

_NAME = (
    r"(?:token|passwd|password|passphrase|pwd|secret|credential|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|client-key-data|client-certificate-data|certificate-authority-data|ca[_-]?bundle|kubeconfig"
    r"|authorization|cookie|dockerconfigjson)"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
# Names of this kind whose values say where a secret is, or for how long, and hold none.
_HARMLESS_NAME = re.compile(
    r"(?:secret|token)s?[_-]?(?:name|namespace|ref|key-?ref|expiration)|serviceAccountToken$|imagePullSecrets",
    re.IGNORECASE,
)

_QUOTE = r"\\?[\"']?"
_VALUE = r"(?:\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|'[^'\n]*'|[^\s,;&\"'{}\[\]()]+)"
_END = r"-----END [A-Z0-9 ]+-----"

_Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""What a text must contain for the rule to be tried, the pattern, and what is put in its place."""

_RULES: list[_Rule] = [
    # A PEM block, on lines or in one with \n; what has lost its end is hidden to the end of the text.
    (
        "-----BEGIN ",
        re.compile(rf"-----BEGIN [A-Z0-9 ]+-----.*?(?:{_END}|\Z)", re.DOTALL),
        f"{HIDDEN} (PEM)",
    ),
    # What has lost its beginning.
    (
        "-----END ",
        re.compile(rf"(?:^[A-Za-z0-9+/=]{{4,}}[ \t]*\n)*.*{_END}", re.MULTILINE),
        f"{HIDDEN} (PEM)",
    ),
    # The same in base64, as kubeconfigs and Secrets have it.
    ("LS0tLS1CRUdJTi", re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]*"), f"{HIDDEN} (PEM)"),
    (
        "eyJ",
        re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"),
        f"{HIDDEN} (JWT)",
    ),
    ("", re.compile(r"\b(Bearer)[ \t]+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        "",
        re.compile(
            rf"\b(Authorization{_QUOTE}[ \t]*[:=][ \t]*{_QUOTE})(?:\w+[ \t]+)?[^\s\"',\[]+", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
    ("", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}\b"), HIDDEN),
    # An environment variable as JSON, as YAML and as Go print it.
    (
        "",
        re.compile(
            rf"(\bname{_QUOTE}[ \t]*:[ \t]*{_QUOTE}[\w.-]{{0,80}}{_NAME}[\w.-]{{0,80}}{_QUOTE}\s{{0,80}},?"
            rf"\s{{0,80}}{_QUOTE}\bvalue{_QUOTE}[ \t]*:[ \t]*){_VALUE}",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # Any other name with a value; what stands before in the name does not matter.
    (
        "",
        re.compile(
            rf"(?P<key>{_NAME}[\w.\-/]{{0,80}})({_QUOTE}[ \t]*[:=][ \t]*)(?P<value>{_VALUE})", re.IGNORECASE
        ),
        lambda found: found.group() if _tells_nothing(found) else f"{found['key']}{found[2]}{HIDDEN}",
    ),
    # The flag of a command line: --token abc.
    (
        "--",
        re.compile(rf"(--[\w-]{{0,80}}{_NAME}[\w-]{{0,80}}[ \t]+)(?!-)\S+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    (
        "://",
        re.compile(r"(\w://)[^/\s:@]+(?::[^/\s@]*)?@"),
        rf"\1{HIDDEN}@",
    ),
]


def redact(text: str) -> str:
    """Return a text without what looks like a secret."""
    for needle, pattern, put in _RULES:
        if needle in text:
            text = pattern.sub(put, text)
    return text


def redact_values(value: Any, name: str = "") -> Any:
    """Return a JSON-like value without secrets: keys tell which values, and an environment variable's name.

    Args:
        value: of mappings, lists and scalars; it is not changed.
        name: the key that it stands under.
    """
    if isinstance(value, dict):
        if _is_secret(str(value.get("name", ""))) and isinstance(value.get("value"), str):
            value = {**value, "value": HIDDEN}
        return {key: redact_values(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [redact_values(inner, name) for inner in value]
    if isinstance(value, str):
        return HIDDEN if value and _is_secret(name) else redact(value)
    return value


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def _tells_nothing(found: re.Match[str]) -> bool:
    value = found["value"].strip("\\\"'")
    return bool(_HARMLESS_NAME.search(found["key"])) or value in ("", "true", "false", "null", "nil", HIDDEN)
