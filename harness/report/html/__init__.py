"""The HTML report: one file that shows a run, what was wrong in it, and why."""
