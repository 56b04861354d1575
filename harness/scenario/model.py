"""The scenario language as pydantic models: what a scenario file may hold.

The actions of a step are open: the package `actions` has one file for each. So are the kinds of expectations
and the oracles: the package `judge` has one file for each kind, the package `oracles` one for each truth, so
their arguments are kept raw here and checked there (harness/lint/expectation.py).
"""

from __future__ import annotations

import inspect
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    field_validator,
    model_validator,
)

from harness.actions.action import Action
from harness.actions.registry import actions
from harness.base.durations import TIMEOUT, seconds_of, text_of
from harness.base.model import Model
from harness.base.stand_in import StandIn
from harness.prometheus.matcher import Matcher

LONGEST_NAME = 50
DEFAULT_TIMEOUT = 15 * 60
LONGEST_TIMEOUT = 6 * 60 * 60
"""Seconds."""
MOST_STEPS = 500
MOST_EXPECTATIONS = 500
"""Of one step; scenarios that people write have some twenty."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=LONGEST_NAME)]
"""A DNS label: names of scenarios and of chaos end up in names of Kubernetes objects."""

ObjectName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", min_length=1, max_length=253)
]
"""A DNS subdomain: what the API server takes for the name of an object of Chaos Mesh."""


class KnownIssue(Model):
    """The expectation is right and Chaos Mesh is wrong, in exactly this way.

    Attributes:
        id: an entry of the registry (harness/chaosmesh/known_issues/*.yaml).
        shows: the wrong value, as an expectation kind with its argument: `{equals: 0}`. Any other
            wrong value fails; the right one fails too, with "fixed, remove the waiver".
    """

    id: Name
    shows: dict[str, Any]

    @field_validator("shows")
    @classmethod
    def _one_kind(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) != 1:
            raise ValueError("shows takes exactly one expectation kind, such as {equals: 0}")
        return value


class Expectation(BaseModel):
    """One statement about a metric or an expression; exactly one key beside those below names its kind.

    Attributes:
        metric: the metric's exposed name; "" with `promql`.
        promql: an expression in place of `metric` and `where`, evaluated by Prometheus at the time of each
            scrape that counts.
        where: label matchers; a plain string is equality.
        hold: further scrapes (count) for which it must stay true.
        deadline: scrapes (count) after the step settled within which it must become true.
        because: why it must be so; shown on failure.
        level: a `should` that fails is reported and does not fail the scenario.
        known_issue: see KnownIssue.
        unlike: what twins of the metric (docs/coverage.md) would show here, by their names: a number, or an
            oracle with its parameters. It decides nothing: it is evidence that tells the twins apart.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    metric: str = ""
    promql: str | None = None
    where: dict[str, str | Matcher] = {}
    hold: int = Field(default=0, ge=0, le=60)
    deadline: int | None = Field(default=None, ge=1, le=600)
    because: str | None = None
    level: Literal["must", "should"] = "must"
    known_issue: KnownIssue | None = None
    unlike: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_kind(self) -> Expectation:
        kinds = sorted(self.model_extra or {})
        if len(kinds) != 1:
            found = ", ".join(kinds) if kinds else "none"
            raise ValueError(f"an expectation takes exactly one kind, such as `equals: 1`; found: {found}")
        return self

    @model_validator(mode="after")
    def _one_subject(self) -> Expectation:
        if bool(self.metric) == (self.promql is not None):
            raise ValueError("an expectation takes exactly one of `metric` and `promql`")
        if self.promql is not None and self.where:
            raise ValueError("`where` goes with `metric`; an expression has its matchers in itself")
        if self.promql is not None and self.unlike:
            raise ValueError("`unlike` goes with `metric`; an expression has no twins")
        return self

    @property
    def subject(self) -> str:
        """What it is about: the metric's name, or the expression."""
        return self.metric or self.promql or ""

    @property
    def kind(self) -> str:
        """The kind's name: equals, increases_by, ..."""
        return next(iter(self.model_extra or {}))

    @property
    def argument(self) -> Any:
        """The kind's argument, raw."""
        return (self.model_extra or {})[self.kind]


class Proof(BaseModel):
    """Evidence that the chaos had an effect, from an oracle and never from a metric.

    The oracle's parameters are the other keys, but for one kind of comparison
    (equals, at_least, at_most, between) with its argument:
    `{oracle: processes, in: "${burn.targets}", named: stress-ng, at_least: 1}`.

    Attributes:
        oracle: the name of an oracle.
        because: why it must be so; shown when it is not.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    oracle: str
    because: str | None = None


class Chaos(Model):
    """An object of Chaos Mesh that the steps apply: an experiment, a Schedule, a Workflow.

    Attributes:
        kind: Chaos Mesh's own name: StressChaos.
        spec: goes to the API server as it is, templates filled in.
        annotations: of the object (templates allowed).
        name: in the cluster, where it is not the name that the steps use: two kinds may share one.
        namespace: one of the scenario's further namespaces, by its name in the file; None for its own.
    """

    kind: str
    spec: dict[str, Any]
    annotations: dict[str, str] = {}
    name: ObjectName | None = None
    namespace: Name | None = None


class Workload(Model):
    """The pods that the chaos hits, in a namespace of the scenario's own; a plain name is short for one pod.

    Attributes:
        name: a folder of fixtures/workloads, or of `workloads` beside the scenario (docs/extending.md).
        replicas: how many pods.
    """

    name: Name
    replicas: int = Field(default=1, ge=1, le=50)


def _keys_of_actions() -> type[Model]:
    """Return a model with an optional field for each action."""
    fields: dict[str, Any] = {}
    for name, action in actions().items():
        written: Any = action.argument | None
        fields[name] = (Annotated[written, BeforeValidator(action.long_form)], None)
    return create_model("ActionKeys", __base__=Model, **fields)


if TYPE_CHECKING:

    class ActionKeys(Model):
        """The keys of the actions; `Step.act` is the one that a step has."""

else:
    ActionKeys = _keys_of_actions()


class Step(ActionKeys):
    """One action, what is waited for, how its effect is proven, and what the metrics then say.

    Attributes:
        refused: the API server has to refuse the action, with this text in its message: what the
            admission webhook says.
        until: the phase to wait for. Experiments: injecting, running, paused, finished, deleting,
            gone; Schedule: waiting, spawned, paused, gone; Workflow: running, accomplished, gone.
            Without it: delete and unstick wait for gone, pause for paused, resume for running, apply
            for nothing.
        bound: seconds that `until` and `proof` may take together; a generous bound, no wait.
        proof: must become true before the expectations are looked at.
        expect: judged on scrapes that began after all of the above.
    """

    refused: str | None = Field(default=None, min_length=1)
    until: str | None = None
    bound: float = Field(default=30.0, gt=0, le=600)
    proof: list[Proof] = Field(default=[], max_length=MOST_EXPECTATIONS)
    expect: list[Expectation] = Field(default=[], max_length=MOST_EXPECTATIONS)

    @field_validator("proof", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _one_action(self) -> Step:
        found = self._named()
        if len(found) != 1:
            names = ", ".join(found) or "none"
            raise ValueError(f"a step takes exactly one action of: {', '.join(actions())}; found: {names}")
        act = self.act
        if act.needs_until and self.until is None:
            raise ValueError(f"{act.name} takes until: the phase to wait for")
        if self.refused is not None and not act.refusable:
            refusable = ", ".join(name for name, each in actions().items() if each.refusable)
            raise ValueError(f"`refused` goes with {refusable}, not with {act.name}")
        if self.refused is not None and (self.until is not None or self.proof):
            raise ValueError("what is refused has no phase and no effect: no `until`, no `proof`")
        return self

    def _named(self) -> list[str]:
        return [name for name in actions() if getattr(self, name) is not None]

    @cached_property
    def action(self) -> str:
        """The name of the step's action."""
        return self._named()[0]

    @cached_property
    def act(self) -> Action[Any]:
        """The step's action."""
        name = self.action
        wanted, refused = getattr(self, name), self.refused is not None
        return actions()[name](wanted, until=self.until, bound=self.bound, refused=refused)

    @property
    def chaos(self) -> str | None:
        """The name of the chaos that the action is about, if it is about one."""
        return self.act.chaos

    @property
    def phase(self) -> str | None:
        """The phase to wait for, defaults applied."""
        return self.act.phase

    def title(self) -> str:
        """Return a short description: `apply burn`, `wait 2 scrapes`."""
        return self.act.title()


def _with_actions(text: str) -> str:
    """Return the docstring of a step with the keys of the actions."""
    lines = []
    for about, same in groupby(actions().values(), key=lambda each: each.about):
        lines.append(f"    {', '.join(each.name for each in same)}: {about}\n")
    return inspect.cleandoc(text).replace("Attributes:\n", f"Attributes:\n{''.join(lines)}", 1)


Step.__doc__ = _with_actions(Step.__doc__ or "")


class Scenario(Model):
    """What one run performs: a scenario file, or one of its cases, with all that it includes.

    Attributes:
        scenario: the name, which no other scenario has.
        about: one sentence for people.
        tags: each is a pytest marker.
        needs: capabilities; where one is missing, the scenario is skipped and says why.
        timeout: seconds that it may take from its namespace to its last expectation; written as a duration,
            90s or 20m. It is a bound, not a wait: a scenario that takes longer is an error.
        alone: why no other scenario may run at the same time, where that cannot be told from its steps and
            expectations.
        stand_ins: programs that a step puts in the place of real ones; the results name them.
        workload: the pods to hit.
        namespace_length: how many characters the name of the scenario's own namespace has; what comes of the
            scenario's name by default. 63 is the longest one that Kubernetes takes.
        namespaces: further namespaces, made for this scenario alone; chaos is put into them by these names.
        chaos: name to object of Chaos Mesh; what steps and templates call it, and its name in the cluster.
        steps: performed in their order.
    """

    scenario: Name
    about: str
    tags: list[Name] = []
    needs: list[Name] = []
    timeout: int = DEFAULT_TIMEOUT
    alone: str = ""
    stand_ins: list[StandIn] = []
    workload: Workload | None = None
    namespace_length: int | None = Field(default=None, ge=20, le=63)
    namespaces: list[Name] = []
    chaos: dict[Name, Chaos] = {}
    steps: list[Step] = Field(min_length=1, max_length=MOST_STEPS)

    @field_validator("timeout", mode="before")
    @classmethod
    def _by_duration(cls, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("a duration is text with its unit, such as 90s or 15m")  # noqa: TRY004  (pydantic)
        seconds = int(seconds_of(value, TIMEOUT))
        if not 1 <= seconds <= LONGEST_TIMEOUT:
            raise ValueError(f"a scenario may take 1s to {text_of(LONGEST_TIMEOUT)}, not {value}")
        return seconds

    @field_validator("workload", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names(self) -> Scenario:
        for step in self.steps:
            if step.chaos is not None and step.chaos not in self.chaos:
                known = ", ".join(sorted(self.chaos)) or "none is defined"
                raise ValueError(f"{step.action}: no chaos is named {step.chaos!r} (defined: {known})")
        if self.namespace_length is not None and self.namespaces:
            # Their names begin with its name.
            raise ValueError("`namespace_length` does not go with further `namespaces`")
        named = [(chaos.namespace, f"chaos {name}") for name, chaos in self.chaos.items()]
        named += [(step.act.removes_namespace, step.action) for step in self.steps]
        for namespace, where in named:
            if namespace is not None and namespace not in self.namespaces:
                listed = ", ".join(self.namespaces) or "none is listed"
                raise ValueError(f"{where}: no namespace is named {namespace!r} (`namespaces`: {listed})")
        return self


class ScenarioDocument(Scenario):
    """A scenario file as people write it; what this adds is put in when the file is loaded.

    Attributes:
        include: files whose chaos are taken over, relative to this one (harness/scenario/include.py).
        manifest: files with objects of Chaos Mesh as kubectl applies them, relative to this one; each is a
            chaos that is called by its `metadata.name` (harness/scenario/manifest.py).
        parameters: case to the values that `${parameters.NAME}` stands for (harness/scenario/parameters.py).
    """

    include: list[str] = []
    manifest: list[str] = []
    parameters: dict[Name, dict[str, Any]] = {}
