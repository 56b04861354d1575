"""What can be chosen of a stack is the same for `chaos-harness` and for pytest."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.pytest_plugin import options
from harness.stack.options import ALLOW_NAMESPACE, CLUSTER, SCRAPE_INTERVAL, STACK, UpOptions, up_options

WORDS = ["--cluster", "c", "--images", "source", "--workers", "2", "--scrape-interval", "0.5", "--fresh"]
WORDS += [
    "--chaos-mesh-source",
    "checkout",
    "--chaos-mesh-version",
    "v2.8.4",
    "--kubernetes-version",
    "1.34.0",
    "--uml-worker",
    "--chaos-mesh-images",
    "a.tgz",
    "b:1",
    "--chaos-mesh-chart",
    "2.8.4",
    "--set",
    "a.b=1",
    "--set",
    "c=2",
    "--values",
    "v.yaml",
    "--daemon-programs",
    "programs",
]


def given_to_pytest(*words: str) -> argparse.Namespace:
    """Return the values of all options, by the names that the command gives them."""
    plugins = ["harness.pytest_plugin.short_names", "harness.pytest_plugin.plugin"]
    config = pytest.Config.fromdictargs({}, [*(f"-p{each}" for each in plugins), "-c", "/dev/null", *words])
    return argparse.Namespace(**{each.dest: options.value(config, each.dest) for each in options.ALL})


def given_to_the_command(*words: str) -> argparse.Namespace:
    return cli.parser().parse_args(["up", *words])


def chosen(given: argparse.Namespace) -> UpOptions:
    return up_options(vars(given).__getitem__)


def test_every_field_has_an_option_and_its_default() -> None:
    names = [each.arguments.get("dest", each.name.removeprefix("--").replace("-", "_")) for each in STACK]
    assert names == [each.name for each in fields(UpOptions) if each.name != "existing"]
    assert chosen(given_to_pytest()) == chosen(given_to_the_command()) == UpOptions()


def test_the_same_words_mean_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = UpOptions(
        "c",
        "source",
        2,
        0.5,
        tmp_path / "checkout",
        "v2.8.4",
        ("a.tgz", "b:1"),
        "2.8.4",
        ("a.b=1", "c=2"),
        (tmp_path / "v.yaml",),
        tmp_path / "programs",
        "1.34.0",
        fresh=True,
        uml_worker=True,
    )
    assert chosen(given_to_pytest(*WORDS)) == chosen(given_to_the_command(*WORDS)) == expected


@pytest.mark.parametrize("words", ["--images mine", "--scrape-interval 0", "--cluster /", "--workers x"])
def test_what_one_refuses_the_other_does_too(words: str) -> None:
    with pytest.raises(Exception, match=words.split(maxsplit=1)[0]) as of_the_command:
        given_to_the_command(*words.split())
    with pytest.raises(Exception, match=words.split(maxsplit=1)[0]) as by_pytest:
        given_to_pytest(*words.split())
    # What follows the names of the option.
    assert str(of_the_command.value).split("\n")[0].split(": ", 1)[1] in str(by_pytest.value)


def test_subcommands_take_the_very_options() -> None:
    """An option that two places declare differs sooner or later."""
    declared: dict[str, list[Any]] = {}
    actions = cli.parser()._subparsers._group_actions[0].choices.values()  # type: ignore[union-attr]
    for command in actions:
        for action in command._actions:
            for name in action.option_strings:
                declared.setdefault(name, []).append((action.type, action.default, action.help))
    for option in (CLUSTER, SCRAPE_INTERVAL, ALLOW_NAMESPACE):
        of_option = (option.arguments["type"], option.arguments["default"], option.arguments["help"])
        assert declared[option.name]
        assert all(each == of_option for each in declared[option.name]), option.name
