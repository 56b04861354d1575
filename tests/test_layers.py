import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import harness

PACKAGE = Path(harness.__file__).parent
FIXTURES = PACKAGE.parent / "fixtures"

# From top to bottom, with what stands side by side; docs/architecture.md says what each is for.
FLOORS = [
    ["cli"],
    ["docs_pages", "pytest_plugin", "authoring"],
    ["report"],
    ["audit", "lint"],
    ["image_build", "runner"],
    ["oracles", "results", "stack"],
    ["chaosmesh", "judge"],
    ["scenario"],
    ["actions", "kubernetes", "prometheus", "recording"],
    ["base"],
]


def violations(package: Path, floors: list[list[str]]) -> list[str]:
    """Return the imports that do not go downwards, and the packages that have no floor."""
    floor = {name: number for number, names in enumerate(floors) for name in names}
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts == ("__init__",) or parts[0].startswith("_bundled"):
            continue
        own = parts[0]
        if own not in floor:
            found.append(f"{'/'.join(parts)}: the package {own} has no floor")
            continue
        for line, imported in imports(path, package.name, parts):
            if imported != own and (imported not in floor or floor[imported] <= floor[own]):
                found.append(f"{'/'.join(parts)}:{line}: {own} imports {imported}")
    return found


def imports(path: Path, package: str, parts: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield the line and the subpackage of each import of the package itself, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                around = [package, *parts[: len(parts) - node.level]]
                module = ".".join([*around, *([module] if module else [])])
            names = [module] if module != package else [f"{package}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            # `from package import __version__` names no subpackage.
            if first == package and rest and not rest.startswith("__"):
                yield node.lineno, rest.split(".")[0]


def class_names(package: Path) -> dict[str, list[str]]:
    """Return each public class name to where it is defined."""
    found = defaultdict(list)
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(f"{path.relative_to(package)}:{node.lineno}")
    return found


def test_each_package_imports_only_packages_below_it() -> None:
    assert violations(PACKAGE, FLOORS) == []
    assert len(FLOORS) <= 10


def test_every_package_is_checked() -> None:
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py") if path.parent.name != "_bundled"}

    assert there == {name for names in FLOORS for name in names}


def test_the_table_of_the_architecture_has_the_same_floors() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `(\w+)/` \|", page, re.MULTILINE)
    floors = {(len(FLOORS) - 1 - number, name) for number, names in enumerate(FLOORS) for name in names}

    assert sorted((int(floor), name) for floor, name in rows) == sorted(floors)


def test_fixtures_are_imported_by_no_package() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not (module or "").startswith("fixtures"), f"{path}:{node}"
    used = {name for _, name in imports(FIXTURES / "cluster.py", PACKAGE.name, ("fixtures", "cluster"))}
    assert used <= {"pytest_plugin", "results", "scenario", "base"}


def test_a_class_name_means_one_thing() -> None:
    assert {name: places for name, places in class_names(PACKAGE).items() if len(places) > 1} == {}


def test_exceptions_end_in_error() -> None:
    known = {"Exception", "BaseException", "ValueError", "KeyError", "RuntimeError"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
                if bases & known or any(base.endswith("Error") for base in bases):
                    assert node.name.endswith("Error"), f"{path}:{node.lineno}: {node.name}"


def test_a_planted_violation_is_found(tmp_path: Path) -> None:
    package = tmp_path / "house"
    files = {
        "__init__.py": "",
        "roof.py": "import os\nfrom house.wall import brick\nfrom house import __version__\n",
        "wall/__init__.py": "",
        "wall/brick.py": "import house.roof\n",
        "wall/late.py": "def f():\n    from house import roof\n",
        "wall/near.py": "from . import brick\nfrom .brick import x\nfrom ..floor import y\n",
        "wall/above.py": "from .. import roof\nfrom ..roof import tile\n",
        "window.py": "import house.wall\n",
        "floor.py": "import typing\nif typing.TYPE_CHECKING:\n    from house.wall.brick import x\n",
        "cellar.py": "",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)

    assert violations(package, [["roof"], ["wall", "window"], ["floor"]]) == [
        "cellar: the package cellar has no floor",
        "floor:3: floor imports wall",
        "wall/above:1: wall imports roof",
        "wall/above:2: wall imports roof",
        "wall/brick:1: wall imports roof",
        "wall/late:2: wall imports roof",
        "window:1: window imports wall",
    ]


def test_a_planted_homonym_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class Twice: ...\nclass Once: ...\n")
    (tmp_path / "b.py").write_text("class Twice: ...\nclass _Own: ...\n")

    assert [name for name, places in class_names(tmp_path).items() if len(places) > 1] == ["Twice"]
