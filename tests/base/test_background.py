"""A call in another process, in real processes."""

import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from harness.base.apart import EndedError
from harness.base.background import Background
from harness.base.errors import UsageError

SECONDS = 60.0
"""Longer than any of these takes; only reached when one fails."""


def test_what_it_returns_and_raises_comes_back_when_it_is_asked_for(capfd):
    def noisy():
        os.write(1, b"noise")
        sys.stderr.write("noise")
        return os.getpid()

    call = Background(noisy, "it")
    assert wait([call.connection], SECONDS) == [call.connection]
    assert call.result() != os.getpid()
    assert capfd.readouterr() == ("", "")

    def wrong():
        raise UsageError("wrong", details=["a"])

    with pytest.raises(UsageError, match="wrong") as raised:
        Background(wrong, "it").result()
    assert raised.value.details == ["a"]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda: os._exit(3), "the process of it ended: exit code 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "the process of it ended: signal 9"),
        (lambda: sys.exit(0), "SystemExit: 0"),
        (threading.Lock, "lock"),
    ],
)
def test_what_ends_the_process_is_an_error(function, told):
    with pytest.raises(EndedError, match=told):
        Background(function, "it").result()


def test_it_may_have_processes_of_its_own():
    assert Background(lambda: Background(lambda: 7, "inner").result(), "outer").result() == 7


def test_what_is_stopped_puts_things_right_first(tmp_path):
    began = os.pipe()

    def long():
        try:
            os.write(began[1], b".")
            signal.pause()
        finally:
            (tmp_path / "right").touch()

    call = Background(long, "it")
    os.read(began[0], 1)
    call.stop(SECONDS)
    assert (tmp_path / "right").exists()
    call.stop(SECONDS)


def test_what_does_not_end_is_ended_by_force():
    began = os.pipe()

    def stubborn():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(began[1], b".")
        while True:
            signal.pause()

    call = Background(stubborn, "it")
    os.read(began[0], 1)
    call.stop(0.0)
    assert not call._process.is_alive()


PARENT = """\
import os, signal, sys
from harness.base.background import Background

def long():
    try:
        os.write({said}, b"began")
        signal.pause()
    finally:
        os.write({said}, b"ended")

call = Background(long, "it")
# It holds the other end of the pipe open, as the processes of scenarios do.
if not os.fork():
    os.close({said})
    signal.alarm({seconds})
    signal.pause()
signal.pause()
"""


def test_it_ends_with_a_parent_that_is_killed():
    heard, said = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(said=said, seconds=5)],
        pass_fds=[said],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    os.close(said)
    assert os.read(heard, 5) == b"began"
    parent.kill()
    parent.wait(SECONDS)
    assert os.read(heard, 5) == b"ended"
    assert os.read(heard, 5) == b""
    os.close(heard)
