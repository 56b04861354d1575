"""What is installed is pinned by its hash and listed, and no shell runs what somebody wrote."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    path for folder in ("harness", "fixtures", "ci", "scenarios") for path in (ROOT / folder).rglob("*.py")
]
ADDRESSES_ONLY = ["harness/stack/cni.py"]
"""What is put together there is of addresses, which `ipaddress` has read."""
SHELLS = {"sh", "bash", "dash", "/bin/sh", "/bin/bash", "/usr/bin/sh", "/usr/bin/bash"}
CALLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}


def made_of_input(tree: ast.AST) -> Iterator[str]:
    """Yield where a shell could be given a string that is not a constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in CALLS:
                yield f"line {node.lineno}: {name}()"
            for each in node.keywords:
                if each.arg == "shell" and not (
                    isinstance(each.value, ast.Constant) and not each.value.value
                ):
                    yield f"line {node.lineno}: shell="
        if isinstance(node, ast.List | ast.Tuple):
            words = [each.value if isinstance(each, ast.Constant) else None for each in node.elts]
            for at, word in enumerate(words[:-2]):
                if word in SHELLS and str(words[at + 1]).startswith("-") and "c" in str(words[at + 1]):
                    script = node.elts[at + 2]
                    # A plain name is a constant of a module or a parameter that is filled with one.
                    if isinstance(script, ast.JoinedStr | ast.BinOp | ast.Call):
                        yield f"line {node.lineno}: sh -c"


@pytest.mark.parametrize(
    "text",
    [
        "os.system(x)",
        "subprocess.run(x, shell=True)",
        "subprocess.run(x, shell=given)",
        "run(['sh', '-c', f'cat {x}'])",
        "run(('bash', '-ec', 'cat ' + x))",
        "run(['ip', 'x', 'sh', '-c', 'cat {}'.format(x)])",
    ],
)
def test_a_shell_that_runs_what_was_put_together_is_found(text: str) -> None:
    assert list(made_of_input(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ["run(['sh', '-c', 'cat \"$1\"', 'sh', x])", "run(['sh', x])", "run(x, shell=False)"]
)
def test_a_shell_that_runs_a_constant_is_none(text: str) -> None:
    assert not list(made_of_input(ast.parse(text)))


def test_no_shell_is_given_what_was_put_together() -> None:
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in SOURCES
        if (wrong := list(made_of_input(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert [*found] == ADDRESSES_ONLY


def test_packages_are_installed_by_their_hashes() -> None:
    calls = [
        (path.name, line)
        for path in (ROOT / "ci").iterdir()
        if path.is_file()
        for line in re.sub(r"\\\n", " ", path.read_text(encoding="utf-8")).splitlines()
        # What is in the checkout itself has no hash.
        if re.search(r"\bpip install\b", line) and "--editable" not in line
    ]
    assert calls
    assert [call for call in calls if "--require-hashes" not in call[1]] == []
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for package in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in package, package.splitlines()[0]


def test_the_sbom_lists_all_that_is_pinned(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "ci/sbom.py"), str(tmp_path / "sbom.json")]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, env=environment, timeout=120, stdout=subprocess.DEVNULL)
    made = json.loads((tmp_path / "sbom.json").read_text())
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")

    listed = {each["purl"] for each in made["components"]}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE)
    assert {f"pkg:pypi/{name.lower().replace('_', '-')}@{version}" for name, version in pinned} <= listed
    for path in (ROOT / "fixtures/images").glob("*/go.sum"):
        modules = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        whole = {
            f"pkg:golang/{name}@{version}" for name, version, _ in modules if not version.endswith("/go.mod")
        }
        assert whole
        assert whole <= listed
    pydantic = next(each for each in made["components"] if each["name"] == "pydantic")
    assert pydantic["licenses"]
    assert pydantic["hashes"]
