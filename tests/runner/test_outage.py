"""When the cluster is gone for good: only when what is gone does not come back, and what is gone is named."""

from functools import partial

from harness.base.errors import InfrastructureError
from harness.runner import outage
from tests.fakes.clock import FakeClock


def looked(*probes):
    clock = FakeClock()
    found = outage.lasting(
        [(name, partial(ask, clock)) for name, ask in probes], now=clock.now, pause=clock.sleep
    )
    return found, clock


def answers(_clock):
    return "fine"


def gone(clock):
    raise InfrastructureError(f"refused at {clock.now() - 1_000_000:.0f}")


def gone_for(seconds):
    def ask(clock):
        if clock.now() < 1_000_000 + seconds:
            gone(clock)

    return ask


def test_nothing_is_waited_for_while_all_answer():
    found, clock = looked(("the API server", answers), ("Prometheus", answers))
    assert (found, clock.slept) == (None, [])


def test_what_comes_back_in_time_is_no_outage():
    found, clock = looked(("the API server", gone_for(30)), ("Prometheus", gone_for(50)))
    assert found is None
    assert clock.now() == 1_000_050


def test_what_stays_away_is_named_with_when_it_went_and_its_last_answer():
    found, _ = looked(("the API server", answers), ("Prometheus", gone))
    assert found == outage.Outage("Prometheus", 1_000_000.0, f"refused at {outage.RETURN_SECONDS:.0f}")


def test_of_two_that_are_gone_the_one_that_the_other_depends_on_is_named():
    found, _ = looked(("the API server", gone), ("Prometheus", gone))
    assert found.what == "the API server"
