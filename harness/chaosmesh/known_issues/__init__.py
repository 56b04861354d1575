"""Wrong behaviour of Chaos Mesh that is known: one YAML file an issue."""

from harness.chaosmesh.known_issues.registry import RegisteredIssue, known_issue, known_issues

__all__ = ["RegisteredIssue", "known_issue", "known_issues"]
