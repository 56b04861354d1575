"""Removes all that a scenario made and makes Chaos Mesh whole again, whatever happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

from harness.base.errors import HarnessError, InfrastructureError
from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact_json
from harness.base.waiting import asking
from harness.chaosmesh import breakage, cleanup, rollout
from harness.judge.finding import Finding
from harness.kubernetes.client import Object
from harness.kubernetes.errors import UnreachableError
from harness.kubernetes.leftovers import Deadline
from harness.kubernetes.leftovers import StuckObject as Left
from harness.recording.writer import FINDINGS
from harness.results.scenario import Leftover, left_over
from harness.runner.conflicts import calls_daemon
from harness.runner.outage import RETURN_SECONDS
from harness.runner.scenario_context import ScenarioContext
from harness.runner.trouble import caught

_PAUSE_SECONDS = 1.0


class CleanUp:
    """The clean-up of one scenario; what stayed or had to be forced is in its result."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context

    def perform(self, findings: Callable[[], list[Finding]], stop: Sequence[Callable[[], None]]) -> None:
        """Clean up, after the record has been ended.

        Args:
            findings: what was judged, which is written beside the recording.
            stop: end what still goes on in the background.
        """
        context = self._context
        began = context.clock.now()
        with context.phase("clean up"):
            ends: list[Callable[[], None]] = [self._end_record, partial(self._write_findings, findings)]
            # Whatever goes wrong with the record, what was made is removed.
            for last in (*stop, *ends):
                with caught(context.result, context.file, context.around):
                    last()
            left: list[Left] = []
            try:
                self._clean_when_it_answers(left)
            except HarnessError as error:
                unknown = isinstance(error, InfrastructureError)
                told = f"clean-up stopped: {error}; the next run sweeps it"
                context.result.leftovers.append(
                    Leftover(
                        kind="Namespace", name=context.namespace, what_was_done=told, infrastructure=unknown
                    )
                )
                why = [str(error), *error.details]
                context.diagnostics.clean_up(why, context.containers, infrastructure=unknown)
                return
            context.result.leftovers += left_over(left, context.overload.since(began))
            if left:
                why = [f"{item.kind} {item.name}: {item.what_was_done}" for item in left]
                context.diagnostics.clean_up(why, context.containers)

    def _end_record(self) -> None:
        self._context.overload.record()
        self._context.recorder.close()

    def _write_findings(self, found: Callable[[], list[Finding]]) -> None:
        findings = [json.loads(finding.model_dump_json()) for finding in found()]
        folder = self._context.result.recording
        assert folder is not None
        try:
            text = redact_json(json.dumps(findings, indent=1) + "\n")
            write_whole(folder / FINDINGS, text, mode=PUBLIC)
        except OSError as error:
            raise InfrastructureError(
                f"cannot write the findings {folder / FINDINGS}: {error.strerror}",
                next_step="free disk space or choose another folder for the report, then run again",
            ) from error

    def _clean_when_it_answers(self, left: list[Left]) -> None:
        """Clean up, again and again while the API server is in trouble: chaos would stay in force.

        Raises:
            UnreachableError: it did not come back within RETURN_SECONDS.
        """
        # It takes time to load.
        from tenacity import retry_if_exception_type  # noqa: PLC0415

        again = retry_if_exception_type(UnreachableError)
        clock = self._context.clock.now
        asking(again, seconds=RETURN_SECONDS, every=_PAUSE_SECONDS, clock=clock)(self._clean, left)

    def _clean(self, left: list[Left]) -> None:
        """Make Chaos Mesh whole again, which the removal of chaos needs, then remove all that was made.

        Args:
            left: takes what stayed, or had to be forced.
        """
        context, cluster = self._context, self._context.cluster
        mesh = context.around.chaos_mesh_namespace
        # What was broken on purpose first: a daemon that cannot run does not become whole by waiting.
        patience = Deadline(rollout.WHOLE_SECONDS)
        left += breakage.restore(cluster, context.namespace, mesh, patience)
        left += rollout.restore_and_wait(cluster, mesh, context.touched) if context.touched else []
        for namespace in context.namespaces:
            left += cleanup.clean(
                cluster,
                namespace,
                mesh,
                wait=False,
                stuck=self._keep_stuck,
                daemon_called=calls_daemon(context.file),
            )

    def _keep_stuck(self, objects: list[Object]) -> None:
        """Keep evidence of what does not go, before it is removed by force."""
        why = [
            f"{each['kind']} {each['metadata']['name']} does not go; "
            f"its finalizers: {', '.join(each['metadata'].get('finalizers') or []) or 'none'}"
            for each in objects
        ]
        namespace = objects[0]["metadata"]["namespace"]
        self._context.diagnostics.clean_up(why, self._context.containers, namespace=namespace)
