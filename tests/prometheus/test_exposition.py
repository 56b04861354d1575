import pytest

from harness.prometheus import exposition

CLASSIC = """# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{kind="a b",rule="say \\"x\\""} 3
# TYPE size gauge
size NaN
lonely 1 1700000000123
"""


def test_classic_text_keeps_full_sample_names():
    families = exposition.parse(CLASSIC, "text/plain; version=0.0.4; charset=utf-8")
    assert families[0].help == "Jobs."
    assert exposition.samples(families, "jobs_total") == [
        exposition.ExposedSample("jobs_total", {"kind": "a b", "rule": 'say "x"'}, 3.0)
    ]
    assert exposition.samples(families, "lonely")[0].timestamp == 1700000000.123
    assert exposition.samples(families, "jobs") == []


def test_the_content_type_chooses_the_strict_parser():
    openmetrics = "# TYPE jobs counter\njobs_total 3.0\n# EOF\n"
    assert exposition.parse(openmetrics, "application/openmetrics-text; version=1.0.0")[0].type == "counter"
    with pytest.raises(exposition.ExpositionError):
        exposition.parse(CLASSIC, "application/openmetrics-text")


@pytest.mark.parametrize("body", ['a{b="c" 1\n', "a one\n"])
def test_broken_text_is_an_error(body):
    with pytest.raises(exposition.ExpositionError):
        exposition.parse(body, "text/plain")


def test_a_counter_that_is_exposed_without_total_keeps_its_name() -> None:
    text = "# TYPE bare counter\nbare 1\n# TYPE calls_total counter\ncalls_total 2\n"

    families = exposition.parse(text, "text/plain")

    assert [(family.name, family.type) for family in families] == [("bare", "counter"), ("calls", "counter")]
    assert [sample.name for family in families for sample in family.samples] == ["bare", "calls_total"]
