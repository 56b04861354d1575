"""Finds the actions: the modules of this package, and what installed packages bring.

A package brings an action by an entry point of the group `chaos_harness.actions` that names its class. What
the class needs of this harness it imports when it is performed: actions are found while the language of
scenarios, which has them, is imported.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from harness.actions.action import Action
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
    errors = []
    for each in _own():
        if wrong := _unfit(each, found):
            raise UsageError(f"{each.__module__}: {wrong}")
        found[each.name] = each
    for entry in entry_points(group=GROUP):
        try:
            each = _loaded(entry, found)
        except (Exception, SystemExit) as error:
            errors.append(_broken(entry, error))
        else:
            found[each.name] = each
    order = sorted(found.values(), key=lambda each: (each.position, each.name))
    return {each.name: each for each in order}, errors


def _own() -> Iterator[type[Action[Any]]]:
    """Yield the actions of each module of this package that defines `ACTIONS`."""
    import harness.actions as package  # noqa: PLC0415  (the package's own module)

    for module in pkgutil.iter_modules(package.__path__):
        yield from getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "ACTIONS", [])


def _loaded(entry: EntryPoint, found: dict[str, type[Action[Any]]]) -> type[Action[Any]]:
    """Return the class that an entry point names.

    Raises:
        TypeError: it is no action, or cannot be taken in.
        Exception: whatever the import of its module raises.
    """
    each = entry.load()
    if not (inspect.isclass(each) and issubclass(each, Action)):
        raise TypeError("it is no subclass of harness.actions.action.Action")
    if missing := sorted(each.__abstractmethods__):
        raise TypeError(f"it does not define {', '.join(missing)}")
    if missing := [name for name in ("name", "about", "argument") if not hasattr(each, name)]:
        raise TypeError(f"it does not say its {', '.join(missing)}")
    if wrong := _unfit(each, found):
        raise TypeError(wrong)
    return each


def _unfit(each: type[Action[Any]], found: dict[str, type[Action[Any]]]) -> str:
    """Return why an action cannot be taken in; "" when it can."""
    if each.name in found:
        other = found[each.name]
        return f"the action `{each.name}` is defined by {other.__module__} too"
    if not _NAME.fullmatch(each.name) or each.name in _NAMES_OF_STEP:
        return f"`{each.name}` cannot be the name of an action"
    return ""


def _broken(entry: EntryPoint, error: BaseException) -> UsageError:
    package = f" of the package {entry.dist.name}" if entry.dist is not None else ""
    return UsageError(
        f"the action `{entry.name}`{package} cannot be used: {type(error).__name__}: {error}",
        next_step=f"correct its entry point in the group {GROUP}, {entry.value}, or uninstall the package",
    )
