"""Label matchers."""

from __future__ import annotations

from pydantic import Field, model_validator

from harness.base.model import Model


class Matcher(Model):
    """A label matcher other than plain equality; exactly one key.

    Attributes:
        not_: another value, or no such label.
        matches: the whole value, as a regular expression (RE2).
        not_matches: not the whole value, as a regular expression (RE2).
    """

    not_: str | None = Field(default=None, alias="not")
    matches: str | None = None
    not_matches: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Matcher:
        if sum(value is not None for value in (self.not_, self.matches, self.not_matches)) != 1:
            raise ValueError("a matcher takes exactly one of: not, matches, not_matches")
        return self
