"""Metrics of users: what is not Chaos Mesh's, declared in a file beside their scenarios.

Such as those of kube-state-metrics, cAdvisor, an application, or a recording rule. Expectations on them are
linted and judged like those on Chaos Mesh's own; the contract and the coverage of a run are not about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from harness.base.bounded import leads_out
from harness.base.words import meant
from harness.chaosmesh.catalogue.catalogue import Catalogue, catalogue
from harness.chaosmesh.catalogue.metric import Metric, MetricType
from harness.kubernetes.kinds import EXPERIMENT_KINDS, MAKERS
from harness.scenario.document import parse
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem, ScenarioError
from harness.scenario.reach import OUT_OF_REACH, above, reach
from harness.scenario.text import read_text

NAME = "_metrics.yaml"
"""The file's name: in the folder of a scenario, or in one above it in the same checkout."""

_BEGINS = "a file of metrics has `metrics:`, a list"
_EVERYTHING = ("every-chaos", "requests", *EXPERIMENT_KINDS, *MAKERS)
_MetricName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", max_length=200)]
_LabelName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=200)]


class OwnMetric(BaseModel):
    """A metric that is not Chaos Mesh's.

    Attributes:
        name: the exposed name; of a histogram or a summary, without `_bucket`, `_sum`, `_count`.
        type: counter, gauge, histogram or summary; what a recording rule writes is a gauge.
        unit: of the value: seconds, bytes, pods, ...
        labels: its own label names; those of the target (job, instance, node) come on top.
        values: label name to all values that it can take, for labels with a closed set.
        jobs: values of the `job` label of the targets that have it. Of a recording rule, those whose scrapes
            it is computed from.
        source: who defines it, for a reader: kube-state-metrics v2.13, a file with its line.
        help: the HELP text of the exposition.
        rule: a recording rule writes it, so no scrape has it; it is judged as an expression.
        touched_by: what of Chaos Mesh changes it beside a scenario's own steps, where it is not labelled with
            the scenario's namespace: kinds, `every-chaos`, `requests`. Without it everything does, and
            scenarios that look at it take turns with all others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _MetricName
    type: MetricType
    unit: str
    labels: tuple[_LabelName, ...] = ()
    values: dict[str, tuple[str, ...]] = {}
    jobs: tuple[str, ...] = ()
    source: str = ""
    help: str = ""
    rule: bool = False
    touched_by: tuple[str, ...] = _EVERYTHING

    @field_validator("jobs", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class OwnMetricsFile(BaseModel):
    """A file of metrics.

    Attributes:
        source, jobs: defaults of the metrics' own.
        metrics: see OwnMetric.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    jobs: tuple[str, ...] = ()
    metrics: tuple[OwnMetric, ...]

    @field_validator("jobs", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


def catalogue_of(scenario: Path) -> Catalogue:
    """Return the catalogue that a scenario is checked and judged with: ours, and the user's own metrics.

    Args:
        scenario: its file.

    Raises:
        ScenarioError: a file of metrics is wrong.
    """
    files = tuple(
        (path, path.lstat().st_mtime_ns) for folder in above(scenario) if (path := folder / NAME).is_file()
    )
    return _with(files, reach(scenario)) if files else catalogue()


@cache
def _with(files: tuple[tuple[Path, int], ...], top: Path) -> Catalogue:
    known, problems = catalogue(), []
    metrics: list[Metric] = []
    taken: dict[str, Path] = {}
    for path, _ in files:
        if leads_out(path, top):
            problems.append(Problem(path, 0, 0, OUT_OF_REACH))
            continue
        for found in _read(path, known, taken):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                metrics.append(found)
    if problems:
        raise ScenarioError(problems)
    return Catalogue([*known.metrics, *metrics])


def _read(path: Path, known: Catalogue, taken: dict[str, Path]) -> Iterator[Problem | Metric]:
    try:
        data, positions, problems = parse(path, read_text(path), begins=_BEGINS)
    except ScenarioError as error:
        yield from error.problems
        return
    yield from problems

    def problem(at: DocumentPath, message: str, better: str | None = None) -> Problem:
        return Problem.at(path, positions.at(at), message, better)

    try:
        file = OwnMetricsFile.model_validate(data)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            yield problem(each["loc"], *_sentence(each["type"], each["msg"], each["loc"]))
        return
    for index, own in enumerate(file.metrics):
        at: DocumentPath = ("metrics", index)
        jobs, source = own.jobs or file.jobs, own.source or file.source
        if not jobs:
            yield problem((*at, "name"), f"`{own.name}` has no `jobs`: whose scrapes have it")
        if not source:
            yield problem((*at, "name"), f"`{own.name}` has no `source`: who defines it")
        try:
            metric = Metric(
                name=own.name,
                type=own.type,
                unit=own.unit,
                help=own.help,
                components=jobs,
                labels=own.labels,
                values=own.values,
                source=source,
                rule=own.rule,
                touched_by=own.touched_by,
            )
        except ValidationError as error:
            for each in error.errors(include_url=False):
                yield problem(at, each["msg"].removeprefix("Value error, "))
            continue
        for name in dict.fromkeys((*metric.series_names, metric.name)):
            if known.find(name) is not None:
                yield problem((*at, "name"), f"`{name}` is in the catalogue of the harness already")
                break
            if name in taken:
                where = "twice" if taken[name] == path else f"in {taken[name]}, too"
                yield problem((*at, "name"), f"`{name}` is declared {where}")
                break
            taken[name] = path
        else:
            yield metric


def _sentence(kind: str, message: str, at: DocumentPath) -> tuple[str, str | None]:
    if kind == "extra_forbidden":
        model = OwnMetric if len(at) > 1 else OwnMetricsFile
        names = list(model.model_fields)
        return f"unknown key `{at[-1]}`; there is: {', '.join(names)}", meant(str(at[-1]), names)
    if kind == "missing":
        return f"`{at[-1]}` is missing", None
    return f"`{at[-1] if at else 'metrics'}`: {message[:1].lower()}{message[1:]}", None
