from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.image_build.artefact import Artefact, CacheEntry, Use, digest_of, digests_in


def artefact(name: str, inputs: dict[str, str] | None = None, *uses: Use) -> Artefact:
    return Artefact(name, f"making {name}", lambda work: None, inputs or {}, uses)


def built(key: str, name: str = "out") -> CacheEntry:
    """An entry whose output differs whenever its key does."""
    return CacheEntry(key, Path("/nowhere"), {name: digest_of(["output", key])})


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Return for each of some artefacts which of the earlier ones it uses."""
    size = draw(st.integers(1, 8))
    return [
        sorted(draw(st.sets(st.integers(0, index - 1), max_size=3))) if index else [] for index in range(size)
    ]


def keys(graph: list[list[int]], inputs: list[str], same_output: int | None = None) -> list[str]:
    entries: dict[str, CacheEntry] = {}
    made: list[Artefact] = []
    for index, used in enumerate(graph):
        uses = [Use(made[other]) for other in used]
        made.append(artefact(f"a{index}", {"pin": inputs[index]}, *uses))
        key = made[-1].key(entries)
        entries[f"a{index}"] = built("constant" if index == same_output else key)
    return [made[index].key(entries) for index in range(len(graph))]


def dependants(graph: list[list[int]], changed: int) -> set[int]:
    found = {changed}
    for index, used in enumerate(graph):
        if found & set(used):
            found.add(index)
    return found


@given(graphs(), st.data())
def test_a_changed_pin_changes_the_keys_of_its_artefact_and_of_all_that_use_it_and_no_other(
    graph: list[list[int]], data: st.DataObject
) -> None:
    changed = data.draw(st.integers(0, len(graph) - 1))
    before = ["1"] * len(graph)
    after = [*before]
    after[changed] = "2"
    pairs = zip(keys(graph, before), keys(graph, after), strict=True)
    assert {index for index, (old, new) in enumerate(pairs) if old != new} == dependants(graph, changed)


@given(graphs(), st.data())
def test_a_changed_pin_that_leaves_the_output_as_it_was_rebuilds_nothing_further(
    graph: list[list[int]], data: st.DataObject
) -> None:
    changed = data.draw(st.integers(0, len(graph) - 1))
    before = ["1"] * len(graph)
    after = [*before]
    after[changed] = "2"
    pairs = zip(keys(graph, before, changed), keys(graph, after, changed), strict=True)
    assert {index for index, (old, new) in enumerate(pairs) if old != new} == {changed}


def test_only_the_used_parts_of_an_artefact_count() -> None:
    modules = artefact("modules")
    user = artefact("user", {}, Use(modules, ("mine.txt",)))
    first = CacheEntry("k", Path("/nowhere"), {"mine.txt": "1", "other.txt": "1"})
    other = CacheEntry("k", Path("/nowhere"), {"mine.txt": "1", "other.txt": "2"})
    mine = CacheEntry("k", Path("/nowhere"), {"mine.txt": "2", "other.txt": "1"})
    assert user.key({"modules": first}) == user.key({"modules": other})
    assert user.key({"modules": first}) != user.key({"modules": mine})


def test_a_part_may_be_a_folder() -> None:
    use = Use(artefact("chart"), ("chart",))
    one = CacheEntry("k", Path("/nowhere"), {"chart/a": "1", "chartless": "1"})
    two = CacheEntry("k", Path("/nowhere"), {"chart/a": "1", "chartless": "2"})
    assert use.digest(one) == use.digest(two)


def test_a_part_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"modules has no typo\.txt"):
        Use(artefact("modules"), ("typo.txt",)).digest(CacheEntry("k", Path("/nowhere"), {"mine.txt": "1"}))


def test_digests_tell_contents_links_and_places_apart(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("x")
    (tmp_path / "b").write_text("y")
    (tmp_path / "c").write_text("x")
    (tmp_path / "link").symlink_to("b")
    found = digests_in(tmp_path)
    assert set(found) == {"folder/a", "b", "c", "link"}
    assert found["folder/a"] == found["c"] != found["b"]
    assert found["link"] == "link:b"
