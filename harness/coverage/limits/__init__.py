"""What an environment needs for a transition: every YAML file of this folder (harness/coverage/excuse.py)."""
