"""Takes in classes that installed packages bring by entry points."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from harness.base.errors import UsageError

Brought = TypeVar("Brought")


def take_in(
    group: str,
    what: str,
    base: type[Brought],
    says: Sequence[str],
    take: Callable[[type[Brought]], str],
) -> list[UsageError]:
    """Take in what the entry points of a group name; return what is wrong with those that cannot be used.

    Args:
        group: of entry points, each of which names a class.
        what: that a class is, in words: "action".
        base: what each has to be a subclass of.
        says: the attributes that each has to have.
        take: takes a class in, and returns why it cannot; "" when it could.
    """
    errors = []
    for entry in entry_points(group=group):
        try:
            wrong = take(_loaded(entry, base, says))
        except (Exception, SystemExit) as error:
            errors.append(_broken(entry, group, what, error))
            continue
        if wrong:
            errors.append(_broken(entry, group, what, TypeError(wrong)))
    return errors


def _loaded(entry: EntryPoint, base: type[Brought], says: Sequence[str]) -> type[Brought]:
    """Return the class that an entry point names.

    Raises:
        TypeError: it is no subclass, or lacks something.
        Exception: whatever the import of its module raises.
    """
    each = entry.load()
    if not (inspect.isclass(each) and issubclass(each, base)):
        raise TypeError(f"it is no subclass of {base.__module__}.{base.__qualname__}")
    if missing := sorted(getattr(each, "__abstractmethods__", ())):
        raise TypeError(f"it does not define {', '.join(missing)}")
    if missing := [name for name in says if not hasattr(each, name)]:
        raise TypeError(f"it does not say its {', '.join(missing)}")
    return each


def _broken(entry: EntryPoint, group: str, what: str, error: BaseException) -> UsageError:
    package = f" of the package {entry.dist.name}" if entry.dist is not None else ""
    return UsageError(
        f"the {what} `{entry.name}`{package} cannot be used: {type(error).__name__}: {error}",
        next_step=f"correct its entry point in the group {group}, {entry.value}, or uninstall the package",
    )
