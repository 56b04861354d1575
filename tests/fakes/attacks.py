# ruff: noqa: E501, SIM223
"""Files that a stranger may hand in, made to hurt whoever reads them: each maker fills a folder of its own.

Beside that folder lies what no reader has any business with: `outside/` holds CANARY, and nothing may make
`executed` appear.
"""

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.fakes.run import RECORDINGS, make_run

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


# ---------------------------------------------------------------------------------------- recordings

STRESS = RECORDINGS / "stress-cpu"


def entries_of(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of a recording."""
    return [
        json.loads(line) for line in gzip.decompress((folder / "entries.jsonl.gz").read_bytes()).splitlines()
    ]


def copied(folder: Path) -> None:
    """Put a recording that is right into a folder."""
    shutil.copytree(STRESS, folder, dirs_exist_ok=True)


def _lines(entries: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in entries)


def packed(folder: Path, raw: bytes) -> None:
    (folder / "entries.jsonl.gz").write_bytes(gzip.compress(raw, 6, mtime=0))


def _raw(change: Callable[[bytes], bytes]) -> Maker:
    """Change the bytes of the entries."""

    def make(folder: Path) -> None:
        copied(folder)
        packed(folder, change(gzip.decompress((folder / "entries.jsonl.gz").read_bytes())))

    return make


def _entries(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Maker:
    def make(folder: Path) -> None:
        copied(folder)
        packed(folder, _lines(change(entries_of(folder))))

    return make


def _each(kind: str, **fields: Any) -> Maker:
    """Change fields of all entries of a kind."""

    def change(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**each, **{name: value(each) if callable(value) else value for name, value in fields.items()}}
            if each["type"] == kind
            else each
            for each in entries
        ]

    return _entries(change)


def _spec(**fields: Any) -> Maker:
    return _each("expected", spec=lambda each: {"metric": each["spec"].get("metric", "up"), **fields})


def _also(*new: dict[str, Any], at: int = 0, times: int = 1) -> Maker:
    return _entries(lambda entries: [*entries[:at], *(list(new) * times), *entries[at:]])


def _manifest(**fields: Any) -> Maker:
    def make(folder: Path) -> None:
        copied(folder)
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return make


def _file(name: str, raw: bytes) -> Maker:
    def make(folder: Path) -> None:
        copied(folder)
        (folder / name).write_bytes(raw)

    return make


def _linked(name: str, target: str) -> Maker:
    def make(folder: Path) -> None:
        copied(folder)
        there = outside(folder)
        shutil.copytree(STRESS, there / "recording", dirs_exist_ok=True)
        (folder / name).unlink()
        (folder / name).symlink_to(target.replace("OUTSIDE", str(there)))

    return make


def _piped(name: str) -> Maker:
    def make(folder: Path) -> None:
        copied(folder)
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return make


def _bomb_of_entries(folder: Path) -> None:
    copied(folder)
    note = json.dumps({"type": "note", "time": 1795402177.0, "text": "x" * 1000}).encode() + b"\n"
    with gzip.open(folder / "entries.jsonl.gz", "wb", compresslevel=9) as file:
        for _ in range(60):
            file.write(note * 8000)


def _many(kind: Callable[[int], dict[str, Any]], number: int, at: int = 0) -> Maker:
    return _entries(lambda entries: [*entries[:at], *map(kind, range(number)), *entries[at:]])


def _series_and_marks(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a mark for each of many targets: what is remembered at each mark is the square of that."""
    number = 3000
    up = [
        {"type": "series", "number": 1000 + n, "labels": {"__name__": "up", "job": "j", "instance": str(n)}}
        for n in range(number)
    ]
    layout = {"type": "layout", "number": 1000, "series": [each["number"] for each in up]}
    samples = {"type": "samples", "layout": 1000, "time": 1795402176.0, "values": [1.0] * number}
    marks = [
        {"type": "mark", "time": 1795402176.5, "step": 100 + n, "name": "started"} for n in range(number)
    ]
    return [*up, layout, samples, *marks, *entries]


def _square(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return many expectations of many series over many scrapes."""
    number = 300
    series = [
        {
            "type": "series",
            "number": 1000 + n,
            "labels": {"__name__": "up", "job": "controller-manager", "instance": "i", "a": str(n)},
        }
        for n in range(number)
    ]
    layout = {"type": "layout", "number": 1000, "series": [each["number"] for each in series]}
    samples = [
        {"type": "samples", "layout": 1000, "time": 1795402170.0 + n / 100, "values": [float(n)] * number}
        for n in range(600)
    ]
    expected = [
        {
            "type": "expected",
            "id": f"0.{n}",
            "step": 0,
            "jobs": ["controller-manager"],
            "spec": {"metric": "up", "increases_by": n, "where": {"a": "=~.*"}},
        }
        for n in range(10, 400)
    ]
    return [*series, layout, *samples, *entries[:5], *expected, *entries[5:]]


NAN, INFINITY = float("nan"), float("inf")
LABEL = "x" * 10 * MIB
MARKUP = "\"'><script>owned()</script><img src=x onerror=owned()>{{7*7}}]]>-->\x1b[2J\n::error::owned\u202e"
"""What a page, a terminal, a template, an XML file or GitHub would obey."""

RECORDED: dict[str, Maker] = {
    "a bomb": _file("entries.jsonl.gz", gzip.compress(b"\0" * 200 * MIB, 9)),
    "a bomb of spaces": _raw(lambda raw: b" " * 15 * MIB + b"\n" + raw),
    "a bomb of lines": _raw(lambda raw: b"\n" * 15 * MIB + raw),
    "a bomb of entries": _bomb_of_entries,
    "a bomb in a bomb": _file("entries.jsonl.gz", gzip.compress(gzip.compress(b"\0" * 100 * MIB, 9), 9)),
    "several members": _file("entries.jsonl.gz", (STRESS / "entries.jsonl.gz").read_bytes() * 50),
    "no gzip": _file("entries.jsonl.gz", b"BZh91AY&SY"),
    "an empty file": _file("entries.jsonl.gz", b""),
    "UTF-16": _raw(lambda raw: raw.decode().encode("utf-16")),
    "a line without an end": _raw(lambda raw: raw + b'{"type":"note","time":1,"text":"' + b"x" * 15 * MIB),
    "a long line": _raw(lambda raw: b"[" * 15 * MIB + b"\n" + raw),
    "nested lists": _raw(
        lambda raw: (
            b'{"type":"note","time":1,"text":"","detail":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n" + raw
        )
    ),
    "nested mappings": _raw(
        lambda raw: (
            b'{"type":"note","time":1,"text":"","detail":'
            + b'{"a":' * 100_000
            + b"1"
            + b"}" * 100_000
            + b"}\n"
            + raw
        )
    ),
    "nested as far as it goes": _raw(
        lambda raw: (
            b'{"type":"note","time":1,"text":"","detail":' + b'{"a":' * 190 + b"1" + b"}" * 190 + b"}\n" + raw
        )
    ),
    "a nested spec": _raw(
        lambda raw: raw.replace(b'"absent":true', b'"between":' + b"[" * 180 + b"1" + b"]" * 180)
    ),
    "a label of 10 MiB": _each(
        "series", labels=lambda each: each["labels"] | ({"x": LABEL} if each["number"] == 0 else {})
    ),
    "a label's name of 10 MiB": _each(
        "series", labels=lambda each: each["labels"] | ({LABEL: "x"} if each["number"] == 0 else {})
    ),
    "a metric of 10 MiB": _spec(metric=LABEL[:MIB], equals=1),
    "an action of 10 MiB": _each(
        "mark", detail=lambda each: {"action": LABEL[:MIB], "proofs": [LABEL[:MIB]]}
    ),
    "an id of 1 MiB": _each("expected", id=lambda each: each["id"] + LABEL[:MIB]),
    "a reading of 10 MiB": _each(
        "reading", vector=[{"labels": {"a": LABEL[: 5 * MIB]}, "value": 1}], error=LABEL[: 5 * MIB]
    ),
    "an event of 10 MiB": _also(
        {
            "type": "event",
            "time": 1795402177.0,
            "namespace": "n",
            "kind": "k",
            "object": LABEL[:MIB],
            "component": "c",
            "event_type": "Warning",
            "reason": LABEL[:MIB],
            "message": LABEL,
        }
    ),
    "markup in labels": _each(
        "series", labels=lambda each: each["labels"] | {"job": MARKUP, "instance": MARKUP, MARKUP: MARKUP}
    ),
    "markup in steps": _manifest(steps=[MARKUP] * 3, scenario=MARKUP, file=MARKUP, namespace=MARKUP),
    "markup in marks": _each(
        "mark", detail={"action": MARKUP, "chaos": MARKUP, "kind": MARKUP, "proofs": [MARKUP]}
    ),
    "markup in what is expected": _spec(metric=MARKUP, where={MARKUP: MARKUP}, equals=MARKUP),
    "no numbers": _each("samples", values=lambda each: [NAN] * len(each["values"])),
    "infinities": _each("samples", values=lambda each: [INFINITY] * len(each["values"])),
    "huge values": _each("samples", values=lambda each: [1.7e308] * len(each["values"])),
    "values of many digits": _raw(lambda raw: raw.replace(b'"values":[', b'"values":[' + b"9" * 5000 + b",")),
    "a time of many digits": _raw(lambda raw: raw.replace(b'"time":17', b'"time":' + b"9" * 400 + b"17")),
    "a time without end": _raw(lambda raw: raw.replace(b'"time":1795402177', b'"time":1e999')),
    "times far apart": _each("samples", time=lambda each: each["time"] * 50),
    "times backwards": _each("samples", time=lambda each: 4e9 - each["time"]),
    "times all the same": _each("samples", time=1795402177.0),
    "marks far apart": _each("mark", time=lambda each: each["step"] * 4e10),
    "marks backwards": _each("mark", time=lambda each: -each["time"]),
    "a huge step": _each("mark", step=2**62),
    "a step below zero": _each("mark", step=-(2**62)),
    "an expectation of a huge step": _each("expected", step=2**62),
    "layouts of the same series": _each("layout", series=[0] * 100_000),
    "a layout of unknown series": _each("layout", series=list(range(10**6))),
    "a small interval": _manifest(interval=0.001),
    "a large interval": _manifest(interval=86400.0),
    "an interval of no number": _file(
        "manifest.json",
        (STRESS / "manifest.json").read_bytes().replace(b'"interval": 1.0', b'"interval": NaN'),
    ),
    "a huge offset": _manifest(clock_offset=1e11, clock_uncertainty=1e11),
    "a control run": _manifest(control=True),
    "many steps in the manifest": _manifest(steps=["x"] * 500_000),
    "a stack of anything": _manifest(stack={"nodes": [[[]]], "capabilities": {"a": {}}, "versions": []}),
    "a deadline without end": _spec(equals=1, within=10**9),
    "a deadline in scrapes without end": _spec(equals=1, within="999999999 scrapes", scrapes=10**9),
    "hold without end": _spec(equals=1, **{"for": 10**9}, hold=10**9),
    "a regular expression that backtracks": _spec(where={"a": "=~(a+)+$", "b": "=~(.*)*(.*)*x"}, equals=1),
    "a large regular expression": _spec(where={"a": "=~(x{1000}){1000}"}, equals=1),
    "nested PromQL": _each("expected", spec={"promql": "(" * 20_000 + "up" + ")" * 20_000, "equals": 1}),
    "unary PromQL": _each("expected", spec={"promql": "-" * 200_000 + "up", "equals": 1}),
    "a subquery without end": _each(
        "expected", spec={"promql": "max_over_time(up[100000000y:1ms])", "equals": 1}
    ),
    "a range without end": _each("expected", spec={"promql": "increase(up[290y] offset -290y)", "equals": 1}),
    "expected of anything": _each("expected", spec={"metric": ["a"], "equals": {"a": []}, "where": [1]}),
    "expected nothing": _each("expected", spec={}),
    "spares of anything": _each(
        "mark", detail={"spares": {"a": [[]]}, "proofs": 7, "chaos": [1], "action": {}}
    ),
    "notes of anything": _also(
        {
            "type": "note",
            "time": 1795402177.0,
            "text": "x",
            "detail": {
                "native_histograms": [{"a": 1}, 7, "x"],
                "overload": 1,
                "foreign": [1],
                "declared": {},
            },
        }
    ),
    "many notes": _many(lambda n: {"type": "note", "time": 1795402177.0, "text": "x"}, 400_000),
    "many series": _many(
        lambda n: {
            "type": "series",
            "number": 1000 + n,
            "labels": {"__name__": "up", "job": "j", "instance": str(n)},
        },
        150_000,
    ),
    "many series of a metric": _many(
        lambda n: {
            "type": "series",
            "number": 1000 + n,
            "labels": {"__name__": "chaos_controller_manager_chaos_experiments", "a": str(n)},
        },
        100_000,
    ),
    "many marks": _many(
        lambda n: {"type": "mark", "time": 1795402177.0 + n / 1e6, "step": n, "name": "started"}, 200_000, 60
    ),
    "many endings": _many(
        lambda n: {"type": "mark", "time": 1795402177.0 + n / 1e6, "step": n % 3, "name": "ended"},
        100_000,
        60,
    ),
    "many expectations": _many(
        lambda n: {
            "type": "expected",
            "id": f"1.{100 + n}",
            "step": 1,
            "jobs": ["controller-manager"],
            "spec": {"metric": "up", "equals": n},
        },
        30_000,
        60,
    ),
    "many readings": _many(
        lambda n: {
            "type": "reading",
            "oracle": "experiments",
            "key": "{}",
            "began": 1795402180.0 - n / 1e5,
            "ended": 1795402180.0 - n / 1e5,
            "vector": [],
        },
        200_000,
    ),
    "many answers": _many(
        lambda n: {
            "type": "answer",
            "expression": "up",
            "time": 1795402180.0 - n / 1e5,
            "asked": 1795402180.0,
        },
        200_000,
    ),
    "many events": _many(
        lambda n: {
            "type": "event",
            "time": 1795402177.0,
            "namespace": "n",
            "kind": "k",
            "object": str(n),
            "component": "c",
            "event_type": "Warning",
            "reason": "r",
            "message": "m",
        },
        200_000,
    ),
    "many samples": _many(
        lambda n: {"type": "samples", "layout": 0, "time": 1795402179.0 + n / 1e6, "values": [1.0, 1.0]},
        300_000,
        60,
    ),
    "marks for each of many targets": _entries(_series_and_marks),
    "expectations of many series": _entries(_square),
    "findings of 60 MiB": _file("findings.json", b"[" + b"{}," * 20 * MIB + b"{}]"),
    "nested findings": _file("findings.json", b"[" * 500_000),
    "findings of anything": _file("findings.json", b'[{"id": 1}, [], NaN, 1e999]'),
    "a manifest of 5 MiB": _file("manifest.json", b" " * 5 * MIB),
    "a nested manifest": _file("manifest.json", b'{"format": 2, "stack": ' + b'{"a":' * 100_000),
    "another format": _manifest(format="\x1b[2J\n::error::owned" + "x" * 100_000),
    "entries by a link": _linked("entries.jsonl.gz", "OUTSIDE/recording/entries.jsonl.gz"),
    "entries of a device": _linked("entries.jsonl.gz", "/dev/zero"),
    "entries of a pipe": _piped("entries.jsonl.gz"),
    "a manifest by a link": _linked("manifest.json", "OUTSIDE/recording/manifest.json"),
    "a manifest of a device": _linked("manifest.json", "/dev/zero"),
    "a manifest of a secret": _linked("manifest.json", "OUTSIDE/secret.txt"),
    "a manifest of a pipe": _piped("manifest.json"),
    "findings by a link": _linked("findings.json", "OUTSIDE/recording/findings.json"),
    "findings of a device": _linked("findings.json", "/dev/zero"),
    "findings of a pipe": _piped("findings.json"),
}


# ---------------------------------------------------------------------------------------- reports


def right(folder: Path) -> Path:
    """Write the report of a run of two scenarios; return the path of its results."""
    results = make_run(folder, 2)
    path = results.write(folder)
    value = json.loads(path.read_text())
    (folder / "expositions").mkdir()
    (folder / "expositions/a.prom").write_text("# HELP up x\n# TYPE up gauge\nup 1\n")
    value["contract"] = {
        "release": "v2.8.3",
        "whole": False,
        "targets": [
            {
                "job": "chaos-daemon",
                "instance": "i",
                "node": "n",
                "file": "expositions/a.prom",
                "bytes": 1,
                "families": 1,
                "samples": 1,
            }
        ],
    }
    path.write_text(json.dumps(value))
    return path


def _results(change: Callable[[dict[str, Any]], Any]) -> Maker:
    def make(folder: Path) -> None:
        path = right(folder)
        value = json.loads(path.read_text())
        changed = change(value)
        path.write_text(json.dumps(value if changed is None else changed))

    return make


def _of_run(raw: Callable[[bytes], bytes]) -> Maker:
    def make(folder: Path) -> None:
        path = right(folder)
        path.write_bytes(raw(path.read_bytes()))

    return make


def _scenario(**fields: Any) -> Maker:
    return _results(lambda value: value["scenarios"][0].update(fields))


def _finding(**fields: Any) -> Maker:
    def change(value: dict[str, Any]) -> None:
        for scenario in value["scenarios"]:
            for step in scenario["steps"]:
                for finding in step["findings"]:
                    finding.update(fields)

    return _results(change)


def _everywhere(text: str) -> Maker:
    """Put a text in place of each one that is not chosen from a list, and into each key that is free."""
    chosen = {
        "verdict",
        "layer",
        "recording",
        "id",
        "schema_version",
        "kind",
        "level",
        "outcome",
        "started",
        "ended",
    }

    def put(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: put(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [put(inner, key) for inner in value]
        return text if isinstance(value, str) and key not in chosen else value

    def change(value: dict[str, Any]) -> dict[str, Any]:
        changed: dict[str, Any] = put(value)
        for scenario in changed["scenarios"]:
            scenario["verdict"] = "failed"
            scenario["diagnostics"], scenario["reason"], scenario["details"] = text, text, [text]
            scenario["phases"], scenario["tags"] = {text: 1.0}, [text]
            scenario["leftovers"] = [{"kind": text, "name": text, "what_was_done": text}]
            for step in scenario["steps"]:
                step["problem"] = {"kind": text, "reason": text, "details": [text]}
                for finding in step["findings"]:
                    finding |= {
                        "verdict": "failed",
                        "known_issue": text,
                        "explanation": [text],
                        "because": text,
                    }
                    finding["actual"] = [{"labels": {text: text}, "value": 1}]
                    finding["evidence"] = {
                        "table": [{"labels": {text: text}, "expected": text, "actual": None}]
                    }
        changed["run"]["options"] = {text: text}
        return changed

    return _results(change)


def _exposition(raw: bytes) -> Maker:
    def make(folder: Path) -> None:
        right(folder)
        (folder / "expositions/a.prom").write_bytes(raw)

    return make


def _exposed_by(target: str) -> Maker:
    def make(folder: Path) -> None:
        path = right(folder)
        there = outside(folder)
        value = json.loads(path.read_text())
        value["contract"]["targets"][0]["file"] = target.replace("OUTSIDE", str(there))
        (folder / "out.prom").symlink_to(there / "secret.txt")
        path.write_text(json.dumps(value))

    return make


def _placed(**fields: str) -> Maker:
    """Name places outside of the report."""

    def make(folder: Path) -> None:
        path = right(folder)
        there = outside(folder)
        shutil.copytree(STRESS, there / "recording", dirs_exist_ok=True)
        (there / "index.txt").write_text(CANARY)
        (folder / "out").symlink_to(there)
        value = json.loads(path.read_text())
        for scenario in value["scenarios"]:
            scenario |= {name: written.replace("OUTSIDE", str(there)) for name, written in fields.items()}
        path.write_text(json.dumps(value))

    return make


def _report_link(name: str, target: str) -> Maker:
    def make(folder: Path) -> None:
        right(folder)
        there = outside(folder)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target.replace("OUTSIDE", str(there)))

    return make


REPORTS: dict[str, Maker] = {
    "markup everywhere": _everywhere(MARKUP),
    "a script's address everywhere": _everywhere("javascript:owned()"),
    "a label of 10 MiB": _finding(actual=[{"labels": {"a": LABEL}, "value": 1}], verdict="failed"),
    "a label of 1 MiB in each": _finding(
        actual=[{"labels": {LABEL[:MIB]: LABEL[:MIB]}, "value": 1}],
        verdict="failed",
        reason=LABEL[:MIB],
        expected=LABEL[:MIB],
        promql=LABEL[:MIB],
    ),
    "a name of 10 MiB": _scenario(name=LABEL),
    "a file of 10 MiB": _scenario(file=LABEL),
    "a tag of 10 MiB": _scenario(tags=[LABEL]),
    "many tags": _scenario(tags=[f"t{n}" for n in range(300_000)]),
    "a reason of 10 MiB": _scenario(reason=LABEL, verdict="error"),
    "details of 10 MiB": _scenario(details=["x" * 100] * 100_000, verdict="error"),
    "many steps": _scenario(steps=[{"title": "x", "started": 1.0, "ended": 2.0}] * 100_000),
    "many findings": _results(
        lambda value: value["scenarios"][0]["steps"][0].update(
            findings=[
                {**value["scenarios"][0]["steps"][0]["findings"][0], "id": f"0.{n}", "verdict": "failed"}
                for n in range(20_000)
            ]
        )
    ),
    "many scenarios": _results(
        lambda value: value.update(
            scenarios=[{"name": f"s{n}", "file": "f", "verdict": "failed"} for n in range(19_000)]
        )
    ),
    "too many scenarios": _results(
        lambda value: value.update(
            scenarios=[{"name": f"s{n}", "file": "f", "verdict": "failed"} for n in range(60_000)]
        )
    ),
    "scenarios of one name": _results(
        lambda value: value.update(scenarios=[{"name": "s", "file": "f", "verdict": "failed"}] * 15_000)
    ),
    "phases without end": _scenario(phases={f"p{n}": 1e308 for n in range(100_000)}, seconds=1e308),
    "times without end": _of_run(lambda raw: raw.replace(b'"started": 17', b'"started": 1e300, "x": 17')),
    "times of no number": _of_run(
        lambda raw: raw.replace(b'"acknowledged": 17', b'"acknowledged": NaN, "x": 17')
    ),
    "seconds of no number": _of_run(lambda raw: raw.replace(b'"seconds": 5.2', b'"seconds": NaN')),
    "nested evidence": _of_run(
        lambda raw: raw.replace(
            b'"evidence": {', b'"evidence": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b", "
        )
    ),
    "nested as far as it goes": _of_run(
        lambda raw: raw.replace(b'"evidence": {', b'"evidence": {"a": ' + b"[" * 400 + b"]" * 400 + b", ")
    ),
    "evidence of anything": _finding(
        verdict="failed",
        evidence={
            "table": [{"labels": {"a": "b"}, "expected": [1], "actual": {}}],
            "looks": [[]],
            "readings": {"a": 1},
            "samples": 7,
            "baseline": [None],
        },
    ),
    "a deadline without end": _finding(evidence={"deadline": 1e300, "readings": []}),
    "nested": _of_run(lambda raw: b"[" * 1_000_000),
    "a number of many digits": _of_run(
        lambda raw: raw.replace(b'"schema_version": 1', b'"schema_version": ' + b"9" * 100_000)
    ),
    "spaces": _of_run(lambda raw: b" " * 50 * MIB),
    "spaces between": _of_run(lambda raw: raw.replace(b'"scenarios"', b" " * 60 * MIB + b'"scenarios"')),
    "an unfinished text": _of_run(lambda raw: b'{"a": "' + b"x" * 60 * MIB),
    "an unfinished escape": _of_run(lambda raw: b'{"a": "' + b"\\" * 20 * MIB),
    "a field of 60 MiB": _of_run(lambda raw: raw[:1] + b'"x": "' + b"x" * 60 * MIB + b'", ' + raw[1:]),
    "fields without end": _of_run(
        lambda raw: raw[:1] + b"".join(b'"x%d": 1, ' % n for n in range(500_000)) + raw[1:]
    ),
    "fields that say it again": _of_run(
        lambda raw: raw[:1] + b'"scenarios": [{"name": "x", "file": "x"}], ' * 10_000 + raw[1:]
    ),
    "UTF-16": _of_run(lambda raw: raw.decode().encode("utf-16")),
    "Latin-1": _of_run(lambda raw: raw.replace(b"stress", b"str\xe9ss")),
    "surrogates": _of_run(
        lambda raw: raw.replace(b"stress", b"str\\ud800ss").replace(b"container", b"\\udfff")
    ),
    "a bomb": _of_run(lambda raw: gzip.compress(b" " * 100 * MIB)),
    "a huge coverage": _results(
        lambda value: value.update(
            coverage={
                "defined": 10**18,
                "possible_here": 10**18,
                "covered": -1,
                "missing": 0,
                "whole": True,
                "transitions": [],
            }
        )
    ),
    "trust in anything": _results(
        lambda value: value.update(coverage={"a": 1}, mutation=[1], control="x", contract={"release": []})
    ),
    "a stack of anything": _results(
        lambda value: value["run"].update(
            stack={"nodes": 7, "versions": [1], "capabilities": "x", "scrape_interval": "x"}
        )
    ),
    "an interval of no number": _results(lambda value: value["run"]["stack"].update(scrape_interval=NAN)),
    "options of anything": _results(
        lambda value: value["run"].update(options={"a": [[[[]]]], "b" * MIB: None})
    ),
    "warnings of 10 MiB": _results(lambda value: value["run"].update(warnings=[LABEL])),
    "not run of many": _results(
        lambda value: value.update(
            not_run=[{"name": f"n{n}", "file": "f", "reason": f"r{n}"} for n in range(100_000)]
        )
    ),
    "a recording outside": _placed(recording="../outside/recording"),
    "a recording by its path": _placed(recording="OUTSIDE/recording"),
    "a recording by a link": _placed(recording="out/recording"),
    "a recording of a device": _placed(recording="/dev"),
    "a recording of a long name": _placed(recording="x" * 10_000),
    "a recording of a null byte": _placed(recording="a\0b"),
    "diagnostics outside": _placed(diagnostics="../outside"),
    "diagnostics by their path": _placed(diagnostics="OUTSIDE"),
    "diagnostics of a script": _placed(diagnostics="javascript:owned()/../out"),
    "diagnostics of a null byte": _placed(diagnostics="a\0b"),
    "an exposition outside": _exposed_by("../outside/secret.txt"),
    "an exposition by its path": _exposed_by("OUTSIDE/secret.txt"),
    "an exposition by a link": _exposed_by("out.prom"),
    "an exposition of a device": _exposed_by("/dev/zero"),
    "an exposition of the environment": _exposed_by("/proc/self/environ"),
    "an exposition of a label of 10 MiB": _exposition(
        b'# TYPE up gauge\nup{a="' + b"x" * 10 * MIB + b'"} 1\n'
    ),
    "an exposition of many series": _exposition(
        b"# TYPE up gauge\n" + b"".join(b'up{a="%d"} 1\n' % n for n in range(300_000))
    ),
    "an exposition of many families": _exposition(
        b"".join(b"# TYPE a%d gauge\na%d 1\n" % (n, n) for n in range(100_000))
    ),
    "an exposition of spaces": _exposition(b"up" + b" " * 20 * MIB + b"1\n"),
    "an exposition of quotes": _exposition(b'up{a="' + b'\\"' * 5 * MIB),
    "an exposition of commas": _exposition(b"up{" + b"," * 5 * MIB + b"} 1\n"),
    "an exposition of backslashes": _exposition(
        b"# HELP up " + b"\\" * 5 * MIB + b'\nup{a="' + b"\\\\" * 2 * MIB + b'"} 1\n'
    ),
    "an exposition of no numbers": _exposition(
        b'# TYPE up histogram\nup_bucket{le="NaN"} NaN\nup_bucket{le="x"} 1e999\nup_bucket 1\n'
    ),
    "an exposition of bytes": _exposition(bytes(range(256)) * 1000),
    "an exposition of markup": _exposition(b"# HELP up <script>owned()</script>\n# TYPE up gauge\nup 1\n"),
    "results by a link": _report_link("results.json", "OUTSIDE/secret.txt"),
    "results of a device": _report_link("results.json", "/dev/zero"),
    "a page by a link": _report_link("index.html", "OUTSIDE/secret.txt"),
    "a mark by a link": _report_link(".chaos-harness-run", "OUTSIDE/secret.txt"),
    "a journal by a link": _report_link("results-since.jsonl", "OUTSIDE/secret.txt"),
    "a journal of a device": _report_link("results-since.jsonl", "/dev/zero"),
    "results of a pipe": lambda folder: (right(folder).unlink(), os.mkfifo(folder / "results.json"))[1],
    "a mark of a pipe": lambda folder: (right(folder), os.mkfifo(folder / ".chaos-harness-run"))[1],
    "a page of a pipe": lambda folder: (right(folder), os.mkfifo(folder / "index.html"))[1],
    "a journal of a pipe": lambda folder: (right(folder), os.mkfifo(folder / "results-since.jsonl"))[1],
    "a journal of long lines": lambda folder: (
        (
            right(folder),
            (folder / "results-since.jsonl").write_bytes(
                b'{"run": "f00dcafe", "began": [], "scenario": {"a": "' + b"x" * 60 * MIB + b'"}}\n'
            ),
        )[0]
        and None
    ),
    "a nested journal": lambda folder: (
        (
            right(folder),
            (folder / "results-since.jsonl").write_bytes((b"[" * 100_000 + b"\n") * 10),
        )[0]
        and None
    ),
    "a folder for results": lambda folder: (folder / "results.json").mkdir(),
}


def attacks() -> Iterator[tuple[str, str, Maker]]:
    """Yield each kind of file, the attack's name and what makes it."""
    for kind, makers in (("scenario", SCENARIOS), ("recording", RECORDED), ("report", REPORTS)):
        for name, make in makers.items():
            yield kind, name, make
