"""Finds the files that ship with the harness, from a checkout and from an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def root() -> Path:
    """Return the folder that holds `fixtures/` and `scenarios/`.

    A wheel carries both inside the package (pyproject.toml, force-include): as top-level packages
    their names would collide with other distributions.
    """
    bundled = _PACKAGE / "_bundled"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def fixtures() -> Path:
    """Return the folder of manifests, workloads, image definitions and pins."""
    return root() / "fixtures"


def scenarios() -> Path:
    """Return the folder of the scenarios that ship with the harness."""
    return root() / "scenarios"


def shown(path: Path) -> str:
    """Return a path without what is particular to this machine, as far as that can be told."""
    return str(path.relative_to(root())) if path.is_relative_to(root()) else str(path)
