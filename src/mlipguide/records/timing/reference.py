"""Step times of many architectures on one core, which every machine's first look starts from."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class ReferenceTiming:
    """One architecture on the reference core.

    Attributes:
        model: Id of the card of a checkpoint that has it.
        system: Formula of the structure.
        atoms: Of the structure.
        pairs_per_atom: Neighbours of an atom within the model's cutoff.
        dtype: ``float32`` or ``float64``.
        step_ms: Processor time of an MD step on one thread, ms.
    """

    model: str
    system: str
    atoms: int
    pairs_per_atom: float
    dtype: str
    step_ms: float
