"""What an environment needs for a transition: every YAML file here (harness/audit/coverage/exempt.py)."""
