"""`chaos-harness up`."""

from __future__ import annotations

import argparse
import sys

from harness.base.errors import ExitCode
from harness.base.progress import Progress
from harness.cli.command import Commands, examples
from harness.cli.status import describe
from harness.stack import options


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("up", help="bring up a cluster with Chaos Mesh and Prometheus, or reuse it")
    for option in (*options.STACK, *options.EXISTING):
        option.add(command.add_argument)
    command.epilog = examples(
        "chaos-harness up",
        "chaos-harness up --images registry --worker-nodes 1",
        "chaos-harness up --context staging --install-chaos-mesh",
    )
    command.set_defaults(command=_up)


def _up(given: argparse.Namespace) -> int:
    from harness import image_build
    from harness.image_build.published import image_names
    from harness.stack.capabilities import with_capabilities
    from harness.stack.existing.use import held
    from harness.stack.up import up

    wanted = options.up_options(vars(given).__getitem__)
    progress = Progress()
    with held(wanted, "up") as mine:
        handle = up(wanted, progress, mine, prepare_images=image_build.prepare, image_names=image_names)
        progress.say(f"{handle.cluster} is up")
        sys.stdout.write("\n".join(describe(with_capabilities(handle))) + "\n")
    return ExitCode.OK
