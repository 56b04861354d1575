"""What an action claims of the answers to what it sends."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class AnswerClaim:
    """How many requests are answered.

    Attributes:
        answered: so many.
        sent: of so many.
        about: equal for two claims about the very same requests.
    """

    answered: int
    sent: int
    about: tuple[Hashable, ...]
