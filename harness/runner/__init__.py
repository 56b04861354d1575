"""Performs a scenario's steps, writes the recording, and asks the judge when to go on."""
