import importlib.util
import itertools

import pytest

from harness.image_build.programs import digest_of_source

SOURCE = '''"""Makes a thing."""
import os
from harness.base import process

FLAG = "-O2"

def make(path):
    """Make it."""
    # Why.
    return [FLAG, path]
'''
_number = itertools.count()


@pytest.fixture
def digest(tmp_path):
    def of(source):
        path = tmp_path / f"recipe_{next(_number)}.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return digest_of_source(module)

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [("# Why.", "# Because."), ("Make it.", "Makes it."), ("import os\n", ""), ("path):", "path): ")],
)
def test_what_builds_nothing_else_keeps_what_was_built(digest, old, new):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new)) == digest(SOURCE)


@pytest.mark.parametrize(("old", "new"), [("-O2", "-O3"), ("[FLAG, path]", "[path, FLAG]")])
def test_another_recipe_is_another_artefact(digest, old, new):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new)) != digest(SOURCE)
