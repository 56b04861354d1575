"""Plugins of others that would spoil a run, as fakes that act like the real ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.base.errors import ExitCode
from harness.judge.finding import Verdict
from harness.pytest_plugin.other_plugins import PLUGINS
from tests.pytest_plugin.test_plugin import add, made_up, run_pytest

__all__ = ["made_up"]

pytest_plugins = ["pytester"]

BY_NAME = {plugin.name: plugin for plugin in PLUGINS}

RERUNS = """
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    for _ in range(2):
        runtestprotocol(item, nextitem=nextitem)
    return True
"""

XDIST = """
import pytest

class Specs:
    def pytest_xdist_node_collection_finished(self, node, ids):
        pass

def pytest_addhooks(pluginmanager):
    pluginmanager.add_hookspecs(Specs)

def pytest_addoption(parser):
    parser._anonymous._addoption("-n", dest="numprocesses", type=int)
    parser.addini("collected", "node ids", type="linelist")

class Node:
    def __init__(self, config):
        self.config = config

@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    return True if session.config.option.numprocesses else None

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if session.config.option.numprocesses:
        ids = session.config.getini("collected")
        session.config.hook.pytest_xdist_node_collection_finished(node=Node(session.config), ids=ids)
        return True
"""


WORKER = """
import pytest

def pytest_configure(config):
    config.workerinput = {}

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    return True
"""


def fake(pytester: pytest.Pytester, module: str, source: str) -> None:
    """Write a module that pytest can load as a plugin."""
    path = pytester.path.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent != pytester.path:
        (path.parent / "__init__.py").touch()
    path.write_text(source)
    pytester.syspathinsert()


def options_of(name: str) -> str:
    """Return the source of a plugin with the options, settings and marker of the real one."""
    plugin = BY_NAME[name]
    lines = [
        # Short options in small letters are pytest's own.
        f"    parser._anonymous._addoption({spelt!r}, dest={place!r}, default=None)"
        for spelt, place in plugin.options.items()
    ]
    lines += [f"    parser.addini({setting!r}, 'help')" for setting in plugin.settings]
    return "def pytest_addoption(parser):\n" + "\n".join(lines)


IN_PROCESS = [plugin.name for plugin in PLUGINS if plugin.name not in ("pytest-xdist", "pytest-parallel")]


@pytest.mark.parametrize("name", IN_PROCESS)
def test_a_plugin_that_would_spoil_the_run_is_refused_with_what_to_do_instead(pytester, made_up, name):
    plugin = BY_NAME[name]
    fake(pytester, plugin.module, options_of(name))
    add(pytester, made_up, "only", Verdict.PASS)
    (pytester.path / "test_unit.py").write_text("def test(): pass\n")
    spelt = next(iter(plugin.options))
    done = run_pytest(pytester, "-p", plugin.module, f"{spelt}=7")
    assert done.ret == ExitCode.USAGE
    message = done.stderr.str()
    assert f"scenarios cannot run with {spelt}: {plugin.name} " in message
    assert plugin.instead in message
    assert not (pytester.path / "report").exists()
    assert run_pytest(pytester, "-p", plugin.module).ret == ExitCode.OK
    assert run_pytest(pytester, "-p", plugin.module, f"{spelt}=7", "test_unit.py").ret == ExitCode.OK


@pytest.mark.parametrize("name", ["pytest-rerunfailures", "pytest-retry", "pytest-timeout"])
def test_so_is_one_that_the_configuration_file_asks_for(pytester, made_up, name):
    plugin = BY_NAME[name]
    fake(pytester, plugin.module, options_of(name))
    add(pytester, made_up, "only", Verdict.PASS)
    pytester.makeini(f"[pytest]\n{plugin.settings[0]} = 3\n")
    done = run_pytest(pytester, "-p", plugin.module)
    assert done.ret == ExitCode.USAGE
    done.stderr.fnmatch_lines(
        [f"*scenarios cannot run with `{plugin.settings[0]}` in *tox.ini: {plugin.name} *"]
    )


@pytest.mark.parametrize("name", [plugin.name for plugin in PLUGINS if plugin.marker])
def test_so_is_one_that_a_tag_asks_for_which_alone_is_only_a_tag(pytester, made_up, name):
    plugin = BY_NAME[name]
    fake(pytester, plugin.module, options_of(name))
    add(pytester, made_up, "only", Verdict.PASS)
    file = pytester.path / "scenarios/only.yaml"
    file.write_text(file.read_text().replace("made-up]", f"{plugin.marker.replace('_', '-')}]"))
    marked = f"the marker `{plugin.marker}` of scenarios/only.yaml::only"
    done = run_pytest(pytester, "-p", plugin.module)
    # The tag of a file has no underscore, which some of the markers have.
    assert done.ret == (ExitCode.OK if "_" in plugin.marker else ExitCode.USAGE)
    assert (marked in done.stderr.str()) == (done.ret == ExitCode.USAGE)
    assert run_pytest(pytester).ret == ExitCode.OK


@pytest.mark.parametrize(
    ("collected", "refused"),
    [
        ("test_unit.py::test", False),
        ("values.yaml::other", False),
        ("scenarios/only.yaml::only", True),
        ("script.py::only", True),
    ],
)
def test_xdist_is_refused_when_its_workers_have_collected_scenarios(
    pytester, made_up, monkeypatch, collected, refused
):
    # The one that is installed runs these tests, and is an entry point.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in [each for each in sys.modules if each.partition(".")[0] == "xdist"]:
        monkeypatch.delitem(sys.modules, name)
    fake(pytester, "xdist.plugin", XDIST)
    add(pytester, made_up, "only", Verdict.PASS)
    (pytester.path / "values.yaml").write_text("replicas: 1\n")
    (pytester.path / "script.py").write_text(
        "from harness.authoring.python import scenario\n@scenario('only')\ndef only(run): ...\n"
    )
    pytester.makeini(f"[pytest]\ncollected = {collected}\n")
    done = run_pytest(pytester, "-p", "xdist.plugin", "-n2")
    assert (done.ret == ExitCode.USAGE) == refused
    assert ("use --parallel N" in done.stderr.str()) == refused
    assert not (pytester.path / "report").exists()


def test_a_worker_of_xdist_leaves_the_report_alone(pytester, made_up):
    fake(pytester, "worker", WORKER)
    add(pytester, made_up, "only", Verdict.PASS)
    assert run_pytest(pytester, "-p", "worker").ret == ExitCode.OK
    assert not (pytester.path / "report").exists()


def test_a_second_run_of_a_scenario_by_a_plugin_that_nobody_knows_ends_the_run(pytester, made_up):
    fake(pytester, "unheard_of", RERUNS)
    add(pytester, made_up, "only", Verdict.FAIL)
    done = run_pytest(pytester, "-p", "unheard_of")
    assert done.ret == ExitCode.USAGE
    assert "scenarios/only.yaml::only was about to run again" in done.stdout.str()
    text = Path(pytester.path / "report/results.json").read_text()
    assert text.count('"name": "only"') == 1
