"""What a scenario file in Python imports; the name is kept, whatever moves below it."""

from harness.lint.python import Steps, scenario

__all__ = ["Steps", "scenario"]
