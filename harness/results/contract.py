"""What results.json says about the contract; docs/results.md describes it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from harness.results.contract_problem import ContractProblem

EXPOSITIONS = "expositions"
"""The folder in the report that has what was captured."""


class TargetLook(BaseModel):
    """One target that was captured.

    Attributes:
        file: its exposition, relative to the report.
        families, samples: how many, before anything was cut.
        cut: name to how many samples were left out of the file.
        tries: how often it was looked at until no scrape of Prometheus overlapped.
        scrapes: how many scrapes of the run `scrape_seconds` is about.
        scrape_seconds: quantile ("0.5", "0.95") to how long Prometheus' scrapes took.
    """

    job: str
    instance: str
    node: str
    file: str
    bytes: int
    families: int
    samples: int
    cut: dict[str, int] = {}
    tries: int = 1
    scrapes: int = 0
    scrape_seconds: dict[str, float] = {}


class PromtoolFinding(BaseModel):
    """A line of promtool's.

    Attributes:
        job: of the target.
        metric: what it is about.
        text: what promtool says.
        reason: why it may stay; None when nobody has said so.
    """

    model_config = ConfigDict(frozen=True)

    job: str
    metric: str
    text: str
    reason: str | None = None


class Promtool(BaseModel):
    """What `promtool check metrics` said.

    Attributes:
        error: why it was not run to its end; None when it was.
        findings: all, with the reason of those that may stay.
    """

    error: str | None = None
    findings: list[PromtoolFinding] = []


class Contract(BaseModel):
    """Whether what was exposed is what the catalogue says.

    Attributes:
        release: of Chaos Mesh, which the catalogue was asked for.
        whole: all scenarios ran, so that metrics which nobody saw are problems.
        targets: that were captured.
        not_captured: (job instance: why) of those that could not be.
        problems: differences; those with `fails` make the run fail.
        impossible: metrics that this environment cannot show, each with the reason.
        seen: name of each catalogued metric of which a series was seen, to the components.
        promtool: see Promtool.
        error: why nothing could be compared at all; None when it could.
        from_begin: Prometheus still had samples of the run's begin at its end; None when nobody had to know.
    """

    release: str
    whole: bool
    targets: list[TargetLook] = []
    not_captured: list[str] = []
    problems: list[ContractProblem] = []
    impossible: dict[str, str] = {}
    seen: dict[str, list[str]] = {}
    promtool: Promtool = Promtool()
    error: str | None = None
    from_begin: bool | None = None

    def broken(self) -> list[ContractProblem]:
        """Return the problems by which the run fails."""
        return [problem for problem in self.problems if problem.fails]

    def undecided(self) -> bool:
        """Say whether some target was not compared, so that nothing is proven about it."""
        return self.error is not None or bool(self.not_captured)

    def lines(self) -> list[str]:
        """Return what the terminal says, for a stranger to act on."""
        broken = self.broken()
        if self.error is not None:
            return ["the metrics' contract was not checked: " + self.error.splitlines()[0]] + [
                f"  {line.strip()}" for line in self.error.splitlines()[1:]
            ]
        lines = [f"not compared with the catalogue: {each}" for each in self.not_captured]
        if broken:
            lines.append(f"metrics that are not as the catalogue says: {len(broken)}; the run fails by them")
            lines += [f"  {line}" for problem in broken for line in problem.lines()]
        told = len(self.problems) - len(broken)
        if told:
            lines.append(
                f"metrics of libraries that are not in the catalogue, or not as it says: {told} "
                "(results.json, contract.problems)"
            )
        if self.promtool.error:
            lines.append(f"promtool check metrics was not run: {self.promtool.error}")
        return lines
