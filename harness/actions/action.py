"""What an action of a step is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from harness.actions.before import Before, Forces
from harness.actions.claim import AnswerClaim
from harness.actions.context import ActionContext
from harness.actions.names import KnownNames, WrongName
from harness.actions.request import Http

ArgumentT = TypeVar("ArgumentT")

OVER = ("paused", "finished", "accomplished", "gone")
"""The phases in which a chaos has no effect any more."""


class ControlRole(StrEnum):
    """What a control run, which performs a scenario without its chaos, does with an action.

    Attributes:
        LEFT_OUT: it is chaos, or as bad: not performed, its phases are not waited for.
        STIMULUS: performed; what it comes to is noted and not enforced.
        WAIT: performed as it is: it changes nothing.
    """

    LEFT_OUT = "left out"
    STIMULUS = "stimulus"
    WAIT = "wait"


class Action(ABC, Generic[ArgumentT]):
    """One thing that a step does, with its argument: all that the harness asks of it.

    What a subclass leaves unsaid is answered as for an action of which nothing is known: it runs alone, may
    change every metric, and a control run leaves it out.

    Attributes:
        name: the key in a step.
        about: what the key takes, one line for the reference.
        position: where it stands in lists, which begin with the smallest; then by name.
        argument: the argument's type, for pydantic.
        short_form: the JSON schema of what may be written in the argument's place; see `long_form`.
        chaos_at: where in the argument a chaos is named; None when the action is about none.
        default_phase: the phase that is waited for without `until`.
        phase_of_experiments: only experiments have the default phase, so a Schedule is not waited for.
        needs_until: it makes no sense without `until`.
        refusable: an admission webhook can refuse it.
        creates, deletes: it makes its chaos, or deletes it.
        brings_effect: its chaos has an effect from then on.
        role: see ControlRole.
        done_when_settled: what it changes has changed when its step has settled.
        changes_nothing: no metric of Chaos Mesh.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    position: ClassVar[int] = 1000
    argument: ClassVar[Any]
    short_form: ClassVar[Mapping[str, Any] | None] = None
    chaos_at: ClassVar[tuple[str, ...] | None] = None
    default_phase: ClassVar[str | None] = None
    phase_of_experiments: ClassVar[bool] = False
    needs_until: ClassVar[bool] = False
    refusable: ClassVar[bool] = False
    creates: ClassVar[bool] = False
    deletes: ClassVar[bool] = False
    brings_effect: ClassVar[bool] = False
    role: ClassVar[ControlRole] = ControlRole.LEFT_OUT
    done_when_settled: ClassVar[bool] = False
    changes_nothing: ClassVar[bool] = False

    def __init__(
        self, wanted: ArgumentT, *, until: str | None = None, bound: float = 30.0, refused: bool = False
    ) -> None:
        """Make the action of one step.

        Args:
            wanted: the argument.
            until: the step's.
            bound: the step's, seconds.
            refused: it has to be refused.
        """
        self.wanted = wanted
        self.until = until
        self.bound = bound
        self.refused = refused

    @classmethod
    def long_form(cls, written: Any) -> Any:
        """Return the argument for what may be written in its place."""
        return written

    @abstractmethod
    def title(self) -> str:
        """Return a short description, templates as they are written: `apply burn`."""

    @abstractmethod
    def perform(self, context: ActionContext) -> None:
        """Do it; return when it was acknowledged. What it changes is put back at the end, whatever comes.

        Raises:
            StepFailedError: it was refused, or came to something else than wanted.
        """

    def perform_in_control(self, context: ActionContext) -> bool | None:
        """Do it in a control run; return whether its claim holds, None when it has none."""
        self.perform(context)
        return None

    def settled(self, context: ActionContext) -> None:
        """Do what is to be done when the pods that it replaces are there."""

    # Its place in the order of steps.

    @property
    def chaos(self) -> str | None:
        """The name of the chaos that it is about, as the steps call it."""
        if self.chaos_at is None:
            return None
        value: Any = self.wanted
        for part in self.chaos_at:
            value = getattr(value, part)
        return str(value)

    @property
    def phase(self) -> str | None:
        """The phase to wait for; what is refused has none."""
        return None if self.refused else self.until or self.default_phase

    def reaches(self, phases: Sequence[str]) -> list[str]:
        """Return the phases to which it can lead, of those that its chaos has."""
        return list(phases)

    def out_of_order(self, before: Before) -> str | None:
        """Return why it cannot follow on what was done before."""
        return None

    def record(self, before: Before) -> None:
        """Note what it leaves behind, for the actions that follow."""

    @property
    def proves_effect(self) -> bool:
        """Whether it fails when the chaos has no effect."""
        return False

    @property
    def scrapes(self) -> int:
        """How many scrapes it waits for."""
        return 0

    # What it names and touches.

    def wrong_names(self, known: KnownNames) -> Iterator[WrongName]:
        """Yield the names in its argument that nothing stands behind."""
        yield from ()

    @property
    def concerns(self) -> Sequence[str]:
        """The components that it acts on; `workload` among them needs a workload."""
        return ()

    @property
    def requests(self) -> Sequence[Http]:
        """The HTTP requests that it sends."""
        return ()

    @property
    def changed_spec(self) -> Mapping[str, Any]:
        """What of its chaos' spec it changes, from the argument's `spec`."""
        return {}

    @property
    def node_command(self) -> Sequence[str]:
        """The command that it runs on a node."""
        return ()

    @property
    def removes_namespace(self) -> str | None:
        """The further namespace that it deletes, by its name in the file."""
        return None

    @property
    def replaces(self) -> str | None:
        """The component whose pods it replaces; the step settles when the new ones are scraped."""
        return None

    @property
    def answers(self) -> bool:
        """Whether the new pods have to answer a scrape."""
        return True

    @property
    def breaks(self) -> Sequence[str]:
        """The components whose pods must be replaced before things are as they were."""
        return ()

    @property
    def starts_anew(self) -> bool:
        """Whether a component has to fill its caches and to be elected before it can show anything."""
        return bool(self.replaces or self.breaks)

    @property
    def alone(self) -> str:
        """Why no other scenario may run at the same time; empty when others may."""
        return f"what its action `{self.name}` changes is not known"

    # What a control run makes of it.

    @property
    def claim(self) -> AnswerClaim | None:
        """What it says of the answers to its requests."""
        return None

    def change_forces(self, forces: Forces) -> None:
        """Note what is in force after it, and what is not any more."""
        if self.role is ControlRole.LEFT_OUT:
            forces.add(self.title())


class ChaosAction(Action[str]):
    """An action whose argument is the name of a chaos of the scenario."""

    argument = str
    about = "the name of a chaos of this scenario."
    chaos_at = ()
    alone = ""

    def title(self) -> str:
        """Return what is done with which chaos."""
        return f"{self.name} {self.wanted}"

    def change_forces(self, forces: Forces) -> None:
        """End the effect of a chaos that is over, and begin that of one that is brought into force."""
        if self.phase in OVER:
            forces.end(self.wanted)
        elif self.brings_effect:
            forces.add(self.wanted)
