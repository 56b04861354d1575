"""What the catalogue declares of a metric, as the note of a look carries it: a replay has no catalogue."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """What a component should expose of a metric.

    Attributes:
        known: the catalogue has the metric; nothing else is said of one that it does not have.
        exposed: False for what Prometheus itself writes about a target.
        type: of the family; "unknown" when the catalogue does not say.
        grows: its values only grow, whatever the type, while what they count is there.
        help: the HELP text; "" when the catalogue does not pin it.
        labels: the names of the series' own labels, `le` and `quantile` included; None when not pinned.
        values: label name to all values that it can take.
        examples: label name to values that it is known to take.
        jobs: of the components that have it.
    """

    model_config = ConfigDict(frozen=True)

    known: bool = True
    exposed: bool = True
    type: str = "unknown"
    grows: bool = False
    help: str = ""
    labels: list[str] | None = None
    values: dict[str, list[str]] = {}
    examples: dict[str, list[str]] = {}
    jobs: list[str] = []
