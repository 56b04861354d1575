"""What results.json says of a part of a run (`--shard I/N`), and of what a merged run is made of."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Shard(BaseModel):
    """Which part of a run this is.

    Attributes:
        number: of this part, from 1.
        of: how many parts there are.
        scenarios: of all parts: name to file, in the order in which they were collected.
        whole: all scenarios that ship with the harness are among them.
    """

    number: int = Field(ge=1)
    of: int = Field(ge=1)
    scenarios: dict[str, str]
    whole: bool = False


class MergedShard(BaseModel):
    """A run that a merged one is made of.

    Attributes:
        run: its id.
        number: which part it was.
        seconds: its wall time.
        exit_code: what it ended with; None when it was cut short.
    """

    run: str
    number: int
    started: str
    ended: str | None = None
    seconds: float = 0.0
    exit_code: int | None = None
