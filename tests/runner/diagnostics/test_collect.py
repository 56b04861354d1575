"""The bounds of diagnostics: time, size, failures, secrets."""

import threading
from typing import Any

import pytest

from harness.base.errors import InfrastructureError
from harness.runner.diagnostics import collect as module
from harness.runner.diagnostics.collect import INDEX, MOST_FILE, collect, collectors


def index(folder):
    return (folder / INDEX).read_text()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "diagnostics/example/step-1"


NOTHING_ASKED: Any = None
"""The context of collectors that ask it for nothing."""


def small(scene):
    """A small thing."""
    yield "small.txt", "small\n"


def test_each_module_of_the_package_is_a_collector_that_says_what_it_collects():
    found = collectors()
    assert {"events", "logs", "metrics", "network", "nodes", "objects", "pods", "targets"} <= set(found)
    assert all(each.__doc__ for each in found.values())


def test_files_and_an_index_that_names_them(folder):
    def nothing(scene):
        """Nothing at all."""
        yield from ()

    collect(
        NOTHING_ASKED,
        folder,
        "step 1: apply kill\nfailed: 2 is not 1",
        using={"small": small, "void": nothing},
    )
    assert (folder / "small.txt").read_text() == "small\n"
    assert index(folder).splitlines() == [
        "step 1: apply kill",
        "failed: 2 is not 1",
        "",
        "small: A small thing",
        "  small.txt",
        "void: Nothing at all",
        "  nothing",
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InfrastructureError("no answer", details=["refused"]), "failed: no answer; refused"),
        (KeyError("status"), "failed: KeyError: 'status'"),
    ],
)
def test_a_collector_that_fails_is_told_and_keeps_what_it_had(folder, error, told):
    def fails(scene):
        yield "first.txt", "first\n"
        raise error

    collect(NOTHING_ASKED, folder, "why", using={"fails": fails, "small": small})
    assert (folder / "first.txt").exists()
    assert (folder / "small.txt").exists()
    assert told in index(folder)


def test_a_collector_that_hangs_is_left_behind(folder):
    release = threading.Event()

    def hangs(scene):
        yield "first.txt", "first\n"
        release.wait(60)
        yield "late.txt", "late\n"

    try:
        collect(NOTHING_ASKED, folder, "why", using={"hangs": hangs}, seconds=0.05)
    finally:
        release.set()
    assert "failed: not finished within 0.05 s" in index(folder)
    assert not (folder / "late.txt").exists()


def test_secrets_are_in_no_file_wherever_they_come_from(folder):
    def leaks(scene):
        yield "log.txt", "token=planted\n"
        raise ValueError("password: planted")

    collect(NOTHING_ASKED, folder, "Bearer planted-in-why", using={"leaks": leaks})
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert len(texts) == 2
    assert not any("planted" in text for text in texts)


def test_of_a_large_file_the_end_is_kept_in_whole_lines(folder):
    lines = [f"line {number:07}\n" for number in range(200_000)]

    def large(scene):
        yield "large.log", "".join(lines)

    collect(NOTHING_ASKED, folder, "why", using={"large": large})
    kept = (folder / "large.log").read_text().splitlines(keepends=True)
    assert kept == lines[-len(kept) :]
    assert MOST_FILE - 20 < (folder / "large.log").stat().st_size <= MOST_FILE
    assert f"large.log (the end of {len(''.join(lines))} bytes)" in index(folder)


def test_a_secret_that_the_cut_goes_through_is_hidden(folder):
    block = (
        "-----BEGIN CERTIFICATE-----\n"
        + "cGxhbnRlZA\n" * (2 * MOST_FILE // 11)
        + "-----END CERTIFICATE-----\n"
    )

    def large(scene):
        yield "large.log", "x\n" * 1000 + block + "after\n"

    collect(NOTHING_ASKED, folder, "why", using={"large": large})
    assert (folder / "large.log").read_text() == "*** (PEM)\nafter\n"


def test_what_passes_the_bound_of_all_files_is_left_out_and_small_files_are_not(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_COLLECTION", 1000)

    def many(scene):
        yield "large.txt", "x" * 900 + "\n"
        yield "small.txt", "x" * 500 + "\n"

    collect(NOTHING_ASKED, folder, "why", using={"many": many})
    assert (folder / "small.txt").exists()
    assert not (folder / "large.txt").exists()
    assert "large.txt: left out: diagnostics have a bound" in index(folder)


def test_a_run_has_a_bound_for_all_its_scenarios(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_RUN", 1000)
    other = folder.parent.parent / "other/step-1/log"
    other.parent.mkdir(parents=True)
    other.write_text("x" * 995)
    collect(NOTHING_ASKED, folder, "why", using={"small": small})
    assert "small.txt: left out" in index(folder)
