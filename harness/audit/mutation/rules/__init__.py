"""The rules of equivalence, one file each.

Every module of this package that defines `RULES` is found by `harness.audit.mutation.rule.rules`.
"""
