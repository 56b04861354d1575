"""What recordings and results say about the stack that they were made on, as far as it is read again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NodeFacts(BaseModel):
    """What is known of a node."""

    model_config = ConfigDict(extra="allow")

    name: str = "?"
    kernel: str = "?"
    runtime: str = "?"
    cgroup: str = "?"


class StandInFacts(BaseModel):
    """A program that took the place of a real one."""

    model_config = ConfigDict(extra="allow")

    name: str
    replaces: str = "?"
    limits: str = "?"


class Stack(BaseModel):
    """What readers of results take from `stack`; there may be more, and an older version wrote less."""

    model_config = ConfigDict(extra="allow")

    cluster: str = "?"
    provider: str = "?"
    images: str = "?"
    image_key: str = ""
    scrape_interval: float = Field(default=1.0, gt=0, le=3600)
    versions: dict[str, str] = {}
    stand_ins: list[StandInFacts] = []
    nodes: list[NodeFacts] = []
    capabilities: dict[str, str | None] = {}
