"""Compares harness/chaosmesh/specs/shapes.json with the definitions of the cluster; with --write, writes it.

python ci/specs.py [--write]    after ci/verify, with the pinned Chaos Mesh
"""

from __future__ import annotations

import difflib
import sys

from harness.base.errors import ExitCode, HarnessError
from harness.chaosmesh.specs import derive
from harness.chaosmesh.specs.shape import SHAPES
from harness.kubernetes.client import Cluster
from harness.stack import state

_MOST_LINES = 40


def main(words: list[str]) -> int:
    """Compare or write; return the exit code."""
    handle = state.load()
    if handle is None:
        sys.stderr.write("ci/specs.py: no cluster is up\n  next step: ci/verify\n")
        return ExitCode.INFRASTRUCTURE
    definitions = [
        each
        for each in Cluster.connect(handle.kubeconfig, handle.context).list("CustomResourceDefinition")
        if each["spec"]["group"] == "chaos-mesh.org"
    ]
    version = handle.versions.get("chaos-mesh", "of an unknown version")
    found = derive.text_of(derive.derive(definitions, f"the definitions of Chaos Mesh {version}"))
    if "--write" in words:
        SHAPES.write_text(found)
        return ExitCode.OK
    shipped = SHAPES.read_text()
    if found == shipped:
        return ExitCode.OK
    lines = [*difflib.unified_diff(shipped.splitlines(), found.splitlines(), SHAPES.name, "the cluster")]
    shown = "\n".join(lines[:_MOST_LINES])
    sys.stderr.write(f"{shown}\n{SHAPES} is not what the cluster has\n  next step: ci/specs.py --write\n")
    return ExitCode.FAILED


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HarnessError as error:
        sys.stderr.write(f"ci/specs.py: {error.render()}\n")
        sys.exit(error.exit_code)
