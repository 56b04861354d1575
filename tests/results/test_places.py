"""Where steps and expectations stand in their file."""

import pytest

from harness.results.places import document_path, source_lines
from harness.scenario.load import load


def test_scenario_steps_and_expectations_have_their_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "example.yaml"
    path.write_text(
        "# Of a kind.\n"
        "scenario: example\n"
        "about: A made-up one.\n"
        "tags: [made-up]\n"
        "steps:\n"
        "  - wait: 1\n"
        "    expect:\n"
        "      - {metric: up, present: true}\n"
        "      - metric: up\n"
        "        present: true\n"
        "  - wait: 2\n"
    )
    (file,) = load(path)
    assert {name: str(place) for name, place in source_lines(file).items()} == {
        "": "example.yaml:2",
        "0": "example.yaml:6",
        "0.0": "example.yaml:8",
        "0.1": "example.yaml:9",
        "1": "example.yaml:11",
    }


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        ("", ("scenario",)),
        ("2", ("steps", 2)),
        ("2.1", ("steps", 2, "expect", 1)),
        ("2.answered", ("steps", 2)),
        ("2.proof.0", ("steps", 2)),
    ],
)
def test_an_id_leads_to_its_place_in_the_document(identity, path):
    assert document_path(identity) == path
