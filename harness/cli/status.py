"""`chaos-harness status`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode
from harness.base.progress import Progress
from harness.cli.command import Commands, examples
from harness.stack import options

if TYPE_CHECKING:
    from harness.stack.handle import StackHandle
    from harness.stack.status import ClusterStatus


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("status", help="show which parts of the stack are up and answer")
    for option in (options.CLUSTER, *options.CONTEXT):
        option.add(command.add_argument)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.epilog = examples("chaos-harness status", "chaos-harness status --cluster mine")
    command.set_defaults(command=_status)


def _status(given: argparse.Namespace) -> int:
    from harness.stack.existing import status as existing
    from harness.stack.further import further_of

    wanted = options.named(given.cluster, given.context, given.kubeconfig)
    if wanted.existing is not None:
        found = existing.status(wanted.existing)
    else:
        further = [_look_at(name) for name in further_of(given.cluster)]
        found = _look_at(given.cluster).model_copy(update={"further": further})
    if given.json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        for each in (found, *found.further):
            sys.stdout.write("\n".join(_render(each)) + "\n")
    return ExitCode.OK


def _look_at(name: str) -> ClusterStatus:
    from harness.stack.capabilities import with_capabilities
    from harness.stack.status import status

    found = status(name, Progress())
    if found.handle and all(found.answers.values()):
        return found.model_copy(update={"handle": with_capabilities(found.handle)})
    return found


def _render(found: ClusterStatus) -> list[str]:
    lines = [f"cluster      {found.cluster}: {found.state}"]
    lines += [f"  problem    {problem}" for problem in found.problems]
    if found.holder:
        since = f"{found.holder.started:%Y-%m-%d %H:%M:%S} UTC"
        lines.append(f"in use by    process {found.holder.pid} ({found.holder.doing}) since {since}")
    if found.answers:
        told = (f"{name} {'yes' if answers else 'NO'}" for name, answers in found.answers.items())
        lines.append(f"answers      {', '.join(told)}")
    lines += [f"  limit      {limit}" for limit in found.limits]
    if found.handle:
        lines += describe(found.handle)
    if found.prometheus_path:
        lines.append(f"query        kubectl get --raw '{found.prometheus_path}api/v1/query?query=up'")
    return lines


def describe(handle: StackHandle) -> list[str]:
    """Return the lines that say what a stack is."""
    lines = [
        f"provider     {handle.provider}, images from {handle.images} (key {handle.image_key[:12]})",
        f"kubeconfig   {handle.kubeconfig} (context {handle.context})",
    ]
    lines += [
        f"node         {node.name}: {node.kernel}, {node.runtime}, cgroup {node.cgroup}"
        for node in handle.nodes
    ]
    lines.append("versions     " + ", ".join(f"{name} {value}" for name, value in handle.versions.items()))
    address = handle.prometheus
    lines.append(
        f"Prometheus   service {address.namespace}/{address.name}:{address.port}, "
        f"identity {handle.identity}, scraped every {handle.scrape_interval:g} s"
    )
    lines += [f"substitute   {each.name} for {each.replaces}: {each.limits}" for each in handle.stand_ins]
    missing = {name: reason for name, reason in handle.capabilities.items() if reason is not None}
    present = [name for name, reason in handle.capabilities.items() if reason is None]
    if handle.capabilities:
        lines.append(f"capabilities {', '.join(present) or 'none'}")
    lines += [f"  missing    {name}: {reason}" for name, reason in missing.items()]
    return lines
