"""`chaos-harness down`."""

from __future__ import annotations

import argparse

from harness.base.errors import ExitCode
from harness.base.progress import Progress
from harness.cli.command import Commands, examples
from harness.stack import options


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "down", help="delete the cluster; images and logs stay (with --context: remove what was installed)"
    )
    for option in (options.CLUSTER, *options.CONTEXT):
        option.add(command.add_argument)
    command.epilog = examples("chaos-harness down", "chaos-harness down --cluster mine")
    command.set_defaults(command=_down)


def _down(given: argparse.Namespace) -> int:
    from harness.stack.existing.use import held, remove
    from harness.stack.further import further_of
    from harness.stack.up import down

    progress = Progress()
    wanted = options.named(given.cluster, given.context, given.kubeconfig)
    if wanted.existing is not None:
        with held(wanted, "down") as mine:
            removed = remove(wanted, progress, mine)
            told = f"removed: {', '.join(removed)}" if removed else "nothing was installed by the harness"
            progress.say(f"{given.context}: {told}; the cluster stays as it is")
            return ExitCode.OK
    for name in (*further_of(given.cluster), given.cluster):
        with held(options.named(name, None, None), "down") as mine:
            there = down(name, progress, mine)
        progress.say(f"{name} is down" if there else f"there is no cluster {name}")
    return ExitCode.OK
