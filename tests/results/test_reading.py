"""results.json piece by piece; its scenarios may be thousands."""

import json

import pytest

from harness.base.errors import UsageError
from harness.report.fields import field_of, put
from harness.results import reading
from harness.results.reading import fields_of, parts, read
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult

RUN = Run(id="f00d", harness="0", started="2026-11-27T01:02:03+00:00")


@pytest.fixture
def path(tmp_path):
    results = Results(run=RUN)
    for number in range(50):
        results.add(ScenarioResult(name=f"s-{number}", file="s.yaml", about='a "quoted" ü \\ text' * number))
    return results.write(tmp_path)


def test_it_is_read_as_it_was_written(path, monkeypatch):
    whole = json.loads(path.read_text())
    for size in (1, 7, 100, 1 << 20):
        monkeypatch.setattr(reading, "_READ", size)
        found = list(parts(path, next_step=""))
        assert [value for name, value in found if name == "scenarios"] == whole["scenarios"]
        assert dict(found) | {"scenarios": whole["scenarios"]} == whole
        assert read(path, next_step="").model_dump(mode="json") == whole


def test_compact_json_is_read_alike(path):
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole, separators=(",", ":")))
    assert read(path, next_step="").model_dump(mode="json") == whole


def test_a_field_is_replaced_and_the_rest_stays_byte_for_byte(path):
    recordings = path.parent / "recordings"
    whole = json.loads(path.read_text())
    put(recordings, "mutation", {"score": 0.5, "lines": "a\nb"})
    assert field_of(recordings, "mutation") == {"score": 0.5, "lines": "a\nb"}
    put(recordings, "more", [1])
    expected = whole | {"mutation": {"score": 0.5, "lines": "a\nb"}, "more": [1]}
    assert path.read_text() == json.dumps(expected, indent=1, ensure_ascii=False) + "\n"


def test_results_without_scenarios_keep_the_field(tmp_path):
    path = Results(run=RUN).write(tmp_path)
    put(tmp_path / "recordings", "mutation", 1)
    assert json.loads(path.read_text())["scenarios"] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no JSON: `{` is missing at its end"),
        ("[]", r"is no JSON: `{` is missing before `\["),
        ('{"a": 1', "is no JSON: `}` is missing at its end"),
        ('{"a": 1} x', "is no JSON: there is more after its end"),
        ('{"a": [1, 2}', "is no JSON: Expecting ',' delimiter"),
        ('{"scenarios": {}}', r"is no JSON: `\[` is missing before `{`"),
        ('{"scenarios": [1 2]}', r"is no JSON: `\]` is missing before `2`"),
        ('{"a": ' + "[" * 100_000, "is no JSON: it is nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "is no JSON: Exceeds the limit"),
        ('{"a": "' + "x" * 3000, "is no JSON"),
        ('{"schema_version": 2}', "has the schema version 2"),
        ("{}", "has the schema version None"),
    ],
)
def test_what_is_no_results_is_told(tmp_path, text, told):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(UsageError, match=told):
        fields_of(tmp_path / "results.json", next_step="")


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "results.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(UsageError, match="is no JSON: 'utf-8' codec"):
        fields_of(tmp_path / "results.json", next_step="")


def test_it_is_bounded(path, monkeypatch):
    with pytest.raises(UsageError, match="is larger than 100 bytes"):
        fields_of(path, next_step="", most=100)
    monkeypatch.setattr(reading, "MOST_SCENARIOS", 10)
    with pytest.raises(UsageError, match="has more than 10 scenarios"):
        read(path, next_step="")
    monkeypatch.setattr(reading, "_READ", 10)
    monkeypatch.setattr(reading, "_MOST_VALUE", 100)
    with pytest.raises(UsageError, match="a value of it is longer than 100 bytes"):
        fields_of(path, next_step="")


def test_a_wrong_value_is_told_with_its_place(path):
    whole = json.loads(path.read_text())
    whole["scenarios"][3]["seconds"] = "long"
    path.write_text(json.dumps(whole))
    with pytest.raises(UsageError, match=r"is no results of a run: scenarios\.3\.seconds: "):
        read(path, next_step="")


@pytest.mark.parametrize(
    "stack", [{"versions": []}, {"nodes": [1]}, {"scrape_interval": "x"}, {"stand_ins": {}}, {"images": 3}, 3]
)
def test_a_stack_of_wrong_types_is_told(path, stack):
    whole = json.loads(path.read_text())
    whole["run"]["stack"] = stack
    path.write_text(json.dumps(whole))
    with pytest.raises(UsageError, match=r"is no results of a run: run\.stack"):
        read(path, next_step="")
