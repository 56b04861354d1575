import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.lint.check import load_checked
from harness.oracles.base import oracles
from harness.report.reference import PARTS, is_marked, renew
from harness.scenario.load import ScenarioError

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE_OF = {
    "kinds": "expectations.md",
    "metrics": "catalogue.md",
    "oracles": "oracles.md",
    "capabilities": "scenarios.md",
    "rules": "wrong-files.md",
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# What a snippet of expectations needs around it to be a whole scenario.
AROUND = """scenario: snippet
about: Holds the expectations of a page.
workload: {name: mini-node-exporter, replicas: 2}
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selector}", stressors: {cpu: {workers: 1}}}
steps:
  - apply: burn
    until: running
    proof: {oracle: processes, in: "${burn.targets}", named: stress-ng, at_least: 1}
    expect:
"""


def page(part: str) -> str:
    return (ROOT / "docs" / PAGE_OF[part]).read_text()


def blocks(pages: list[Path], first: str) -> Iterator[tuple[str, str]]:
    """Yield page and line, and the text, of each YAML block that begins with a word."""
    for page in pages:
        text = page.read_text()
        for block in re.finditer(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if block[1].startswith(first):
                yield f"{page.name}:{text.count(chr(10), 0, block.start()) + 2}", block[1]


EXPECTATIONS = list(blocks(PAGES, "- metric:"))


@pytest.mark.parametrize("part", sorted(PARTS))
def test_the_page_holds_each_part(part: str) -> None:
    assert f"<!-- generated: {part} -->\n\n{PARTS[part]()}\n\n<!-- end -->" in page(part)


def test_the_labels_of_each_oracle_are_told() -> None:
    rows = set(re.findall(r"^\| `([a-z-]+)` \| .+ \| .*\|$", page("oracles"), re.MULTILINE))

    assert set(oracles()) <= rows


def test_what_a_marker_holds_is_replaced_and_the_rest_kept() -> None:
    page = renew("before\n<!-- generated: kinds -->\nold\n<!-- end -->\nafter\n")

    assert page.startswith("before\n<!-- generated: kinds -->\n\n- `absent: true`: no series is selected")
    assert page.endswith("\n\n<!-- end -->\nafter\n")
    assert "old" not in page


def test_a_page_is_marked_or_not() -> None:
    assert is_marked("<!-- generated: kinds -->\n<!-- end -->\n")
    assert not is_marked("nothing\n")


def test_a_marker_of_an_unknown_part_is_refused() -> None:
    with pytest.raises(UsageError, match="`colours`"):
        renew("<!-- generated: colours -->\n<!-- end -->\n")


def test_arguments_and_parameters_are_written_as_in_a_scenario() -> None:
    assert "- `between: [N, N]`: " in PARTS["kinds"]()
    assert "- `within: {value: N, abs: number, rel: number}`: " in PARTS["kinds"]()
    assert "`processes`: processes of a program" in PARTS["oracles"]()
    assert "`named` (text)." in PARTS["oracles"]()
    assert "- `runtime-containerd`: " in PARTS["capabilities"]()


def test_no_generated_line_is_too_long() -> None:
    assert max(len(line) for part in PARTS.values() for line in part().splitlines()) <= 115


def test_there_are_expectations_to_check() -> None:
    assert len(EXPECTATIONS) > 5


@pytest.mark.parametrize("text", [pytest.param(text, id=place) for place, text in EXPECTATIONS])
def test_each_expectation_of_the_pages_is_right(text: str, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(AROUND + "".join(f"      {line}\n" for line in text.splitlines()))

    assert load_checked(file)[0].scenario.steps[0].expect


def test_a_wrong_scenario_of_a_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text\n\n```yaml\nscenario: wrong\nabout: No steps.\n```\n")
    ((place, text),) = blocks([page], "scenario:")
    file = tmp_path / "scenario.yaml"
    file.write_text(text)

    assert place == "page.md:4"
    with pytest.raises(ScenarioError, match="steps"):
        load_checked(file)
