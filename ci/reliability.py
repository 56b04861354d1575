"""What ci/faults saw: docs/reliability.json, and the parts of docs/reliability.md."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.base.files import PUBLIC, write_whole

ROOT = Path(__file__).resolve().parent.parent
KEPT, PAGE = ROOT / "docs/reliability.json", ROOT / "docs/reliability.md"

Entry = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """Return what was kept in a file; nothing when it is not there."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def keep(path: Path, part: str, entries: dict[str, Entry]) -> None:
    """Put entries of a part, such as `faults`, in place of those of the same names."""
    kept = load(path)
    kept[part] = {**kept.get(part, {}), **entries}
    write_whole(path, json.dumps(kept, indent=1, sort_keys=True) + "\n", mode=PUBLIC)


def stamp(versions: dict[str, str]) -> dict[str, str]:
    """Return when and with what something was seen."""
    wanted = ("kubernetes", "chaos-mesh", "prometheus")
    return {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        **{name: versions[name] for name in wanted if name in versions},
    }


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(_cell(each) for each in row)} |" for row in lines]


def seen_with(entries: list[Entry]) -> str:
    """Return in a sentence when and with what the entries were seen."""
    days = sorted({each["day"] for each in entries})
    versions = [
        f"{title} {', '.join(found)}"
        for name, title in (
            ("kubernetes", "Kubernetes"),
            ("chaos-mesh", "Chaos Mesh"),
            ("prometheus", "Prometheus"),
        )
        if (found := sorted({each[name] for each in entries if name in each}))
    ]
    return f"Seen on {' and '.join(days)} with {'; '.join(versions)}."


def put(page: str, part: str, lines: list[str]) -> str:
    """Return a page with the lines in the part of that name.

    Raises:
        ValueError: the page has no such part.
    """
    marks = re.compile(rf"(<!-- ci/{part} -->\n).*?(<!-- end of ci/{part} -->)", re.DOTALL)
    new, number = marks.subn(lambda found: f"{found[1]}\n" + "\n".join(lines) + f"\n\n{found[2]}", page)
    if number != 1:
        raise ValueError(f"docs/reliability.md has no part {part}")
    return new


def write(part: str, lines: list[str]) -> None:
    """Put the lines into docs/reliability.md."""
    write_whole(PAGE, put(PAGE.read_text(), part, lines), mode=PUBLIC)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
