"""Finds the actions: the modules of this package, and what installed packages bring.

A package brings an action by an entry point of the group `chaos_harness.actions` that names its class. What
the class needs of this harness it imports when it is performed: actions are found while the language of
scenarios, which has them, is imported.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from harness.actions.action import Action
from harness.base.entry_points import take_in
from harness.base.errors import UsageError

GROUP = "chaos_harness.actions"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NAMES_OF_STEP = ("refused", "until", "bound", "proof", "expect")


def actions() -> dict[str, type[Action[Any]]]:
    """Return all actions by name, in the order in which they are listed."""
    return _found()[0]


def check_installed() -> None:
    """Refuse to go on without an action that an installed package should have brought.

    Raises:
        UsageError: one cannot be loaded, is none, or has a name that is taken; it names the entry point.
    """
    for error in _found()[1]:
        raise error


@cache
def _found() -> tuple[dict[str, type[Action[Any]]], list[UsageError]]:
    """Return the actions, and what is wrong with those of installed packages, which are left out.

    Raises:
        UsageError: two modules of this package have actions of one name.
    """
    found: dict[str, type[Action[Any]]] = {}

    def take(each: type[Action[Any]]) -> str:
        if not (wrong := _unfit(each, found)):
            found[each.name] = each
        return wrong

    for each in _own():
        if wrong := take(each):
            raise UsageError(f"{each.__module__}: {wrong}")
    # An abstract class is what the others have to be subclasses of.
    errors = take_in(GROUP, "action", Action, ("name", "about", "argument"), take)  # type: ignore[type-abstract]
    order = sorted(found.values(), key=lambda each: (each.position, each.name))
    return {each.name: each for each in order}, errors


def _own() -> Iterator[type[Action[Any]]]:
    """Yield the actions of each module of this package that defines `ACTIONS`."""
    import harness.actions as package  # noqa: PLC0415  (the package's own module)

    for module in pkgutil.iter_modules(package.__path__):
        yield from getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "ACTIONS", [])


def _unfit(each: type[Action[Any]], found: dict[str, type[Action[Any]]]) -> str:
    """Return why an action cannot be taken in; "" when it can."""
    if each.name in found:
        other = found[each.name]
        return f"the action `{each.name}` is defined by {other.__module__} too"
    if not _NAME.fullmatch(each.name) or each.name in _NAMES_OF_STEP:
        return f"`{each.name}` cannot be the name of an action"
    return ""
