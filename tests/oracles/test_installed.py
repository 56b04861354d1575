"""An oracle of an installed package is one like any other; one that cannot be used is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.base.errors import ExitCode

ROOT = Path(harness.__file__).parent.parent
DISK = '''
from harness.oracles.base import Oracle, Parameters
from harness.recording.model import Point


class FreeParameters(Parameters):
    """Parameters of `free-disk`."""

    path: str


class FreeDisk(Oracle):
    name = "free-disk"
    summary = "How much of a disk is free."
    parameters = FreeParameters
    touched_by = ("IOChaos",)

    def read(self, parameters):
        return [Point(value=0.5)]
'''
SCENARIO = """\
scenario: disk
about: A disk that fills up is seen.
workload: mini-node-exporter
steps:
  - wait: 1
    expect:
      - {metric: mini_node_cpu_seconds_total, equals: {oracle: free-disk, path: /}}
"""
ASKS = """
import json, sys
from pathlib import Path
from harness.lint.check import check
from harness.oracles.base import oracles
from harness.runner.conflicts import conflicts_of
from harness.chaosmesh.catalogue import catalogue
path = Path(sys.argv[1])
(file,), problems = check(path)
path.write_text(path.read_text().replace("path: /", "disk: /"))
_, wrong = check(path)
print(json.dumps({
    "listed": "free-disk" in oracles(),
    "problems": [str(each) for each in problems],
    "wrong": [str(each) for each in wrong],
    "looks": [each.what for each in conflicts_of(file, catalogue()).looks],
}))
"""


def install(folder: Path, module: str) -> Path:
    metadata = folder / "site/disky-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "site/disky.py").write_text(module)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: disky\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[chaos_harness.oracles]\ndisk = disky:FreeDisk\n")
    return folder / "site"


def run(folder: Path, module: str, script: str) -> subprocess.CompletedProcess[str]:
    (folder / "disk.yaml").write_text(SCENARIO)
    paths = os.pathsep.join(map(str, [ROOT, install(folder, module)]))
    return subprocess.run(
        [sys.executable, "-c", script, str(folder / "disk.yaml")],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_is_linted_and_takes_turns_like_one_of_ours(tmp_path: Path) -> None:
    done = run(tmp_path, DISK, ASKS)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["listed"]
    assert not said["problems"]
    assert any("`disk`" in each or "path" in each for each in said["wrong"])
    assert "the oracle free-disk" in said["looks"]


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("class FreeDisk: ...", "TypeError: it is no subclass of harness.oracles.base.Oracle"),
        (DISK.replace("def read(", "def look("), "TypeError: it does not define read"),
        (
            DISK.replace('"free-disk"', '"events"'),
            "TypeError: the oracle `events` is defined by harness.oracles.",
        ),
        (
            DISK.replace('"free-disk"', '"Free Disk"'),
            "TypeError: `Free Disk` cannot be the name of an oracle",
        ),
    ],
)
def test_one_that_cannot_be_used_is_named_with_its_package(tmp_path: Path, module: str, why: str) -> None:
    script = "import sys; from harness.cli import main; sys.exit(main(['lint', sys.argv[1]]))"
    done = run(tmp_path, module, script)
    assert done.returncode == ExitCode.USAGE
    assert f"the oracle `disk` of the package disky cannot be used: {why}" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
