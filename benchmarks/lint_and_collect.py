"""Processor time of `lint` and of `--collect-only` of all scenarios, and of `--help`.

    python -m benchmarks.lint_and_collect [OTHER_CHECKOUT]

Each runs five times, in turns with another checkout where one is named: these figures depend on what else a
machine does, and their ratio does not. Prints seconds in user mode, children included, and whether both wrote
the same. A first run that does not count compiles what Python keeps compiled.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent.parent
RUNS = 5
COMMANDS = {"lint": ["lint"], "collect": ["run", "--collect-only", "-q"], "help": ["--help"]}


def once(checkout: Path, arguments: list[str]) -> tuple[float, str]:
    """Return the seconds of one run, and what it wrote, but for how long it took."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ran = subprocess.run(
        [sys.executable, "-m", "harness.cli", *arguments],
        cwd=checkout,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    wrote = [line for line in ran.stdout.splitlines() if " in " not in line or "scenarios in" in line]
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, "\n".join(wrote)


def main(checkouts: list[Path]) -> None:
    """Measure, and print a line for each command."""
    for name, arguments in COMMANDS.items():
        took: dict[Path, list[float]] = {each: [] for each in checkouts}
        wrote = {each: once(each, arguments)[1] for each in checkouts}
        for _ in range(RUNS):
            for each in checkouts:
                took[each].append(once(each, arguments)[0])
        told = [
            f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})" for each in took.values()
        ]
        medians = [statistics.median(each) for each in took.values()]
        ratio = f", ratio {medians[0] / medians[-1]:.2f}" if len(checkouts) > 1 else ""
        same = "" if len(set(wrote.values())) == 1 else ", and they wrote something else"
        print(f"{name}: {' against '.join(told)} s{ratio}{same}", flush=True)


if __name__ == "__main__":
    main([HERE, *(Path(each).resolve() for each in sys.argv[1:2])])
