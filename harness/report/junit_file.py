"""JUnit's XML of a run that pytest did not report itself, as of one that was merged of shards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from _pytest.junitxml import bin_xml_escape

from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact_shapes
from harness.judge.finding import Verdict
from harness.report.checks import RunCheck
from harness.report.junit import junit_properties
from harness.report.text import leftovers_text, scenario_text
from harness.report.view import first_lines, first_place, known_issues
from harness.results.results import NotRun, Results
from harness.results.scenario import ScenarioResult

_TAGS = {Verdict.FAIL: "failure", Verdict.ERROR: "error"}


def write(results: Results, checks: Sequence[RunCheck], path: Path) -> Path:
    """Write what a run came to in the form of pytest's `--junitxml`; return the path.

    Args:
        results: of the run.
        checks: of the run as a whole.
        path: of the file.

    Raises:
        OSError: it cannot be written; it names the file.
    """
    cases = [*map(_scenario, results.scenarios), *map(_not_run, results.not_run), *map(_check, checks)]
    counts = {
        tag: sum(case.find(tag) is not None for case in cases) for tag in ("error", "failure", "skipped")
    }
    suite = Element(
        "testsuite",
        name="chaos-harness",
        errors=str(counts["error"]),
        failures=str(counts["failure"]),
        skipped=str(counts["skipped"]),
        tests=str(len(cases)),
        time=f"{results.run.seconds:.3f}",
        timestamp=results.run.started,
    )
    suite.extend(cases)
    root = Element("testsuites", name="chaos-harness")
    root.append(suite)
    text = redact_shapes(ElementTree.tostring(root, encoding="unicode"), blocks=False)
    return write_whole(path, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n', mode=PUBLIC)


def _scenario(result: ScenarioResult) -> Element:
    place = first_place(result)
    case = _case(result.file, result.name, result.seconds)
    case.set("file", place.file)
    case.set("line", str(place.line))
    _properties(case, junit_properties(result))
    if tag := _TAGS.get(result.verdict):
        first = [*first_lines(result), f"{result.name}: {result.verdict.words}"][0]
        _add(case, tag, first, scenario_text(result))
    elif result.verdict is Verdict.SKIPPED:
        _add(case, "skipped", result.reason or "a capability is missing")
    elif result.verdict is Verdict.KNOWN_ISSUE:
        _add(case, "skipped", f"known issue: {', '.join(known_issues(result))}")
    if result.leftovers:
        _add(case, "error", "left something behind", leftovers_text(result))
    return case


def _not_run(entry: NotRun) -> Element:
    case = _case(entry.file, entry.name)
    _add(case, "error", f"not run: {entry.reason}")
    return case


def _check(check: RunCheck) -> Element:
    case = _case("run", check.name)
    _properties(case, [("verdict", check.verdict.value)])
    if tag := _TAGS.get(check.verdict):
        _add(case, tag, check.reason, check.text())
    return case


def _case(file: str, name: str, seconds: float = 0.0) -> Element:
    return Element(
        "testcase", classname=_escaped(file.replace("/", ".")), name=_escaped(name), time=f"{seconds:.3f}"
    )


def _properties(case: Element, found: list[tuple[str, str]]) -> None:
    properties = SubElement(case, "properties")
    for name, value in found:
        SubElement(properties, "property", name=_escaped(name), value=_escaped(value))


def _add(case: Element, tag: str, message: str, text: str = "") -> None:
    SubElement(case, tag, message=_escaped(message)).text = _escaped(text) or None


def _escaped(text: str) -> str:
    """Return a text without what no XML can have."""
    return bin_xml_escape(text)
