"""Changes a few metrics in a copy of Chaos Mesh, and checks that a comparison found exactly these changes.

plant_changes.py FOLDER          plants them
plant_changes.py --found FILE    FILE is the output of `chaos-harness compare --json`
"""

import json
import sys
from pathlib import Path

COLLECTOR = "pkg/metrics/chaos-controller-manager.go"
DAEMON = "pkg/metrics/chaos-daemon.go"

EDITS = [
    # One metric gets another name.
    (DAEMON, '"tcs_rules"', '"qdiscs"'),
    # One gets another HELP.
    (
        "pkg/bpm/metrics.go",
        '"Current number of bpm controlled processes"',
        '"Processes managed in the background"',
    ),
    # One loses a label, and so does what counts with it.
    (COLLECTOR, '[]string{"type", "reason", "namespace"}', '[]string{"type", "reason"}'),
    (
        "controllers/utils/recorder/recorder.go",
        "WithLabelValues(event.Type, event.Reason, event.Namespace)",
        "WithLabelValues(event.Type, event.Reason)",
    ),
    # One is not exposed any more.
    (COLLECTOR, "\tcollector.SidecarTemplates.Describe(ch)\n", ""),
    (COLLECTOR, "\tcollector.SidecarTemplates.Collect(ch)\n", ""),
    # One histogram has another bucket.
    (DAEMON, "{0.001, 0.01, 0.1, 0.3, 0.6, 1, 3, 6, 10}", "{0.001, 0.01, 0.1, 0.25, 0.6, 1, 3, 6, 10}"),
]
PLANTED = {
    ("renamed", "chaos_daemon_tcs_rules"),
    ("help", "chaos_daemon_bpm_controlled_processes"),
    ("label-removed", "chaos_controller_manager_emitted_event_total"),
    ("removed", "chaos_controller_manager_chaos_mesh_templates"),
    ("buckets", "chaos_daemon_grpc_server_handling_seconds"),
}


def plant(folder: Path) -> None:
    """Make the edits; each has to fit exactly once."""
    for name, old, new in EDITS:
        path = folder / name
        text = path.read_text()
        if text.count(old) != 1:
            sys.exit(f"{name} has {old!r} {text.count(old)} times, not once: adapt ci/plant_changes.py")
        path.write_text(text.replace(old, new))
    print(f"planted {len(PLANTED)} changes: " + ", ".join(f"{kind} {name}" for kind, name in sorted(PLANTED)))


def check(file: Path) -> None:
    """Exit with 1 unless the changes of Chaos Mesh's own metrics are the planted ones."""
    changes = json.loads(file.read_text())["changes"]
    found = {
        (change["kind"], change["metric"])
        for change in changes
        # That scenarios fail by the planted changes is as it should be.
        if change["metric"].startswith("chaos_") and change["kind"] not in {"verdict", "value"}
    }
    if missed := sorted(PLANTED - found):
        print(f"planted, and not found: {missed}")
    if more := sorted(found - PLANTED):
        print(f"found, and not planted: {more}")
    if missed or more:
        sys.exit(1)
    print(f"all {len(PLANTED)} planted changes were found, and no other one of Chaos Mesh's own metrics")


if __name__ == "__main__":
    if sys.argv[1] == "--found":
        check(Path(sys.argv[2]))
    else:
        plant(Path(sys.argv[1]))
