"""Molecular dynamics as a backend's documentation shows it, timed from outside: this script knows nothing of mlipguide.

It runs in a backend's environment, where ``workbench.BareLoop`` starts it. Each line of stdin is a JSON object, each
line of stdout the answer. The first line is the job: ``backend``, ``name``, ``device``, ``dtype``, ``structure``
(``numbers``, ``positions``, ``cell``, ``pbc``; Å), ``temperature_k``, ``timestep_fs``, ``random_weights``; the answer
holds ``parameters``. Then ``{"do": "energy"}`` makes one call of ``get_potential_energy`` (``wall_s``, ``energy_ev``)
and ``{"do": "steps", "lead_in": 1, "steps": 5}`` takes steps and answers the mean wall time of one, without the
lead-in (``step_s``).

Random weights do not move atoms, for their forces would blow the crystal up: rattled copies are evaluated in turn.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

COPIES = 4
RATTLE_ANGSTROM = 0.05


def sevenn_calculator(job: dict[str, Any]) -> tuple[Any, Any]:
    """Return the calculator and its network."""
    from sevenn.calculator import SevenNetCalculator

    calculator = SevenNetCalculator(job["name"], device=job["device"])
    return calculator, calculator.model


def chgnet_calculator(job: dict[str, Any]) -> tuple[Any, Any]:
    """Return the calculator and its network."""
    from chgnet.model import CHGNet
    from chgnet.model.dynamics import CHGNetCalculator

    network = CHGNet.load(model_name=job["name"], use_device=job["device"].partition(":")[0])
    return CHGNetCalculator(model=network, use_device=job["device"].partition(":")[0]), network


def mace_calculator(job: dict[str, Any]) -> tuple[Any, Any]:
    """Return the calculator of MACE-MP-0 medium with random weights (arXiv:2401.00096), and its network."""
    import numpy as np
    import torch
    from mace import modules
    from mace.calculators import MACECalculator

    torch.set_default_dtype(getattr(torch, job["dtype"]))
    from e3nn import o3  # after mace, which lets torch load e3nn's constants

    elements = [*range(1, 84), *range(89, 95)]
    interaction = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    network = modules.ScaleShiftMACE(
        r_max=6.0,
        num_bessel=10,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=interaction,
        interaction_cls_first=interaction,
        num_interactions=2,
        num_elements=len(elements),
        hidden_irreps=o3.Irreps("128x0e + 128x1o"),
        MLP_irreps=o3.Irreps("16x0e"),
        atomic_energies=np.zeros(len(elements)),
        avg_num_neighbors=60.0,
        atomic_numbers=elements,
        correlation=3,
        gate=torch.nn.functional.silu,
        radial_MLP=[64, 64, 64],
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
    return MACECalculator(models=network, device=job["device"], default_dtype=job["dtype"]), network


CALCULATORS = {"sevenn": sevenn_calculator, "chgnet": chgnet_calculator, "mace-torch": mace_calculator}


def propagation(atoms: Any, job: dict[str, Any]) -> Callable[[int], object]:
    """Return what takes a number of velocity-Verlet steps."""
    import numpy as np
    from ase import units
    from ase.md.verlet import VelocityVerlet

    widths = np.sqrt(atoms.get_masses() * units.kB * job["temperature_k"])
    atoms.set_momenta(np.random.default_rng().standard_normal((len(atoms), 3)) * widths[:, None])
    run: Callable[[int], object] = VelocityVerlet(atoms, timestep=job["timestep_fs"] * units.fs).run
    return run


def reevaluation(atoms: Any) -> Callable[[int], object]:
    """Return what evaluates a number of rattled copies."""
    import numpy as np

    generator = np.random.default_rng()
    positions = atoms.get_positions()
    copies = [positions + generator.normal(scale=RATTLE_ANGSTROM, size=positions.shape) for _ in range(COPIES)]
    endless = itertools.cycle(copies)  # never the same copy twice running: ASE would remember its forces

    def run(steps: int) -> None:
        for _, positions in zip(range(steps), endless, strict=False):
            atoms.set_positions(positions)
            atoms.get_forces()

    return run


def main() -> int:
    """Serve until stdin ends."""
    from ase import Atoms

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # backends print to stdout; the answers must be alone there
    job = json.loads(sys.stdin.readline())
    calculator, network = CALCULATORS[job["backend"]](job)
    atoms = Atoms(**job["structure"], calculator=calculator)
    run: Callable[[int], object] | None = None
    print(json.dumps({"parameters": sum(item.numel() for item in network.parameters())}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "energy":
            start = time.perf_counter()
            energy = float(atoms.get_potential_energy())
            answer = {"wall_s": time.perf_counter() - start, "energy_ev": energy}
        else:
            run = run or (reevaluation(atoms) if job["random_weights"] else propagation(atoms, job))
            run(request["lead_in"])
            start = time.perf_counter()
            run(request["steps"])
            answer = {"step_s": (time.perf_counter() - start) / request["steps"]}
        print(json.dumps(answer), file=answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
