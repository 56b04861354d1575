"""The kinds of expectations, one file each.

Every module of this package that defines `KINDS` is found by `harness.judge.kind.kinds`.
"""
