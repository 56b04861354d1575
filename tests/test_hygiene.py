import ast
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.base import bundled

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 1024 * 1024


def large_files(root: Path) -> list[str]:
    """Return the files that git tracks and that are larger than 1 MiB."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        timeout=60,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    assert names
    return [name for name in names if (root / name).is_file() and (root / name).stat().st_size > MOST_BYTES]


def without_docstring(folder: Path) -> list[str]:
    """Return the modules of a folder that have no docstring; an empty `__init__.py` needs none."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text()
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            found.append(str(path.relative_to(folder)))
    return found


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_large_file_is_tracked() -> None:
    assert large_files(ROOT) == []


def test_a_large_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(b"x" * (MOST_BYTES + 1))
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, timeout=60)

    assert large_files(tmp_path) == ["large"]


YAML_FILES = sorted(
    path
    for folder in (bundled.fixtures(), bundled.scenarios())
    for suffix in ("*.yaml", "*.yml")
    for path in folder.rglob(suffix)
)


def test_there_are_yaml_files() -> None:
    assert YAML_FILES


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: str(path.relative_to(bundled.root())))
def test_each_yaml_file_parses(path: Path) -> None:
    assert [document for document in yaml.safe_load_all(path.read_text()) if document]


def test_each_module_says_what_it_is_for() -> None:
    assert without_docstring(ROOT / "harness") == []
    assert without_docstring(bundled.fixtures()) == []


def test_a_missing_docstring_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "good.py").write_text('"""Says."""\n')
    (tmp_path / "bad.py").write_text("x = 1\n")

    assert without_docstring(tmp_path) == ["bad.py"]


def installs_that_may_remove(root: Path) -> list[str]:
    """Return the files that call `apt-get install` without `--no-remove`, which may remove an engine."""
    found = []
    for path in sorted([*(root / "harness").rglob("*.py"), *(root / "ci").rglob("*")]):
        if not path.is_file() or "apt-get" not in (text := path.read_text(errors="replace")):
            continue
        lines = text.splitlines()
        calls = [line for line in lines if '"install"' in line or "apt-get install -y" in line]
        if any("--no-remove" not in line for line in calls) and not (
            path.suffix == ".py" and "--no-remove" in text
        ):
            found.append(str(path.relative_to(root)))
    return found


def test_no_installation_removes_what_is_there() -> None:
    assert installs_that_may_remove(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ci/x", "apt-get install -y podman\n"),
        ("ci/x", "apt-get install -y --no-remove a\napt-get install -y b\n"),
        ("harness/x.py", 'run(["apt-get", "install", "podman"])\n'),
    ],
)
def test_an_installation_that_may_remove_is_noticed(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "ci").mkdir()
    (tmp_path / name).write_text(text)
    assert installs_that_may_remove(tmp_path) == [name]
