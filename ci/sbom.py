"""Makes a CycloneDX 1.5 SBOM: Python packages of requirements.lock, Go modules of each go.sum.

Licences of Python packages are what their metadata says, where they are installed; a go.sum knows none. The
hashes of Python packages are those that pip verifies. The same checkout and environment give the same file.
"""

import base64
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from harness import __version__
from harness.base.files import PUBLIC, write_whole

ROOT = Path(__file__).resolve().parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_MODULE = re.compile(r"^(\S+) (v\S+) h1:(\S+)$", re.MULTILINE)
_LONGEST_LICENCE = 80
"""Characters of a name; longer is the text itself."""


def licences(name: str) -> list[dict[str, Any]]:
    """Return the licences of an installed package, as CycloneDX has them; none where they are not known."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    if "License-Expression" in found:
        return [{"expression": found["License-Expression"]}]
    classified = [
        each.rpartition(" :: ")[2]
        for each in found.get_all("Classifier") or []
        if each.startswith("License :: ") and not each.endswith("OSI Approved")
    ]
    named = found["License"].strip() if "License" in found else ""
    if not classified and named and len(named) <= _LONGEST_LICENCE and "\n" not in named:
        classified = [named]
    return [{"license": {"name": each}} for each in classified]


def python_packages(lock: str) -> list[dict[str, Any]]:
    """Return a component for each package of a requirements file with hashes."""
    starts = list(_PINNED.finditer(lock))
    ends = [*(each.start() for each in starts[1:]), len(lock)]
    made = []
    for found, end in zip(starts, ends, strict=True):
        name, version = found.groups()
        identity = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
        hashes = sorted(_HASH.findall(lock[found.end() : end]))
        component = {
            "type": "library",
            "bom-ref": identity,
            "name": name,
            "version": version,
            "purl": identity,
        }
        component["hashes"] = [{"alg": "SHA-256", "content": each} for each in hashes]
        if known := licences(name):
            component["licenses"] = known
        made.append(component)
    return made


def go_modules(sums: str) -> list[dict[str, Any]]:
    """Return a component for each module of a go.sum whose content, and not only its go.mod, is pinned."""
    made = []
    for name, version, content in _MODULE.findall(sums):
        identity = f"pkg:golang/{name}@{version}"
        # Go's h1 is a SHA-256 of the hashes of all files, in base64.
        value = base64.b64decode(content).hex()
        component = {
            "type": "library",
            "bom-ref": identity,
            "name": name,
            "version": version,
            "purl": identity,
        }
        component["properties"] = [{"name": "go:h1", "value": value}]
        made.append(component)
    return made


def sbom() -> dict[str, Any]:
    """Return the document."""
    found = {
        each["bom-ref"]: each
        for each in python_packages((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    }
    for path in sorted(ROOT.glob("fixtures/images/*/go.sum")) + sorted(ROOT.glob("ci/*/go.sum")):
        found |= {each["bom-ref"]: each for each in go_modules(path.read_text(encoding="utf-8"))}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "chaos-observability-harness",
                "version": __version__,
                "licenses": [{"expression": "Apache-2.0"}],
            }
        },
        "components": [found[each] for each in sorted(found)],
    }


def main(path: Path) -> None:
    """Write it."""
    document = sbom()
    write_whole(path, json.dumps(document, indent=1) + "\n", mode=PUBLIC)
    components = document["components"]
    known = sum("licenses" in each for each in components)
    print(f"{path}: {len(components)} components, the licences of {known} known")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
