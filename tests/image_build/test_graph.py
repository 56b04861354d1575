import threading
from pathlib import Path

import pytest

from harness.base.progress import Progress
from harness.image_build.artefact import Artefact, Build, Lane, Use
from harness.image_build.graph import build_all, in_order
from harness.image_build.store import Store


class Works:
    """Makes artefacts whose builds are noted down in their order."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.built: list[str] = []
        self.cancel = threading.Event()
        self.prepared = 0

    def artefact(self, name: str, *uses: Artefact, lane: Lane = "disk", fails: bool = False) -> Artefact:
        def build(work: Build) -> None:
            self.built.append(name)
            if fails:
                raise RuntimeError(f"{name} failed")
            (work.out / "out").write_text(
                "".join(work.used[use.name].path("out").read_text() for use in uses) + name
            )

        return Artefact(name, f"making {name}", build, {}, tuple(Use(use) for use in uses), lane)

    def run(self, *wanted: Artefact) -> dict[str, str]:
        def prepare() -> None:
            self.prepared += 1

        entries = build_all(
            wanted,
            store=Store(self.tmp_path / "images"),
            progress=Progress(),
            logs=self.tmp_path,
            cancel=self.cancel,
            before_build=prepare,
        )
        return {name: entry.path("out").read_text() for name, entry in entries.items()}


@pytest.fixture
def works(tmp_path: Path) -> Works:
    return Works(tmp_path)


def test_each_is_built_after_what_it_uses(works: Works) -> None:
    a = works.artefact("a")
    b = works.artefact("b", a, lane="compile")
    c = works.artefact("c", a, b)
    assert works.run(c) == {"a": "a", "b": "ab", "c": "aabc"}
    assert works.built == ["a", "b", "c"]


def test_a_second_run_builds_nothing_and_needs_no_tools(works: Works) -> None:
    a = works.artefact("a")
    works.run(works.artefact("b", a))
    works.run(works.artefact("b", works.artefact("a")))
    assert works.built == ["a", "b"]
    assert works.prepared == 1


def test_within_a_lane_the_order_is_the_one_that_was_given(works: Works) -> None:
    works.run(*(works.artefact(name) for name in "cab"))
    assert works.built == ["c", "a", "b"]


def test_lanes_overlap(works: Works) -> None:
    met = threading.Barrier(2, timeout=10)

    def meet(work: Build) -> None:
        met.wait()
        (work.out / "out").write_text("met")

    lanes: tuple[Lane, ...] = ("disk", "compile")
    both = [Artefact(lane, f"making {lane}", meet, lane=lane) for lane in lanes]
    assert works.run(*both) == {"disk": "met", "compile": "met"}


def test_a_failure_is_raised_cancels_the_others_and_stops_what_has_not_begun(works: Works) -> None:
    cancelled: list[bool] = []

    def long(work: Build) -> None:
        cancelled.append(works.cancel.wait(10))
        raise RuntimeError("cancelled")

    bad = works.artefact("bad", fails=True)
    never = works.artefact("never")
    with pytest.raises(RuntimeError, match="bad failed"):
        works.run(Artefact("long", "a long one", long, lane="compile"), bad, never)
    assert cancelled == [True]
    assert works.built == ["bad"]


def test_two_artefacts_of_one_name_are_refused(works: Works) -> None:
    with pytest.raises(ValueError, match="two artefacts are named a"):
        in_order([works.artefact("a"), works.artefact("b", works.artefact("a"))])
