"""`chaos-harness completion`."""

from __future__ import annotations

import argparse
import sys

from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples

SHELLS = ("bash", "zsh", "fish")


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("completion", help="print what makes a shell complete this command")
    command.add_argument("shell", choices=SHELLS, help="whose; the examples say where it goes")
    command.epilog = examples(
        'eval "$(chaos-harness completion bash)"    # in ~/.bashrc',
        'eval "$(chaos-harness completion zsh)"     # in ~/.zshrc, after compinit',
        "chaos-harness completion fish > ~/.config/fish/completions/chaos-harness.fish",
    )
    command.set_defaults(command=_completion)


def _completion(given: argparse.Namespace) -> int:
    from harness.cli import parser

    words = _words(parser())
    sys.stdout.write(_fish(words) if given.shell == "fish" else _bash(words, zsh=given.shell == "zsh"))
    return ExitCode.OK


def _words(root: argparse.ArgumentParser) -> dict[str, tuple[str, dict[str, bool]]]:
    """Return each subcommand with what it is for, and its options with whether they take a value."""
    from harness.pytest_plugin.options import ALL

    (subcommands,) = (each for each in root._actions if isinstance(each, argparse._SubParsersAction))
    about = {each.dest: each.help or "" for each in subcommands._choices_actions}
    found = {
        name: (
            about.get(name, ""),
            {
                option: action.nargs != 0
                for action in command._actions
                for option in action.option_strings
                if option.startswith("--") and action.help != argparse.SUPPRESS
            },
        )
        for name, command in subcommands.choices.items()
    }
    # pytest's own parser takes these.
    found["run"][1].update({option.name: not option.is_flag for option in ALL} | {"--help": False})
    return found


def _bash(words: dict[str, tuple[str, dict[str, bool]]], *, zsh: bool) -> str:
    cases = "\n".join(f"    {name}) words='{' '.join(options)}' ;;" for name, (_, options) in words.items())
    # zsh runs completions of bash.
    first = "autoload -U +X bashcompinit && bashcompinit\n" if zsh else ""
    return f"""{first}_chaos_harness() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='{" ".join(words)} --help --version'
  else case ${{COMP_WORDS[1]}} in
{cases}
  esac fi
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ] || [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}}
complete -o default -F _chaos_harness chaos-harness
"""


def _fish(words: dict[str, tuple[str, dict[str, bool]]]) -> str:
    lines = []
    for name, (about, options) in words.items():
        said = about.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"complete -c chaos-harness -n __fish_use_subcommand -f -a {name} -d '{said}'")
        for option, takes_value in options.items():
            value = " -r" if takes_value else ""
            after = f"'__fish_seen_subcommand_from {name}'"
            lines.append(f"complete -c chaos-harness -n {after} -l {option[2:]}{value}")
    return "\n".join(lines) + "\n"
