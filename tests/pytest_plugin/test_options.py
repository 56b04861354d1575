"""Options of a run: long names in pytest at large, short ones for the command, environment and file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.base.defaults import DEFAULT_CLUSTER
from harness.pytest_plugin import options
from harness.stack.options import Option, up_options

PLUGIN = "-pharness.pytest_plugin.plugin"
SHORT = "-pharness.pytest_plugin.short_names"


def configured(*words: str, ini: str = "", first: str = PLUGIN) -> pytest.Config:
    Path("pytest.ini").write_text(f"[pytest]\n{ini}\n")
    return pytest.Config.fromdictargs({}, [first, PLUGIN, "-c", "pytest.ini", *words])


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for option in options.ALL:
        monkeypatch.delenv(option.variable, raising=False)


def long(option: Option) -> str:
    return "--chaos-" + option.name.removeprefix("--").removeprefix("chaos-")


EXAMPLES: dict[str, tuple[str, Any]] = {
    "order": ("files", "files"),
    "parallel": ("3", 3),
    "clusters": ("2", 2),
    "shard": ("1/2", (1, 2)),
    "shards": ("2", 2),
    "images": ("source", "source"),
    "workers": ("2", 2),
    "scrape_interval": ("0.5", 0.5),
    "cluster": ("mine", "mine"),
    "prometheus_labels": ("pod=podname", [("pod", "podname")]),
}


def example(option: Option) -> tuple[str, Any]:
    """Return a value as text and as it is."""
    if option.is_flag:
        return "true", True
    if option.dest in EXAMPLES:
        return EXAMPLES[option.dest]
    value = option.arguments.get("type", str)("there")
    return "there", [value] if option.is_list else value


@pytest.mark.parametrize("option", options.ALL, ids=lambda each: each.name)
def test_each_option_is_settable_in_three_places(option: Option, monkeypatch: pytest.MonkeyPatch) -> None:
    text, value = example(option)
    words = [long(option)] if option.is_flag else [long(option), text]
    key = long(option)[2:].replace("-", "_")

    assert options.value(configured(), option.dest) == option.default
    assert options.value(configured(*words), option.dest) == value
    assert options.value(configured(ini=f"{key} = {text}"), option.dest) == value
    monkeypatch.setenv(option.variable, text)
    assert option.variable.startswith("CHAOS_HARNESS_")
    assert options.value(configured(), option.dest) == value


@pytest.mark.parametrize("option", options.ALL, ids=lambda each: each.name)
def test_short_names_are_the_commands_alone(option: Option) -> None:
    if option.name.startswith("--chaos-"):
        return
    text, value = example(option)
    for name in (option.name, *option.former):
        words = [name] if option.is_flag else [name, text]
        assert options.value(configured(*words, first=SHORT), option.dest) == value
        with pytest.raises(pytest.UsageError, match="unrecognized arguments"):
            configured(*words)


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ini = "chaos_cluster = of-file\nchaos_fresh = true"
    assert options.value(configured(ini=ini), "cluster") == "of-file"
    assert options.value(configured(ini=ini), "fresh") is True
    monkeypatch.setenv("CHAOS_HARNESS_CLUSTER", "of-environment")
    monkeypatch.setenv("CHAOS_HARNESS_FRESH", "0")
    assert options.value(configured(ini=ini), "cluster") == "of-environment"
    assert options.value(configured(ini=ini), "fresh") is False
    words = ("--chaos-cluster", "of-line", "--chaos-fresh")
    assert options.value(configured(*words, ini=ini), "cluster") == "of-line"
    assert options.value(configured(*words, ini=ini), "fresh") is True
    monkeypatch.setenv("CHAOS_HARNESS_CLUSTER", "")
    assert options.value(configured(), "cluster") == DEFAULT_CLUSTER


def test_several_values_are_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_SET", "a.b=1 'c=with space'")
    monkeypatch.setenv("CHAOS_HARNESS_CHAOS_MESH_IMAGES", "a.tgz b:1")
    chosen = up_options(options.of(configured()))
    assert chosen.helm_set == ("a.b=1", "c=with space")
    assert chosen.chaos_mesh_images == ("a.tgz", "b:1")


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("CHAOS_HARNESS_PARALLEL", "0", "CHAOS_HARNESS_PARALLEL: at least 1, not 0"),
        ("CHAOS_HARNESS_PARALLEL", "many", "CHAOS_HARNESS_PARALLEL: invalid literal"),
        ("CHAOS_HARNESS_FRESH", "maybe", "CHAOS_HARNESS_FRESH: 'maybe' is not true or false"),
        ("CHAOS_HARNESS_IMAGES", "mine", "CHAOS_HARNESS_IMAGES: 'mine' is none of auto, registry, source"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(
    variable: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = next(each for each in options.ALL if each.variable == variable)
    monkeypatch.setenv(variable, text)
    with pytest.raises(pytest.UsageError) as caught:
        options.value(configured(), option.dest)
    assert message in str(caught.value)
    monkeypatch.delenv(variable)
    key = long(option)[2:].replace("-", "_")
    with pytest.raises(pytest.UsageError, match=rf"{key} in .*pytest.ini: "):
        options.value(configured(ini=f"{key} = {text}"), option.dest)


def test_nothing_is_taken_that_is_not_ours() -> None:
    parser = configured()._parser
    ours = [
        name
        for group in parser._groups
        if group.name == "chaos-harness"
        for option in group.options
        for name in option.names()
    ]
    assert len(ours) == len(options.ALL) + 1
    assert [name for name in ours if not name.startswith("--chaos-")] == ["--without-path-all"]
