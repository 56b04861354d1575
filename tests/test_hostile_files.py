"""No file gives a traceback: every reader of what somebody else may have written tells what is wrong with it.

Each reader is given bytes that are nothing, and documents that were right until something was changed.
"""

import gzip
import json
import math
import os
import random
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.audit.compare.comparison import compare
from harness.audit.compare.flaky import repetition
from harness.audit.coverage.exempt import limits, waivers
from harness.audit.coverage.score import coverage_of
from harness.audit.inventory.dashboards import used
from harness.audit.mutation.mutate import _of_folder
from harness.audit.mutation.waiver import load as load_waivers
from harness.audit.replay import replay_folder
from harness.base.errors import HarnessError
from harness.chaosmesh.catalogue import catalogue as metrics
from harness.chaosmesh.catalogue.catalogue import load as load_catalogue
from harness.chaosmesh.known_issues.registry import load as load_issues
from harness.lint import python
from harness.lint.check import check
from harness.lint.lint import run as lint
from harness.report.fields import durations, field_of, put
from harness.report.html.report import render_again
from harness.scenario.panels import load as load_panels
from harness.stack.dashboards import read as read_dashboard
from tests.fakes.run import RECORDINGS, make_run

ROOT = Path(__file__).resolve().parent.parent
HARNESS = ROOT / "harness"
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "5"))
"""Of each reader and way; many more are tried by hand: HOSTILE_EXAMPLES=2000."""
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 100,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SCENARIO = ROOT / "scenarios/controller-manager/two-of-every-kind.yaml"
INCLUDED = sorted((ROOT / "scenarios/shared").glob("_*.yaml"))[0]


def in_folder(folder, name, raw):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(raw)
    return folder / name


def scenario(folder, raw):
    check(in_folder(folder, "s.yaml", raw))
    lint([folder], 1.0)


def included(folder, raw):
    text = "scenario: s\nabout: x\ninclude: _i.yaml\nsteps:\n  - wait: 1\n"
    in_folder(folder, "_i.yaml", raw)
    check(in_folder(folder, "s.yaml", text.encode()))


def script(folder, raw):
    path = in_folder(folder, "s.py", raw)
    python.is_python_scenario(path)
    compile_only = raw.startswith(python.IMPORT.encode())
    if not compile_only:
        lint([folder], 1.0)


def recording(folder, name, raw):
    shutil.copytree(RECORDINGS / "stress-cpu", folder, dirs_exist_ok=True)
    in_folder(folder, name, raw)
    for reader in (
        replay_folder,
        lambda path: coverage_of([path], metrics(), TODAY, []),
        _of_folder,
    ):
        told(lambda read=reader: read(folder))


def entries(folder, raw):
    recording(folder, "entries.jsonl.gz", raw)


def packed(folder, raw):
    recording(folder, "entries.jsonl.gz", gzip.compress(raw, 1))


def manifest(folder, raw):
    recording(folder, "manifest.json", raw)


def findings(folder, raw):
    recording(folder, "findings.json", raw)


def results(folder, raw):
    in_folder(folder, "results.json", raw)
    durations(folder)
    for reader in (
        render_again,
        lambda path: compare(path, path, metrics()),
        lambda path: repetition([path, path]),
        lambda path: field_of(path / "recordings", "coverage"),
        lambda path: put(path / "recordings", "mutation", {}),
    ):
        told(lambda read=reader: read(folder))


def folder_of(load, name="a.yaml"):
    def reader(folder, raw):
        in_folder(folder, name, raw)
        load(folder)

    return reader


def dashboards(folder, raw):
    in_folder(folder / "dashboards", "d.yaml", raw)
    in_folder(folder / "dashboards", "d.json", raw)
    in_folder(folder / "alerts", "a.yaml", raw)
    told(lambda: used(folder))
    told(lambda: load_panels(folder / "dashboards"))
    told(lambda: read_dashboard(folder / "dashboards/d.yaml"))


def of_run():
    """Return results.json of a run of two scenarios, without recordings."""
    with tempfile.TemporaryDirectory() as name:
        made = make_run(Path(name), 1)
        return made.write(Path(name)).read_bytes()


