"""The catalogue against expositions: each way to differ is found, and what is as it should be is not."""

import pytest

from harness.audit.contract.compare import Circumstances, compare, impossible
from harness.audit.contract.exposed import Exposed, Recorded
from harness.chaosmesh.catalogue import Catalogue, Metric, catalogue
from harness.chaosmesh.release import Release
from harness.prometheus.exposition import parse
from harness.results.contract_problem import ProblemKind, merged

TEXT = """\
# HELP chaos_daemon_level A level.
# TYPE chaos_daemon_level gauge
chaos_daemon_level{namespace="a",phase="on"} 1
chaos_daemon_level{namespace="b",phase="off"} 2
# HELP chaos_daemon_calls_total Calls.
# TYPE chaos_daemon_calls_total counter
chaos_daemon_calls_total 3
# HELP chaos_daemon_took_seconds Time.
# TYPE chaos_daemon_took_seconds histogram
chaos_daemon_took_seconds_bucket{le="0.1"} 1
chaos_daemon_took_seconds_bucket{le="1"} 2
chaos_daemon_took_seconds_bucket{le="+Inf"} 2
chaos_daemon_took_seconds_sum 0.5
chaos_daemon_took_seconds_count 2
"""
NOW = Circumstances(Release.of("v2.8.3"), {"netem": None, "toda": "not there"})
WHOLE = Circumstances(Release.of("v2.8.3"), {"netem": None, "toda": "not there"}, whole=True)


def entry(name, **fields):
    return Metric.model_validate(
        {"name": name, "unit": "x", "components": ["chaos-daemon"], "source": "s", **fields}
    )


LEVEL = {
    "type": "gauge",
    "help": "A level.",
    "labels": ["namespace", "phase"],
    "values": {"phase": ["on", "off"]},
}
CALLS = {"type": "counter", "help": "Calls."}
TOOK = {"type": "histogram", "help": "Time.", "buckets": [0.1, 1]}


def known(level=None, calls=None, took=None, *more):
    return Catalogue(
        [
            entry("chaos_daemon_level", **(LEVEL | (level or {}))),
            entry("chaos_daemon_calls_total", **(CALLS | (calls or {}))),
            entry("chaos_daemon_took_seconds", **(TOOK | (took or {}))),
            *more,
        ]
    )


def exposed(text=TEXT, instance="one", job="chaos-daemon"):
    return Exposed(job, instance, parse(text, "text/plain; version=0.0.4"))


def found(catalogue_, *looks, recorded=None, given=NOW):
    return compare(catalogue_, list(looks) or [exposed()], recorded or Recorded(), given)


def only(problems):
    assert len(problems) == 1, [line for problem in problems for line in problem.lines()]
    return problems[0]


def recorded(*series):
    made = Recorded()
    for labels in series:
        made.add({"job": "chaos-daemon", "instance": "one", "node": "n1", **labels})
    return made


def test_what_is_as_the_catalogue_says_is_no_problem():
    assert found(known()) == []
    assert found(known(), given=WHOLE) == []


@pytest.mark.parametrize(
    ("level", "calls", "took", "kind", "expected", "seen"),
    [
        ({"type": "counter"}, {}, {}, ProblemKind.TYPE, "counter", "gauge"),
        ({"help": "The level."}, {}, {}, ProblemKind.HELP, "The level.", "A level."),
        (
            {"labels": ["namespace"], "values": {}},
            {},
            {},
            ProblemKind.LABEL_ADDED,
            "the labels namespace",
            "also phase",
        ),
        (
            {"labels": ["namespace", "phase", "kind"]},
            {},
            {},
            ProblemKind.LABEL_MISSING,
            "the labels namespace, phase, kind",
            "without kind",
        ),
        (
            {"values": {"phase": ["on"]}},
            {},
            {},
            ProblemKind.VALUE,
            "phase is one of on",
            'phase="off"',
        ),
        ({}, {}, {"buckets": [0.1, 1, 3]}, ProblemKind.BUCKETS, "0.1, 1, 3", "0.1, 1"),
        ({}, {}, {"buckets": [0.1, 2]}, ProblemKind.BUCKETS, "0.1, 2", "0.1, 1"),
        ({}, {"labels": ["x"]}, {}, ProblemKind.LABEL_MISSING, "the labels x", "without x"),
        (
            {},
            {"components": ["chaos-dashboard"]},
            {},
            ProblemKind.OTHER_COMPONENT,
            "chaos-dashboard",
            "chaos-daemon",
        ),
        (
            {},
            {"status": "never-written"},
            {},
            ProblemKind.WRITTEN,
            "no code writes it",
            "chaos_daemon_calls_total{} 3",
        ),
        (
            {},
            {"status": "promised-absent"},
            {},
            ProblemKind.EXPOSED,
            "no series, ever",
            "chaos_daemon_calls_total{} 3",
        ),
        (
            {},
            {"status": "renamed", "until": "v2.7.0", "renamed_to": ["chaos_daemon_level"]},
            {},
            ProblemKind.OLD_NAME,
            "gone after v2.7.0; its names are chaos_daemon_level",
            "chaos_daemon_calls_total{} 3",
        ),
        (
            {},
            {"since": "v2.9.0"},
            {},
            ProblemKind.OTHER_RELEASE,
            "since v2.9.0",
            "exposed by v2.8.3",
        ),
    ],
)
def test_each_difference_is_found_and_fails(level, calls, took, kind, expected, seen):
    problem = only(found(known(level, calls, took)))

    assert (problem.kind, problem.expected, problem.found) == (kind, expected, seen)
    assert problem.fails
    assert problem.instances == ("one",)
    assert problem.next_step


