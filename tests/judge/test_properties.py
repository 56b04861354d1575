"""What must hold for any recording."""

import math
import random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.judge.explain import explain
from harness.judge.finding import Finding, Verdict
from harness.judge.given import Given
from harness.judge.judge import Judge, judge
from harness.judge.overload import inconclusive
from harness.judge.replay import judge_step, replay
from harness.recording.model import Mark, Recording, Samples
from harness.recording.reader import RecordingReader
from harness.recording.writer import RecordingWriter
from harness.report.text import finding_lines
from tests.fakes.recordings import EXPRESSION, SETTLED, Timeline, expected, rewritten

SPECS = [
    {"equals": 1},
    {"equals": 0, "hold": 2},
    {"increases_by": 1},
    {"increases_by": 0},
    {"increases_by": 2, "hold": 1},
    {"unchanged": True},
    {"series": [{"value": 1}]},
    {"series": [{"instance": "one", "value": 1}, {"instance": "two", "value": 1}]},
    {"absent": True},
    {"present": True},
    {"at_least": 1},
    {"at_most": 1, "deadline": 2},
    {"between": [1, 2]},
    {"within": {"value": 1, "abs": 0.5}},
    {"equals": {"oracle": "truth"}},
    {"series": {"oracle": "truth"}},
    {"equals": 1, "known_issue": {"id": "w", "shows": {"equals": 0}}},
    {"increases_by": 1, "known_issue": {"id": "w", "shows": {"increases_by": 2}}},
    {"metric": "up", "equals": 1},
]

VALUES = [None, 0, 1, 1, 2, 3, "down", math.nan]
specs = st.sampled_from(SPECS)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def drawn(seed):
    """Return scrapes of one or two targets, some missing, late or slow, and readings of an oracle."""
    # Of one number: drawing each of the hundreds of choices would take hypothesis seconds.
    draw = random.Random(seed)
    timeline = Timeline()
    for instance in ("one", "two")[: draw.randint(1, 2)]:
        offset = draw.choice([0.0, 0.2, 0.7])
        first, last = draw.choice([0, 0, 4, 7]), draw.choice([4, 9, 25, 25])
        steady = draw.choice(VALUES)
        for second in range(first, last):
            if draw.randint(0, 15) == 0:
                continue
            got = draw.choice(VALUES) if draw.randint(0, 2) == 0 else steady
            time = 100.0 + second + offset
            series: list[tuple[dict[str, str], Any]] = [] if got in (None, "down") else [({}, got)]
            arrives = time + 0.05 + draw.choice([0.0, 0.0, 0.3, 0.45])
            timeline.scrape(time, series, instance=instance, up=0 if got == "down" else 1, arrives=arrives)
    truth = draw.choice([0, 1, 2])
    for tick in range(50):
        now: Any = draw.choice([truth] * draw.choice([3, 30]) + [1, [], None])
        timeline.reading(SETTLED + tick * 0.4, now, error="lost" if now is None else None)
    return timeline


def timelines():
    return st.integers(0, 2**32).map(drawn)


@given(timelines(), specs, st.integers(0, 2**32))
@example(drawn(578741257), {"increases_by": 0}, 641294801)
@example(drawn(1010607362), {"increases_by": 1}, 1389464822)
@quick
def test_the_moments_of_judging_do_not_change_what_is_said(timeline, spec, seed):
    ticks = random.Random(seed)
    item = expected(**spec)
    growing = Recording(timeline.manifest)
    step_by_step = Judge(growing)
    waiting, now, first = timeline.timed(), SETTLED, None
    while waiting or now < 140:
        now += ticks.choice([0.05, 0.1, 0.25, 0.6, 1.3])
        while waiting and waiting[0][0] <= now:
            growing.add(waiting.pop(0)[1])
        said = step_by_step.judge(item, now)
        if ticks.randint(0, 9) == 0:
            assert judge(growing, item, now).model_dump_json() == said.model_dump_json()
        if isinstance(said, Finding) and first is None:
            first = said
    at_the_end = judge(timeline.recording(), item, now)
    assert isinstance(first, Finding)
    assert isinstance(said, Finding)
    assert said.model_dump_json() == at_the_end.model_dump_json()
    # Only what stands until the step ends can be taken back, and only by a state that came later: one in
    # which it does not hold, or in which a target takes part whose baseline nobody knows.
    taken_back = said.verdict is Verdict.FAIL or "before the step" in said.reason
    assert first == said or (first.verdict.as_expected and taken_back)


@given(timelines(), specs)
@quick
def test_nothing_passes_without_a_fresh_sample(timeline, spec):
    stale = Recording(timeline.manifest)
    for entry in timeline.entries():
        if not isinstance(entry, Samples) or entry.time <= SETTLED:
            stale.add(entry)
    said = judge(stale, expected(**spec), 1000.0)
    assert isinstance(said, Finding)
    assert said.verdict is Verdict.ERROR


def things_of(timeline):
    return {
        each.number
        for each in timeline.entries()
        if each.type == "series" and each.labels["__name__"] == "things"
    }


