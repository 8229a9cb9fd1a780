"""The reverse question: what hardware a run of one model needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.advice.advice import Candidate
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.strict import strict
from mlipguide.records.task.task import Task
from mlipguide.records.timing.published import PublishedTiming


class Bottleneck(StrEnum):
    """What stands against a run, or would first."""

    MEMORY = "memory"
    TIME = "time"


@strict
@dataclass(frozen=True, kw_only=True)
class HardwareOption:
    """One piece of hardware for the run.

    Attributes:
        profile: Kind and number of devices.
        candidate: The model, judged for the task on it; memory is that of one device.
        bottleneck: What is nearer to its limit, or beyond it by more; None where neither is known.
        efficiency: Strong scaling: speed-up over one device with all atoms, divided by the number of devices; None for
            one device.
        weak_efficiency: Weak scaling: time of one device with its share of the atoms over the time of all devices; None
            for one device.
    """

    profile: HardwareProfile
    candidate: Candidate
    bottleneck: Bottleneck | None
    efficiency: float | None
    weak_efficiency: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class HardwarePlan:
    """The answer of ``mlipguide plan``.

    Attributes:
        task: What was asked.
        model: Id of the model.
        options: Hardware considered: what would do first, with the fewest device-hours first among those.
        smallest: Names of the profiles that would do with the fewest devices of their kind.
        changes: What would change the answer, in sentences with numbers.
        published: Timings that others published of this model on the hardware considered: of each code and structure
            the one nearest in size.
    """

    task: Task
    model: str
    options: tuple[HardwareOption, ...]
    smallest: tuple[str, ...]
    changes: tuple[str, ...]
    published: tuple[PublishedTiming, ...] = ()
