"""Builds synthetic recordings: what each target answered at each scrape, marks and readings.

One job is scraped at 100.0, 101.0, ...; step 0 starts at 103.5 and settles at 104.0, so that the
baseline is the scrape at 103.0 and the first fresh one is at 105.0.
"""

import math
from typing import Any

from harness.judge.finding import Finding, Pending
from harness.judge.judge import judge
from harness.recording.model import (
    Answer,
    AnyEntry,
    Expected,
    Exposition,
    Labels,
    LayoutDefinition,
    Manifest,
    Mark,
    Note,
    Point,
    Promptness,
    Reading,
    Recording,
    Samples,
    SeriesDefinition,
    labels_of,
    reading_key,
)
from harness.recording.notes import NATIVE_HISTOGRAMS, looked_at

JOB = "manager"
INSTANCE = "one"
METRIC = "things"
EXPRESSION = "sum(things)"
STARTED, SETTLED = 103.5, 104.0
FIRST = 105.0
"""The first fresh scrape."""


def manifest(**changes):
    facts: dict[str, Any] = {
        "scenario": "synthetic",
        "file": "synthetic.yaml",
        "namespace": "ns",
        "interval": 1.0,
        "clock_offset": 0.0,
        "clock_uncertainty": 0.01,
        "steps": ["apply it"],
    }
    return Manifest(**(facts | changes))


class Timeline:
    """Entries with the time at which each would have been recorded, sorted when asked for."""

    def __init__(self, *, action="apply", **changes):
        self.manifest = manifest(**changes)
        self._entries = []
        self._order = 0
        self.at(STARTED, Mark(time=STARTED, step=0, name="started", detail={"action": action}))
        self.mark("acknowledged", SETTLED - 0.3)
        self.mark("settled", SETTLED)

    def at(self, time, entry):
        self._order += 1
        self._entries.append((time, self._order, entry))
        return self

    def mark(self, name, time, step=0):
        return self.at(time, Mark(time=time, step=step, name=name))

    def scrape(
        self, time, series=(), *, instance=INSTANCE, job=JOB, node="n1", up=1, duration=0.05, arrives=None
    ):
        """Add one scrape: `series` holds (labels, value) of METRIC, or (name, labels, value)."""
        target = {"job": job, "instance": instance, "node": node}
        wanted: list[tuple[str, dict[str, str], float]] = [("up", {}, up)]
        if duration is not None:
            wanted.append(("scrape_duration_seconds", {}, duration))
        if up:
            wanted += [each if len(each) == 3 else (METRIC, *each) for each in series]
        samples = []
        arrives = time + (duration or 0.0) if arrives is None else arrives
        for name, labels, value in wanted:
            full = {"__name__": name, **target, **labels}
            samples.append((full, time, value))
        return self.at(arrives, samples)

    def values(self, values, *, start=100.0, labels=None, step=1.0, **target):
        """Scrape once a second: a number is the one series' value, None is no series, "down" is down."""
        for index, value in enumerate(values):
            time = start + index * step
            if value == "down":
                self.scrape(time, up=0, **target)
            else:
                self.scrape(time, [] if value is None else [(labels or {}, value)], **target)
        return self

    def reading(self, began, vector, *, oracle="truth", ended=None, error=None, **parameters):
        ended = began + 0.02 if ended is None else ended
        points = None
        if vector is not None:
            points = [
                Point(labels=each[0], value=each[1]) if isinstance(each, tuple) else Point(value=each)
                for each in (vector if isinstance(vector, list) else [vector])
            ]
        key = reading_key(parameters)
        return self.at(
            ended, Reading(oracle=oracle, key=key, began=began, ended=ended, vector=points, error=error)
        )

    def look(self, began, series=(), *, instance=INSTANCE, job=JOB, ended=None, metric=METRIC, **more):
        """Add a look at what a target itself exposes: `series` holds (labels, value), None for no answer."""
        ended = began + 0.02 if ended is None else ended
        points = None if series is None else [Point(labels=labels, value=value) for labels, value in series]
        made = Exposition(
            began=began, ended=ended, job=job, instance=instance, metric=metric, samples=points, **more
        )
        return self.at(ended, made)

    def looked(self, time, *, metric=METRIC, metric_type="gauge", oracle=None, key="{}", unasked="", **more):
        """Add the note that goes with a look."""
        detail = looked_at(metric, metric_type, oracle, key, unasked, **more)
        return self.note(time, f"looked at {metric}", detail)

    def note(self, time, text, detail):
        return self.at(time, Note(time=time, text=text, detail=detail))

    def histogram(self, time, labels=None, *, metric=METRIC, instance=INSTANCE, job=JOB, node="n1"):
        """Add the note of a scrape in which a series was a native histogram."""
        full = {"__name__": metric, "job": job, "instance": instance, "node": node, **(labels or {})}
        detail = {NATIVE_HISTOGRAMS: [{"labels": full, "times": [time]}]}
        return self.note(time, "native histograms, which are no numbers", detail)

    def readings(self, values, *, start=SETTLED, step=0.5, **more):
        for index, value in enumerate(values):
            self.reading(start + index * step, value, **more)
        return self

    def answer(self, time, vector=None, *, asked=None, expression=EXPRESSION, **more):
        """Add Prometheus' answer at a scrape's time: a number, [(labels, value), ...], or what it said."""
        asked = time + 0.2 if asked is None else asked
        points = None
        if vector is not None:
            pairs = vector if isinstance(vector, list) else [({}, vector)]
            points = [Point(labels=labels, value=value) for labels, value in pairs]
            more = {"result_type": "vector", **more}
        return self.at(asked, Answer(expression=expression, time=time, asked=asked, vector=points, **more))

    def answers(self, values, *, start=100.0, **more):
        """Scrape once a second, and answer each time: None is an empty vector."""
        for index, value in enumerate(values):
            self.scrape(start + index)
            self.answer(start + index, [] if value is None else value, **more)
        return self

    def timed(self):
        """Return (time of recording, entry); a series is defined right before its first sample."""
        numbers: dict[Labels, int] = {}
        layouts: dict[tuple[int, ...], int] = {}
        found: list[tuple[float, AnyEntry]] = []
        for time, _, entry in sorted(self._entries, key=lambda each: each[:2]):
            if not isinstance(entry, list):
                found.append((time, entry))
                continue
            samples = []
            for labels, scraped, value in entry:
                key = labels_of(labels)
                if key not in numbers:
                    numbers[key] = len(numbers)
                    found.append((time, SeriesDefinition(number=numbers[key], labels=labels)))
                samples.append((numbers[key], scraped, value))
            found += [(time, each) for each in scraped_entries(samples, layouts)]
        return found

    def entries(self):
        return [entry for _, entry in self.timed()]

    def recording(self):
        recording = Recording(self.manifest)
        for entry in self.entries():
            recording.add(entry)
        return recording


