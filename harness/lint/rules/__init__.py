"""What the language allows and what makes no sense all the same: one file a rule.

Every module of this package that defines `RULES` is found by `harness.lint.rules.rule.rules`.
"""