@given(timelines(), specs)
@quick
def test_without_its_samples_a_metric_is_absent_and_nothing_more(timeline, spec):
    bare = Recording(timeline.manifest)
    gone = things_of(timeline)
    for entry in rewritten(timeline.entries(), lambda number, _, got: None if number in gone else got):
        bare.add(entry)
    said = judge(bare, expected(**spec), 1000.0)
    assert isinstance(said, Finding)
    if said.verdict is Verdict.PASS:
        empty = said.evidence.get("readings", [{}])[0].get("vector") == []
        # Nothing was ever counted: `increases_by: 0` says so on purpose.
        nothing = "absent" in spec or spec.get("increases_by") == 0
        assert nothing or spec.get("metric") == "up" or ("series" in spec and empty)


@given(timelines(), st.integers(1, 3))
@quick
def test_a_series_frozen_before_the_step_never_increases(timeline, by):
    frozen = Recording(timeline.manifest)
    things = things_of(timeline)
    at: dict[int, Any] = {}

    def freeze(number, _, got):
        if number in things and frozen.marks:
            # What was not there yet stays away: it could only count from 0.
            return at.get(number)
        at[number] = got
        return got

    for entry in rewritten(timeline.entries(), freeze):
        frozen.add(entry)
    said = judge(frozen, expected(increases_by=by), 1000.0)
    assert isinstance(said, Finding)
    if said.verdict is Verdict.PASS:
        # Only a series that its target did not have at the baseline counts from 0.
        assert any(row["baseline"] == 0 and row["value"] > 0 for row in said.actual)


@given(st.lists(st.integers(0, 5), min_size=6, max_size=20), st.integers(0, 20))
@quick
def test_an_increase_is_never_negative_and_resets_only_add(values, by):
    said = judge(Timeline().values(values).recording(), expected(increases_by=by), 1000.0)
    assert isinstance(said, Finding)
    for row in said.actual:
        assert row["increase"] >= 0
        assert row["increase"] >= row["value"] - row["baseline"]


@given(
    st.lists(st.integers(0, 2), min_size=40, max_size=60),
    st.lists(st.integers(0, 2), min_size=20, max_size=20),
)
@quick
def test_a_verdict_on_the_product_rests_on_an_oracle_that_stood_still(truths, values):
    timeline = Timeline().values([0] * 5 + values).readings(truths, step=0.4)
    said = judge(timeline.recording(), expected(equals={"oracle": "truth"}), 1000.0)
    assert isinstance(said, Finding)
    if said.verdict in (Verdict.PASS, Verdict.FAIL):
        readings = said.evidence["readings"]
        assert len({str(reading["vector"]) for reading in readings}) == 1
        scrape = said.evidence["scrapes"][0]
        assert readings[0]["began"] >= SETTLED
        assert readings[0]["ended"] <= scrape["time"]
        assert readings[-1]["began"] >= scrape["time"] + scrape["duration"]
        around = [
            truth
            for index, truth in enumerate(truths)
            if readings[0]["began"] <= SETTLED + index * 0.4 <= readings[-1]["began"]
        ]
        assert set(around) == {readings[0]["vector"][0]["value"]}


@given(timelines(), st.lists(specs, min_size=1, max_size=4), st.sampled_from([108.0, 118.0, 140.0]))
@example(drawn(23202), [{"equals": 1}], 108.0)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_replay_of_what_was_written_finds_the_same(tmp_path_factory, timeline, wanted, end):
    items = [expected(identity=f"0.{index}", **spec) for index, spec in enumerate(wanted)]
    folder = tmp_path_factory.mktemp("recording")
    live = Recording(timeline.manifest)
    with RecordingWriter(folder, timeline.manifest) as writer:

        def add(entry):
            writer.write(entry)
            live.add(entry)

        for item in items:
            add(item)
        for time, entry in timeline.timed():
            if time <= end:
                add(entry)
        ended = Mark(time=end, step=0, name="ended")
        add(ended)
    said = judge_step(live, ended)
    reader = RecordingReader(folder)
    again = replay(reader.entries(), reader.manifest)
    assert [each.model_dump_json() for each in again] == [each.model_dump_json() for each in said]
    ticking = Judge(live)
    for item, finding in zip(items, said, strict=True):
        before = ticking.judge(item, end)
        if isinstance(before, Finding):
            # Where no target was scraped for a while nothing is a failure.
            timeless = ticking.case(item).decision.timeless
            before = inconclusive(live, item, before, end, timeless=timeless)
            same = explain(Given.of(live, item), before).model_dump_json() == finding.model_dump_json()
            # While the step lasts a slow scrape is waited for; once it is over the states behind it count.
            taken_back = (
                finding.verdict is Verdict.FAIL
                or "before the step" in finding.reason
                or finding.reason.startswith("inconclusive")
            )
            assert same or (before.verdict.as_expected and taken_back)
    followed = judge_step(live, ended, ticking)
    assert [each.model_dump_json() for each in followed] == [each.model_dump_json() for each in said]


