"""Any exception becomes an error with an exit code of ours: a full disk is one, a defect another."""

import errno

import pytest

from harness.base.defects import as_error
from harness.base.errors import DefectError, ExitCode, InfrastructureError, UsageError


def test_an_error_of_ours_is_left_as_it_is(tmp_path):
    error = UsageError("no such thing")
    assert as_error(error, "run it", tmp_path) is error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left", "/r/x.json"), "the disk is full: /r/x.json"),
        (OSError(errno.ENOSPC, "No space left", b"/r/x.json"), "the disk is full: /r/x.json"),
        (OSError(errno.ENOSPC, "No space left"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "x"), "the disk quota is used up: x"),
        (OSError(errno.EROFS, "Read-only", "x"), "the file system is read-only: x"),
        (MemoryError(), "there is no memory left"),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
            "no temporary folder can be written (TMPDIR, /tmp): the disk is full",
        ),
    ],
)
def test_what_the_machine_lacks_is_of_the_infrastructure(tmp_path, error, told):
    found = as_error(error, "write the results", tmp_path)
    assert isinstance(found, InfrastructureError)
    assert found.problem == f"cannot write the results: {told}"
    assert not [*tmp_path.iterdir()]


def test_what_may_not_be_written_is_a_usage_error(tmp_path):
    found = as_error(PermissionError(errno.EACCES, "Permission denied", "/s"), "read the state", tmp_path)
    assert (found.exit_code, found.problem) == (
        ExitCode.USAGE,
        "cannot read the state: permission denied: /s",
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENAMETOOLONG, "File name too long", "/s"), "the name is too long: /s"),
        (OSError(errno.ELOOP, "Too many levels", "/s"), "its links lead nowhere: /s"),
        (OSError(errno.ENOTDIR, "Not a directory", "/s/x"), "a part of it is no folder: /s/x"),
        (RuntimeError("Symlink loop from '/s'"), "Symlink loop from '/s'"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_usage_error(tmp_path, error, told):
    found = as_error(error, "read it", tmp_path)
    assert (found.exit_code, found.problem) == (ExitCode.USAGE, f"cannot read it: {told}")
    assert found.next_step == "name another file or folder"


def raised(error):
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


@pytest.mark.parametrize(
    "error", [KeyError("x"), FileNotFoundError(errno.ENOENT, "no", "x"), PermissionError()]
)
def test_all_else_is_a_defect_with_its_traceback(tmp_path, error):
    found = as_error(raised(error), "run s", tmp_path / "defects", "s[a/b]")
    assert isinstance(found, DefectError)
    assert found.exit_code == ExitCode.INTERNAL
    assert found.problem.startswith(f"a defect of the harness: cannot run s: {type(error).__name__}")
    assert found.log == tmp_path / "defects/s_a_b_.txt"
    assert found.log is not None
    assert "raise error" in found.log.read_text()


def test_a_defect_is_told_in_a_line_and_without_secrets(tmp_path):
    found = as_error(raised(ValueError("password=hunter2\n" + "x" * 10_000)), "run s", tmp_path)
    assert len(found.problem) < 400
    assert "\n" not in found.problem
    assert found.log is not None
    assert "hunter2" not in found.problem + found.log.read_text()


def test_a_traceback_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    found = as_error(raised(KeyError("x")), "run s", tmp_path / "file")
    assert found.log is None
    assert found.details[-1] == "KeyError: 'x'"
