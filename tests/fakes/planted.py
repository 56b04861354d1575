"""Plants recordings of a failed expectation for any metric of the catalogue.

A `Planted` is made out of a catalogue entry: what the component exposes (a body in the text format, read with
the harness' own parser and by the code that looks at a failure), what Prometheus stored of it, and what the
metric's oracle says, each of them right until a test makes it wrong. `finding()` judges and explains it.
"""

import json
import math
from dataclasses import dataclass, field

from harness.chaosmesh.catalogue import Catalogue, Metric, MetricType, catalogue
from harness.judge.replay import judge_step
from harness.oracles.asking import InTargets
from harness.oracles.base import oracles
from harness.prometheus.exposition import parse
from harness.prometheus.matcher import Matcher
from harness.prometheus.promql import selector as promql_selector
from harness.recording.model import Exposition, reading_key
from harness.runner.shown import declared_of, shown
from tests.fakes.recordings import Timeline, expected

NAMESPACE, POD, CONTAINER = "ns", "web-0", "web"
OWN = {"namespace": NAMESPACE, "pod": POD, "container": CONTAINER}
INSTANCE = "one"
FIRST_FRESH, LAST, LOOK, ENDED = 105, 122, 121.4, 123.0
RIGHT, WRONG = 4.0, 7.0
Shown = tuple[dict[str, str], float]
"""Labels and a value."""
CONTENT_TYPE = "text/plain; version=0.0.4"


def series_of(entry):
    """Return the name of one series of an entry, and right labels for it."""
    name = f"{entry.name}things" if entry.prefix else entry.series_names[-1]
    labels = {}
    for label in entry.labels_of(name):
        known = entry.values.get(label) or entry.examples.get(label)
        labels[label] = OWN.get(label) or (known[0] if known else f"some-{label}")
    if not entry.labels_known and not labels:
        labels = {"zone": "some-zone"}
    return name, labels


