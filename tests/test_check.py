"""All that can be known to be wrong with a scenario is said at once, at its place."""

import pytest

from harness.base import bundled
from harness.check import load_checked
from harness.scenario.load import ScenarioError

WRONG = """\
scenario: example
about: Wrong in each way that one of the checks knows.
workload: mini-node-exporter
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selectr}"}
steps:
  - wait: 1
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        equal: 1
      - metric: chaos_controller_manager_chaos_experimnts
        equals: 1
  - delete: burn
  - apply: burn
    until: running
"""


def test_what_every_check_finds_comes_at_once_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    with pytest.raises(ScenarioError) as wrong:
        load_checked(path)
    found = [(problem.line, problem.message) for problem in wrong.value.problems]
    assert [(line, message.split(": ")[0].split(";")[0]) for line, message in found] == [
        (7, "${workload.selectr}"),
        (12, "unknown kind of expectation `equal`"),
        (13, "the catalogue has no metric `chaos_controller_manager_chaos_experimnts`"),
        (15, "`burn` is not applied yet"),
        (16, "nothing proves that `burn` has an effect"),
    ]


@pytest.mark.parametrize("path", sorted(bundled.scenarios().rglob("*.yaml")), ids=lambda path: path.stem)
def test_what_ships_is_fine(path):
    assert load_checked(path)[0].path == path
