from pathlib import Path

import pytest

from harness.base.bounded import FileError
from harness.base.errors import UsageError
from harness.stack.helm_values import HelmValues
from harness.stack.options import UpOptions


def values(folder: Path, text: str) -> HelmValues:
    file = folder / "values.yaml"
    file.write_text(text)
    return HelmValues(files=(file,))


def test_helm_is_given_files_before_single_values(tmp_path: Path) -> None:
    given = HelmValues((tmp_path / "a.yaml", tmp_path / "b.yaml"), ("a.b=1", "c=x=y"))
    assert given.arguments() == [
        f"--values={tmp_path}/a.yaml",
        f"--values={tmp_path}/b.yaml",
        "--set=a.b=1",
        "--set=c=x=y",
    ]


@pytest.mark.parametrize("value", ["", "a", "=1", " =1", "a b=1", "--x=1"])
def test_what_is_not_key_and_value_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="is not key=value"):
        UpOptions(helm_set=(value,)).check()


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "1: a\n", "a: [\n", "a: &x [*x]\n"])
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError, match=r"values\.yaml"):
        UpOptions(helm_files=values(tmp_path, text).files).check()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        UpOptions(helm_files=(tmp_path / "none.yaml",)).check()


@pytest.mark.parametrize(
    ("single", "text"),
    [
        ("dashboard.create=false", "dashboard: {create: false}"),
        ("controllerManager.replicaCount=3", "controllerManager: {replicaCount: 3}"),
        ("chaosDaemon.runtime=docker", "chaosDaemon: {runtime: docker}"),
    ],
)
def test_what_the_harness_counts_on_is_not_changed(tmp_path: Path, single: str, text: str) -> None:
    for given in (HelmValues(single=(single,)), values(tmp_path, text)):
        with pytest.raises(UsageError, match="and the harness needs"):
            given.check()


def test_values_that_leave_it_as_it_is_are_fine(tmp_path: Path) -> None:
    values(tmp_path, "dashboard: {create: true}\ncontrollerManager: {enableFilterNamespace: true}").check()
    HelmValues(single=("dashboard.create=true", "controllerManager.env.A=b")).check()


def test_changed_values_are_told(tmp_path: Path) -> None:
    texts = {values(tmp_path, text).text() for text in ("a: 1", "a: 2")} | {
        HelmValues(single=("a=1",)).text()
    }
    assert len(texts) == 3 and HelmValues().text() == ""


def test_secrets_among_them_are_known_by_their_names(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("dashboard: {env: {API_KEY: canary-1}, list: [{name: DB_PASSWORD, value: canary-2}]}\n")
    given = HelmValues(
        (file, tmp_path / "absent.yaml"),
        (
            "a.b=plain-1",
            "dashboard.env.DB_TOKEN=canary-3,other=plain-2",
            "env[0].name=ACCESS_KEY,env[0].value=canary\\,4",
            "env[1].name=MODE,env[1].value=plain-3",
            "nothing",
        ),
    )
    assert sorted(given.secrets()) == ["canary-1", "canary-2", "canary-3", "canary\\,4"]
