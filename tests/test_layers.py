import ast
from collections.abc import Iterator
from pathlib import Path

import harness

PACKAGE = Path(harness.__file__).parent

# From top to bottom; docs/architecture.md says what each room is for.
ROOMS = [
    "cli",
    "docs_pages",
    "pytest_plugin",
    "authoring",
    "report",
    "audit",
    "lint",
    "image_build",
    "runner",
    "stack",
    "oracles",
    "results",
    "judge",
    "chaosmesh",
    "prometheus",
    "kubernetes",
    "recording",
    "scenario",
    "base",
]


def violations(package: Path, rooms: list[str]) -> list[str]:
    """Return the imports of a package that go upwards, and its rooms that have no place in the order."""
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts == ("__init__",) or parts[0].startswith("_bundled"):
            continue
        room = parts[0]
        if room not in rooms:
            found.append(f"{'/'.join(parts)}: the room {room} has no place in the order")
            continue
        for line, imported in imported_rooms(path, package.name, parts):
            if imported not in rooms or rooms.index(imported) < rooms.index(room):
                found.append(f"{'/'.join(parts)}:{line}: {room} imports {imported}")
    return found


def imported_rooms(path: Path, package: str, parts: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield the line and the room of each import of the package itself, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                around = [package, *parts[: len(parts) - node.level]]
                module = ".".join([*around, *([module] if module else [])])
            names = [module] if module != package else [f"{package}.{alias.name}" for alias in node.names]
        for name in names:
            first, _, rest = name.partition(".")
            # `from package import __version__` names no room.
            if first == package and rest and not rest.startswith("__"):
                yield node.lineno, rest.split(".")[0]


def test_each_room_imports_only_rooms_below_it() -> None:
    assert violations(PACKAGE, ROOMS) == []


def test_every_room_is_checked() -> None:
    checked = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")}

    assert {"scenario", "chaosmesh", "base", "judge", "stack"} <= checked


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
        "floor.py": "import typing\nif typing.TYPE_CHECKING:\n    from house.wall.brick import x\n",
        "cellar.py": "",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)

    assert violations(package, ["roof", "wall", "floor"]) == [
        "cellar: the room cellar has no place in the order",
        "floor:3: floor imports wall",
        "wall/above:1: wall imports roof",
        "wall/above:2: wall imports roof",
        "wall/brick:1: wall imports roof",
        "wall/late:2: wall imports roof",
    ]
