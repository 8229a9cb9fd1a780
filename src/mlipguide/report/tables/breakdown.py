"""How fast a step is in the user's units, and where its time goes."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.costmodel.costs import ns_per_day
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.bench import SizeResult
from mlipguide.records.timing.measurement import Scenario


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Shares of the time of a step.

    Attributes:
        graph: Neighbour list and graph; None where the backend does not tell them from the network, and where
            something is added to the model, which is no part of either.
        network: The network and its gradients; None where the backend does not tell.
        forces: Both together.
        rest: The driver.
    """

    graph: float | None
    network: float | None
    forces: float
    rest: float


def shares(item: SizeResult) -> Shares:
    """Return the shares of a step; medians of the parts may add up to slightly more than the median of the whole."""
    step_s, forces_s = item.step_time_s.value, item.energy_forces_time_s.value
    network_s = None if item.model_time_s is None else item.model_time_s.value
    return Shares(
        graph=None if network_s is None or item.settings.additions else max(0.0, forces_s - network_s) / step_s,
        network=None if network_s is None else network_s / step_s,
        forces=forces_s / step_s,
        rest=max(0.0, step_s - forces_s) / step_s,
    )


def simulated_ns_per_day(item: SizeResult, *, timestep_s: float) -> Estimate | None:
    """Return the simulated time a day of one run; None where no run was timed."""
    return ns_per_day(item.step_time_s, timestep_s=timestep_s) if item.scenario is Scenario.SINGLE_STREAM else None


def structures_per_second(item: SizeResult) -> Estimate | None:
    """Return the throughput of many structures; None where a run was timed."""
    return item.step_time_s.inverted(float(item.structures)) if item.scenario is Scenario.OFFLINE else None
