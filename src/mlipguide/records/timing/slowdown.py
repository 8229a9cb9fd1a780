"""Why a run may be slower than it could be: what is known of each reason, and how well it fits what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict


class SlowdownKind(StrEnum):
    """A reason for a slow run."""

    FLOAT64 = "float64"
    PROCESSOR = "processor"
    STYLE = "style"
    NEIGHBOURS = "neighbours"
    SHARED_GPU = "shared-gpu"
    DISPERSION = "dispersion"
    ONE_DEVICE = "one-device"
    FEW_THREADS = "few-threads"
    HOST = "host"
    START = "start"
    OUTSIDE = "outside"
    PLAIN_KERNELS = "plain-kernels"
    FEW_ATOMS = "few-atoms"


@strict
@dataclass(frozen=True, kw_only=True)
class SlowdownEvidence:
    """How much slower somebody saw a run for one reason.

    Attributes:
        low: The least factor on the time of a step that fits what was published.
        value: The factor.
        high: The largest.
        source: Key in ``sources.bib``.
        families: Families of models that it was seen with.
        atoms: Of the system; None where that was not stated.
        remark: What was compared.
    """

    low: float
    value: float
    high: float
    source: str
    remark: str
    families: tuple[str, ...] = field(default=())
    atoms: int | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class SlowdownCheck:
    """A command that tells whether a reason holds.

    Attributes:
        command: To be typed; ``{model}``, ``{atoms}``, ``{structure}``, ``{log}``, ``{more}`` stand for what was asked.
        tells: What its output means.
    """

    command: str
    tells: str


@strict
@dataclass(frozen=True, kw_only=True)
class SlowdownCard:
    """What is known of one reason.

    Attributes:
        kind: The reason.
        checks: Commands that tell, the surest first.
        signs: Words of a log that show it, in lower case.
        evidence: What was published of its size.
        sources: Keys in ``sources.bib``, of its words.
    """

    kind: SlowdownKind
    checks: tuple[SlowdownCheck, ...]
    signs: tuple[str, ...] = field(default=())
    evidence: tuple[SlowdownEvidence, ...] = field(default=())
    sources: tuple[str, ...] = field(default=())


@strict
@dataclass(frozen=True, kw_only=True)
class LogSign:
    """A line of a log that shows a reason.

    Attributes:
        kind: The reason.
        line: Its number, from 1.
        text: Its words.
    """

    kind: SlowdownKind
    line: int
    text: str


class Fit(StrEnum):
    """How a reason's factor compares with what was seen."""

    EXPLAINS = "explains"
    PART = "part"
    TOO_MUCH = "too-much"
    UNKNOWN = "unknown"


@strict
@dataclass(frozen=True, kw_only=True)
class LikelySlowdown:
    """One reason, for one model on one piece of hardware.

    Attributes:
        kind: The reason.
        factor: On the time of a step; None where nothing tells of it.
        fit: How that compares with what was seen.
        detail: What exactly, where a kind has several: the interface that it would be.
        sign: The line of the log that shows it; None where none does.
        checks: Commands that tell.
    """

    kind: SlowdownKind
    factor: Estimate | None
    fit: Fit
    checks: tuple[SlowdownCheck, ...]
    detail: str | None = None
    sign: LogSign | None = None
