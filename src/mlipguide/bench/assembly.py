"""From samples to the records that are stored."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Measurement, Weights
from mlipguide.sessions.interface import Conditions


def measurements_of(
    run: CandidateRun,
    *,
    structure: StructureSummary,
    conditions: Conditions,
    fingerprint: str,
) -> tuple[Measurement, ...]:
    """Return one record for each size that has steady samples, smallest first.

    Args:
        run: A candidate that nothing more will be asked of.
        structure: The user's structure.
        conditions: Temperature and step.
        fingerprint: Of the machine.
    """
    facts = run.facts
    if facts is None:
        return ()
    now = datetime.now(UTC)
    card = run.subject.card
    return tuple(
        Measurement(
            record=f"{now:%Y%m%dT%H%M%S}-{card.id}-{size_run.prepared.atoms}-{uuid4().hex[:8]}",
            taken_at=now.isoformat(timespec="seconds"),
            model=card.id,
            time_law=card.architecture.time_law,
            backend=card.backend,
            scenario=conditions.scenario,
            weights=Weights.SYNTHETIC if facts.synthetic else Weights.PRETRAINED,
            settings=run.subject.settings,
            versions=facts.versions,
            fingerprint=fingerprint,
            structure=structure,
            atoms=size_run.prepared.atoms,
            pairs_per_atom=size_run.prepared.pairs_per_atom,
            temperature_k=conditions.temperature_k,
            timestep_s=conditions.timestep_s,
            propagated=size_run.propagated,
            load_s=facts.load_s,
            first_call_s=size_run.prepared.first_call_s + size_run.compiling_s,
            warm_up=size_run.warm_up,
            steady=size_run.steady,
            steady_bursts=size_run.steady_bursts,
            set_aside=size_run.set_aside,
            reference_s=tuple(size_run.reference_s),
            peak_memory_bytes=size_run.peak_memory_bytes or None,
            disturbance=size_run.disturbance,
            structures=size_run.prepared.structures,
        )
        for _, size_run in sorted(run.sizes.items())
        if size_run.bursts
    )
