"""Transitions that need no proof until a day: every YAML file of this folder (harness/coverage/excuse.py)."""
