"""A Prometheus that scrapes on a fake clock and answers range selectors."""

import re

from harness.prometheus.prometheus import (
    Prometheus,
    PrometheusUnreachableError,
    QueryResult,
    RawSeries,
    ScrapeTarget,
)

REQUEST_SECONDS = 0.005
_MATCHER = re.compile(r'(\w+)=~"((?:[^"\\]|\\.)*)"')


class FakePrometheus(Prometheus):
    def __init__(self, clock, interval=1.0):
        self._clock = clock
        self.interval = interval
        self.asked = []
        self.down = False
        self.scrapes = True
        self.evaluates = {}
        """What an expression gives at a time: a number, or an Answer."""
        self.queries = []
        self._series = {}
        self._targets = {}
        self._dropped = set()

    def target(self, job, instance, phase, exposes, *, node="n1", duration=0.02):
        """Scrape a target each interval; `exposes` gives (name, labels, value) each, None when it is down."""

        self._dropped.discard((job, instance))

        def scrape():
            if not self.scrapes or (job, instance) in self._dropped:
                return
            found = exposes()
            self._targets[job, instance] = (node, found is not None, duration)
            samples: list[tuple[str, dict[str, str], float]] = [
                ("up", {}, float(found is not None)),
                ("scrape_duration_seconds", {}, duration),
            ]
            time = self._clock.now()
            for name, labels, value in [*samples, *(found or [])]:
                full = {"__name__": name, "job": job, "instance": instance, "node": node, **labels}
                self.put(full, time, value, seen=time + duration)

        self._clock.every(self.interval, self._clock.now() + phase, scrape)

    def drop(self, job, instance):
        """Service discovery does not have the target any more."""
        self._dropped.add((job, instance))
        self._targets.pop((job, instance), None)

    def put(self, labels, time, value, *, seen=0.0):
        """Hold a sample, which is there for queries from `seen` on; it may be a "histogram"."""
        self._series.setdefault(tuple(sorted(labels.items())), []).append((time, value, seen))

    def raw(self, selector, seconds, at=None):
        self.asked.append((selector, round(seconds, 6)))
        self._answer()
        now = self._clock.now()
        matchers = [(label, pattern.replace("\\\\", "\\")) for label, pattern in _MATCHER.findall(selector)]
        assert matchers, f"not understood: {selector}"
        found = []
        for key, samples in self._series.items():
            labels = dict(key)
            if all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in matchers):
                there = [(t, v) for t, v, seen in samples if now - seconds < t <= now and seen <= now]
                if there:
                    values = [(t, v) for t, v in there if v != "histogram"]
                    found.append(RawSeries(labels, values, [t for t, v in there if v == "histogram"]))
        return found

    def query(self, expression, at=None):
        self.queries.append((expression, at))
        self._answer()
        given = self.evaluates[expression](at)
        if isinstance(given, QueryResult):
            return given
        return QueryResult(result_type="vector", result=[{"metric": {}, "value": [at, str(given)]}])

    def targets(self):
        self._answer()
        return [
            ScrapeTarget(
                job=job,
                instance=instance,
                node=node,
                health="up" if up else "down",
                last_scrape=None,
                last_error="" if up else "connection refused",
                scrape_duration=duration,
                scrape_interval=self.interval,
                labels={},
            )
            for (job, instance), (node, up, duration) in self._targets.items()
        ]

    def _answer(self):
        self._clock.advance(REQUEST_SECONDS)
        if self.down:
            raise PrometheusUnreachableError("cannot query Prometheus: no answer")
