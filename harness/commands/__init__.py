"""Subcommands of `chaos-harness`, one file each.

Every module of this package has a function `add(commands)` that adds its parser and sets `command` to
what runs it; `harness.commands.command.add_all` finds them.
"""
