"""Templates in scenario files: `${burn.targets[0].pod}`.

A value that is one template and nothing else keeps the type of what it refers to; inside text a
reference becomes text. `$${` stands for `${` itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.base.errors import UsageError
from harness.scenario.positions import DocumentPath

# No template has another one begin within it, so that each text is looked through only once.
TEMPLATE = re.compile(r"\$\$\{|\$\{((?:[^}$]|\$(?!\{))*)\}|\$\{")
_WORD = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_REFERENCE = re.compile(rf"{_WORD}(?:\.{_WORD}|\[\d+\])*")
_PART = re.compile(rf"({_WORD})|\[(\d+)\]")


class TemplateError(UsageError):
    """A template that cannot be resolved.

    Attributes:
        reference: what the template refers to, as it is written.
        available: what the scope has in its place.
    """

    reference: str
    available: list[str]

    def __init__(self, reference: str, problem: str, available: list[str]) -> None:
        has = ", ".join(available) or "nothing"
        super().__init__(f"${{{reference}}}: {problem}", next_step=f"there is: {has}" if available else "")
        self.reference = reference
        self.available = available


def references(value: Any) -> set[str]:
    """Return everything that the templates in a value refer to: {"burn.targets[0].pod"}.

    Raises:
        TemplateError: a template is malformed.
    """
    return {checked(reference) for _, reference in templates(value, ())}


def resolve(value: Any, scope: Mapping[str, Any]) -> Any:
    """Return a value with its templates resolved; keys of mappings are left alone.

    Args:
        value: text, or lists and mappings that may hold text.
        scope: what can be referred to.

    Raises:
        TemplateError: a template is malformed, or the scope does not have what it refers to.
    """
    match value:
        case str():
            return _resolve_text(value, scope)
        case list():
            return [resolve(item, scope) for item in value]
        case dict():
            return {key: resolve(item, scope) for key, item in value.items()}
    return value


def _resolve_text(text: str, scope: Mapping[str, Any]) -> Any:
    whole = TEMPLATE.fullmatch(text)
    if whole and whole.group() != "$${":
        return look_up(checked(whole.group(1)), scope)

    def replace(match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        return str(look_up(checked(match.group(1)), scope))

    return TEMPLATE.sub(replace, text)


def told(text: str, scope: Mapping[str, Any]) -> str:
    """Return a text for people: its templates resolved, a container as POD/NAME.

    What the scope does not have stays as it is written.

    Args:
        text: such as the title of a step.
        scope: what can be referred to now.
    """

    def replace(match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        try:
            found = look_up(checked(match.group(1)), scope)
        except TemplateError:
            return match.group()
        if isinstance(found, Mapping) and {"pod", "container"} <= found.keys():
            return f"{found['pod']}/{found['container']}"
        return str(found)

    return TEMPLATE.sub(replace, text)


def templates(value: Any, at: DocumentPath) -> Iterator[tuple[DocumentPath, str | None]]:
    """Yield the place and the inside of each template in a value; None for one that does not end."""
    match value:
        case str():
            for found in TEMPLATE.finditer(value):
                if found.group() != "$${":
                    yield at, found.group(1)
        case list():
            for index, item in enumerate(value):
                yield from templates(item, (*at, index))
        case dict():
            for key, item in value.items():
                yield from templates(item, (*at, key))


def checked(reference: str | None) -> str:
    """Return the inside of a template, which is well-formed.

    Raises:
        TemplateError: it is not.
    """
    if reference is None:
        message = "a template does not end with `}`; write `$${` for the characters themselves"
        raise TemplateError("", message, [])
    if not _REFERENCE.fullmatch(reference):
        message = "is no reference such as burn.targets[0].pod; write `$${` for the characters themselves"
        raise TemplateError(reference, message, [])
    return reference


def parts(reference: str) -> list[str | int]:
    """Return the names and indices of a reference: ["burn", "targets", 0, "pod"]."""
    return [word or int(index) for word, index in _PART.findall(reference)]


def look_up(reference: str, scope: Mapping[str, Any]) -> Any:
    """Return what a well-formed reference refers to.

    Raises:
        TemplateError: the scope does not have it.
    """
    value: Any = scope
    around = ""
    for part in parts(reference):
        what = f"`{around}`" if around else "the scope"
        if isinstance(part, int):
            if not isinstance(value, list):
                raise TemplateError(reference, f"{what} is no list", [])
            if part >= len(value):
                raise TemplateError(reference, f"{what} has {len(value)} entries, counted from 0", [])
            value = value[part]
            around += f"[{part}]"
            continue
        if not isinstance(value, Mapping):
            raise TemplateError(reference, f"{what} has no fields", [])
        if part not in value:
            raise TemplateError(reference, f"{what} has no `{part}`", sorted(str(key) for key in value))
        value = value[part]
        around = f"{around}.{part}" if around else part
    return value
