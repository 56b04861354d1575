"""Reads files that somebody else may have written: regular ones only, never more than is expected of them.

Every reader of such a file goes through here (tests/base/test_bounded.py sees to it), so that no pipe blocks,
no device is read, no link leads out of a folder, and nothing is larger in memory than was agreed.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pydantic_core
import yaml

from harness.base.errors import UsageError

KIB = 1024
MIB = 1024 * KIB

MOST_DOCUMENT_BYTES = 4 * MIB
"""The largest document that is read as a whole where nothing else is said, bytes."""
_CHUNK_BYTES = 64 * KIB
_GZIP_FRAMING = 31
_MOST_RATIO = 300
"""Decompressed by compressed, from `_RATIO_BYTES` on: lines of JSON have 5 to 30."""
_RATIO_BYTES = 16 * MIB
_MOST_VALUES = 100_000
_MOST_LEVELS = 100
_MOST_DIGITS = 300
"""Of a whole number: a double has no more."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SPECIAL = (
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a named pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


class FileError(UsageError):
    """A file cannot be read, or is not what it has to be.

    Attributes:
        path: the file.
        reason: what is wrong with it, the end of a sentence about it: "is a folder, not a file".
    """

    path: Path
    reason: str

    def __init__(self, path: Path, reason: str, next_step: str = "") -> None:
        super().__init__(f"cannot read {path}: it {reason}", next_step=next_step)
        self.path = path
        self.reason = reason


class MissingFileError(FileError):
    """There is no such file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "does not exist")


class DamagedFileError(FileError):
    """A file that ends early, or holds what its format does not allow."""


class TruncatedFileError(DamagedFileError):
    """A compressed file ends before its content does."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "ends too early")


