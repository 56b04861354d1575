"""Wrong behaviour of Chaos Mesh that is known: one YAML file an issue."""

from harness.chaos.known_issues.registry import KnownIssue, known_issue, known_issues

__all__ = ["KnownIssue", "known_issue", "known_issues"]
