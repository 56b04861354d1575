"""Hides what no artefact may hold: credentials, keys, certificates.

Too much is hidden rather than too little. What hides is the shape of a value (a JWT, a PEM block), the name
that it goes by (`password`, `DB_TOKEN`; the name stays, so that a reader sees that something was there), or
the value itself, where it was named as a secret (`remember`).

`redact` is for texts. `redact_shapes` leaves out what goes by names: it is for what is compared and looked
up, such as labels and PromQL, where `{token="a"}` is a matcher.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"

_NAME = (
    r"(?:token|passwd|password|passphrase|pwd|secret|credential|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|client-key-data|client-certificate-data|certificate-authority-data|ca[_-]?bundle|kubeconfig"
    r"|authorization|cookie|dockerconfigjson|account[_-]?key|x-amz-signature|shared[_-]?access[_-]?key)"
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

# A message that says which command to run next has to name the file.
_PLACE = r"(?<=--)kubeconfig[ \t=]+['\"]?[~.]{0,2}/"

_Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""What a text must contain for the rule to be tried, the pattern, and what is put in its place."""

_SHAPES: list[_Rule] = [
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
    ("", re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b"), HIDDEN),
    ("g", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})\b"), HIDDEN),
    ("glpat-", re.compile(r"\bglpat-[A-Za-z0-9_-]{16,}"), HIDDEN),
    ("xox", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"), HIDDEN),
    ("xapp-", re.compile(r"\bxapp-[A-Za-z0-9-]{10,}"), HIDDEN),
    ("hooks.slack.com/", re.compile(r"(hooks\.slack\.com/services/)[A-Za-z0-9/_-]+"), rf"\1{HIDDEN}"),
    ("AIza", re.compile(r"\bAIza[0-9A-Za-z_-]{35}"), HIDDEN),
    ("ya29.", re.compile(r"\bya29\.[0-9A-Za-z_-]{20,}"), HIDDEN),
    ("GOCSPX-", re.compile(r"\bGOCSPX-[0-9A-Za-z_-]{20,}"), HIDDEN),
    (
        "sk",
        re.compile(r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}|\bsk-(?:proj|ant|live)-[0-9A-Za-z_-]{16,}"),
        HIDDEN,
    ),
    ("npm_", re.compile(r"\bnpm_[0-9A-Za-z]{30,}\b"), HIDDEN),
    ("pypi-AgEI", re.compile(r"\bpypi-AgEI[0-9A-Za-z_-]{16,}"), HIDDEN),
    ("dckr_pat_", re.compile(r"\bdckr_pat_[0-9A-Za-z_-]{16,}"), HIDDEN),
    ("hv", re.compile(r"\bhv[sbr]\.[0-9A-Za-z_-]{20,}"), HIDDEN),
    ("AGE-SECRET-KEY-1", re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{20,}"), HIDDEN),
    (
        "://",
        re.compile(r"(\w://)[^/\s:@]+(?::[^/\s@]*)?@"),
        rf"\1{HIDDEN}@",
    ),
]

_BLOCKS = 3
"""How many of the shapes, from the first on, are blocks of several lines."""

_NAMED: list[_Rule] = [
    ("", re.compile(r"\b(Bearer)[ \t]+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    ("Basic ", re.compile(r"\b(Basic)[ \t]+[A-Za-z0-9+/]{8,}={0,2}(?![\w.-])"), rf"\1 {HIDDEN}"),
    (
        "",
        re.compile(
            rf"\b(Authorization{_QUOTE}[ \t]*[:=][ \t]*{_QUOTE})(?:\w+[ \t]+)?[^\s\"',\[]+", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
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
            rf"(?!{_PLACE})(?P<key>{_NAME}[\w.\-/]{{0,80}})({_QUOTE}[ \t]*[:=][ \t]*)(?P<value>{_VALUE})",
            re.IGNORECASE,
        ),
        lambda found: found.group() if _tells_nothing(found) else f"{found['key']}{found[2]}{HIDDEN}",
    ),
    # The flag of a command line: --token abc.
    (
        "--",
        re.compile(rf"(--(?!{_PLACE})[\w-]{{0,80}}{_NAME}[\w-]{{0,80}}[ \t]+)(?!-)\S+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    # curl's and wget's user and password.
    ("-u", re.compile(r"(?<!\S)(--?u(?:ser)?[ \t=]+['\"]?[^\s:'\"]{1,80}:)[^\s'\"]+"), rf"\1{HIDDEN}"),
    # The signature of an address that was signed.
    ("sig", re.compile(r"([?&](?:sig|signature)=)[^&\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
]

_PASSWORD = re.compile(r"\w://[^/\s:@]+:([^/\s@]+)@")

_LEAST_VALUE = 6
_ORDINARY = re.compile(r"[a-z]+|[\d.:]+(?:ms|s|m|h|Mi|Gi)?")
"""Words, numbers and times: a report without them could not be read."""
_LIKE_A_NAME = re.compile(r"[a-z.-]+|[a-z.-]*-\d{1,3}|.{1,7}|/.*")
"""What a variable of the environment may hold that is called like a secret and is none: a name, a path."""

_values: dict[str, tuple[str, ...]] = {}
"""Values that were named as secrets, each with the forms in which it may be written."""


_USER_FLAGS = ("-u", "--user")
"""What curl takes a name and a password with."""


def remember(values: Iterable[str]) -> None:
    """Have values hidden wherever they are written from now on, whatever they look like.

    Args:
        values: secrets. What is short, or an ordinary word or number, is left out: it is hidden where its
            name stands beside it, and not everywhere.
    """
    for value in values:
        whole = value.strip()
        lines = [line.strip() for line in whole.splitlines()]
        for text in {whole, *(lines if len(lines) > 1 else [])}:
            if len(text) >= _LEAST_VALUE and not _ORDINARY.fullmatch(text) and HIDDEN not in text:
                _values.setdefault(text, tuple(sorted(_forms(text), key=len, reverse=True)))


def forget() -> None:
    """Remember nothing any more; for tests."""
    _values.clear()


def secrets_of_environment(environment: Mapping[str, str], names: Iterable[str] = ()) -> list[str]:
    """Return the values of environment variables that are secrets by their names, or that were named.

    Args:
        environment: of the process.
        names: further variables.
    """
    wanted = set(names)
    return [
        value
        for name, value in environment.items()
        if name in wanted or (_is_secret(name) and not _LIKE_A_NAME.fullmatch(value))
    ]


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """Yield what goes by the name of a secret in a JSON-like value: in keys, headers, queries, arguments.

    Args:
        value: of mappings, lists and scalars, such as a step of a scenario.
        name: the key that it stands under.
    """
    if isinstance(value, dict):
        if _is_secret(str(value.get("name", ""))) and isinstance(value.get("value"), str):
            yield value["value"]
        for key, inner in value.items():
            yield from secrets_in(inner, str(key))
    elif isinstance(value, list):
        for before, item in zip([None, *value], value, strict=False):
            if isinstance(item, str) and _is_flag(before):
                yield item.partition(":")[2] if before in _USER_FLAGS else item
            yield from secrets_in(item, name)
    elif isinstance(value, str):
        if _is_secret(name):
            yield value
        yield from _named_in(value)


def redact(text: str) -> str:
    """Return a text without what looks like a secret."""
    return _applied(_NAMED, redact_shapes(text))


def redact_shapes(text: str, *, blocks: bool = True) -> str:
    """Return a text without what is a secret by its shape, or was remembered as one.

    Args:
        text: any.
        blocks: hide PEM blocks, those without an end to the end of the text. Not for what holds many texts,
            such as a page, each of which was looked at by itself.
    """
    for forms in _values.values():
        for form in forms:
            if form in text:
                text = text.replace(form, HIDDEN)
    return _applied(_SHAPES if blocks else _SHAPES[_BLOCKS:], text)


def redact_json(text: str) -> str:
    """Return JSON with `redact_shapes` applied to each text in it; as it is when there is no secret."""
    if redact_shapes(text) == text:
        return text
    return json.dumps(shapes_of(json.loads(text)), indent=1, ensure_ascii=False) + "\n"


def redact_lines(lines: list[str]) -> list[str]:
    """Return lines without secrets, those of several lines too."""
    return redact("\n".join(lines)).split("\n") if lines else []


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
        if all(isinstance(item, str) for item in value) and any("-----" in item for item in value):
            return redact_lines(value)
        return [
            _after_flag(before, item)
            if isinstance(item, str) and _is_flag(before)
            else redact_values(item, name)
            for before, item in zip([None, *value], value, strict=False)
        ]
    if isinstance(value, str):
        return HIDDEN if value and _is_secret(name) else redact(value)
    return value


def shapes_of(value: Any) -> Any:
    """Return a JSON-like value with `redact_shapes` applied to each text in it; keys stay as they are."""
    if isinstance(value, dict):
        return {key: shapes_of(inner) for key, inner in value.items()}
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value) and any("-----" in item for item in value):
            return redact_shapes("\n".join(value)).split("\n")
        return [shapes_of(inner) for inner in value]
    return redact_shapes(value) if isinstance(value, str) else value


def _applied(rules: list[_Rule], text: str) -> str:
    for needle, pattern, put in rules:
        if needle in text:
            text = pattern.sub(put, text)
    return text


def _forms(text: str) -> set[str]:
    """Return how a secret may be written: in an address, in JSON, in HTML, in base64."""
    return {
        text,
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        html.escape(text),
        base64.b64encode(text.encode()).decode(),
    }


def _named_in(text: str) -> Iterator[str]:
    """Yield the secrets in a text that go by their names, and the passwords of addresses."""
    yield from (found[1] for found in _PASSWORD.finditer(text))
    for _, pattern, _ in _NAMED:
        for found in pattern.finditer(text):
            if "value" not in pattern.groupindex:
                yield found.group()[len(found[1]) :].strip("\\\"' ")
            elif not _tells_nothing(found):
                yield found["value"].strip("\\\"'")


def _after_flag(flag: Any, word: str) -> str:
    """Return the word after a flag: hidden, and of a user with a password only the password."""
    name, colon, _ = word.partition(":")
    if flag in _USER_FLAGS:
        return f"{name}:{HIDDEN}" if colon else word
    return HIDDEN


def _is_flag(word: Any) -> bool:
    """Say whether a word of a command line takes a secret as the next one, or ends with such a word."""
    last = word.rsplit(maxsplit=1)[-1] if isinstance(word, str) and word.strip() else ""
    if not last.startswith("-") or "=" in last:
        return False
    return word in _USER_FLAGS or _is_secret(last)


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def _tells_nothing(found: re.Match[str]) -> bool:
    value = found["value"].strip("\\\"'")
    return bool(_HARMLESS_NAME.search(found["key"])) or value in ("", "true", "false", "null", "nil", HIDDEN)
