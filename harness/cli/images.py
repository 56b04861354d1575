"""`chaos-harness images`."""

from __future__ import annotations

import argparse
import json
import sys

from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "images", help="list all that --images registry pulls, to fill a mirror with: images and chart"
    )
    command.add_argument(
        "--chaos-mesh-version", metavar="V", help="release of Chaos Mesh (default: the pinned one)"
    )
    command.add_argument(
        "--kubernetes-version", metavar="V", help="of the nodes (default: that of the pinned kind)"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.epilog = examples("chaos-harness images", "chaos-harness images --chaos-mesh-version 2.8.4")
    command.set_defaults(command=_images)


def _images(given: argparse.Namespace) -> int:
    from harness.image_build.published import chart_name, published
    from harness.stack.pulling import OPTIONAL

    listed = published(given.chaos_mesh_version, given.kubernetes_version)
    chart, version = chart_name(given.chaos_mesh_version)
    if given.json:
        images = [
            {"role": each.role, "public": each.public, "used": each.used, "optional": each.role in OPTIONAL}
            for each in listed
        ]
        found = {"images": images, "chart": {"name": chart, "version": version}}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return ExitCode.OK
    width = max(len(each.public) for each in listed)
    for each in listed:
        used = f"  {each.used}" if each.used != each.public else ""
        sys.stdout.write(f"{each.public:{width if used else 0}}{used}\n")
    sys.stdout.write(f"{chart} {version}\n")
    return ExitCode.OK
