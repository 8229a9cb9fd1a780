"""Starting the workers of several candidates, some at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.core.errors import MlipguideError
from mlipguide.core.processes import end_all_groups
from mlipguide.records.notice import Problem
from mlipguide.sessions.interface import ModelSession


def load_all(runs: Sequence[CandidateRun], *, at_once: int, on_progress: Callable[[str, float], None]) -> None:
    """Start every candidate's worker; one that does not start has a problem and no session.

    On Ctrl-C the workers that are being started are ended before it is passed on.
    """
    with ThreadPoolExecutor(max_workers=max(1, at_once)) as pool:
        waiting: list[tuple[CandidateRun, Future[ModelSession]]] = [
            (run, pool.submit(run.subject.open)) for run in runs
        ]
        try:
            for count, (run, future) in enumerate(waiting):
                on_progress(f"loading {run.subject.card.id} ({count + 1} of {len(runs)})", 0.0)
                try:
                    run.session = future.result()
                    run.facts = run.session.facts
                except MlipguideError as error:
                    run.problems.append(Problem.from_error(error, model=run.subject.card.id))
        except BaseException:
            # Threads that are starting workers cannot be interrupted; their workers can be ended.
            for _, future in waiting:
                future.cancel()
            while not all(future.done() for _, future in waiting):
                end_all_groups()
                time.sleep(0.02)
            for run, future in waiting:
                if not future.cancelled() and future.exception() is None:
                    run.session = future.result()
            raise
