"""The scenario language as pydantic models: what a scenario file may hold.

The kinds of expectations and the oracles are open: the package `judge` has one file for each kind, the
package `oracles` one for each truth, so their arguments are kept raw here and checked there
(harness/lint/expectation.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

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

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
"""What the API server can be asked to do with a resource."""

Resource = Annotated[str, StringConstraints(pattern=r"^[a-z]+(/[a-z]+)?$")]
"""A resource of the API, with a subresource or without."""


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
        name: a folder of fixtures/workloads.
        replicas: how many pods.
    """

    name: Name
    replicas: int = Field(default=1, ge=1, le=50)


class Task(Model, ABC):
    """What an action that is about no chaos shall do."""

    @abstractmethod
    def title(self) -> str:
        """Return a short description, templates as they are written."""


class Traffic(Task):
    """Requests between two of the workload's pods, sent by the workload itself.

    Attributes:
        source, target: pod names (templates allowed).
        requests: how many requests are sent, one after the other.
        timeout: seconds that each may take; a dropped packet costs this long. An answer on a busy machine
            may take much longer than on an idle one.
        answered: how many must be answered; None when that does not matter.
    """

    source: str
    target: str
    requests: int = Field(ge=1, le=1000)
    timeout: float = Field(default=2.0, gt=0, le=10)
    answered: int | None = None

    def title(self) -> str:
        """Return who sends to whom."""
        return f"traffic {self.source} -> {self.target}"


class Restart(Task):
    """Ends the pods of a component, for new ones to come.

    Attributes:
        component: the name of a scrape job: one of Chaos Mesh's, or `workload`.
        node: only its pods on this node (templates allowed).
        leader: only the one that holds the lease; of the controller-manager.
        grace: seconds that the pods have to end by themselves.
        answers: the new pods answer a scrape before the step settles; False where they are not able to.
    """

    component: str
    node: str | None = None
    leader: bool = False
    grace: int = Field(default=1, ge=0, le=300)
    answers: bool = True

    def title(self) -> str:
        """Return what is restarted, and where."""
        which = " on " + self.node if self.node else ""
        return f"restart {'the leader of ' if self.leader else ''}{self.component}{which}"

    @model_validator(mode="after")
    def _can_lead(self) -> Restart:
        if self.leader and self.component != "controller-manager":
            raise ValueError(f"only controller-manager has a leader, not {self.component}")
        return self


class Scale(Task):
    """Another number of pods for a component; that of Chaos Mesh's own is put back at the clean-up.

    Attributes:
        component: as in Restart.
        replicas: how many pods.
    """

    component: str
    replicas: int = Field(ge=0, le=50)

    def title(self) -> str:
        """Return what is scaled to how many."""
        return f"scale {self.component} to {self.replicas}"


class Deny(Task):
    """Requests of a component of Chaos Mesh that the API server refuses until `allow`, or to the end.

    Attributes:
        component: controller-manager, chaos-daemon or chaos-dashboard.
        verbs: what it may not do.
        resources: with what, of the API group chaos-mesh.org: `statuschecks`, `statuschecks/status`.
    """

    component: str
    verbs: list[Verb] = Field(min_length=1)
    resources: list[Resource] = Field(min_length=1)

    def title(self) -> str:
        """Return what is denied to whom."""
        return f"deny {self.component} to {', '.join(self.verbs)} {', '.join(self.resources)}"


class Http(Task):
    """HTTP requests to a component or to the workload, one after the other, none of them twice.

    Attributes:
        to: a component as in Restart, or the name of a pod of the workload (templates allowed).
        path: with a query or without (templates allowed).
        method: of the requests.
        times: how many are sent.
        status: the status that each must be answered with; None for any.
        body: is sent as JSON (templates allowed).
        headers: further ones; none that mean something to the API server, through which the requests go
            (templates allowed).
        timeout: seconds that each may take.
    """

    to: str
    path: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    times: int = Field(default=1, ge=1, le=1000)
    status: int | None = Field(default=None, ge=200, le=599)
    body: Any = None
    headers: dict[str, str] = {}
    timeout: float = Field(default=5.0, gt=0, le=60)

    def title(self) -> str:
        """Return the request, and how often it is sent."""
        return f"{self.method} {self.path} of {self.to}" + (f", {self.times} times" if self.times > 1 else "")

    @field_validator("path")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if not value.startswith("/") or any(letter.isspace() or letter == "#" for letter in value):
            raise ValueError(f"a path begins with / and has no white space, not `{value}`")
        return value


