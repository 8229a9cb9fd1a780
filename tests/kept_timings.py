"""Timings of fake models put into the store as if they had been measured, so that nothing depends on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factories import make_measurement
from fake_models import FakeModels
from mlipguide.candidates.preparation import NO_CONSENT, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.store import measurements as store
from mlipguide.tasks.requests import load_structure
from mlipguide.testing.fake_session import Law

SPREAD = (1.0, 1.01, 0.99, 1.0, 1.005)
"""Of the steps of a timing."""
PAIRS = 28.0


def keep_timings(fakes: FakeModels, model: str, structure: Path | str, law: Law, repeats: Sequence[int]) -> None:
    """Keep timings of a model on cells that repeat a structure so many times, with the time of a step by a law."""
    _, summary, _ = load_structure(TaskRequest(structure=str(structure)))
    (item,) = prepare_candidates(
        [load_catalogue().find(model)],
        fakes.machine,
        given_weights={},
        consent=NO_CONSENT,
        on_progress=lambda _message: None,
    ).candidates
    for times in repeats:
        atoms = times * summary.atoms
        store.append(
            make_measurement(
                atoms,
                wall_s=tuple(law(atoms) * factor for factor in SPREAD),
                peak_memory_bytes=500_000_000 + 1_000_000 * atoms,
                record=f"20250102T030405-{model}-{summary.reduced_formula}-{atoms}",
                model=model,
                time_law=item.card.architecture.time_law,
                backend=item.card.backend,
                settings=item.settings,
                versions={},
                fingerprint=fakes.machine.fingerprint,
                structure=summary,
                pairs_per_atom=PAIRS,
            )
        )
