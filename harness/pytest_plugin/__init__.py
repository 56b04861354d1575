"""The pytest plugin: hooks, the session of a run, progress on the terminal."""
