"""What becomes of beats, of work and of answers that are late; the threads only keep the time."""

import threading

import pytest

from harness.runner import vitals
from harness.runner.vitals import MOST_EXTENSION_SECONDS, Pulse, ThreadedVitals, Vitals
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster


class Watched:
    """A pulse whose clocks go together, unless one of them jumps."""

    def __init__(self):
        self.mono, self.wall, self.lost = 50.0, 1000.0, 0.0
        self.pulse = Pulse(self.mono, self.wall, self.lose)

    def lose(self, seconds):
        self.lost += seconds

    def pass_(self, seconds, *, suspended=False):
        self.mono += 0 if suspended else seconds
        self.wall += seconds

    def beats(self, seconds):
        for _ in range(round(seconds * 4)):
            self.pass_(0.25)
            self.pulse.beat(self.mono, self.wall)

    def works(self, times, seconds):
        for _ in range(seconds):
            self.beats(1)
            self.pulse.worked(self.wall, times)

    def answer(self, *, reached=True):
        self.pulse.answered(self.mono, self.wall, reached=reached)

    def take(self):
        return [each for each in self.take_all() if each[0] != "busy"]

    def take_all(self):
        return [
            (each.what, round(each.began, 2), round(each.ended, 2), round(each.worst, 2))
            for each in self.pulse.take(self.mono, self.wall)
        ]


@pytest.fixture
def watched():
    return Watched()


def test_nothing_is_observed_where_nobody_observes():
    vitals = Vitals()
    vitals.start()
    vitals.stop()
    assert vitals.take() == []


def test_a_machine_that_is_somewhat_slow_is_not_overloaded(watched):
    for _ in range(10):
        watched.works(3.0, 2)
        watched.works(8.0, 1)
        watched.pulse.asked(watched.wall)
        watched.beats(2.5)
        watched.answer()
        watched.pass_(1.1)
        watched.pulse.beat(watched.mono, watched.wall)
    assert watched.take() == []
    assert watched.lost == 0


def test_a_process_that_did_not_run_is_told_once(watched):
    watched.beats(2)
    watched.pass_(20)
    watched.pulse.beat(watched.mono, watched.wall)
    watched.beats(2)
    assert watched.take() == [("frozen", 1002.25, 1022.0, 19.75)]
    assert watched.take() == []
    # WorkingTime takes it out by itself: it knows when the observer was to come.
    assert watched.lost == 0


def test_who_asks_before_the_observer_comes_is_told_as_well(watched):
    watched.pass_(20)
    assert watched.take() == [("frozen", 1000.25, 1020.0, 19.75)]
    watched.pulse.beat(watched.mono, watched.wall)
    assert watched.take() == []


def test_a_machine_that_was_suspended_has_a_clock_that_jumps(watched):
    watched.beats(1)
    watched.pass_(60, suspended=True)
    watched.pulse.beat(watched.mono, watched.wall)
    ((what, began, ended, worst),) = watched.take()
    assert (what, ended - began, worst) == ("frozen", 59.75, 59.75)


def test_work_that_takes_many_times_as_long_is_told_while_it_lasts(watched):
    watched.works(1.0, 3)
    watched.works(100.0, 5)
    ((what, began, ended, worst),) = watched.take()
    assert (what, ended, worst) == ("cpu", 1008.0, 100.0)
    assert 1001 <= began <= 1004
    watched.works(100.0, 2)
    assert watched.take() == [("cpu", 1008.0, 1010.0, 100.0)]
    watched.works(1.0, 3)
    assert [each[:2] for each in watched.take()] == [("cpu", 1010.0)]
    assert watched.take() == []
    assert 7 <= watched.lost <= 12


def test_a_cpu_that_is_busy_is_noted_and_puts_nothing_off(watched):
    watched.works(1.0, 3)
    watched.works(3.0, 4)
    (first,) = watched.take_all()
    assert (first[0], first[2:]) == ("busy", (1007.0, 3.0))
    watched.works(3.0, 2)
    assert watched.take_all() == []
    watched.works(3.0, 2)
    assert watched.take_all() == [("busy", 1007.0, 1011.0, 3.0)]
    assert watched.lost == 0


def test_work_is_slow_when_the_host_takes_the_cpu_away(monkeypatch, tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 100 500 0 0 0 10 0 0\ncpu0 1\n")
    monkeypatch.setattr(vitals, "_STAT", stat)
    work = vitals.Work()
    stat.write_text("cpu  103 0 107 500 0 0 0 100 0 0\ncpu0 1\n")
    assert work.times() >= 10
    stat.write_text("nonsense\n")
    assert work.times() >= 1


def test_one_piece_of_work_that_had_to_wait_says_nothing(watched):
    watched.works(1.0, 3)
    watched.works(12.0, 1)
    watched.works(1.0, 3)
    assert watched.take() == []


def test_an_answer_that_is_out_for_long_is_told_before_it_comes(watched):
    watched.pulse.asked(watched.wall)
    watched.beats(2.75)
    assert watched.take() == []
    watched.beats(1.25)
    assert watched.take() == [("cluster", 1000.0, 1004.0, 4.0)]
    watched.beats(1)
    watched.answer()
    assert watched.take() == [("cluster", 1004.0, 1005.0, 5.0)]
    assert 4 <= watched.lost <= 5


def test_a_cluster_that_does_not_answer_is_told_until_it_does(watched):
    for _ in range(3):
        watched.pulse.asked(watched.wall)
        watched.beats(0.5)
        watched.answer(reached=False)
        watched.beats(2)
    watched.pulse.asked(watched.wall)
    watched.answer()
    assert watched.take() == [("cluster", 1000.0, 1007.5, 5.5)]


def test_an_answer_that_came_while_the_process_did_not_run_was_not_late(watched):
    watched.pulse.asked(watched.wall)
    watched.pass_(30)
    watched.answer()
    watched.pulse.beat(watched.mono, watched.wall)
    assert [each[0] for each in watched.take()] == ["frozen"]


def test_bounds_are_put_off_by_no_more_than_a_limit(watched):
    watched.works(100.0, 400)
    assert watched.lost == pytest.approx(MOST_EXTENSION_SECONDS)


@pytest.mark.parametrize("nodes", [["n1"], []])
def test_the_threads_end_with_the_scenario(nodes):
    before = set(threading.enumerate())
    with ThreadedVitals(FakeCluster(FakeClock()), nodes) as vitals:
        assert {each.name for each in set(threading.enumerate()) - before} >= {"pulse"}
        assert vitals.take() == []
    assert "pulse" not in {each.name for each in threading.enumerate()}