def test_a_metric_that_has_no_entry_fails_and_the_nearest_name_is_told():
    problem = only(found(known(), exposed(TEXT.replace("_calls_total", "_callz_total"))))

    assert problem.kind is ProblemKind.NOT_CATALOGUED
    assert problem.metric == "chaos_daemon_callz_total"
    assert "the nearest name in the catalogue is chaos_daemon_calls_total" in problem.found
    assert problem.lines()[0] == "chaos_daemon_callz_total (chaos-daemon at one): not in the catalogue"


def test_a_prefix_is_no_entry_for_a_metric_of_chaos_mesh():
    prefix = entry("chaos_", prefix=True, type="unknown")

    problem = only(
        found(known(None, None, None, prefix), exposed(TEXT.replace("_calls_total", "_new_total")))
    )

    assert problem.kind is ProblemKind.NOT_CATALOGUED


def test_a_metric_of_a_library_that_has_no_entry_is_only_told():
    problem = only(found(known(), exposed(TEXT + "# TYPE leader_new gauge\nleader_new 1\n")))

    assert problem.kind is ProblemKind.NOT_CATALOGUED
    assert not problem.fails


@pytest.mark.parametrize(
    ("release", "fails"), [("v2.8.3", True), ("a checkout", True), ("v2.7.3", True), ("v2.6.0", False)]
)
def test_libraries_are_those_of_the_release_that_the_catalogue_describes(release, fails):
    library = entry("workqueue_depth", type="gauge", help="Depth.")
    text = TEXT + "# HELP workqueue_depth Depth of it.\n# TYPE workqueue_depth gauge\nworkqueue_depth 1\n"

    given = Circumstances(Release.of(release))
    problem = only(found(known(None, None, None, library), exposed(text), given=given))

    assert (problem.kind, problem.fails) == (ProblemKind.HELP, fails)


def test_a_library_is_compared_with_the_shape_that_it_has_in_the_release():
    earlier = {"until": "v2.7.3", "source": "s", "help": "Depth of it.", "labels": []}
    library = entry("workqueue_depth", type="gauge", help="Depth.", labels=["controller"], earlier=[earlier])
    text = TEXT + "# HELP workqueue_depth Depth of it.\n# TYPE workqueue_depth gauge\nworkqueue_depth 1\n"
    entries = known(None, None, None, library)

    assert found(entries, exposed(text), given=Circumstances(Release.of("v2.7.3"))) == []
    kinds = {each.kind for each in found(entries, exposed(text), given=Circumstances(Release.of("v2.8.0")))}
    assert kinds == {ProblemKind.HELP, ProblemKind.LABEL_MISSING}


def test_labels_that_are_not_known_are_not_compared():
    assert found(known({"labels_known": False, "labels": [], "values": {}, "help": "else"})) == []


def test_a_metric_without_labels_that_nobody_writes_is_there_at_zero():
    text = TEXT.replace("chaos_daemon_calls_total 3", "chaos_daemon_calls_total 0")

    assert found(known({}, {"status": "never-written"}), exposed(text)) == []


def test_the_same_difference_at_two_targets_is_one_problem():
    problem = only(found(known({"help": "other"}), exposed(), exposed(instance="two")))

    assert problem.instances == ("one", "two")


def test_what_is_there_from_the_start_is_missed_in_any_run_and_at_each_target():
    always = entry("chaos_daemon_always", type="gauge", appears="always")

    problem = only(
        found(
            known(None, None, None, always),
            exposed(TEXT + "# TYPE chaos_daemon_always gauge\nchaos_daemon_always 0\n"),
            exposed(instance="two"),
        )
    )

    assert (problem.kind, problem.instances) == (ProblemKind.NOT_SEEN, ("two",))
    assert problem.fails


