"""The layers in which a failure can lie: one file each, asked in the order of `explain.py`."""
