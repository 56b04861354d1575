"""`traffic: {source, target, requests}`: requests between two of the workload's pods."""

from __future__ import annotations

from pydantic import Field

from harness.actions.action import Action, ControlRole
from harness.actions.claim import AnswerClaim
from harness.actions.context import ActionContext
from harness.actions.names import WORKLOAD
from harness.base.model import Model


class Traffic(Model):
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


class TrafficAction(Action[Traffic]):
    """Lets one pod of the workload send requests to another."""

    name = "traffic"
    about = "see Traffic."
    position = 80
    argument = Traffic
    role = ControlRole.STIMULUS
    done_when_settled = True
    # It goes from container to container.
    changes_nothing = True
    concerns = (WORKLOAD,)
    alone = ""

    def title(self) -> str:
        """Return who sends to whom."""
        return f"traffic {self.wanted.source} -> {self.wanted.target}"

    def perform(self, context: ActionContext) -> None:
        """Let them be sent, and compare how many were answered."""
        answer = context.traffic(self.wanted)
        wanted = self.wanted.answered
        if wanted is not None and answer["answered"] != wanted:
            source, target = context.resolve(self.wanted.source), context.resolve(self.wanted.target)
            reason = (
                f"{answer['answered']} of {answer['sent']} requests from {source} to {target} were answered, "
                f"not {wanted}"
            )
            raise context.failed(self.name, reason)
        context.note(self.name, answer)

    def perform_in_control(self, context: ActionContext) -> bool | None:
        """Let them be sent; that others are answered than with the chaos is no failure."""
        answer = context.traffic(self.wanted)
        context.note(self.name, answer)
        return None if self.wanted.answered is None else bool(answer["answered"] == self.wanted.answered)

    @property
    def proves_effect(self) -> bool:
        """Whether requests have to get lost."""
        return self.wanted.answered is not None and self.wanted.answered < self.wanted.requests

    @property
    def claim(self) -> AnswerClaim | None:
        """How many are answered."""
        wanted = self.wanted
        if wanted.answered is None:
            return None
        about = ("answered", wanted.source, wanted.target, wanted.requests)
        return AnswerClaim(wanted.answered, wanted.requests, about)


ACTIONS = [TrafficAction]
