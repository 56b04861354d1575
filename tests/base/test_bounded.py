import ast
import gzip
import os
import socket
from pathlib import Path

import pytest

from harness.base import bounded
from harness.base.bounded import (
    MIB,
    DamagedFileError,
    FileError,
    MissingFileError,
    TruncatedFileError,
    read_bytes,
    read_json,
    read_start,
    read_text,
    read_yaml,
    size_text,
    unpacked,
)
from harness.base.errors import MOST_DETAILS, UsageError
from harness.base.words import LONGEST_LINE, cut

HARNESS = Path(bounded.__file__).resolve().parent.parent


def pipe(path):
    os.mkfifo(path)


def listening(path):
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is a folder, not a file"),
        (pipe, "is a named pipe, not a file"),
        (listening, "is a socket, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: path.symlink_to("there"), "cannot be read: too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"x" * 101), "is larger than 100 bytes"),
        (lambda path: path.symlink_to("/proc/self/maps"), "is larger than 100 bytes"),
    ],
)
def test_only_regular_files_of_a_bounded_size_are_read(tmp_path, monkeypatch, make, reason):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "there")
    with pytest.raises(FileError) as refused:
        read_bytes(tmp_path / "there", most=100)
    assert refused.value.reason == reason
    assert str(refused.value) == f"cannot read {tmp_path / 'there'}: it {reason}"


def test_a_file_that_is_not_there_is_told_apart(tmp_path):
    (tmp_path / "file").write_text("")
    for missing in ("none", "none/below", "file/below"):
        with pytest.raises(MissingFileError, match="it does not exist"):
            read_bytes(tmp_path / missing)
    with pytest.raises(FileError, match="has a name that no file can have"):
        read_bytes(tmp_path / "a\0b")


def test_a_link_may_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/file").write_text("ours")
    (tmp_path / "in/link").symlink_to("file")
    (tmp_path / "in/out").symlink_to("../outside")
    (tmp_path / "in/up").symlink_to("..")
    (tmp_path / "other").symlink_to("in")
    assert read_text(tmp_path / "in/link", inside=tmp_path / "in") == "ours"
    assert read_text(tmp_path / "other/file", inside=tmp_path / "other") == "ours"
    for leads_out in ("in/out", "in/../outside", "in/up/outside"):
        with pytest.raises(FileError, match="leads out of"):
            read_text(tmp_path / leads_out, inside=tmp_path / "in")


def test_the_start_of_a_file_of_any_size_can_be_read(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 1000)
    assert read_start(tmp_path / "large", 10) == b"x" * 10


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"ok\n\xff", "is not UTF-8: byte 0xff in line 2"),
        (b"\xff\xfeo\0k\0", "is UTF-16; save it as UTF-8"),
    ],
)
def test_text_is_utf_8(tmp_path, raw, reason):
    (tmp_path / "file").write_bytes(raw)
    with pytest.raises(DamagedFileError) as damaged:
        read_text(tmp_path / "file")
    assert damaged.value.reason == reason


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": ' * 1000, "1" * 5000, "nul\0", "{'a': 1}"])
def test_what_is_no_json_is_told(tmp_path, text):
    (tmp_path / "file").write_text(text)
    with pytest.raises(DamagedFileError, match="is no JSON"):
        read_json(tmp_path / "file")


_NAMES = zip("abcdef", "bcdefg", strict=True)
BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in _NAMES
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "has more than 100000 values, aliases expanded"),
        ("[1," * 100_000, "is nested deeper than 100 levels"),
        ("[" + "1," * 300_000, "has more than 100000 values"),
        ("- &a [*a]", "has an alias that refers to what it is part of"),
        ("[" * 101 + "]" * 101, "is nested deeper than 100 levels"),
        ("[" * 900 + "]" * 900, "is nested deeper than 100 levels"),
        ("[" * 100_000, "is nested deeper than 100 levels"),
        ("- " * 100_000, "is nested deeper than 100 levels"),
        ("0x" + "f" * 5000, "has a whole number of more than 300 digits"),
        ("1" * 5000, "has a whole number of more than 300 digits"),
        ('!!int ""', "holds a value that cannot be read"),
        ("2026-40-40", "holds a value that cannot be read"),
        ("!!timestamp x", "holds a value that cannot be read"),
        ("!!python/object/apply:os.system [true]", "is no YAML"),
        ("{[1]: 2}", "is no YAML"),
        ("a: b: c", "is no YAML"),
        ("1\n--- 2", "is no YAML"),
        ("a\0", "is no YAML"),
    ],
)
def test_what_is_no_yaml_or_too_much_of_it_is_told(tmp_path, text, reason):
    (tmp_path / "file").write_text(text)
    with pytest.raises(DamagedFileError) as damaged:
        read_yaml(tmp_path / "file")
    assert damaged.value.reason.startswith(reason)


