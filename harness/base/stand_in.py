"""Programs in the place of real ones: each is named wherever results are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StandIn(BaseModel):
    """A program of ours in the place of one that cannot be had here.

    Attributes:
        name: of the program.
        replaces: the real one.
        limits: what it does not do, or what is seen through it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    replaces: str
    limits: str
