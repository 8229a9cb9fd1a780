"""A speed that somebody saw beside the one that is expected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.timing.run_log import RunLog
from mlipguide.records.timing.slowdown import LikelySlowdown


class SpeedVerdict(StrEnum):
    """How a speed compares with the expected one."""

    NORMAL = "normal"
    SLOWER = "slower"
    FASTER = "faster"
    UNKNOWN = "unknown"


@strict
@dataclass(frozen=True, kw_only=True)
class SpeedCheck:
    """What is to be said of a speed.

    Attributes:
        model: Id of the model.
        atoms: Of the system.
        structure: Its formula, or what stands for it.
        hardware: Name of the hardware that it ran on.
        here: Whether that is this machine.
        code: What ran it, as far as known: what the expected time is of.
        code_known: Whether that was said, or is assumed.
        seen_step_time_s: Seconds of a step as seen.
        timestep_s: Integration step, which a speed in simulated time was converted with.
        expected_step_time_s: What it should take, float32 without accelerators; None where nothing tells.
        one_device_step_time_s: What it should take on one of several devices; None for one device.
        slowdown: Seen over expected; None where nothing is expected.
        verdict: Of both.
        causes: Why it may be slower, the likeliest first; empty where it is not.
        gains: What would be faster than what is expected, or is part of it: other interfaces, accelerators, more atoms.
        log: What the log says; None for a speed that was typed.
    """

    model: str
    atoms: int
    structure: str
    hardware: str
    here: bool
    code: str
    code_known: bool
    seen_step_time_s: float
    timestep_s: float
    expected_step_time_s: Estimate | None
    one_device_step_time_s: Estimate | None
    slowdown: Estimate | None
    verdict: SpeedVerdict
    causes: tuple[LikelySlowdown, ...]
    gains: tuple[LikelySlowdown, ...]
    log: RunLog | None