def test_yaml_is_read_with_its_aliases(tmp_path):
    (tmp_path / "file").write_text("a: &a [1, x]\nb: *a\n")
    assert read_yaml(tmp_path / "file") == {"a": [1, "x"], "b": [1, "x"]}
    (tmp_path / "file").write_text("# nothing\n")
    assert read_yaml(tmp_path / "file") is None


def test_what_is_compressed_is_given_in_pieces(tmp_path):
    content = os.urandom(300_000)
    (tmp_path / "file").write_bytes(gzip.compress(content))
    pieces = list(unpacked(tmp_path / "file", most=MIB))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 64 * 1024


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(gzip.compress(bytes(2 * MIB)), "has more than 1 MiB once decompressed", id="too much"),
        pytest.param(gzip.compress(b"x") + b"y", "has data after its end", id="data behind it"),
        pytest.param(gzip.compress(b"x") * 2, "has data after its end", id="two in one"),
        pytest.param(
            b"plain",
            "cannot be decompressed: Error -3 while decompressing data: incorrect header check",
            id="not compressed",
        ),
        pytest.param(b"", "ends too early", id="empty"),
        pytest.param(gzip.compress(b"x" * 1000)[:-9], "ends too early", id="cut off"),
        pytest.param(os.urandom(MIB + 1), "is larger than 1 MiB", id="too large"),
    ],
)
def test_what_is_compressed_is_bounded(tmp_path, raw, reason):
    (tmp_path / "file").write_bytes(raw)
    with pytest.raises(FileError) as refused:
        list(unpacked(tmp_path / "file", most=MIB))
    assert refused.value.reason == reason
    assert isinstance(refused.value, TruncatedFileError) == (reason == "ends too early")


def test_a_bomb_is_refused_long_before_its_end(tmp_path):
    (tmp_path / "file").write_bytes(gzip.compress(bytes(100 * MIB)))
    taken = 0
    with pytest.raises(FileError, match="is decompressed to more than 300 times its size"):
        for piece in unpacked(tmp_path / "file", most=1024 * MIB):
            taken += len(piece)
    assert taken < 40 * MIB


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (3 * 1024 * MIB, "3 GiB")]
)
def test_sizes_are_told_in_units(size, text):
    assert size_text(size) == text


def test_no_line_of_a_message_repeats_a_long_value():
    value = "v" * 400_000
    error = UsageError(f"`{value}` is wrong", details=[value] * 1000, next_step=f"correct {value}")
    lines = error.render().splitlines()
    assert max(map(len, lines)) < LONGEST_LINE + 100
    assert len(lines) == 1 + MOST_DETAILS + 2
    assert len(str(error)) < LONGEST_LINE + 100
    assert str(error).startswith("`vvv")
    assert str(error).endswith("v` is wrong")
    assert cut("short") == "short"
    assert "more characters" in cut(value)


_READERS = (
    "scenario",
    "recording",
    "report",
    "html",
    "compare",
    "coverage",
    "mutation",
    "truth",
    "rules",
    "judge",
    "commands",
    "chaosmesh/catalogue",
    "chaosmesh/known_issues",
    "authoring/python.py",
    "authoring/rehearsal.py",
    "stack/dashboards.py",
    "lint/lint.py",
    "lint/check.py",
    "audit/replay.py",
    "pytest_plugin/plugin.py",
)
_OURS = {
    # Our own templates.
    "report/html/page.py",
}


def test_every_reader_of_somebody_elses_files_is_bounded():
    found = []
    for name in _READERS:
        paths = [HARNESS / name] if name.endswith(".py") else sorted((HARNESS / name).rglob("*.py"))
        for path in paths:
            if not path.exists() or str(path.relative_to(HARNESS)) in _OURS:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _reads(node):
                    found.append(f"{path.relative_to(HARNESS)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def _reads(call):
    """Say whether a call reads a file by itself: `path.read_text()`, `open(path)`, `gzip.open(path)` ..."""
    name = ast.unparse(call.func)
    if name in ("gzip.open", "json.load", "yaml.safe_load", "yaml.load", "yaml.safe_load_all"):
        return True
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("read_text", "read_bytes"):
        return True
    if name == "os.open":
        # To lock a file, not to read it.
        return False
    opens = name == "open" or (isinstance(call.func, ast.Attribute) and call.func.attr == "open")
    mode = call.args[len(call.args) - 1] if call.args else None
    writes = isinstance(mode, ast.Constant) and str(mode.value)[:1] in ("w", "a", "x")
    return opens and not writes
