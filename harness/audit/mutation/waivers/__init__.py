"""Waivers of survivors: every YAML file here holds a list (harness/audit/mutation/waiver.py)."""
