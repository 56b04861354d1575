"""The folder of a report: whose it is, who uses it, and what is removed from it."""

import json
import multiprocessing
import os
import signal

import pytest

from harness.base import bundled
from harness.base.errors import InfrastructureError, UsageError
from harness.results.folder import MARKER, ReportFolder, in_use, made_by_run, refuse_in_use
from harness.results.results import Results, Run

EARLIER = Results(run=Run(id="0123abcd", harness="0.1.0", started="2026-01-01T00:00:00+00:00"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "report"


def taken(path, run="abc12345"):
    made = ReportFolder(path)
    made.take(run)
    made.empty()
    return made


def content(path):
    return sorted(str(each.relative_to(path)) for each in path.rglob("*") if not each.is_dir())


def refused(path, **options):
    with pytest.raises(UsageError) as caught:
        ReportFolder(path, **options).check()
    assert caught.value.next_step
    told = f"cannot use {path} as the report folder: "
    assert caught.value.problem.startswith(told)
    return caught.value.problem.removeprefix(told)


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_holds_nothing_is_taken_and_marked(folder, there):
    if there:
        folder.mkdir()
    made = taken(folder)
    mark = json.loads((folder / MARKER).read_text())
    assert (mark["run"], mark["pid"]) == ("abc12345", os.getpid())
    assert content(folder) == [MARKER]
    made.let_go()


def test_looking_at_a_folder_writes_nothing(folder):
    ReportFolder(folder).check()
    assert not folder.exists()


def test_a_marked_folder_is_emptied_of_what_runs_write_and_of_nothing_else(folder):
    taken(folder).let_go()
    for name in ("recordings/s/entries.jsonl.gz", "diagnostics/s/x", "expositions/a/b", "defects/s.txt"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("old")
    for name in ("results.json", "index.html", "summary.md", ".results.json.7.part"):
        (folder / name).write_text("old")
    for name in ("notes.txt", "junit.xml"):
        (folder / name).write_text("mine")
    taken(folder, "next1234").let_go()
    assert content(folder) == [MARKER, "junit.xml", "notes.txt"]
    assert json.loads((folder / MARKER).read_text())["run"] == "next1234"


def test_what_an_earlier_release_wrote_is_known_by_its_results(folder):
    folder.mkdir()
    EARLIER.write(folder)
    (folder / "notes.txt").write_text("mine")
    assert made_by_run(folder)
    taken(folder).let_go()
    assert content(folder) == [MARKER, "notes.txt"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a"], "a"),
        (["recordings/mine/take-1.wav"], "recordings"),
        (["index.html", "diagnostics/x"], "diagnostics, index.html"),
        (list("abcde"), "a, b, c and 2 others"),
        ([".git/config"], ".git"),
    ],
)
def test_a_folder_that_no_run_made_is_refused_and_left_as_it_is(folder, names, told):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    assert refused(folder) == f"it is not empty, and no run made it: {told}"
    with pytest.raises(UsageError):
        taken(folder)
    assert content(folder) == sorted(names)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"schema_version": 1, "tests": []}',
        '{"version": 1, "run": {"id": "0123abcd"}}',
        '[{"schema_version": 1, "run": {"id": "0123abcd"}}]',
    ],
)
def test_results_of_somebody_else_make_no_folder_ours(folder, text):
    folder.mkdir()
    (folder / "results.json").write_text(text)
    assert not made_by_run(folder)
    assert refused(folder).startswith("it is not empty")


def test_the_xml_that_pytest_was_asked_for_is_nobody_elses(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder.mkdir()
    xml = folder / "junit.xml"
    xml.write_text("<testsuites/>")
    assert refused(folder).endswith("junit.xml")
    ReportFolder(folder, [xml.relative_to(tmp_path)]).check()


def test_what_is_no_folder_is_refused(folder, tmp_path):
    folder.write_text("")
    assert refused(folder) == "it is no folder"
    assert refused(folder / "below") == "Not a directory"
    os.mkfifo(tmp_path / "fifo")
    assert refused(tmp_path / "fifo") == "it is no folder"


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_is_refused_and_what_it_leads_to_is_left_alone(folder, tmp_path, target):
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / target)
    assert refused(folder) == "it is a link"
    with pytest.raises(UsageError):
        taken(folder)
    assert not [*(tmp_path / "elsewhere").iterdir()]


@pytest.mark.parametrize("name", ["recordings", MARKER, "results.json"])
def test_a_link_in_the_folder_is_refused(folder, tmp_path, name):
    taken(folder).let_go()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/precious").write_text("mine")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "elsewhere")
    refused(folder)
    with pytest.raises(UsageError):
        taken(folder)
    assert content(tmp_path / "elsewhere") == ["precious"]


def test_no_run_empties_what_is_too_dear(tmp_path, monkeypatch):
    home = tmp_path / "homes/me"
    monkeypatch.setenv("HOME", str(home))
    home.mkdir(parents=True)
    root = bundled.root()
    for path, told in (
        ("/", "it is the root of the file system"),
        (home, "it is a home folder"),
        (home.parent, f"it holds a home folder ({home})"),
        (root, "it is the harness itself"),
        (root.parent, f"it holds the harness ({root})"),
    ):
        assert refused(path) == told
    # Marked or not.
    (home / MARKER).write_text("")
    assert refused(home) == "it is a home folder"
    ReportFolder(home / "report").check()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(folder):
    folder.mkdir(mode=0o555)
    assert refused(folder) == f"{folder} cannot be written"


def test_a_disk_that_is_full_is_of_the_infrastructure(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.results.folder.FolderMark.model_dump_json", full)
    with pytest.raises(InfrastructureError, match="No space left on device"):
        taken(folder)
    assert not in_use(folder)


def test_a_folder_that_a_run_uses_is_refused_by_name_and_left_as_it_is(folder):
    first = taken(folder)
    (folder / "results.json").write_text("the first one's")
    mark = (folder / MARKER).read_text()
    with pytest.raises(UsageError) as caught:
        taken(folder, "second12")
    assert caught.value.problem.startswith(
        f"the report folder {folder} is in use by the run abc12345 (process {os.getpid()}) since 20"
    )
    assert (folder / "results.json").read_text() == "the first one's"
    assert (folder / MARKER).read_text() == mark
    assert in_use(folder)
    with pytest.raises(UsageError, match="cannot write the score: the report folder"):
        refuse_in_use(folder, "write the score")
    first.let_go()
    assert not in_use(folder)
    refuse_in_use(folder, "write the score")
    taken(folder, "second12").let_go()


def test_a_run_that_was_killed_uses_nothing_but_what_its_scenarios_still_do(folder):
    fork = multiprocessing.get_context("fork")
    heard, ready = os.pipe()
    ends, end = os.pipe()

    def scenario():
        os.close(end)
        os.read(ends, 1)

    def run():
        made = taken(folder)
        fork.Process(target=scenario).start()
        os.write(ready, b".")
        signal.pause()
        made.let_go()

    process = fork.Process(target=run)
    process.start()
    assert process.pid is not None
    assert os.read(heard, 1)
    os.kill(process.pid, signal.SIGKILL)
    # Not join: it waits for what the process has forked, too.
    os.waitpid(process.pid, 0)
    told = "in use by scenarios of the run abc12345, which was killed, that still clean up"
    with pytest.raises(UsageError, match=told):
        taken(folder, "second12")
    os.close(end)
    for each in (heard, ready, ends):
        os.close(each)
