import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.chaosmesh.release import RELEASE, Release, ReleaseBound, release_of

PINNED = "v0.9.1-0.20260902003049-47411975a8cb"


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2.8.4", "v2.8.4"),
        ("v2.7.3", "v2.7.3"),
        ("v2.10.0", "v2.10.0"),
        # As `git describe` says it of Chaos Mesh's own tags, with what a build from source adds.
        ("chart-2.7.3-source-0a1b2c3d", "v2.7.3"),
        ("v2.8.3-6-g0cd35c4d6908-source-0a1b2c3d", "v2.8.3+6 (0cd35c4d6908)"),
        ("chart-2.7.3-5-gcab08330f8d7", "v2.7.3+5 (cab08330f8d7)"),
        ("v2.8.0-rc.1", "v2.8.0-rc.1"),
        # The main branch is described by the last tag that stands on it, of a pre-release.
        ("chart-2.4.0-alpha.0-401-g608b61e7c1b1-source-0a1b2c3d", "unreleased (608b61e7c1b1)"),
        (PINNED, "unreleased (47411975a8cb)"),
        ("source-0a1b2c3d4e5f", "unreleased"),
        ("latest", "unreleased"),
        ("nightly-2026-08-07", "unreleased"),
        ("2.8", "unreleased"),
        ("", "unreleased"),
    ],
)
def test_a_version_belongs_to_a_release_or_to_none(version: str, shown: str) -> None:
    assert str(Release.of(version)) == shown


@pytest.mark.parametrize(
    ("stated", "version", "shown"),
    [
        ("v2.7.3", "chart-2.7.3-source-0a1b2c3d", "v2.7.3"),
        ("v2.8.3", "v2.8.3-6-g0cd35c4d6908-source-0a1b2c3d", "v2.8.3+6 (0cd35c4d6908)"),
        ("v2.8.4", PINNED, "v2.8.4+ (47411975a8cb)"),
        # Without a history, such as the archive of a tag, it may be the release or later.
        ("v2.7.3", "source-0a1b2c3d4e5f", "v2.7.3+"),
        ("latest", "chart-2.4.0-alpha.0-401-g608b61e7c1b1-source-0a1b2c3d", "unreleased (608b61e7c1b1)"),
        ("latest", "v2.8.3-source-0a1b2c3d", "unreleased"),
        ("", "source-0a1b2c3d4e5f", "unreleased"),
    ],
)
def test_a_source_tree_belongs_to_the_release_that_its_chart_states(
    stated: str, version: str, shown: str
) -> None:
    assert str(Release.of_source(stated, version)) == shown


releases = st.builds(
    Release,
    st.tuples(*[st.integers(0, 20)] * 3).map(lambda parts: "v" + ".".join(map(str, parts))),
    st.just(True),
    st.one_of(st.none(), st.integers(1, 9999)),
    st.one_of(st.none(), st.from_regex(r"[0-9a-f]{12}", fullmatch=True)),
)


@given(releases)
def test_what_is_shown_reads_back(release: Release) -> None:
    assert Release.of(str(release)) == release


def test_releases_are_in_the_order_of_their_numbers() -> None:
    order = [
        "v2.0.0",
        "v2.7.3",
        "v2.8.0-rc.1",
        "v2.8.0",
        "v2.8.4",
        "v2.8.10",
        "unreleased",
        "v2.9.0",
        "v2.10.0",
    ]

    for older, newer in itertools.pairwise(order):
        bound = "master" if newer == "unreleased" else newer
        assert Release.of(older).older_than(bound), (older, newer)
        bound = "master" if older == "unreleased" else older
        assert Release.of(newer).newer_than(bound), (older, newer)


def test_a_build_after_a_release_counts_as_that_release() -> None:
    later = Release.of("v2.8.4+6 (0cd35c4d6908)")

    assert later.within("v2.8.4", "v2.8.4")
    assert later.older_than("v2.8.5")


def test_what_belongs_to_no_release_is_newer_than_the_newest_line_and_says_so() -> None:
    fork = Release.of("latest")

    assert fork.newer_than("v2.8.99")
    assert fork.within("master", None)
    assert "belongs to no known release" in str(fork.note)
    assert Release.of("v2.8.4").note is None


def test_the_release_of_a_stack_that_does_not_name_it_is_that_of_its_version() -> None:
    assert (
        str(release_of({"chaos-mesh": PINNED, RELEASE: "v2.8.4+ (47411975a8cb)"})) == "v2.8.4+ (47411975a8cb)"
    )
    assert release_of({"chaos-mesh": "v2.8.3"}).tag == "v2.8.3"
    assert release_of({}).tag is None


@pytest.mark.parametrize("text", ["2.8.4", "v2.8", "v2.8.0-rc.1", "latest", "all", ""])
def test_a_bound_is_a_release_or_the_main_branch(text: str) -> None:
    with pytest.raises(ValidationError, match="no release such as"):
        TypeAdapter(ReleaseBound).validate_python(text)
    assert TypeAdapter(ReleaseBound).validate_python("master") == "master"
