"""`chaos-harness truth`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from harness.base import bundled
from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("truth", help="compare the documented metrics with those that exist")
    command.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="report folder of a run whose observed metrics are compared, too",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.epilog = examples("chaos-harness truth")
    command.set_defaults(command=_truth)


def _truth(options: argparse.Namespace) -> int:
    from harness.audit.compare.side import load
    from harness.audit.inventory.claims import claims
    from harness.audit.inventory.dashboards import used
    from harness.audit.inventory.table import contradictions, table
    from harness.audit.inventory.text import lines
    from harness.chaosmesh.catalogue import catalogue

    known = catalogue()
    contract = load(options.report, known).contract if options.report else None
    rows = table(known, claims(), used(bundled.fixtures()), contract)
    wrong = contradictions(rows)
    if options.json:
        body = {"rows": [row.model_dump(mode="json") for row in rows], "contradictions": wrong}
        sys.stdout.write(json.dumps(body, indent=1) + "\n")
    else:
        told = [f"CONTRADICTION {line}" for line in wrong]
        show([*lines(rows), *told])
    return ExitCode.FAILED if wrong else ExitCode.OK
