import os
import signal
import sys
import threading

import pytest

from harness.base import apart as module
from harness.base.apart import MOST_MEMORY, EndedError, apart
from harness.base.errors import UsageError

SECONDS = 60.0
"""Longer than any of these takes; only reached when one fails."""


def called(function, seconds=SECONDS):
    return apart(function, "it", seconds=seconds, memory=MOST_MEMORY)


def test_what_a_function_returns_and_raises_comes_back(capfd):
    def noisy():
        sys.stdout.write("noise")
        sys.stderr.write("noise")
        os.write(1, b"noise")
        return os.getpid()

    assert called(noisy) != os.getpid()
    assert capfd.readouterr() == ("", "")

    def wrong():
        raise UsageError("wrong", details=["a"])

    with pytest.raises(UsageError, match="wrong") as raised:
        called(wrong)
    assert raised.value.details == ["a"]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda: os._exit(0), "it ended the process: exit code 0"),
        (lambda: os._exit(3), "it ended the process: exit code 3"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "it ended the process: signal 11"),
        (lambda: sys.exit(0), "SystemExit: 0"),
        (threading.Lock, "lock"),
    ],
)
def test_what_ends_the_process_is_an_error(function, told):
    with pytest.raises(EndedError, match=told):
        called(function)


def test_memory_is_bounded():
    with pytest.raises(MemoryError):
        called(lambda: bytearray(100 * MOST_MEMORY))


def test_what_never_ends_is_ended_with_all_that_it_started():
    reader, writer = os.pipe()

    def endless():
        os.fork()
        while True:
            signal.pause()

    with pytest.raises(EndedError, match=r"it takes longer than 0\.5 s"):
        called(endless, 0.5)
    os.close(writer)
    assert os.read(reader, 1) == b"", "nobody has the other end of the pipe any more"
    os.close(reader)


def test_a_child_that_comes_back_does_not_tell_for_its_parent():
    def forks():
        if child := os.fork():
            os.waitpid(child, 0)
            return "parent"
        return "child"

    assert called(forks) == "parent"


def test_who_has_ended_can_be_ended_again():
    process = module._FORK.Process(target=int)
    process.start()
    process.join(SECONDS)
    assert process.pid is not None
    module.end_group(process.pid)
