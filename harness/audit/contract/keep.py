"""Keeps an exposition in the report, bounded: what is cut is said in the file itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from harness.results.contract import EXPOSITIONS

LARGE = 200
"""Samples of one name from which on the namespaces of others are cut."""

EXAMPLES = 20
"""Samples of other namespaces that are kept of each name all the same."""

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)[{ ]")
_NAMESPACE = re.compile(r'[{,]namespace="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class KeptExposition:
    """An exposition as it is kept.

    Attributes:
        text: the exposition, with a comment at its top for each name that was cut.
        cut: name to how many samples were left out.
    """

    text: str
    cut: dict[str, int] = field(default_factory=dict)


def bounded(body: str, namespaces: Collection[str]) -> KeptExposition:
    """Return a body without most samples of large families that are of other namespaces.

    Pods with the host's network have thousands of iptables series of rules that no scenario made. HELP and
    TYPE lines stay, and so do all samples of a name with no more than LARGE of them.

    Args:
        body: in the text format.
        namespaces: those of the run.
    """
    lines = body.splitlines()
    names = [match[1] if (match := _SAMPLE.match(line)) else None for line in lines]
    numbers = Counter(name for name in names if name)
    examples: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    kept = []
    for name, line in zip(names, lines, strict=True):
        if name and numbers[name] > LARGE:
            found = _NAMESPACE.search(line)
            if found and found[1] not in namespaces:
                examples[name] += 1
                if examples[name] > EXAMPLES:
                    cut[name] += 1
                    continue
        kept.append(line)
    said = [
        f"# chaos-harness left out {number} of {numbers[name]} samples of {name}: of namespaces that are not "
        "of the run"
        for name, number in sorted(cut.items())
    ]
    return KeptExposition("\n".join([*said, *kept]) + "\n", dict(cut))


def path_of(job: str, instance: str, folder: str = "") -> Path:
    """Return the file of a target, relative to the report; below a folder of its cluster, if it has one."""
    return Path(EXPOSITIONS) / folder / _safe(job) / f"{_safe(instance)}.txt"


def _safe(name: str) -> str:
    """Return a name that is one part of a path."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "_"
