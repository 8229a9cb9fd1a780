"""One candidate at one size while it is being measured."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

import numpy as np

from mlipguide.bench.disturbed import BurstState, preferred, shows
from mlipguide.hardware.gpu_state import GpuMonitor
from mlipguide.hardware.noise import disturbance_between, read_counters
from mlipguide.records.timing.measurement import Disturbance, StepSamples
from mlipguide.sessions.interface import Burst, LoadedStructure, ModelSession
from mlipguide.stats.bursts import BurstTiming, timing_of
from mlipguide.stats.centres import Centre, centre_of
from mlipguide.stats.steady_state import slow_steps

LONG_STEP_S = 0.05
"""Of such a step, filling the caches anew (some tens of MB at some GB/s) is less than a few per cent."""


@dataclass
class SizeRun:
    """The samples of one size, burst by burst.

    The first step of the first burst, and of every burst before which freed memory was given back, is a lead-in: it
    pays for what no step of a long run pays. So is that of a burst of short steps, for which caches that others have
    filled in between count. Lead-ins are kept among the warm-up.

    Attributes:
        prepared: The structure in the worker.
        propagated: Whether the model's forces move the atoms.
        lead_in: First steps of the bursts.
        bursts: The steps after them.
        states: What the machine did during each burst.
        peak_memory_bytes: Of the first burst.
        compiling_s: Wall time of steps in which the worker compiled again.
    """

    prepared: LoadedStructure
    propagated: bool
    lead_in: list[StepSamples] = field(default_factory=list)
    bursts: list[StepSamples] = field(default_factory=list)
    states: list[BurstState] = field(default_factory=list)
    peak_memory_bytes: int = 0
    compiling_s: float = 0.0

    def sample(
        self,
        session: ModelSession,
        *,
        fewest_steps: int,
        most_steps: int,
        max_s: float,
        usable_cores: float,
        rested: bool = False,
        gpu: GpuMonitor | None = None,
    ) -> float:
        """Take one burst and return the seconds that its steps took.

        Args:
            session: The worker.
            fewest_steps: That count.
            most_steps: That count.
            max_s: When the burst ends if it has the fewest steps.
            usable_cores: Of the machine.
            rested: Whether the worker has given freed memory back since the last burst.
            gpu: Watches the GPU that is used.
        """
        before = read_counters(gpu=gpu)
        lead_in: list[Burst] = []
        if self.needs_lead_in(rested=rested):
            lead_in.append(session.run(self.prepared, max_steps=1, max_s=max_s))
        counting: list[Burst] = []
        wanted = most_steps
        while wanted > 0:
            counting.append(session.run(self.prepared, max_steps=wanted, max_s=max_s))
            wanted = fewest_steps - sum(len(one.samples.wall_s) for one in counting)
        after = read_counters(gpu=gpu, since=before)
        taken = [*lead_in, *counting]
        samples = joined([burst.samples for burst in taken])
        switches = [burst.involuntary_switches for burst in taken if burst.involuntary_switches is not None]
        disturbance = disturbance_between(
            before,
            after,
            own_cpu_s=sum(samples.cpu_s) + sum(burst.compiling_cpu_s for burst in taken),
            usable_cores=usable_cores,
            own_switches=sum(switches) if switches else None,
        )
        state = BurstState(disturbance, session.reference())
        self._keep(lead_in, counting)  # with its state or not at all: the reference kernel may fail too
        self.states.append(state)
        compiling_s = sum(burst.compiling_wall_s for burst in taken)
        self.compiling_s += compiling_s
        return sum(samples.wall_s) + compiling_s

    def needs_lead_in(self, *, rested: bool) -> bool:
        """Tell whether the first step of the next burst should not count."""
        return rested or not self.bursts or self.step_time_s < LONG_STEP_S

    def _keep(self, lead_in: list[Burst], counting: list[Burst]) -> None:
        self.lead_in += [burst.samples for burst in lead_in]
        self.bursts.append(joined([burst.samples for burst in counting]))
        if not self.peak_memory_bytes:
            # Later bursts may find memory that larger sizes left behind.
            peaks = [burst.peak_memory_bytes for burst in (*lead_in, *counting)]
            self.peak_memory_bytes = max(self.prepared.peak_memory_bytes, *peaks)

    @property
    def steady(self) -> StepSamples:
        """Steps in the steady state, of the bursts that count."""
        return joined(self._steady)

    @property
    def timings(self) -> list[BurstTiming]:
        """What each burst of steady steps tells of the step time."""
        return [_timing_of(burst.wall_s) for burst in self._steady]

    @property
    def steady_bursts(self) -> tuple[int, ...]:
        """Lengths of the bursts that the steady steps are made of."""
        return tuple(len(burst.wall_s) for burst in self._steady)

    @property
    def set_aside(self) -> StepSamples:
        """Steps during which the machine was disturbed, while it was not during others."""
        return joined([burst for burst, counts in zip(self.bursts, self._counts, strict=True) if not counts])

    @property
    def warm_up(self) -> StepSamples:
        """Lead-ins, and what precedes the steady state."""
        return joined([*self.lead_in, *(cut(burst, 0, start) for burst, start in self._starts)])

    @property
    def centre(self) -> Centre:
        """The step time in the steady state."""
        return centre_of(self.steady.wall_s)

    @property
    def step_time_s(self) -> float:
        """The centre alone."""
        return float(np.median(self.steady.wall_s))

    @property
    def is_disturbed(self) -> bool:
        """Whether something else held the machine during every burst so far."""
        return all(shows(state.disturbance) for state in self.states)

    @property
    def reference_s(self) -> tuple[float, ...]:
        """Times of the reference kernel beside the bursts that count."""
        return tuple(
            x for state, counts in zip(self.states, self._counts, strict=True) if counts for x in state.reference_s
        )

    @property
    def disturbance(self) -> Disturbance:
        """What happened during the bursts that count: means weighted by their lengths, and sums of events."""
        return _averaged(
            [
                (sum(burst.wall_s), state.disturbance)
                for burst, state, counts in zip(self.bursts, self.states, self._counts, strict=True)
                if counts
            ]
        )

    @property
    def _counts(self) -> tuple[bool, ...]:
        return preferred(self.states)

    @property
    def _steady(self) -> list[StepSamples]:
        """The steady steps of each burst that has any and counts."""
        return [cut(burst, start, None) for burst, start in self._starts if start < len(burst.wall_s)]

    @property
    def _starts(self) -> list[tuple[StepSamples, int]]:
        """The bursts that count, and how many steps of each belong to the slow start."""
        counting = [burst for burst, counts in zip(self.bursts, self._counts, strict=True) if counts]
        if not self._counts[0]:  # the start was set aside
            return [(burst, 0) for burst in counting]
        return list(zip(counting, _slow_steps(tuple(burst.wall_s for burst in counting)), strict=True))


# All sizes are asked after each burst: what was found of the others is not found anew, for it is the machine that is
# timed which would do it.
_timing_of = lru_cache(maxsize=4096)(timing_of)
_slow_steps = lru_cache(maxsize=256)(slow_steps)


def joined(parts: list[StepSamples]) -> StepSamples:
    """Return consecutive samples as one."""
    known = [part.model_s for part in parts if part.model_s is not None]
    return StepSamples(
        wall_s=tuple(x for part in parts for x in part.wall_s),
        energy_forces_s=tuple(x for part in parts for x in part.energy_forces_s),
        cpu_s=tuple(x for part in parts for x in part.cpu_s),
        model_s=tuple(x for part in known for x in part) if len(known) == len(parts) else None,
    )


def cut(samples: StepSamples, begin: int, end: int | None) -> StepSamples:
    """Return the samples from ``begin`` up to ``end``."""
    return StepSamples(
        wall_s=samples.wall_s[begin:end],
        energy_forces_s=samples.energy_forces_s[begin:end],
        cpu_s=samples.cpu_s[begin:end],
        model_s=None if samples.model_s is None else samples.model_s[begin:end],
    )


def _averaged(parts: list[tuple[float, Disturbance]]) -> Disturbance:
    values: dict[str, Any] = {}
    for item in fields(Disturbance):
        known = [(weight, getattr(part, item.name)) for weight, part in parts if getattr(part, item.name) is not None]
        if not known:
            continue
        if item.name == "gpu_throttle_reasons":
            values[item.name] = tuple(sorted({reason for _, reasons in known for reason in reasons}))
        elif item.name == "throttle_events":
            values[item.name] = sum(value for _, value in known)
        elif item.name == "gpu_other_processes":
            values[item.name] = max(value for _, value in known)
        else:
            total = sum(weight for weight, _ in known)
            weights = [weight / total if total > 0 else 1 / len(known) for weight, _ in known]
            values[item.name] = sum(weight * value for weight, (_, value) in zip(weights, known, strict=True))
    return Disturbance(**values)
