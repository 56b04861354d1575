"""Waivers of survivors: every YAML file of this folder holds a list of them (harness/mutation/waiver.py)."""
