"""Transitions that need no proof until a day: every YAML file here (harness/audit/coverage/exempt.py)."""
