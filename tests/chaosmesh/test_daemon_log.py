import json

from harness.chaosmesh.daemon_log import errors_in


def line(message, level="ERROR", pod="n/a", **fields):
    parts = ["2026-11-23T01:32:52.088Z", level, "chaos-daemon", "x.go:1", message]
    return "\t".join([*parts, json.dumps({"namespacedName": pod, **fields})])


def test_the_daemons_own_words_once_each_newest_last():
    log = "\n".join(
        [
            line("error while adding tc", error="Error: Specified qdisc kind is unknown.\n"),
            line("other", error="second"),
            line("error while adding tc", error="Error: Specified qdisc kind is unknown.\n"),
            "\tat some.stack(frame.go:1)",
            "ERROR\tshort",
            line("fine", level="INFO", error="no"),
            line("not ours", pod="another/a", error="no"),
            "a\tERROR\tb\tc\td\tn/a is no JSON",
        ]
    )
    assert errors_in(log, "n") == [
        "other: second",
        "error while adding tc: Error: Specified qdisc kind is unknown.",
    ]


def test_a_namespace_is_not_mistaken_for_one_that_ends_like_it():
    assert errors_in(line("m", pod="my-n/a", error="e"), "n") == []


def test_only_the_last_few_are_kept():
    log = "\n".join(line("m", error=str(number)) for number in range(20))
    assert errors_in(log, "n") == [f"m: {number}" for number in range(15, 20)]
