"""Several MPI ranks predicted from one, where ``bench`` measured both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlipguide.costmodel.costs import costs_from, step_time_of
from mlipguide.costmodel.ranks import predict_ranks
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.bench import RanksCheck
from mlipguide.records.timing.measurement import Measurement, Scenario

FEWEST_SIZES = 2
"""Of one rank, for a law of its own."""


def check_ranks(measurements: Sequence[Measurement], cards: Mapping[str, ModelCard]) -> tuple[RanksCheck, ...]:
    """Return a prediction beside every measurement with several ranks.

    Nothing is said of a model that passes messages, whose ghosts are deeper and are computed, of structures that are
    not periodic, and where one rank with otherwise equal settings was measured at fewer than two sizes.

    Args:
        measurements: Of one structure.
        cards: By the id of the model.
    """
    found = []
    for item in measurements:
        architecture = cards[item.model].architecture
        density = item.structure.number_density_per_angstrom3
        if item.settings.ranks == 1 or item.scenario is not Scenario.SINGLE_STREAM:
            continue
        if architecture.layers != 1 or architecture.cutoff_angstrom is None or density is None:
            continue
        one = replace(item.settings, ranks=1)
        alone = [other for other in measurements if (other.model, other.settings) == (item.model, one)]
        if len({other.atoms for other in alone}) < FEWEST_SIZES:
            continue
        predicted = predict_ranks(
            costs_from(alone).step_time,
            item.atoms,
            pairs_per_atom=item.pairs_per_atom,
            ranks=item.settings.ranks,
            cutoff_angstrom=architecture.cutoff_angstrom,
            atoms_per_angstrom3=density,
        )
        measured = step_time_of(item)
        found.append(
            RanksCheck(
                model=item.model,
                settings=item.settings,
                atoms=item.atoms,
                predicted_s=predicted,
                measured_s=measured,
                ratio=measured.value / predicted.value,
            )
        )
    return tuple(found)
