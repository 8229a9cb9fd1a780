"""What keeping freed memory is worth: MD steps of SevenNet-0 with the C library's defaults and without.

Both run in the same environment, in turn, on the same structure. Prints the median ratio of paired bursts.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path

from mlipguide.candidates.preparation import default_settings
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.timing.measurement import Allocator
from mlipguide.sessions.interface import Conditions
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.structures.files import read_structure
from mlipguide.structures.supercells import near_cubic_supercell

ATOMS = 224
ROUNDS = 4
STEPS = 3
STRUCTURE = Path(__file__).parent.parent / "configs" / "structures" / "LiFePO4.cif"


def open_with(allocator: Allocator) -> WorkerSession | None:
    """Open SevenNet-0 with this allocator; None when its environment is not built."""
    card = load_catalogue().find("sevennet-0")
    recipe = find_recipe(card.backend)
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY:
        return None
    request = SessionRequest(
        card=card,
        recipe=recipe,
        environment=environment,
        settings=replace(default_settings(probe_machine()), allocator=allocator),
        weights_file=None,
        synthetic=False,
        memory_limit_bytes=None,
    )
    return open_session(request)


def main() -> int:
    """Measure in turn and print the figure last."""
    atoms = near_cubic_supercell(read_structure(STRUCTURE), atoms_wanted=ATOMS)
    conditions = Conditions(temperature_k=600.0, timestep_s=2e-15, propagate=True)
    sessions = [open_with(allocator) for allocator in (Allocator.DEFAULT, Allocator.RETAIN)]
    try:
        opened = [session for session in sessions if session is not None]
        if len(opened) < len(sessions):
            print("SevenNet has no environment here: mlipguide env build sevenn")
            return 4
        prepared = [session.prepare(atoms, conditions) for session in opened]
        times: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for index, session in enumerate(opened):
                burst = session.run(prepared[index], max_steps=STEPS, max_s=600.0)
                times[index].append(statistics.median(burst.samples.wall_s))
    finally:
        for started in sessions:
            if started is not None:
                started.close()
    for name, bursts in zip(("default", "retain"), times, strict=True):
        print(
            f"{name:8s} {statistics.median(bursts) / len(atoms) * 1e3:.2f} ms per atom and step at {len(atoms)} atoms"
        )
    ratio = statistics.median(default / retain for default, retain in zip(*times, strict=True))
    print(f"retain is {ratio:.2f} times faster than default (median of {ROUNDS} paired bursts)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
