"""What a metric could plausibly count instead of what it means to count."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Relation(StrEnum):
    """How a twin's value follows from the right one.

    `any`: 1 when there is anything at all. `thousandfold`: in the next smaller unit.
    """

    ANY = "any"
    THOUSANDFOLD = "thousandfold"

    def of(self, value: float) -> float:
        """Return the twin's value, of a count or of an increase."""
        return min(value, 1.0) if self is Relation.ANY else value * 1000


class Twin(BaseModel):
    """Something near that a wrong build could count: sets in place of their members.

    Its value is known from at most one of `oracle`, `metric` and `relation`; where an expectation states it
    (`unlike`), from there.

    Attributes:
        name: as `unlike` of an expectation names it.
        counts: what is counted, in words.
        oracle: its readings are the twin's values. An expectation names the reading (`unlike`), unless it is
            the oracle of another metric and was read in the step.
        metric: its series, of the same scrapes, are the twin's values: those of the same target that have the
            same values of the labels which both have, added up.
        where: only series of `metric` with these labels.
        relation: see there.
        suffix: of a histogram, the series that it is a twin of: `_sum`, `_count`.
        always_same: why it has the value of the metric in every environment, so nothing tells them apart.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    counts: str = Field(min_length=1)
    oracle: str | None = None
    metric: str | None = None
    where: dict[str, str] = {}
    relation: Relation | None = None
    suffix: str = ""
    always_same: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Twin:
        if sum(each is not None for each in (self.oracle, self.metric, self.relation, self.always_same)) > 1:
            raise ValueError(f"the twin {self.name}: one of oracle, metric, relation and always_same at most")
        if self.where and self.metric is None:
            raise ValueError(f"the twin {self.name}: `where` selects series of its `metric`")
        return self
