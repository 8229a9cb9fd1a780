"""Pilots in advice: kept when they end, and looked up for a task on the same elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from mlipguide.records.advice import Strategy
from mlipguide.records.pilot import KeptCurve, KeptPilot, PilotData
from mlipguide.records.strategy import LearningCurve
from mlipguide.records.training import Engine
from mlipguide.store import pilots as store
from mlipguide.workflows.pilot_answer import by_model

STRATEGIES = {
    Strategy.TRAIN_FROM_SCRATCH: (Engine.POD, Engine.NEP),
    Strategy.FINE_TUNE: (Engine.FINE_TUNE,),
}
"""Engines that tell of a strategy. A student that learns from a teacher is another matter than one that learns from
reference calculations: of distilling a pilot on labels says nothing."""


def keep_pilot(data: PilotData) -> None:
    """Store what later advice needs of a pilot.

    Raises:
        StorageError: The data folder cannot be written.
    """
    speeds = {(speed.engine, speed.size): speed.time_per_atom_s for speed in data.speeds}
    curves = []
    for (engine, size), points in by_model(data.points).items():
        errors: dict[int, list[float]] = {}
        for point in points:
            if point.errors.force_mae_ev_per_angstrom is not None:
                errors.setdefault(point.frames, []).append(point.errors.force_mae_ev_per_angstrom.value)
        curves.append(
            KeptCurve(
                engine=engine,
                size=size,
                points=tuple((frames, sum(known) / len(known)) for frames, known in sorted(errors.items())),
                train_s=max(point.train_s for point in points),
                time_per_atom_s=speeds.get((engine, size)),
            )
        )
    store.keep(
        KeptPilot(
            elements=data.data.elements,
            fingerprint=data.machine.fingerprint,
            folder=data.folder,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            curves=tuple(curves),
        )
    )


def known_curves(elements: Sequence[str]) -> Mapping[Strategy, LearningCurve]:
    """Return, for each strategy that was tried on these elements, the curve that ends lowest."""
    pilots = store.find(elements).pilots
    found: dict[Strategy, LearningCurve] = {}
    for strategy, engines in STRATEGIES.items():
        curves = [
            (curve.points[-1][1], f"pilot {curve.engine.value} {curve.size} in {pilot.folder}", curve)
            for pilot in pilots
            for curve in pilot.curves
            if curve.engine in engines and curve.points
        ]
        if curves:
            _, source, curve = min(curves, key=lambda known: known[:2])
            found[strategy] = LearningCurve(points=curve.points, source=source)
    return found
