"""The command `chaos-harness`: the subcommands of the stack are here, all others in `harness/cli/`.

Errors are rendered here and nowhere else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from harness.base import defects, places
from harness.base.errors import ExitCode, HarnessError, UsageError
from harness.base.progress import Progress
from harness.base.redaction import redact
from harness.cli.command import add_all
from harness.stack import options

if TYPE_CHECKING:
    from harness.stack.handle import StackHandle
    from harness.stack.status import ClusterStatus


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code (docs/exit-codes.md)."""
    # Closed, as by `>&-`: what is said there is lost, and the exit code is not.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _called(words)
    except HarnessError as error:
        return _told(error)
    except KeyboardInterrupt:
        sys.stderr.write("chaos-harness: interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough of it; Python would complain of that at its exit, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INFRASTRUCTURE
    except Exception as error:
        doing = f"finish `{' '.join(['chaos-harness', *words[:1]])}`"
        return _told(defects.as_error(error, doing, places.state_dir() / "logs", _defect_name()))


def _called(words: list[str]) -> int:
    if words[:1] == ["run"]:
        from harness.pytest_plugin.run import run

        # pytest's own parser takes the rest, `--help` and options before paths included.
        return run(words[1:])
    given = parser().parse_args(words)
    with places.reported():
        code = int(given.command(given))
        # Here, where a full disk is reported; at its exit Python has no words for it.
        sys.stdout.flush()
        return code


def _told(error: HarnessError) -> int:
    sys.stderr.write(f"chaos-harness: {redact(error.render())}\n")
    return error.exit_code


def _defect_name() -> str:
    return f"defect-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong by our own error: argparse's exit code is our code for interruptions."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would end the process for.

        Raises:
            UsageError: always.
        """
        raise UsageError(message, next_step=f"see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands; each sets `command` to its function."""
    root: argparse.ArgumentParser = _Parser(
        prog="chaos-harness",
        description="Proves that every metric Chaos Mesh publishes about itself is right.",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _add_up(commands)
    _add_down(commands)
    _add_status(commands)
    _add_build(commands)
    add_all(commands)
    commands.add_parser("run", help="run scenarios; all arguments are pytest's", add_help=False)
    return root


def _add_up(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("up", help="bring up a cluster with Chaos Mesh and Prometheus, or reuse it")
    for option in options.STACK:
        option.add(command.add_argument)
    command.set_defaults(command=_up)


def _up(given: argparse.Namespace) -> int:
    from harness import image_build
    from harness.stack import lock
    from harness.stack.capabilities import with_capabilities
    from harness.stack.up import up

    wanted = options.up_options(vars(given).__getitem__)
    progress = Progress()
    with lock.held(given.cluster, "up") as held:
        handle = up(wanted, progress, held, prepare_images=image_build.prepare)
    progress.say(f"{handle.cluster} is up")
    sys.stdout.write("\n".join(_describe(with_capabilities(handle))) + "\n")
    return ExitCode.OK


def _add_down(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("down", help="delete the cluster; images and logs stay")
    options.CLUSTER.add(command.add_argument)
    command.set_defaults(command=_down)


def _down(given: argparse.Namespace) -> int:
    from harness.stack import lock
    from harness.stack.up import down

    progress = Progress()
    with lock.held(given.cluster, "down") as held:
        there = down(given.cluster, progress, held)
    progress.say(f"{given.cluster} is down" if there else f"there is no cluster {given.cluster}")
    return ExitCode.OK


def _add_status(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("status", help="show what is up and whether it answers")
    options.CLUSTER.add(command.add_argument)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(command=_status)


def _status(given: argparse.Namespace) -> int:
    from harness.stack.capabilities import with_capabilities
    from harness.stack.status import status

    found = status(given.cluster, Progress())
    if found.handle and all(found.answers.values()):
        found = found.model_copy(update={"handle": with_capabilities(found.handle)})
    if given.json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_render(found)) + "\n")
    return ExitCode.OK


def _add_build(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "build", help="build a program of the stack alone, for tests without a cluster"
    )
    command.add_argument("program", choices=["prometheus"])
    command.set_defaults(command=_build)


def _build(_: argparse.Namespace) -> int:
    from harness.image_build import source

    built = source.build_prometheus(progress=Progress(), logs=places.state_dir() / "logs")
    sys.stdout.write(f"{built}\n")
    return ExitCode.OK


def _render(found: ClusterStatus) -> list[str]:
    lines = [f"cluster      {found.cluster}: {found.state}"]
    lines += [f"  problem    {problem}" for problem in found.problems]
    if found.holder:
        since = f"{found.holder.started:%Y-%m-%d %H:%M:%S} UTC"
        lines.append(f"in use by    process {found.holder.pid} ({found.holder.doing}) since {since}")
    if found.answers:
        told = (f"{name} {'yes' if answers else 'NO'}" for name, answers in found.answers.items())
        lines.append(f"answers      {', '.join(told)}")
    if found.handle:
        lines += _describe(found.handle)
    if found.prometheus_path:
        lines.append(f"query        kubectl get --raw '{found.prometheus_path}api/v1/query?query=up'")
    return lines


def _describe(handle: StackHandle) -> list[str]:
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
        f"identity {handle.identity}, a scrape each {handle.scrape_interval:g} s"
    )
    lines += [f"substitute   {each.name} for {each.replaces}: {each.limits}" for each in handle.stand_ins]
    missing = {name: reason for name, reason in handle.capabilities.items() if reason is not None}
    present = [name for name, reason in handle.capabilities.items() if reason is None]
    if handle.capabilities:
        lines.append(f"capabilities {', '.join(present) or 'none'}")
    lines += [f"  missing    {name}: {reason}" for name, reason in missing.items()]
    return lines