class Exec(Task):
    """A command in a container.

    Attributes:
        in_: the container: `${NAME.targets[0]}` or another mapping with namespace, pod and container; or the
            name of a pod of the workload, for its first container.
        command: the program and its arguments; no shell is involved (templates allowed).
        exit: the exit code that it must end with.
        answered: what its standard output must be, without white space around it (templates allowed).
        timeout: seconds that it may take.
    """

    in_: str | dict[str, str] = Field(alias="in")
    command: list[str] = Field(min_length=1)
    exit: int = Field(default=0, ge=0, le=255)
    answered: str | None = None
    timeout: float = Field(default=10.0, gt=0, le=120)

    def title(self) -> str:
        """Return the program and the container."""
        where = self.in_ if isinstance(self.in_, str) else "/".join(self.in_.values())
        return f"exec {self.command[0]} in {where}"


class Node(Task):
    """A command on a node, run in the container of its chaos-daemon, or from there in a pod's network.

    Attributes:
        name: the node's (templates allowed); of `name`, `node_of` and `network_of` exactly one.
        node_of: a component: the node that the first of its pods that are ready runs on.
        network_of: a container, as in Exec: the command runs on its node, in its network namespace.
        command, exit, answered, timeout: as in Exec; the programs are those of chaos-daemon's image.
        breaks: whose pods must be replaced before things are as they were: `chaos-daemon` (on that node),
            `workload`; the clean-up does it, and if the run is killed the next run.
    """

    name: str | None = None
    node_of: str | None = None
    network_of: str | dict[str, str] | None = None
    command: list[str] = Field(min_length=1)
    exit: int = Field(default=0, ge=0, le=255)
    answered: str | None = None
    timeout: float = Field(default=10.0, gt=0, le=120)
    breaks: list[Literal["chaos-daemon", "workload"]] = []

    def title(self) -> str:
        """Return the program and where it runs."""
        if isinstance(self.network_of, dict):
            return f"{self.command[0]} in the network of {self.network_of.get('pod')}"
        if self.network_of is not None:
            return f"{self.command[0]} in the network of {self.network_of}"
        if self.node_of is not None:
            return f"{self.command[0]} on the node of {self.node_of}"
        return f"{self.command[0]} on {self.name}"

    @model_validator(mode="after")
    def _one_place(self) -> Node:
        if sum(place is not None for place in (self.name, self.node_of, self.network_of)) != 1:
            raise ValueError("a node command takes exactly one of `name`, `node_of` and `network_of`")
        return self


class Patch(Task):
    """A change of an object that was applied, as a JSON merge patch (RFC 7386).

    Attributes:
        chaos: its name in this scenario.
        annotations: new ones; null takes one away (templates allowed).
        spec: what of its spec is changed (templates allowed).
    """

    chaos: str
    annotations: dict[str, str | None] = {}
    spec: dict[str, Any] = {}

    @model_validator(mode="after")
    def _something(self) -> Patch:
        if not self.annotations and not self.spec:
            raise ValueError("patch takes `annotations`, `spec` or both: what shall be changed")
        return self

    def title(self) -> str:
        """Return what is changed."""
        return f"patch {self.chaos}"