@given(
    st.lists(st.sampled_from([None, 0, 1, 1, 1, 2, "refused", "down"]), min_size=12, max_size=30),
    specs,
    st.integers(0, 2**32),
)
@settings(quick, max_examples=25)
def test_an_expression_asked_tick_by_tick_is_judged_as_in_a_replay(values, spec, seed):
    ticks = random.Random(seed)
    scraped = Timeline()
    for tick in range(60):
        scraped.reading(SETTLED + tick * 0.4, 1)
    said = {}
    for index, value in enumerate(values):
        scraped.scrape(100.0 + index, up=0 if value == "down" else 1)
        said[100.0 + index] = {"error_type": "execution", "error": "no"} if value == "refused" else value
    wanted = {name: value for name, value in spec.items() if name != "metric"}
    item = expected(promql=EXPRESSION, **wanted)
    live = Recording(scraped.manifest)
    entries = [(0.0, item), *scraped.timed()]
    recorded, now = [], SETTLED
    judging = Judge(live)
    while entries or now < 145:
        now += ticks.choice([0.05, 0.3, 1.1])
        while entries and entries[0][0] <= now:
            recorded.append(entries.pop(0)[1])
            live.add(recorded[-1])
        found = judging.judge(item, now)
        while asks := judging.asks([item]):
            for _, at in sorted(asks):
                answer = said[at]
                if not isinstance(answer, dict):
                    answer = {"vector": [] if answer in (None, "down") else answer}
                recorded.append(Timeline().answer(at, asked=now, **answer).timed()[-1][1])
                live.add(recorded[-1])
            found = judging.judge(item, now)
    ended = Mark(time=now, step=0, name="ended")
    live.add(ended)
    final = judge_step(live, ended)[0]
    if isinstance(found, Finding):
        assert explain(Given.of(live, item), found).model_dump_json() == final.model_dump_json()
    again = replay([*recorded, ended], scraped.manifest)[0]
    assert again.model_dump_json() == final.model_dump_json()
    if final.verdict is Verdict.PASS:
        time = final.evidence["answer"]["time"]
        assert time > SETTLED
        assert said[time] not in ("refused", "down")


def looked_at(timeline, seed):
    """Add looks, readings and notes as they may come, and as they should not."""
    draw = random.Random(seed)
    for _ in range(draw.randint(0, 4)):
        time = draw.choice([102.3, 112.31, 118.4, 121.15, 124.6, 139.9])
        values = [draw.choice([0.0, 1.0, 2.0, math.nan, math.inf]) for _ in range(draw.randint(0, 3))]
        labels = [draw.choice([{}, {"path": ""}, {"node": "own"}, {"phase": "a"}]) for _ in values]
        timeline.look(
            time,
            draw.choice([None, list(zip(labels, values, strict=True))]),
            ended=time + draw.choice([0.01, 1.5]),
            instance=draw.choice(["one", "two", "nobody"]),
            metric_type=draw.choice(["", "gauge", "counter", "unknown"]),
            left_out=draw.choice([0, 0, 5]),
            error=draw.choice([None, "HTTP 503"]),
        )
    key = draw.choice(["{}", '{"in":[{"namespace":"ns","pod":"a"}]}', '{"node":"n1"}'])
    oracle = draw.choice([None, "truth", "never-read"])
    timeline.looked(draw.choice([102.0, 112.0, 121.0]), metric_type="gauge", oracle=oracle, key=key)
    if draw.randint(0, 5) == 0:
        timeline.histogram(draw.choice([107.0, 111.0]), instance=draw.choice(["one", "two"]))
    down = [{"job": "manager", "instance": "one", "health": "down", "last_error": "refused"}]
    timeline.note(120.0, "targets", draw.choice([{}, {"targets": down}, {"targets": "nonsense"}]))
    return timeline


WHERE = [{}, {"phase": "a"}, {"instance": "two"}, {"node": {"not": "n1"}}, {"namespace": "other"}]


@given(timelines(), specs, st.sampled_from(WHERE), st.integers(0, 2**32))
@settings(quick, max_examples=150)
def test_an_explanation_never_fails_and_never_changes_the_verdict(timeline, spec, where, seed):
    item = expected(**(spec if spec.get("metric") == "up" else {**spec, "where": where}))
    looked_at(timeline, seed).mark("ended", 130.0)
    recording = timeline.recording()
    said = judge(recording, item, 130.0, final=True)
    assert isinstance(said, Finding)
    told = explain(Given.of(recording, item), said)
    assert (told.verdict, told.reason, told.actual) == (said.verdict, said.reason, said.actual)
    assert {name: told.evidence[name] for name in said.evidence} == said.evidence
    assert bool(told.explanation) == (told.verdict in (Verdict.FAIL, Verdict.ERROR))
    assert all(sentence.endswith(".") for sentence in told.explanation)
    assert told.layer in (None, "infrastructure", "late", "query", "scrape", "collector", "product")
    assert explain(Given.of(recording, item), said).model_dump_json() == told.model_dump_json()
    assert Finding.model_validate_json(told.model_dump_json()).model_dump_json() == told.model_dump_json()
    assert finding_lines(told)
