import pytest

from harness.base import bundled
from harness.base.errors import UsageError
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.known_issues import known_issue, known_issues, registry
from harness.chaosmesh.release import Release
from harness.image_build.pins import Pins

GOOD = """
id: some-issue
component: daemon
summary: Something is wrong.
metrics: [m]
since: v2.2.0
fixed: v2.8.2
seen: [v2.7.3, v2.8.1]
evidence: It was seen to be wrong.
correct: It would be right.
place: somewhere.go
promql: [m]
reproduce: kubectl get pods
"""


def test_every_issue_that_ships_is_complete_and_about_known_metrics():
    assert {"stressors-not-counted", "ipset-members-never-fall"} <= set(known_issues())
    unknown = [
        (issue.id, metric)
        for issue in known_issues().values()
        for metric in issue.metrics
        if catalogue().find(metric) is None
    ]
    assert unknown == []


def test_unknown_issue_is_named_with_those_that_exist():
    with pytest.raises(UsageError) as caught:
        known_issue("no-such")
    assert "stressors-not-counted" in caught.value.details[0]


def test_a_file_is_an_issue(tmp_path):
    (tmp_path / "some-issue.yaml").write_text(GOOD)
    assert registry.load(tmp_path)["some-issue"].component == "daemon"


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("some-issue", "another"),
        GOOD.replace("place:", "plaice:"),
        GOOD.replace("[m]", "[]"),
        GOOD.replace("since: v2.2.0", "since: all"),
        GOOD.replace("since: v2.2.0", "versions: v2.2.0 to v2.8.1"),
        GOOD.replace("seen: [v2.7.3, v2.8.1]", "seen: [v2.8.2]"),
        GOOD.replace("seen: [v2.7.3, v2.8.1]", "seen: []"),
        "a: [",
        "",
    ],
)
def test_wrong_files_name_themselves(tmp_path, text):
    (tmp_path / "some-issue.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"some-issue\.yaml"):
        registry.load(tmp_path)


@pytest.mark.parametrize(
    ("release", "there"),
    [
        ("v2.1.8", False),
        ("v2.2.0", True),
        ("v2.8.1", True),
        ("v2.8.1+3", True),
        ("v2.8.2", False),
        ("latest", False),
    ],
)
def test_a_release_has_an_issue_from_the_first_one_on_until_it_is_fixed(tmp_path, release, there):
    (tmp_path / "some-issue.yaml").write_text(GOOD)
    issue = registry.load(tmp_path)["some-issue"]

    assert issue.is_of(Release.of(release)) is there
    assert issue.releases == "since v2.2.0, fixed in v2.8.2"


def test_each_issue_is_of_the_release_that_is_pinned_or_was_fixed_before_it():
    pinned = Release.of(f"v{Pins.load(bundled.fixtures()).registry.chaos_mesh}")
    others = [issue for issue in known_issues().values() if not issue.is_of(pinned)]

    assert [issue.id for issue in others if issue.fixed is None] == []
    assert [issue.id for issue in others if not issue.seen] == []
