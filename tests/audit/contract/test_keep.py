from harness.audit.contract.keep import EXAMPLES, LARGE, bounded, path_of
from harness.prometheus.exposition import parse


def many(number, namespace):
    return [f'rules{{namespace="{namespace}",rule="{index}"}} {index}' for index in range(number)]


def test_a_small_exposition_is_kept_as_it_is():
    body = "# HELP rules R.\n# TYPE rules gauge\n" + "\n".join(many(LARGE, "other")) + "\n"

    assert bounded(body, []).text == body
    assert bounded(body, []).cut == {}


def test_of_large_families_the_namespaces_of_others_are_cut_and_that_is_said():
    lines = ["# HELP rules R.", "# TYPE rules gauge", *many(LARGE, "other"), *many(30, "own"), "level 1"]

    kept = bounded("\n".join(lines) + "\n", ["own"])

    left = kept.text.splitlines()
    assert kept.cut == {"rules": LARGE - EXAMPLES}
    assert left[0] == (
        f"# chaos-harness left out {LARGE - EXAMPLES} of {LARGE + 30} samples of rules: "
        "of namespaces that are not of the run"
    )
    assert sum('namespace="own"' in line for line in left) == 30
    assert sum('namespace="other"' in line for line in left) == EXAMPLES
    assert left[1:3] == ["# HELP rules R.", "# TYPE rules gauge"]
    assert left[-1] == "level 1"
    assert {family.name for family in parse(kept.text, "text/plain")} == {"rules", "level"}


def test_large_families_without_namespaces_are_kept():
    body = "\n".join(f'latency_bucket{{le="{index}"}} 1' for index in range(2 * LARGE)) + "\n"

    assert bounded(body, []).cut == {}


def test_a_name_is_one_part_of_a_path():
    assert str(path_of("chaos-daemon", "chaos-daemon-x1")) == "expositions/chaos-daemon/chaos-daemon-x1.txt"
    assert str(path_of("workload", "../x/y")) == "expositions/workload/_x_y.txt"