@dataclass
class Planted:
    """A recording to be made; change it before `finding` is asked for.

    Attributes:
        entry: of the catalogue.
        name, kind, help: as exposed, with TYPE `kind`; no name is no metric.
        exposed: (labels, value) that the component exposes.
        stored: the same of what Prometheus has of it, under the right name; None for the same.
        before: what was stored before the step.
        known: points of the oracle, if the entry has one; None when it does not answer.
        known_before: what it said before the look; None for the same.
        up: whether the target can be scraped.
        looks: how often the component is looked at.
        slow: scrapes take so long that each look overlaps one.
        elsewhere: another expectation on the metric, about other series, failed in the same step.
        flicker: what the component exposes is another value at a look before the last one.
        later: (scrape from which on, what is stored and exposed from then).
    """

    entry: Metric
    name: str = ""
    kind: str = ""
    help: str = ""
    exposed: list[Shown] = field(default_factory=list)
    stored: list[Shown] | None = None
    before: list[Shown] = field(default_factory=list)
    known: list[Shown] | None = None
    known_before: list[Shown] | None = None
    up: bool = True
    looks: int = 1
    slow: bool = False
    flicker: bool = False
    elsewhere: bool = False
    later: tuple[int, list[Shown]] | None = None
    catalogue: Catalogue = field(default_factory=catalogue)

    def __post_init__(self):
        self.metric, self.labels = series_of(self.entry)
        self.name, self.kind, self.help = self.metric, str(self.entry.type), self.entry.help
        self.exposed = [(self.labels, RIGHT)]
        self.before = [(self.labels, 0.0)]
        self.known = [(self.labels, RIGHT)]
        self.job = self.entry.components[0]

    @property
    def counter(self):
        return self.entry.is_counter(self.metric) is True

    def right(self):
        """Return the expectation that the right value meets."""
        where = {label: value for label, value in self.labels.items() if label != "le"}
        value = {"increases_by": RIGHT} if self.counter else {"equals": RIGHT}
        return {"metric": self.metric, "where": where, **value}

    def body(self, exposed):
        """Return the component's /metrics: the metric among others."""
        lines = ["# HELP unlike It is like no other.", "# TYPE unlike gauge", "unlike 9"]
        if self.name:
            family = self.name
            if self.kind in ("histogram", "summary"):
                for part in ("_bucket", "_sum", "_count"):
                    family = family.removesuffix(part)
            lines += [f"# HELP {family} {self.help}"] if self.help else []
            lines += [f"# TYPE {family} {self.kind}"] if self.kind else []
            lines += [f"{self.name}{_braces(labels)} {_number(value)}" for labels, value in exposed]
        return "\n".join(lines) + "\n"

    def finding(self, **changes):
        """Judge and explain the right expectation, or one with these changes, at the end of its step."""
        spec = {key: value for key, value in (self.right() | changes).items() if value is not None}
        timeline = Timeline()
        for second in range(100, LAST + 1):
            timeline.scrape(
                float(second),
                [(self.metric, *each) for each in self._stored(second)],
                instance=INSTANCE,
                job=self.job,
                duration=0.7 if self.slow else 0.05,
                up=1 if self.up or second < FIRST_FRESH else 0,
            )
            if "promql" in spec:
                given = sum(value for labels, value in self._stored(second) if labels == self.labels)
                timeline.answer(
                    float(second), given if self._selected(second) else [], expression=spec["promql"]
                )
        self._readings(timeline)
        if self.up or not self.entry.exposed:
            self._looks(timeline, spec.get("where", self.right()["where"]))
        if self.elsewhere:
            self._looks(
                timeline,
                {"node": "n1", "job": Matcher(**{"not": "x"}), "instance": Matcher(**{"not": INSTANCE})},
            )
        timeline.mark("ended", ENDED)
        recording = timeline.recording()
        recording.add(expected(jobs=[self.job], **spec))
        (finding,) = judge_step(recording, recording.marks[-1])
        return finding

    def expression(self):
        """Judge and explain the right expectation as one on an expression."""
        promql = f"sum({promql_selector(self.metric, self.right()['where'])})"
        return self.finding(metric=None, where=None, increases_by=None, promql=promql, equals=RIGHT)

    def _selected(self, second):
        return [labels for labels, _ in self._stored(second) if labels == self.labels]

    def _stored(self, second):
        if second < FIRST_FRESH:
            return self.before
        if self.later is not None and second >= self.later[0]:
            return self.later[1]
        return self.exposed if self.stored is None else self.stored

    def _oracle(self):
        name = self.entry.oracle
        if name is None or self.known is None:
            return None, {}
        about_containers = issubclass(oracles()[name].parameters, InTargets)
        return name, {"in": [OWN]} if about_containers else {}

    def _readings(self, timeline):
        name, parameters = self._oracle()
        if name is not None:
            for time, known in ((120.3, self.known_before or self.known), (122.5, self.known)):
                timeline.reading(time, known, oracle=name, **parameters)

    def _shown(self, exposed, where):
        own = {"job": self.job, "instance": INSTANCE, "node": "n1"}
        return shown(parse(self.body(exposed), CONTENT_TYPE), self.catalogue, self.metric, where, own)

    def _looks(self, timeline, where):
        exposed = self.later[1] if self.later is not None else self.exposed
        selector = promql_selector(self.metric, where)
        bodies = [exposed] * self.looks
        if self.flicker:
            bodies = [[(labels, value + 1) for labels, value in exposed], *bodies]
        for index, each in enumerate(bodies if self.entry.exposed else []):
            found = self._shown(each, where)
            began = LOOK - len(bodies) + 1 + index
            look = Exposition(
                began=began,
                ended=began + 0.02,
                job=self.job,
                instance=INSTANCE,
                metric=self.metric,
                metric_type=found.kind,
                help=found.help,
                samples=found.samples,
                others=found.others,
                near=found.near,
                selector=selector,
            )
            timeline.at(look.ended, look)
        oracle, parameters = self._oracle()
        timeline.looked(
            122.6,
            metric=self.metric,
            metric_type=self._shown(exposed, where).kind,
            oracle=oracle,
            key=reading_key(parameters),
            unasked="" if oracle else f"no oracle tells {self.metric}",
            declared=declared_of(self.entry, self.metric),
            selector=selector,
        )


def entry_of(name):
    """Return the entry of the catalogue of a metric that it has."""
    entry = catalogue().find(name)
    assert entry is not None
    return entry


def plantable():
    """Return the entries of the catalogue that a component exposes, or may expose."""
    return [entry for entry in catalogue().metrics if entry.exposed]


def _braces(labels):
    return (
        "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"
        if labels
        else ""
    )


def _number(value):
    return "NaN" if math.isnan(value) else str(value)


def untyped(entry):
    """Tell whether the catalogue does not pin the TYPE of an entry."""
    return entry.type is MetricType.UNKNOWN