def size_text(size: int) -> str:
    """Return a number of bytes for a sentence: "64 MiB", "1.5 GiB", "12 bytes"."""
    for unit, factor in (("GiB", MIB * KIB), ("MiB", MIB), ("KiB", KIB)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"


@contextmanager
def opened(path: Path, *, most: int, inside: Path | None = None) -> Iterator[BinaryIO]:
    """Open a regular file to read its bytes.

    Args:
        path: the file; a link is followed.
        most: how large it may be, bytes.
        inside: the folder that it has to be in, links followed.

    Raises:
        MissingFileError: it is not there.
        FileError: it is no regular file, too large, not inside, or cannot be read; also while it is read.
    """
    try:
        _check_inside(path, inside)
        _check_regular(path, path.stat())
        # A pipe that takes the file's place in the meantime must not block either.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            _check_regular(path, found)
            if found.st_size > most:
                raise FileError(path, f"is larger than {size_text(most)}")
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(path) from error
    except OSError as error:
        raise FileError(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        if "\0" not in str(path):
            raise
        raise FileError(path, "has a name that no file can have") from error


def read_bytes(path: Path, *, most: int = MOST_DOCUMENT_BYTES, inside: Path | None = None) -> bytes:
    """Return a file's bytes; see `opened`."""
    with opened(path, most=most, inside=inside) as file:
        found = file.read(most + 1)
    if len(found) > most:
        # Some files of the kernel have no size before they are read, and a file may grow.
        raise FileError(path, f"is larger than {size_text(most)}")
    return found


def leads_out(path: Path, folder: Path) -> bool:
    """Say whether a path, links followed, is neither a folder itself nor in it."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def read_start(path: Path, size: int) -> bytes:
    """Return the first bytes of a file of any size; see `opened`."""
    with opened(path, most=sys.maxsize) as file:
        return file.read(size)


def read_text(path: Path, *, most: int = MOST_DOCUMENT_BYTES, inside: Path | None = None) -> str:
    """Return a file's text; see `opened`.

    Raises:
        DamagedFileError: it is not UTF-8.
    """
    raw = read_bytes(path, most=most, inside=inside)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        reason = f"is not UTF-8: byte 0x{raw[error.start]:02x} in line {line}"
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            reason = "is UTF-16; save it as UTF-8"
        raise DamagedFileError(path, reason) from error


def read_json(path: Path, *, most: int = MOST_DOCUMENT_BYTES, inside: Path | None = None) -> Any:
    """Return the value of a JSON file; see `opened`.

    Raises:
        DamagedFileError: it is no JSON, or nested too deeply.
    """
    raw = read_bytes(path, most=most, inside=inside)
    try:
        return pydantic_core.from_json(raw, allow_inf_nan=True)
    except ValueError as error:
        raise DamagedFileError(path, f"is no JSON: {error}") from error


def read_yaml(path: Path, *, most: int = MOST_DOCUMENT_BYTES, inside: Path | None = None) -> Any:
    """Return the value of a YAML file with one document, or None of one without; see `opened`.

    Raises:
        DamagedFileError: it is no YAML, has too many values (aliases count as what they stand for), or is
            nested too deeply.
    """
    text = read_text(path, most=most, inside=inside)
    loader = None
    try:
        _check_events(path, text)
        loader = _LOADER(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_nodes(path, node)
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise DamagedFileError(path, f"is no YAML: {error}") from error
    except RecursionError as error:
        raise DamagedFileError(path, f"is nested deeper than {_MOST_LEVELS} levels") from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        # What PyYAML raises for a scalar that is not what its tag says: `!!int ""`, a 40th of May.
        raise DamagedFileError(path, f"holds a value that cannot be read: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()


def unpacked(path: Path, *, most: int, inside: Path | None = None) -> Iterator[bytes]:
    """Yield the content of a gzip file of one member, piece by piece.

    Args:
        path: the file.
        most: bytes of the content, and so of the file.
        inside: see `opened`.

    Raises:
        MissingFileError: it is not there.
        TruncatedFileError: it ends early; all that there is has been yielded.
        DamagedFileError: it is no gzip, or there is data after its end.
        FileError: it is too large, or anything else that `opened` refuses.
    """
    unpack = zlib.decompressobj(_GZIP_FRAMING)
    packed = size = 0
    with opened(path, most=most, inside=inside) as file:
        while chunk := file.read(_CHUNK_BYTES):
            packed += len(chunk)
            while chunk:
                if unpack.eof:
                    raise DamagedFileError(path, "has data after its end")
                try:
                    piece = unpack.decompress(chunk, _CHUNK_BYTES)
                except zlib.error as error:
                    raise DamagedFileError(path, f"cannot be decompressed: {error}") from error
                chunk = unpack.unconsumed_tail or unpack.unused_data
                size += len(piece)
                if size > most:
                    raise FileError(path, f"has more than {size_text(most)} once decompressed")
                if size > max(_RATIO_BYTES, _MOST_RATIO * packed):
                    raise FileError(path, f"is decompressed to more than {_MOST_RATIO} times its size")
                yield piece
    if not unpack.eof:
        raise TruncatedFileError(path)


def _check_inside(path: Path, inside: Path | None) -> None:
    if inside is not None and leads_out(path, inside):
        raise FileError(path, f"leads out of {inside}")


def _check_regular(path: Path, found: os.stat_result) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    reasons = (reason for is_kind, reason in _SPECIAL if is_kind(found.st_mode))
    raise FileError(path, next(reasons, "is not a regular file"))


def _check_events(path: Path, text: str) -> None:
    """Refuse what is nested too deeply before libyaml makes nodes of it, which would end the process.

    Raises:
        DamagedFileError: it is, or there are too many values.
    """
    level = 0
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        if level > _MOST_LEVELS:
            raise DamagedFileError(path, f"is nested deeper than {_MOST_LEVELS} levels")
        if number > 2 * _MOST_VALUES:
            raise DamagedFileError(path, f"has more than {_MOST_VALUES} values")


def _check_nodes(path: Path, root: yaml.Node) -> None:
    """Refuse what would be too much once built; aliases count as what they stand for.

    Raises:
        DamagedFileError: it is.
    """
    sizes: dict[int, int] = {}
    around: set[int] = set()
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        inner = _inner(node)
        if done:
            around.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(each)] for each in inner)
            if sizes[id(node)] > _MOST_VALUES:
                raise DamagedFileError(path, f"has more than {_MOST_VALUES} values, aliases expanded")
            continue
        if id(node) in sizes:
            continue
        if id(node) in around:
            raise DamagedFileError(path, "has an alias that refers to what it is part of")
        if len(around) > _MOST_LEVELS:
            raise DamagedFileError(path, f"is nested deeper than {_MOST_LEVELS} levels")
        if node.tag == "tag:yaml.org,2002:int" and len(str(node.value)) > _MOST_DIGITS:
            raise DamagedFileError(path, f"has a whole number of more than {_MOST_DIGITS} digits")
        around.add(id(node))
        stack.append((node, True))
        stack += [(each, False) for each in inner]


def _inner(node: yaml.Node) -> list[yaml.Node]:
    match node:
        case yaml.MappingNode():
            return [each for pair in node.value for each in pair]
        case yaml.SequenceNode():
            return list(node.value)
    return []
