# ruff: noqa: E501, SIM223
"""Files that a stranger may hand in, made to hurt whoever reads them: each maker fills a folder of its own.

Beside that folder lies what no reader has any business with: `outside/` holds CANARY, and nothing may make
`executed` appear.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

CANARY = "canary-7f3a91c2"
"""Stands only in files outside of the attacked folder."""
EXECUTED = "executed"
MIB = 1 << 20

HEAD = "scenario: s\nabout: x\nworkload: mini-node-exporter\n"
STEPS = "steps:\n  - {wait: 1, expect: [{metric: up, where: {job: workload}, equals: 1}]}\n"

Maker = Callable[[Path], object]


def outside(folder: Path) -> Path:
    """Return the folder that nobody was given, beside an attacked one; made with what is in it."""
    there = folder.parent / "outside"
    there.mkdir(parents=True, exist_ok=True)
    for name in ("_secret.yaml", "secret.yaml", "secret.txt"):
        (there / name).write_text(f"chaos: {CANARY}: [{CANARY}\n")
    (there / "s.yaml").write_text(f"scenario: {CANARY}\nabout: [{CANARY}\n")
    return there


def _text(content: str | bytes, name: str = "s.yaml") -> Maker:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(
            content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        )

    return make


def _command(folder: Path) -> str:
    return f"touch {folder.parent / EXECUTED}"


def _bomb(levels: int = 12, width: int = 12) -> str:
    lines = ["a0: &a0 [x, x, x, x]"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{inner}]")
    return "\n".join(lines) + "\n"


def _expect(text: str, head: str = HEAD) -> Maker:
    return _text(f"{head}steps:\n  - {{wait: 1, expect: [{text}]}}\n")


def _link(target: str, name: str = "s.yaml") -> Maker:
    def make(folder: Path) -> None:
        there = outside(folder)
        (folder / name).symlink_to(target.replace("OUTSIDE", str(there)))

    return make


def _include(written: str, *, link: tuple[str, str] | None = None) -> Maker:
    def make(folder: Path) -> None:
        there = str(outside(folder))
        quoted = json.dumps(written.replace("OUTSIDE", there))
        (folder / "s.yaml").write_text(f"{HEAD}include: {quoted}\n{STEPS}")
        if link:
            (folder / link[0]).symlink_to(link[1].replace("OUTSIDE", there))

    return make


def _pipe(name: str) -> Maker:
    def make(folder: Path) -> None:
        (folder / "s.yaml").write_text(f"{HEAD}include: _pipe.yaml\n{STEPS}")
        os.mkfifo(folder / name)

    return make


def _executing(pattern: str) -> Maker:
    def make(folder: Path) -> None:
        (folder / "s.yaml").write_text(pattern.replace("COMMAND", _command(folder)))

    return make


def _named(name: str) -> Maker:
    return _text(f"{HEAD}about: [\n", name)


LONG = "x" * 900_000
TERMINAL = "\\e]0;owned\\a\\e[2J\\n::error::owned\\r\\n::add-mask::x"
"""In a quoted text of YAML: what a terminal or GitHub would obey."""

SCENARIOS: dict[str, Maker] = {
    "aliases": _text(HEAD + _bomb() + STEPS),
    "aliases of a mapping": _text(
        HEAD
        + "a0: &a0 {k: v}\n"
        + "".join(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}\n" for n in range(1, 40))
        + STEPS
    ),
    "an alias in itself": _text(f"{HEAD}chaos: &a {{b: *a}}\n{STEPS}"),
    "merge keys": _text(HEAD + "a: &a {<<: {b: 1}}\n" + "<<: *a\n" * 50 + STEPS),
    "nested flow": _text(HEAD + "chaos: " + "[" * 100_000),
    "nested flow that ends": _text(HEAD + "chaos: " + "[" * 40_000 + "]" * 40_000),
    "nested block": _text(HEAD + "chaos:\n" + "".join(" " * n + "a:\n" for n in range(1, 1300))),
    "nested lists": _text(HEAD + "chaos: \n" + "- " * 400_000),
    "many keys": _text(HEAD + "chaos:\n" + "".join(f"  k{n}: 1\n" for n in range(60_000))),
    "many unknown keys": _text(HEAD + STEPS + "".join(f"k{n}: 1\n" for n in range(18_000))),
    "equal keys": _text(HEAD + STEPS + "about: 1\n" * 18_000),
    "many documents": _text((HEAD + STEPS + "---\n") * 5000),
    "many anchors": _text(HEAD + STEPS + "".join(f"k{n}: &a{n} x\n" for n in range(18_000))),
    "many steps": _text(HEAD + "steps:\n" + "  - wait: 1\n" * 60_000),
    "many expectations": _text(
        HEAD + "steps:\n  - wait: 1\n    expect:\n" + "      - {metric: up, equals: 1}\n" * 3000
    ),
    "many wrong expectations": _text(
        HEAD + "steps:\n  - wait: 1\n    expect:\n" + "      - {metrc: upp, equls: 1}\n" * 3000
    ),
    "many misspelt names": _text(
        HEAD
        + "chaos:\n"
        + "".join(f"  burn{n}: {{kind: StresChaos, spec: {{}}}}\n" for n in range(3000))
        + STEPS
    ),
    "many cases": _text(
        HEAD
        + "parameters:\n"
        + "".join(f"  c{n}: {{a: {n}}}\n" for n in range(200))
        + "steps:\n"
        + "  - wait: ${parameters.a}\n" * 90
    ),
    "cases of long values": _text(
        HEAD
        + "parameters:\n"
        + "".join(f"  c{n}: {{a: {'x' * 4000}}}\n" for n in range(200))
        + "steps:\n"
        + '  - {wait: 1, expect: [{metric: up, where: {a: "'
        + "${parameters.a}" * 200
        + '"}, equals: 1}]}\n' * 20
    ),
    "a long label": _text(
        f"{HEAD}steps:\n  - wait: 1\n    expect: [{{metric: up, where: {{a: {LONG}}}, equals: 1}}]\n"
    ),
    "a long name": _text(f"scenario: {LONG}\n{STEPS}"),
    "a long key": _text(f"{HEAD}{'k' * 900_000}: 1\n{STEPS}"),
    "a long metric": _expect(f"{{metric: {LONG}, equals: 1}}"),
    "a long kind": _text(f"{HEAD}chaos:\n  burn: {{kind: {LONG}, spec: {{}}}}\n{STEPS}"),
    "ten MiB": _text(f"{HEAD}chaos: {'x' * 10 * MIB}\n"),
    "infinity": _expect("{metric: up, equals: .inf}"),
    "no number": _expect("{metric: up, equals: .nan}"),
    "a range of no numbers": _expect("{metric: up, between: [.nan, -.inf]}"),
    "a huge number": _expect("{metric: up, equals: 1" + "0" * 250 + "}"),
    "a number of many digits": _expect("{metric: up, equals: " + "9" * 100_000 + "}"),
    "a hexadecimal number": _expect("{metric: up, equals: 0x" + "f" * 100_000 + "}"),
    "base 60": _expect("{metric: up, equals: " + "1:" * 4000 + "1}"),
    "a huge wait": _text(f"{HEAD}steps:\n  - {{wait: 99999999999999999999}}\n"),
    "a huge duration": _text(f"{HEAD}timeout: {'9' * 100}h\n{STEPS}"),
    "a long duration": _text(f"{HEAD}timeout: {'1h' * 100_000}\n{STEPS}"),
    "nested PromQL": _expect("{promql: '" + "(" * 20_000 + "up" + ")" * 20_000 + "', equals: 1}"),
    "nested PromQL of calls": _expect("{promql: '" + "abs(" * 3000 + "up" + ")" * 3000 + "', equals: 1}"),
    "long PromQL": _expect("{promql: '" + "up + " * 50_000 + "up', equals: 1}"),
    "unary PromQL": _expect("{promql: '" + "-" * 200_000 + "up', equals: 1}"),
    "unfinished PromQL": _expect("{promql: 'up{a=\"', equals: 1}"),
    "a subquery without end": _expect("{promql: 'max_over_time(up[100000000y:1ms])', equals: 1}"),
    "a regular expression that backtracks": _expect(
        "{metric: up, where: {a: '=~(a+)+$', b: '=~(a|a)*b', c: '=~(.*)*(.*)*(.*)*x'}, equals: 1}"
    ),
    "a large regular expression": _expect(
        "{metric: up, where: {a: '=~" + "(x{1000}){1000}" + "'}, equals: 1}"
    ),
    "a nested regular expression": _expect("{metric: up, where: {a: '=~" + "(" * 50_000 + "'}, equals: 1}"),
    "a long regular expression": _expect("{metric: up, where: {a: '=~" + "a|" * 200_000 + "'}, equals: 1}"),
    "templates in templates": _expect(
        "{metric: up, where: {a: '" + "${" * 100_000 + "}" * 100_000 + "'}, equals: 1}"
    ),
    "many templates": _expect("{metric: up, where: {a: '" + "${namespace}" * 50_000 + "'}, equals: 1}"),
    "a template without an end": _expect("{metric: up, where: {a: '${" + "a.b" * 100_000 + "'}, equals: 1}"),
    "spaces before a colon": _text(HEAD + STEPS + "x" + " " * 900_000 + "y\n"),
    "spaces": _text(" " * 1_000_000),
    "braces": _text("{ " * 100_000),
    "lines": _text("\n" * 1_000_000),
    "carriage returns": _text("\r" * 1_000_000),
    "comments": _text("# scenario: x\n" * 70_000),
    "quotes": _text(HEAD + "chaos: " + "'" * 900_001),
    "backslashes": _text(HEAD + 'chaos: "' + "\\" * 900_001 + '"'),
    "percent signs": _text("%" * 900_000),
    "a block text": _text(HEAD + "chaos: |99999\n  x\n" + STEPS),
    "tags": _text(HEAD + "chaos: " + "!" * 100_000 + "\n" + STEPS),
    "UTF-16": _text((HEAD + STEPS).encode("utf-16")),
    "UTF-32": _text((HEAD + STEPS).encode("utf-32")),
    "Latin-1": _text(b"scenario: \xe9\xe8\n"),
    "a byte order mark": _text("\ufeff" + HEAD + STEPS),
    "surrogates": _text(HEAD + 'chaos: "\\ud800"\n' + STEPS),
    "raw surrogates": _text(HEAD + "chaos: \ud800\n"),
    "a null byte": _text(HEAD + "chaos: \0\n"),
    "what a terminal obeys": _text(
        f'scenario: "{TERMINAL}"\nabout: "{TERMINAL}"\n"{TERMINAL}": "{TERMINAL}"\n{STEPS}'
    ),
    "values that a terminal obeys": _expect(
        f'{{metric: "{TERMINAL}", where: {{"{TERMINAL}": "{TERMINAL}"}}, "{TERMINAL}": "{TERMINAL}"}}'
    ),
    "a chaos that a terminal obeys": _text(
        f'{HEAD}tags: ["{TERMINAL}"]\nneeds: ["{TERMINAL}"]\nchaos:\n  "{TERMINAL}": {{kind: "{TERMINAL}", spec: {{"{TERMINAL}": 1}}}}\n'
        f'steps:\n  - {{apply: "{TERMINAL}", until: "{TERMINAL}"}}\n'
    ),
    "a workload that a terminal obeys": _text(
        f'scenario: s\nabout: x\nworkload: "{TERMINAL}"\ninclude: "{TERMINAL}"\n{STEPS}'
    ),
    "parameters that a terminal obeys": _text(
        f'{HEAD}parameters:\n  "{TERMINAL}": {{"{TERMINAL}": "{TERMINAL}"}}\nsteps:\n  - {{wait: "${{parameters.{TERMINAL}}}"}}\n'
    ),
    "a name with a line's end": _named("a\n::error::owned\nb.yaml"),
    "a name that a terminal obeys": _named("a\x1b]0;owned\x07.yaml"),
    "a name of no UTF-8": lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff.yaml")).write_text(
        "scenario: [\n"
    ),
    "a link to a device": _link("/dev/zero"),
    "a link to random": _link("/dev/urandom"),
    "a link to a terminal": _link("/dev/tty"),
    "a link to memory": _link("/proc/self/mem"),
    "a link to the environment": _link("/proc/self/environ"),
    "a link to a password file": _link("/etc/passwd"),
    "a link out": _link("OUTSIDE/s.yaml"),
    "a link to itself": _link("s.yaml"),
    "a link to the root": _link("/", "all"),
    "a link to a folder outside": _link("OUTSIDE", "all"),
    "a folder for a file": lambda folder: (folder / "s.yaml").mkdir(),
    "a pipe for a file": lambda folder: os.mkfifo(folder / "s.yaml"),
    "include a pipe": _pipe("_pipe.yaml"),
    "include a device": _include("_x.yaml", link=("_x.yaml", "/dev/zero")),
    "include the environment": _include("_x.yaml", link=("_x.yaml", "/proc/self/environ")),
    "include by a link": _include("_x.yaml", link=("_x.yaml", "OUTSIDE/_secret.yaml")),
    "include by a link to another name": _include("_x.yaml", link=("_x.yaml", "OUTSIDE/secret.txt")),
    "include by a link of a folder": _include("all/_secret.yaml", link=("all", "OUTSIDE")),
    "include what is above": _include("../outside/_secret.yaml"),
    "include what is far above": _include("../../../../../../../etc/_passwd"),
    "include by an absolute path": _include("OUTSIDE/_secret.yaml"),
    "include a device by its path": _include("/dev/_zero"),
    "include a long name": _include("_" + "x" * 100_000),
    "include a deep path": _include("a/" * 50_000 + "_x"),
    "include what is above often": _include("../" * 50_000 + "_x"),
    "include many": _text(f"{HEAD}include: [{', '.join(f'_x{n}.yaml' for n in range(15_000))}]\n{STEPS}"),
    "include a bomb": lambda folder: (
        (folder / "s.yaml").write_text(f"{HEAD}include: _bomb.yaml\n{STEPS}"),
        (folder / "_bomb.yaml").write_text(_bomb()),
    ),
    "include large ones": lambda folder: (
        [
            (folder / "s.yaml").write_text(
                f"{HEAD}include: [{', '.join(f'_x{n}.yaml' for n in range(300))}]\n{STEPS}"
            ),
            *(
                (folder / f"_x{n}.yaml").write_text(
                    "chaos:\n" + f"  a{n}: {{kind: PodChaos, spec: [{'1, ' * 9000}1]}}\n" * 2
                )
                for n in range(300)
            ),
        ]
        and None
    ),
    "an object of Python": _executing(HEAD + "chaos: !!python/object/apply:os.system ['COMMAND']\n" + STEPS),
    "a call of Python": _executing("!!python/object/new:subprocess.Popen [[sh, -c, 'COMMAND']]"),
    "a module of Python": _executing("scenario: !!python/module:antigravity\n"),
    "commands in values": _executing(
        "scenario: '$(COMMAND)'\nabout: '`COMMAND`'\nworkload: '; COMMAND'\ninclude: '_$(COMMAND).yaml'\n"
        "chaos: {'|COMMAND': {kind: '$(COMMAND)', spec: {a: '$(COMMAND)'}}}\n"
        "steps: [{exec: ['sh', '-c', 'COMMAND']}, {wait: '$(COMMAND)', expect: [{promql: '$(COMMAND)', equals: 1}]}]\n"
    ),
    "templates of Jinja": _text(
        f"{HEAD}chaos: {{a: {{kind: '{{{{ 1 * 7 }}}}', spec: {{a: '{{% raw %}}'}}}}}}\n{STEPS}"
    ),
    "format strings": _text(f"scenario: '%s%n{{0.__class__}}'\nabout: '{{self}}'\n{STEPS}"),
    "folders in folders": lambda folder: (
        (folder / "/".join(["d"] * 900)).mkdir(parents=True),
        (folder / "s.yaml").write_text(HEAD + STEPS),
    ),
}


def attacks() -> Iterator[tuple[str, str, Maker]]:
    """Yield each kind of file, the attack's name and what makes it."""
    yield from (("scenario", name, make) for name, make in SCENARIOS.items())
