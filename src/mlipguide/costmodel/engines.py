"""Which code runs a model fastest, and from which size on it is another one."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.costmodel.elsewhere import RemoteCosts
from mlipguide.costmodel.transfer_data import ASE
from mlipguide.costmodel.transfer_predictions import fastest
from mlipguide.records.advice.engines import EngineChoice

SIZES = tuple(round(10 ** (1 + step / 8)) for step in range(41))
"""Numbers of atoms at which codes are compared: 10 to a million, eight to a power of ten."""


def engines_of(ways: Sequence[RemoteCosts], atoms: int) -> tuple[EngineChoice, ...]:
    """Return the codes of a model, the fastest with so many atoms first; nothing where there is no choice.

    Args:
        ways: What the model costs in each code, on the same hardware.
        atoms: Of the task.
    """
    known = [way for way in ways if way.curve is not None]
    if not known[1:]:
        return ()
    winners = [fastest(known, size) for size in SIZES]
    return tuple(
        _choice(way, atoms, [size for size, winner in zip(SIZES, winners, strict=True) if winner is way])
        for way in sorted(known, key=lambda way: way.median_step_s(atoms))
    )


def _choice(way: RemoteCosts, atoms: int, won: Sequence[int]) -> EngineChoice:
    return EngineChoice(
        code=way.code,
        devices=way.devices,
        splits=way.code != ASE,
        step_time_s=way.step_time_s(atoms),
        peak_memory_bytes=way.peak_memory_bytes(atoms),
        fastest_from_atoms=won[0] if won else None,
        fastest_to_atoms=won[-1] if won and won[-1] != SIZES[-1] else None,
    )
