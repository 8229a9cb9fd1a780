"""The axes along which a model's settings can be changed, and what was chosen on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.strict import strict

THREADS, DTYPE, DRIVER, RANKS, ALLOCATOR = "threads", "dtype", "driver", "ranks", "allocator"
FIELDS = (THREADS, DTYPE, DRIVER, RANKS, ALLOCATOR)
"""Axes whose value is a field of :class:`~mlipguide.records.timing.measurement.Settings` of the same name."""
PINNING, WAIT_POLICY, SKIN = "pinning", "wait-policy", "skin"
SPINNING = "active"
"""The wait policy by which threads keep their processors busy while they wait."""
HARMLESS = frozenset({PINNING, WAIT_POLICY, SKIN})
"""Axes beside the fields that change at most the order of sums."""
DTYPES = ("float32", "float64")
TORCH_SIM = "torch-sim"
"""The driver that evaluates many structures at once."""


class AxisEffect(StrEnum):
    """What a setting may change in a result: nothing, its last digits, or what is computed."""

    NOTHING = "nothing"
    ROUNDING = "rounding"
    NUMBERS = "numbers"


class Purpose(StrEnum):
    """What a setting is to be fast for.

    ``md``: many steps of one structure. ``screen``: many small structures, each for some steps. ``evaluate``: many
    small structures, each once.
    """

    MD = "md"
    SCREEN = "screen"
    EVALUATE = "evaluate"


@strict
@dataclass(frozen=True, kw_only=True)
class AxisChoice:
    """A value other than the default that was chosen on an axis.

    Attributes:
        axis: Name of the axis.
        value: Its value.
    """

    axis: str
    value: str


def choice_words(choices: Sequence[AxisChoice]) -> str:
    """Return what was chosen, as ``compile default, pinning cores``; empty where nothing was."""
    return ", ".join(f"{one.axis} {one.value}" for one in choices)


@strict
@dataclass(frozen=True, kw_only=True)
class AxisConditions:
    """What a value needs; a field that is left out asks for nothing.

    Attributes:
        device: ``cpu`` or ``cuda``.
        compute_capability: The least one of the GPU, ``8.0``.
        packages: That the environment must hold, all of them.
        system: ``Linux``.
        compiler: Whether a C++ compiler must be there where it runs on the processor.
        cores: The least number of usable cores.
        dtype: The only precision that it is for.
        driver: The only driver that it is for.
        families: Families of models that it is for.
        purposes: What it can be chosen for.
    """

    device: str | None = None
    compute_capability: str | None = None
    packages: tuple[str, ...] = field(default=())
    system: str | None = None
    compiler: bool = False
    cores: int = 1
    dtype: str | None = None
    driver: str | None = None
    families: tuple[str, ...] = field(default=())
    purposes: tuple[Purpose, ...] = field(default=())


@strict
@dataclass(frozen=True, kw_only=True)
class AxisValue:
    """A value beside the default.

    Attributes:
        value: As it is written.
        changes: What it may change in a result.
        needs: Where it can be chosen.
        variables: Environment variables of the process that stand for it; none for what the backend is told when it
            loads a model.
    """

    value: str
    changes: AxisEffect
    needs: AxisConditions = field(default_factory=AxisConditions)
    variables: dict[str, str] = field(default_factory=dict)


@strict
@dataclass(frozen=True, kw_only=True)
class Axis:
    """One thing that can be set.

    Attributes:
        name: Its name.
        what: What it is, in some words.
        default: What holds where nothing is chosen; None where that depends on the machine.
        values: The others, the most promising first.
        counted: Whether its values are numbers up to that of the usable cores.
    """

    name: str
    what: str
    default: str | None = None
    values: tuple[AxisValue, ...] = field(default=())
    counted: bool = False


@strict
@dataclass(frozen=True, kw_only=True)
class UnavailableValue:
    """A value that cannot be chosen here.

    Attributes:
        axis: Name of the axis.
        value: Its value.
        reason: The condition that does not hold.
    """

    axis: str
    value: str
    reason: str
