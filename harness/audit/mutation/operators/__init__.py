"""The mutation operators, one file each.

Every module of this package that defines `OPERATORS` is found by `harness.audit.mutation.operator.operators`.
"""