Action = Literal[
    "apply",
    "delete",
    "pause",
    "resume",
    "unstick",
    "wait_for",
    "wait",
    "traffic",
    "restart",
    "scale",
    "deny",
    "allow",
    "http",
    "exec",
    "node",
    "patch",
    "remove_namespace",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
CHAOS_ACTIONS: tuple[Action, ...] = ("apply", "delete", "pause", "resume", "unstick", "wait_for")
"""Those whose argument is the name of a chaos; `patch` is about one too."""
REFUSABLE: tuple[Action, ...] = ("apply", "delete", "pause", "resume", "patch")
"""Those that an admission webhook can refuse."""


class Step(Model):
    """One action, what is waited for, how its effect is proven, and what the metrics then say.

    Attributes:
        apply, delete, pause, resume: the name of a chaos of this scenario.
        unstick: the name of a chaos that stays in deletion: its finalizers are removed by force.
        wait_for: the name of a chaos that reaches `until` by itself: a duration that ends.
        wait: a number of scrapes, of every target that the scenario watches.
        traffic: see Traffic.
        restart: see Restart; a plain name is its component.
        scale: see Scale.
        deny: see Deny.
        allow: a component, to which all is allowed again that was denied to it.
        http: see Http; one or a list of them, sent one after the other.
        exec: see Exec.
        node: see Node.
        patch: see Patch.
        remove_namespace: one of the scenario's further namespaces, which is deleted and waited for.
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

    apply: str | None = None
    delete: str | None = None
    pause: str | None = None
    resume: str | None = None
    unstick: str | None = None
    wait_for: str | None = None
    wait: int | None = Field(default=None, ge=1, le=600)
    traffic: Traffic | None = None
    restart: Restart | None = None
    scale: Scale | None = None
    deny: Deny | None = None
    allow: str | None = None
    http: list[Http] | None = Field(default=None, min_length=1)
    exec: Exec | None = None
    node: Node | None = None
    patch: Patch | None = None
    remove_namespace: str | None = None
    refused: str | None = Field(default=None, min_length=1)
    until: str | None = None
    bound: float = Field(default=30.0, gt=0, le=600)
    proof: list[Proof] = Field(default=[], max_length=MOST_EXPECTATIONS)
    expect: list[Expectation] = Field(default=[], max_length=MOST_EXPECTATIONS)

    @field_validator("proof", "http", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("restart", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"component": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_action(self) -> Step:
        found = [name for name in ACTIONS if getattr(self, name) is not None]
        if len(found) != 1:
            names = ", ".join(found) or "none"
            raise ValueError(f"a step takes exactly one action of: {', '.join(ACTIONS)}; found: {names}")
        if self.wait_for is not None and self.until is None:
            raise ValueError("wait_for takes until: the phase to wait for")
        if self.refused is not None and found[0] not in REFUSABLE:
            raise ValueError(f"`refused` goes with {', '.join(REFUSABLE)}, not with {found[0]}")
        if self.refused is not None and (self.until is not None or self.proof):
            raise ValueError("what is refused has no phase and no effect: no `until`, no `proof`")
        return self

    @property
    def action(self) -> Action:
        """The name of the step's action."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)

    @property
    def chaos(self) -> str | None:
        """The name of the chaos that the action is about, if it is about one."""
        named = self.apply or self.delete or self.pause or self.resume or self.unstick or self.wait_for
        return self.patch.chaos if self.patch else named

    @property
    def component(self) -> str | None:
        """The component whose pods the action replaces, if it is such an action."""
        changed = self.restart or self.scale
        return changed.component if changed else None

    @property
    def phase(self) -> str | None:
        """The phase to wait for, defaults applied."""
        if self.refused is not None:
            return None
        defaults = {"delete": "gone", "unstick": "gone", "pause": "paused", "resume": "running"}
        return self.until or defaults.get(self.action)

    def title(self) -> str:
        """Return a short description: `apply burn`, `wait 2 scrapes`."""
        subject = getattr(self, self.action)
        if isinstance(subject, Task):
            return subject.title()
        if self.http is not None:
            more = f" and {len(self.http) - 1} more requests" if len(self.http) > 1 else ""
            return self.http[0].title() + more
        if self.wait is not None:
            return f"wait {self.wait} scrape{'s' if self.wait > 1 else ''}"
        if self.wait_for is not None:
            return f"wait for {self.wait_for} to be {self.until}"
        if self.remove_namespace is not None:
            return f"remove the namespace {self.remove_namespace}"
        return f"{self.action} {self.allow or self.chaos}"


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
        named += [(step.remove_namespace, "remove_namespace") for step in self.steps]
        for namespace, where in named:
            if namespace is not None and namespace not in self.namespaces:
                listed = ", ".join(self.namespaces) or "none is listed"
                raise ValueError(f"{where}: no namespace is named {namespace!r} (`namespaces`: {listed})")
        return self


class ScenarioDocument(Scenario):
    """A scenario file as people write it; what this adds is put in when the file is loaded.

    Attributes:
        include: files whose chaos are taken over, relative to this one (harness/scenario/include.py).
        parameters: case to the values that `${parameters.NAME}` stands for (harness/scenario/parameters.py).
    """

    include: list[str] = []
    parameters: dict[Name, dict[str, Any]] = {}
