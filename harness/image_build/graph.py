"""Builds artefacts in the order of their uses, compiling and disk work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from harness.base.progress import Progress
from harness.image_build.artefact import Artefact, CacheEntry, Lane
from harness.image_build.store import Store


def build_all(
    wanted: Iterable[Artefact],
    *,
    store: Store,
    progress: Progress,
    logs: Path,
    cancel: threading.Event,
    before_build: Callable[[], None] = lambda: None,
) -> dict[str, CacheEntry]:
    """Return the entries of the wanted artefacts and of all that they use, by name.

    Within a lane, artefacts are built in the order in which they were given.

    Args:
        wanted: the artefacts, in order of preference within a lane.
        store: where entries are kept.
        progress: where each build is announced.
        logs: the folder for the builds' logs.
        cancel: set when a build fails or the caller is interrupted; build functions hand it to
            their commands.
        before_build: called once when anything has to be built: installs or demands tools.

    Raises:
        Exception: the first failure, whatever a build function raised.
    """
    order = in_order(wanted)
    entries: dict[str, CacheEntry] = {}
    missing: list[Artefact] = []
    for artefact in order:
        used = {use.artefact.name: entries.get(use.artefact.name) for use in artefact.uses}
        complete = {name: entry for name, entry in used.items() if entry}
        found = store.find(artefact, complete) if len(complete) == len(used) else None
        if found:
            entries[artefact.name] = found
        else:
            missing.append(artefact)
    if missing:
        before_build()
        _build(missing, entries, store=store, progress=progress, logs=logs, cancel=cancel)
    return entries


def in_order(wanted: Iterable[Artefact]) -> list[Artefact]:
    """Return the artefacts and all that they use, each after what it uses.

    Raises:
        ValueError: two different artefacts have one name.
    """
    order: dict[str, Artefact] = {}

    def visit(artefact: Artefact) -> None:
        if order.get(artefact.name, artefact) is not artefact:
            raise ValueError(f"two artefacts are named {artefact.name}")
        if artefact.name in order:
            return
        for use in artefact.uses:
            visit(use.artefact)
        order[artefact.name] = artefact

    for artefact in wanted:
        visit(artefact)
    return list(order.values())


def _build(
    missing: list[Artefact],
    entries: dict[str, CacheEntry],
    *,
    store: Store,
    progress: Progress,
    logs: Path,
    cancel: threading.Event,
) -> None:
    lanes = {artefact.lane for artefact in missing}
    pending = list(missing)
    running: dict[Future[CacheEntry], Artefact] = {}

    def next_in(lane: Lane) -> Artefact | None:
        ready = (
            artefact
            for artefact in pending
            if artefact.lane == lane and all(use.artefact.name in entries for use in artefact.uses)
        )
        return next(ready, None)

    with ThreadPoolExecutor(len(lanes), thread_name_prefix="images") as pool:
        try:
            while pending or running:
                for lane in lanes - {artefact.lane for artefact in running.values()}:
                    if artefact := next_in(lane):
                        pending.remove(artefact)
                        used = {use.artefact.name: entries[use.artefact.name] for use in artefact.uses}
                        future = pool.submit(store.get, artefact, used, progress=progress, logs=logs)
                        running[future] = artefact
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    artefact = running.pop(future)
                    entries[artefact.name] = future.result()
        except BaseException:
            cancel.set()
            raise
