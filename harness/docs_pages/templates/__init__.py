"""The scenario files that `chaos-harness new` starts from, one a kind of chaos."""

from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all templates; nothing is loaded for it."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))
