import pytest

from harness.base.errors import UsageError
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.known_issues import known_issue, known_issues, registry

GOOD = """
id: some-issue
component: daemon
summary: Something is wrong.
metrics: [m]
versions: all
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
        "a: [",
        "",
    ],
)
def test_wrong_files_name_themselves(tmp_path, text):
    (tmp_path / "some-issue.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"some-issue\.yaml"):
        registry.load(tmp_path)
