"""Times of others in an answer: where nothing was timed here, and what is said of those that are not believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.bench.measuring.costs_here import expected_cost, pairs_of
from mlipguide.bench.measuring.shared_sets import shared_here
from mlipguide.candidates.preparation import Prepared
from mlipguide.catalog.cards import Catalogue
from mlipguide.costmodel.elsewhere import RemoteCosts
from mlipguide.costmodel.expected import expected_timings
from mlipguide.costmodel.model_costs import ModelCosts
from mlipguide.costmodel.transfer_data import OwnTiming
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task

if TYPE_CHECKING:
    from ase import Atoms


def with_shared_times(
    costs: Mapping[str, ModelCosts],
    candidates: Sequence[Prepared],
    own: Iterable[OwnTiming],
    *,
    machine: Machine,
    catalogue: Catalogue,
    task: Task,
    atoms: Atoms | None,
) -> tuple[dict[str, ModelCosts], tuple[Notice, ...]]:
    """Return the costs with what others shared of such hardware in the place of what nobody timed here.

    Only of models that can be started here; and what is said of the records.

    Args:
        costs: As measured here, by model.
        candidates: Models as they are run here.
        own: What was timed here.
        machine: This machine.
        catalogue: All models.
        task: What is wanted.
        atoms: The structure; None where only its density is assumed.
    """
    found = dict(costs)
    untimed = [item for item in candidates if item.obstacle is None and _is_untimed(costs.get(item.card.id))]
    shared = shared_here(untimed, machine)
    if not shared.sets:
        return found, shared.notices
    cards = [item.card for item in untimed]
    told = expected_timings(
        cards,
        machine,
        own,
        catalogue=catalogue,
        structure=task.structure,
        pairs_per_atom=partial(pairs_of, task, atoms),
        shared=shared.sets,
    )
    if told is None:
        return found, shared.notices
    expected = told.costs_of_all(cards, task.atoms)
    used = [item for item in untimed if item.card.id in expected and expected[item.card.id].shared_atoms]
    found |= {item.card.id: expected_cost(item, _with_shared_memory(expected[item.card.id])) for item in used}
    notices = [*shared.notices, *shared_notices(told.known)]
    if used:
        names = ", ".join(sorted(item.card.id for item in used))
        notices.append(
            Notice(
                "shared",
                f"Timed by others with the same hardware, not here: {names}. Without --no-measure they are timed here.",
            )
        )
    return found, tuple(notices)


def shared_notices(known: ReferenceTimings) -> tuple[Notice, ...]:
    """Return the notice that names the time laws of which contributors are set aside; none where none is."""
    aside = {law: one for (law, _), one in known.shared.items() if one.set_aside}
    if not aside:
        return ()
    count = sum(one.set_aside for one in aside.values())
    unused = sorted(law for law, one in aside.items() if not one.timings)
    left = f" Nothing shared is used of {', '.join(unused)}." if unused else ""
    return (
        Notice(
            "shared_set_aside",
            f"Of {', '.join(sorted(aside))}, what {count} contributor{'s' if count > 1 else ''} shared is set aside: "
            f"it contradicts the others or, while they are few, what is expected without them.{left}",
        ),
    )


def _with_shared_memory(costs: RemoteCosts) -> RemoteCosts:
    """Return costs without memory that was published of other devices: of what is here it would be measured."""
    is_shared = costs.memory is not None and costs.memory.basis is Basis.SHARED
    return costs if is_shared else replace(costs, memory=None)


def _is_untimed(costs: ModelCosts | None) -> bool:
    why = None if costs is None else costs.unknown_because
    return isinstance(why, Doubt) and why.kind is ReasonKind.NOT_TIMED
