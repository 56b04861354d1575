"""Which release a source tree belongs to, as its chart and its history say it."""

import pytest

from harness.base.errors import UsageError
from harness.image_build.release import of_chart

PINNED = "v0.9.1-0.20260902003049-47411975a8cb"


@pytest.mark.parametrize(
    ("tag", "version", "shown"),
    [
        ('"v2.7.3"', "chart-2.7.3-source-0a1b2c3d", "v2.7.3"),
        ('"v2.8.4"', PINNED, "v2.8.4+ (47411975a8cb)"),
        ("latest", "chart-2.4.0-alpha.0-401-g608b61e7c1b1-source-0a1b2c3d", "unreleased (608b61e7c1b1)"),
        ("2.8", "source-0a1b2c3d4e5f", "unreleased"),
    ],
)
def test_the_chart_states_the_release(tmp_path, tag, version, shown):
    (tmp_path / "values.yaml").write_text(f"images:\n  registry: ghcr.io\n  tag: {tag}\n")

    assert str(of_chart(tmp_path, version)) == shown


@pytest.mark.parametrize("text", ["", "images: none", "images: {registry: ghcr.io}", "- a"])
def test_a_chart_that_states_none_belongs_to_none(tmp_path, text):
    (tmp_path / "values.yaml").write_text(text)

    assert str(of_chart(tmp_path, "v2.8.3")) == "unreleased"


def test_a_chart_without_values_is_no_chart(tmp_path):
    with pytest.raises(UsageError, match=r"values\.yaml"):
        of_chart(tmp_path, "v2.8.3")
