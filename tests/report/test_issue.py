"""A failure as the text of an issue."""

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.report.issue import issue_text
from harness.report.view import wrong
from harness.results.places import SourceLine
from tests.fakes.run import change, scenario

STACK = {"versions": {"chaos-mesh": "v2.8.4", "kubernetes": "v1.35.3"}, "scrape_interval": 1.0}


def issue(tmp_path, stack=STACK, **changes):
    result = scenario(tmp_path, "stress-cpu")
    seen = {"verdict": Verdict.FAIL, "expected": "equal to 2", "reason": "the value is 1", "layer": "product"}
    change(result, "1.0", **(seen | changes))
    result.places["1.0"] = SourceLine(file="stress.yaml", line=7)
    result.manifests = {"burn": "kind: StressChaos\n", "again": "kind: PodChaos\n"}
    (entry,) = wrong(result)
    return issue_text(entry, result, stack, catalogue()), entry


def test_it_says_what_was_expected_and_seen_and_how_to_see_it_again(tmp_path):
    actual = [{"labels": {"phase": "running"}, "value": 1.0}]
    text, entry = issue(tmp_path, actual=actual, explanation=["Chaos Mesh did it."], evidence={})
    made = catalogue().find(entry.finding.metric)
    assert made is not None
    assert text.startswith(f"# {entry.finding.promql}: expected 2, got 1 [product]\n\n")
    for part in (
        "Seen with chaos-mesh v2.8.4, kubernetes v1.35.3; scraped every 1 s.",
        "Expected: equal to 2",
        'Actual:\n\n```\n{phase="running"} 1\n```',
        "the value is 1\nChaos Mesh did it.\nLayer: product.",
        f"PromQL:\n\n```promql\n{entry.promql}\n```",
        "```yaml\nkind: StressChaos\n---\nkind: PodChaos\n```",
        f"Made in: {made.source}",
        "Found by the scenario stress-cpu (stress.yaml:7), step 2 (apply burn).",
    ):
        assert part in text


def test_what_is_not_known_is_left_out(tmp_path):
    text, _ = issue(tmp_path, stack={}, metric="of_nobody", actual=[], evidence={})
    assert "Seen with" not in text
    assert "Made in" not in text
    assert "```\nno series\n```" in text


def test_no_value_ends_its_block(tmp_path):
    text, _ = issue(tmp_path, promql="x```y", actual=[], evidence={})
    assert "````promql\nx```y\n````" in text
