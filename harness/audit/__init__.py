"""Asks finished runs and their recordings: mutation, coverage, contract, inventory, comparison, replay."""