TODAY = date(2026, 11, 29)
STRESS = RECORDINGS / "stress-cpu"
READERS = {
    "scenario": (scenario, SCENARIO.read_bytes()),
    "include": (included, INCLUDED.read_bytes()),
    "python": (script, b""),
    "compressed entries": (entries, (STRESS / "entries.jsonl.gz").read_bytes()),
    "entries": (packed, gzip.decompress((STRESS / "entries.jsonl.gz").read_bytes())),
    "manifest": (manifest, (STRESS / "manifest.json").read_bytes()),
    "findings": (findings, (STRESS / "findings.json").read_bytes()),
    "results": (results, of_run()),
    "catalogue": (folder_of(load_catalogue), (HARNESS / "chaosmesh/catalogue/daemon.yaml").read_bytes()),
    "known issue": (
        folder_of(load_issues),
        sorted((HARNESS / "chaosmesh/known_issues").glob("*.yaml"))[0].read_bytes(),
    ),
    "limits": (folder_of(limits), sorted((HARNESS / "audit/coverage/limits").glob("*.yaml"))[0].read_bytes()),
    "coverage waivers": (folder_of(waivers), b"- {metrics: [up], reason: x, until: 2027-01-01}\n"),
    "mutation waivers": (
        folder_of(load_waivers),
        b"- {scenario: s, expectation: '0.0', subject: up, operator: any, until: 2027-01-01, reason: x}\n",
    ),
    "dashboards": (dashboards, sorted((ROOT / "fixtures/dashboards").glob("*.yaml"))[0].read_bytes()),
}


def told(read):
    """Call a reader; all that it may raise is an error that is told by itself."""
    try:
        read()
    except HarnessError as error:
        assert str(error)
        assert max(map(len, error.render().splitlines())) < 2000


NASTY: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    10**400,
    -(10**25),
    1e308,
    math.inf,
    math.nan,
    "",
    "x",
    "\0",
    "\ud800",
    "${",
    "${a",
    "${namespace}",
    "=~(",
    "(" * 3000,
    "(?=a)",
    "9" * 5000,
    "x" * 400_000,
    "../../etc/passwd",
    "/dev/zero",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"x": {}},
    "2026-40-40",
    "!!python/none",
    "0x" + "f" * 400,
]
TEXTS = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"[",
    b"{",
    b"[" * 50_000,
    b'{"a":' * 5000,
    b"- " * 5000,
    b"&a [*a]",
    b"!!python/object/apply:os.system [true]",
    b"\r\n" * 100,
    b"scenario: x",
    b"scenario: &a [*a]",
    b"null",
    b"1" * 5000,
    b"0x" + b"f" * 5000,
    b'"\\ud800"',
    b"1e999",
    b"NaN",
    b'{"format": 2}',
    b"2026-40-40",
    b"? [a]\n: b",
    b"<<: 1",
    b'{"schema_version": 1, "run": 1}',
    b"a: 1\na: 2",
    b"\x1f\x8b",
    b"%YAML 9.9\n---\n",
    b"x" * 400_000,
    b"!!int ''",
]


def paths_in(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from paths_in(each, (*at, key))


def changed(value, chance):
    """Return a document with one to three things changed: another value, a key away, doubled or renamed."""
    for _ in range(chance.randint(1, 3)):
        at = chance.choice(list(paths_in(value)))
        if not at:
            value = chance.choice([value, *NASTY])
            continue
        around = value
        for part in at[:-1]:
            around = around[part]
        last = at[-1]
        way = chance.randrange(5)
        if way == 0:
            del around[last]
        elif way == 1 and isinstance(around, dict):
            around[str(chance.choice(NASTY))[:50]] = around.pop(last)
        elif way == 2 and isinstance(around, list):
            around.insert(last, around[last])
        else:
            around[last] = json.loads(json.dumps(chance.choice(NASTY)))
    return value


def documents(name, raw, chance):
    """Return a document of a reader with something in it changed, as bytes."""
    if name == "entries":
        lines = raw.splitlines()
        number = chance.randrange(len(lines))
        lines[number] = json.dumps(changed(json.loads(lines[number]), chance)).encode()
        return b"\n".join(lines) + b"\n"
    if raw[:1] in (b"{", b"["):
        return json.dumps(changed(json.loads(raw), chance)).encode()
    value = changed(yaml.safe_load(raw), chance)
    return yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("raw", TEXTS, ids=range(len(TEXTS)))
def test_what_is_nothing_is_told(tmp_path, name, raw):
    reader, _ = READERS[name]
    told(lambda: reader(tmp_path / "it", raw))


@pytest.mark.parametrize("name", READERS)
def test_bytes_that_were_damaged_are_told(tmp_path, name):
    reader, right = READERS[name]

    @FUZZ
    @given(st.randoms(use_true_random=False), st.binary(max_size=40))
    def try_it(chance, junk):
        begin = chance.randrange(len(right) + 1)
        raw = right[:begin] + junk + right[begin + chance.choice([0, 1, 50]) :]
        told(lambda: reader(tmp_path / "it", raw))

    try_it()


@pytest.mark.parametrize("name", [name for name in READERS if name not in ("compressed entries", "python")])
def test_documents_that_were_changed_are_told(tmp_path, name):
    reader, right = READERS[name]

    @FUZZ
    @given(st.integers(0, 2**32))
    def try_it(seed):
        chance = random.Random(seed)
        told(lambda: reader(tmp_path / "it", documents(name, right, chance)))

    try_it()
