"""`chaos-harness rbac`."""

from __future__ import annotations

import argparse
import sys

from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("rbac", help="print the roles that a run on a cluster of others needs")
    command.add_argument(
        "--tier",
        choices=("api", "node"),
        default="node",
        help="api: the Kubernetes API only; node (default): also commands in chaos-daemon, "
        "which is root on every node; a run needs it",
    )
    command.add_argument(
        "--chaos-mesh-namespace",
        type=_namespace,
        default="chaos-mesh",
        metavar="NAME",
        help="where Chaos Mesh runs (default: %(default)s)",
    )
    command.add_argument(
        "--allow-disruption",
        action="store_true",
        help="also what scaling and restarting Chaos Mesh's components needs",
    )
    command.add_argument(
        "--in-cluster",
        action="store_true",
        help="also what starting shards as pods of the cluster needs (chaos-harness run --in-cluster)",
    )
    command.epilog = examples("chaos-harness rbac")
    command.set_defaults(command=_rbac)


def _namespace(text: str) -> str:
    # The rules of boundaries take time to load.
    from harness.chaosmesh.boundary import namespace

    return namespace(text)


def _rbac(options: argparse.Namespace) -> int:
    from harness.chaosmesh.roles import manifest

    sys.stdout.write(
        manifest(
            options.tier,
            options.chaos_mesh_namespace,
            disruption=options.allow_disruption,
            in_cluster=options.in_cluster,
        )
    )
    return ExitCode.OK
