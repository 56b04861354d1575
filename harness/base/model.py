"""What the models of a scenario file have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of all: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
