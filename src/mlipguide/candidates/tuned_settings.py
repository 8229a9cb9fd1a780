"""Models with the settings that ``tune`` found for them on this machine, where what was found still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlipguide.candidates.axes_here import axes_here
from mlipguide.candidates.preparation import Preparation, Prepared
from mlipguide.core.errors import InputError
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice
from mlipguide.records.timing.axes import FIELDS, Purpose, choice_words
from mlipguide.records.timing.measurement import Weights
from mlipguide.records.timing.tuning import ModelTuning
from mlipguide.store import tunings

SIZE_FACTOR = 8.0
"""How many times larger or smaller a system may be than those that were timed (a judgement): on a processor threads and
kernels gain with the size."""


def with_tuned(preparation: Preparation, machine: Machine, purpose: Purpose, *, atoms: int) -> Preparation:
    """Return the candidates with their tuned settings, and say of which that is so.

    Args:
        preparation: The candidates with their defaults.
        machine: This machine.
        purpose: What they will be run for.
        atoms: Of the system.
    """
    used: list[ModelTuning] = []
    candidates: list[Prepared] = []
    for item in preparation.candidates:
        found = tunings.find(machine.fingerprint, item.card.id, purpose)
        if found is None or found.chosen == found.default or not holds(found, item, machine, atoms=atoms):
            candidates.append(item)
            continue
        used.append(found)
        candidates.append(replace(item, settings=found.chosen))
    notices = (
        *tunings.set_aside(machine.fingerprint, (item.card.id for item in preparation.candidates)),
        *_notices(used),
    )
    return replace(preparation, candidates=tuple(candidates), notices=(*preparation.notices, *notices))


def holds(found: ModelTuning, item: Prepared, machine: Machine, *, atoms: int) -> bool:
    """Tell whether what was found of a model still holds here.

    The model must have the default settings, the packages and the kind of weights that it had, the system must be about
    as large as those that were timed, and everything that was chosen must still be possible.
    """
    installed = item.environment.versions
    same_code = all(installed[name] == version for name, version in found.versions.items() if name in installed)
    weights = Weights.SYNTHETIC if item.synthetic else Weights.PRETRAINED
    near = min(found.atoms) / SIZE_FACTOR <= atoms <= max(found.atoms) * SIZE_FACTOR
    if not (same_code and near and weights is found.weights and found.default == item.settings):
        return False
    try:
        here = {(one.axis, one.value) for one in axes_here(item, machine, found.purpose).available}
    except InputError:
        return False
    return all(one.axis in FIELDS or (one.axis, one.value) in here for one in found.changed)


def _notices(used: Sequence[ModelTuning]) -> tuple[Notice, ...]:
    if not used:
        return ()
    each = "; ".join(f"{one.model} ({choice_words(one.changed)})" for one in used)
    latest = max(one.tuned_at for one in used)[:10]
    return (
        Notice(
            "tuned_settings",
            f"With settings that mlipguide tune found on this machine, the last on {latest}: {each}.",
        ),
    )
