"""`chaos-harness sweep`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode, HarnessError, InfrastructureError
from harness.base.progress import Progress
from harness.cli.command import Commands, examples
from harness.stack.options import CLUSTER, CONTEXT, UpOptions, named

if TYPE_CHECKING:
    from harness.stack.handle import StackHandle


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("sweep", help="remove what killed runs left behind in the cluster")
    for option in (CLUSTER, *CONTEXT):
        option.add(command.add_argument)
    command.add_argument(
        "--force",
        action="store_true",
        help="remove finalizers that keep a namespace of a killed run from being deleted",
    )
    command.epilog = examples("chaos-harness sweep")
    command.set_defaults(command=_sweep)


def _sweep(options: argparse.Namespace) -> int:
    from harness.stack.further import further_of
    from harness.stack.state import StateFolder

    progress = Progress()
    wanted = [named(options.cluster, options.context, options.kubeconfig)]
    if wanted[0].existing is None:
        there = (name for name in further_of(options.cluster) if StateFolder(name).load() is not None)
        wanted += [named(name, None, None) for name in there]
    errors = []
    removed = False
    for each in wanted:
        try:
            removed |= _swept(each, progress, force=options.force)
        except HarnessError as error:
            errors.append(error)
    for other in errors[1:]:
        progress.say(other.render())
    if errors:
        raise errors[0]
    if not removed:
        progress.say("nothing of earlier runs is left")
    return ExitCode.OK


def _swept(wanted: UpOptions, progress: Progress, *, force: bool) -> bool:
    """Sweep one cluster; return whether anything was removed.

    Raises:
        HarnessError: it cannot be, or not all of it goes.
    """
    from harness.chaosmesh.sweep import FORCE, sweep
    from harness.stack.connection import connect
    from harness.stack.existing.use import held

    with held(wanted, "sweep") as mine:
        handle = _theirs(wanted) if wanted.existing else _existing(wanted.cluster, progress)
        mine.claim(handle.kubeconfig, handle.context)
        _sweep_jobs(wanted, handle, progress)
        # Also what a killed run scaled or denied is put back, which is known by its annotations.
        cluster = connect(handle, disruption=True)
        # No run is this one: whatever is left is of another.
        swept = sweep(cluster, "", handle.identity, handle.chaos_mesh_namespace, force=force)
    for name in swept.removed:
        progress.say(f"removed the namespace {name}")
    if swept.stuck:
        raise InfrastructureError(
            f"namespaces of earlier runs do not go: {', '.join(each.namespace for each in swept.stuck)}",
            next_step="look at what is named; chaos-harness down and up make the cluster again"
            if force
            else f"{FORCE} {wanted.words}".rstrip(),
            details=[each.text() for each in swept.stuck],
        )
    for line in swept.warnings():
        progress.say(line)
    return bool(swept.removed)


def _sweep_jobs(wanted: UpOptions, handle: StackHandle, progress: Progress) -> None:
    """Remove the shards that a killed `run --in-cluster` left as pods."""
    from harness.kubernetes.errors import RefusedError
    from harness.stack.connection import connect
    from harness.stack.existing import use
    from harness.stack.in_cluster import follow

    # As one that may remove what the harness has installed there.
    cluster = connect(handle) if wanted.existing is None else use.connect(wanted.existing)[0]
    try:
        for name in follow.remove(cluster, progress=progress):
            progress.say(f"removed the {name}, of a run in the cluster")
    except RefusedError as error:
        progress.say(f"shards of runs in the cluster are not looked for: {error.problem}")


def _theirs(wanted: UpOptions) -> StackHandle:
    """Return the stack of a cluster that is there already, as the last run found it.

    Raises:
        InfrastructureError: none has been there.
    """
    from harness.stack.existing.use import connect
    from harness.stack.state import StateFolder

    assert wanted.existing is not None
    connect(wanted.existing)
    handle = StateFolder(wanted.place).load()
    if handle is None:
        raise InfrastructureError(
            f"no run has been in the cluster of the context {wanted.existing.context!r} from here",
            next_step=f"chaos-harness up {wanted.words}",
        )
    return handle


def _existing(name: str, progress: Progress) -> StackHandle:
    """Return a cluster that is there and ours.

    Raises:
        ForeignClusterError: it is another's.
        InfrastructureError: there is none.
    """
    from harness.stack import engine, kind, ownership
    from harness.stack.state import StateFolder

    state = StateFolder(name)
    where = engine.find(progress)
    containers = kind.containers(name, where)
    ownership.verify(state, containers, where)
    handle = state.load()
    if handle is None or not containers:
        raise InfrastructureError(
            f"there is no cluster {name} to be swept", next_step=f"chaos-harness status --cluster {name}"
        )
    return handle