def scraped_entries(samples, layouts):
    """Return the entries of (series number, time, value) each, a layout right before its first samples.

    `layouts` holds those that were defined before.
    """
    by_time: dict[float, dict[int, float]] = {}
    for number, time, value in samples:
        by_time.setdefault(time, {})[number] = value
    found: list[AnyEntry] = []
    for time, scraped in by_time.items():
        if tuple(scraped) not in layouts:
            layouts[tuple(scraped)] = len(layouts)
            found.append(LayoutDefinition(number=layouts[tuple(scraped)], series=list(scraped)))
        found.append(Samples(layout=layouts[tuple(scraped)], time=time, values=list(scraped.values())))
    return found


def rewritten(entries, change):
    """Yield the entries with `change(number, time, value)` in place of each value; None for no sample."""
    series_of: dict[int, list[int]] = {}
    layouts: dict[tuple[int, ...], int] = {}
    for entry in entries:
        if isinstance(entry, LayoutDefinition):
            series_of[entry.number] = entry.series
        elif isinstance(entry, Samples):
            changed = [
                (number, entry.time, change(number, entry.time, value))
                for number, value in zip(series_of[entry.layout], entry.values, strict=True)
            ]
            yield from scraped_entries([each for each in changed if each[2] is not None], layouts)
        else:
            yield entry


def expected(*, jobs=(JOB,), identity="0.0", step=0, promptness=None, **spec):
    return Expected(id=identity, step=step, spec=about(spec), jobs=list(jobs), promptness=promptness)


def within(scrapes, produced="at_scrape", oracle=""):
    """Return a promptness: within so many scrapes, by what an oracle tells if one does."""
    return Promptness(
        produced=produced, scrapes=scrapes, oracle=oracle, key=reading_key({}) if oracle else ""
    )


def about(spec):
    """Return an expectation's mapping about METRIC, unless it is about something else."""
    return spec if "promql" in spec else {"metric": METRIC, **spec}


def say(timeline, *, now=math.inf, final=False, **spec):
    """Judge one expectation of a whole timeline, by default when all is over."""
    return judge(timeline.recording(), expected(**spec), now, final=final)


def decided(said):
    assert isinstance(said, Finding), said
    return said


def found(timeline, **spec):
    return decided(say(timeline, **spec))


def pending(timeline, **spec):
    said = say(timeline, **spec)
    assert isinstance(said, Pending), said
    return said