def test_a_replica_that_does_not_lead_need_not_have_what_libraries_count():
    always = entry("controller_runtime_x", type="gauge", appears="always")
    leader = exposed(TEXT + "# TYPE controller_runtime_x gauge\ncontroller_runtime_x 0\n")

    assert found(known(None, None, None, always), leader, exposed(instance="two")) == []
    assert only(found(known(None, None, None, always))).kind is ProblemKind.NOT_SEEN


def test_what_was_not_touched_is_missed_in_a_whole_run_only():
    more = entry("chaos_daemon_more", type="gauge", touched_by=["NetworkChaos"])

    assert found(known(None, None, None, more)) == []
    problem = only(found(known(None, None, None, more), given=WHOLE))
    assert (problem.kind, problem.metric) == (ProblemKind.NOT_SEEN, "chaos_daemon_more")
    assert "touched by NetworkChaos" in problem.expected


def test_what_recordings_saw_counts_as_seen():
    more = entry("chaos_daemon_more_seconds", type="histogram", buckets=[1])
    saw = recorded({"__name__": "chaos_daemon_more_seconds_count"})

    assert found(known(None, None, None, more), recorded=saw, given=WHOLE) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"needs": ["toda"]},
        {"appears": "rarely"},
        {"since": "v2.9.0"},
        {"status": "promised-absent"},
        {"status": "never-written", "labels": ["x"]},
        {"exposed": False},
        {"prefix": True},
        {"components": ["chaos-dns-server"]},
    ],
)
def test_what_cannot_be_there_is_not_missed(fields):
    more = entry("chaos_daemon_more", **({"type": "gauge"} | fields))

    assert found(known(None, None, None, more), given=WHOLE) == []


def test_what_this_environment_cannot_show_is_told_with_the_reason():
    more = entry("chaos_daemon_more", type="gauge", needs=["netem", "toda"])

    assert impossible(known(None, None, None, more), NOW) == {"chaos_daemon_more": "toda: not there"}


def test_series_that_are_gone_by_the_end_are_compared_as_recorded():
    saw = recorded(
        {"__name__": "chaos_daemon_level", "namespace": "c", "phase": "half"},
        {"__name__": "chaos_daemon_level", "namespace": "c", "phase": "on", "pod": "p"},
        {"__name__": "chaos_daemon_level", "phase": "on"},
    )

    problems = found(known(), recorded=saw)

    assert {(problem.kind, problem.found) for problem in problems} == {
        (ProblemKind.VALUE, 'phase="half"'),
        (ProblemKind.LABEL_ADDED, "also pod"),
    }


def test_a_metric_that_was_there_for_a_while_only_is_found_too():
    problem = only(found(known(), recorded=recorded({"__name__": "chaos_daemon_new", "a": "b"})))

    assert problem.kind is ProblemKind.NOT_CATALOGUED
    assert problem.found == 'chaos_daemon_new{a="b"} in Prometheus, during the run'


def test_a_new_metric_that_is_still_there_at_the_end_is_one_problem():
    look = exposed(TEXT + "# TYPE chaos_daemon_new gauge\nchaos_daemon_new 1\n")

    problem = only(found(known(), look, recorded=recorded({"__name__": "chaos_daemon_new"})))

    assert problem.instances == ("one",)


def test_series_of_the_workload_are_none_of_chaos_mesh():
    made = Recorded()
    made.add({"__name__": "chaos_daemon_level", "job": "workload", "phase": "x"})

    assert found(known(), recorded=made) == []


def test_what_fails_comes_first():
    library = "# TYPE a_library gauge\na_library 1\n"

    kinds = [problem.fails for problem in found(known({"help": "x"}), exposed(library + TEXT))]

    assert kinds == [True, False]
    assert merged([]) == []


def test_buckets_that_go_computes_are_off_by_a_rounding():
    buckets = [1e-8, 1e-5, 0.0001]
    text = TEXT
    for name in ("chaos_daemon_took_seconds",):
        text = text.replace(f'{name}_bucket{{le="0.1"}} 1\n{name}_bucket{{le="1"}} 2\n', "")
        bounds = ("1e-08", "9.999999999999999e-06", "9.999999999999999e-05")
        lines = "".join(f'{name}_bucket{{le="{bound}"}} 1\n' for bound in bounds)
        text = text.replace(f'{name}_bucket{{le="+Inf"}}', lines + f'{name}_bucket{{le="+Inf"}}')

    assert found(known({}, {}, {"buckets": buckets}), exposed(text)) == []


def test_a_removed_metric_of_the_real_catalogue_is_missed():
    problems = compare(catalogue(), [exposed("")], Recorded(), Circumstances(Release.of("v2.8.3")))

    missed = {problem.metric for problem in problems if problem.kind is ProblemKind.NOT_SEEN}
    assert {"chaos_daemon_bpm_controlled_processes", "chaos_daemon_tcs_rules"} <= missed
    assert not any(name.startswith("chaos_dashboard") for name in missed)
