"""One candidate at one size while it is being measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlipguide.hardware.noise import disturbance_between, read_counters
from mlipguide.records.measurement import Disturbance, StepSamples
from mlipguide.sessions.interface import Burst, ModelSession, Prepared
from mlipguide.stats.centres import Centre, centre_of
from mlipguide.stats.steady_state import steady_start


@dataclass
class SizeRun:
    """The samples of one size, burst by burst.

    The first step of a burst is a lead-in: since the last burst others had the machine, and freed memory was
    given back, so it pays for what no step of a long run pays. It is kept among the warm-up.
    """

    prepared: Prepared
    propagated: bool
    lead_in: list[StepSamples] = field(default_factory=list)
    bursts: list[StepSamples] = field(default_factory=list)
    disturbances: list[tuple[float, Disturbance]] = field(default_factory=list)
    reference_s: list[float] = field(default_factory=list)
    peak_memory_bytes: int = 0

    def sample(
        self, session: ModelSession, *, fewest_steps: int, most_steps: int, max_s: float, usable_cores: float
    ) -> float:
        """Take one burst and return the seconds that it took."""
        before = read_counters()
        taken = [session.run(self.prepared, max_steps=1, max_s=max_s)]
        wanted = most_steps
        while wanted > 0:
            burst = session.run(self.prepared, max_steps=wanted, max_s=max_s)
            taken.append(burst)
            wanted = fewest_steps - sum(len(one.samples.wall_s) for one in taken[1:])
        after = read_counters()
        self.reference_s.extend(session.reference())
        self._keep(taken)
        samples = joined([burst.samples for burst in taken])
        elapsed = sum(samples.wall_s)
        switches = [burst.involuntary_switches for burst in taken if burst.involuntary_switches is not None]
        disturbance = disturbance_between(
            before,
            after,
            own_cpu_s=sum(samples.cpu_s),
            usable_cores=usable_cores,
            own_switches=sum(switches) if switches else None,
        )
        self.disturbances.append((elapsed, disturbance))
        return elapsed

    def _keep(self, taken: list[Burst]) -> None:
        self.lead_in.append(taken[0].samples)
        self.bursts.append(joined([burst.samples for burst in taken[1:]]))
        if not self.peak_memory_bytes:
            # Later bursts may find memory that larger sizes left behind.
            self.peak_memory_bytes = max(self.prepared.peak_memory_bytes, *(burst.peak_memory_bytes for burst in taken))

    @property
    def steady(self) -> StepSamples:
        """Steps in the steady state."""
        samples = joined(self.bursts)
        return _cut(samples, steady_start(samples.wall_s), None)

    @property
    def warm_up(self) -> StepSamples:
        """Lead-ins, and what precedes the steady state."""
        samples = joined(self.bursts)
        return joined([*self.lead_in, _cut(samples, 0, steady_start(samples.wall_s))])

    @property
    def centre(self) -> Centre:
        """The step time in the steady state."""
        return centre_of(self.steady.wall_s)

    @property
    def disturbance(self) -> Disturbance:
        """The bursts' disturbances, weighted by their lengths."""

        def mean(name: str) -> float | None:
            known = [(w, getattr(d, name)) for w, d in self.disturbances if getattr(d, name) is not None]
            total = sum(weight for weight, _ in known)
            return sum(weight * value for weight, value in known) / total if total > 0 else None

        return Disturbance(
            steal_share=mean("steal_share"),
            other_load_share=mean("other_load_share"),
            involuntary_switches_per_s=mean("involuntary_switches_per_s"),
        )


NOTHING = StepSamples(wall_s=(), energy_forces_s=(), cpu_s=())


def joined(parts: list[StepSamples]) -> StepSamples:
    """Return consecutive samples as one."""
    known = [part.model_s for part in parts if part.model_s is not None]
    return StepSamples(
        wall_s=tuple(x for part in parts for x in part.wall_s),
        energy_forces_s=tuple(x for part in parts for x in part.energy_forces_s),
        cpu_s=tuple(x for part in parts for x in part.cpu_s),
        model_s=tuple(x for part in known for x in part) if len(known) == len(parts) else None,
    )


def _cut(samples: StepSamples, begin: int, end: int | None) -> StepSamples:
    return StepSamples(
        wall_s=samples.wall_s[begin:end],
        energy_forces_s=samples.energy_forces_s[begin:end],
        cpu_s=samples.cpu_s[begin:end],
        model_s=None if samples.model_s is None else samples.model_s[begin:end],
    )
