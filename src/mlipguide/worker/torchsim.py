"""TorchSim (https://github.com/TorchSim/torch-sim; O. Cohen et al., arXiv:2508.06628): many structures at once.

A batch is one call of the network for several structures, whose atoms see those of their own structure alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .backends.interface import Stopwatch
from .failures import WorkerError
from .geometry import boxed, refuse_nonfinite, right_handed
from .images import pairs_per_atom

if TYPE_CHECKING:
    from ase import Atoms

    from .backends.interface import LoadedModel

DRIVER = "torch-sim"
PACKAGES = ("torch-sim-atomistic", "vesin", "nvalchemi-toolkit-ops")
"""What decides the speed of a batch beside the backend: TorchSim, and what finds neighbours for it."""
MARGIN_CUTOFFS = 2.0
"""Empty space round what is not periodic, in cutoffs: no image is seen, whatever a relaxation makes of a molecule."""
WIDEST_ANGSTROM = 20.0
"""The same where a model does not say how far it sees."""
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Order of the components of a stress."""


def require_torchsim() -> None:
    """Import TorchSim, and give it what it lacks.

    Raises:
        WorkerError: Kind ``unsupported_setting``: it is not in this environment.
    """
    try:
        import torch_sim.neighbors as neighbours
    except ModuleNotFoundError as error:
        raise WorkerError(
            "unsupported_setting",
            f"TorchSim cannot be imported here ({error}): this environment evaluates structures one by one only.",
        ) from error
    if not hasattr(neighbours, "torchsim_nl"):  # before 0.4, lists of one structure only
        neighbours.torchsim_nl = neighbours_of_each


def neighbours_of_each(
    positions: Any, cell: Any, pbc: Any, cutoff: Any, system_idx: Any, _self_interaction: bool = False
) -> tuple[Any, Any, Any]:
    """Find the neighbours of several structures, one after the other, as TorchSim does from version 0.4 on.

    Args:
        positions: Shape (atoms, 3), Å.
        cell: Vectors in rows, shape (structures, 3, 3), Å.
        pbc: Whether all of them are periodic.
        cutoff: In Å.
        system_idx: The structure of each atom, ascending.

    Returns:
        Pairs, shape (2, pairs); the structure of each; its shift in whole cells, shape (pairs, 3).
    """
    import torch
    from torch_sim.neighbors import vesin_nl_ts

    pairs, structures, shifts = [], [], []
    begin = 0
    reach = torch.as_tensor(cutoff)
    for number, count in enumerate(system_idx.bincount().tolist()):
        found, moved = vesin_nl_ts(positions[begin : begin + count], cell.reshape(-1, 3, 3)[number], bool(pbc), reach)
        pairs.append(found + begin)
        shifts.append(moved)
        structures.append(torch.full((found.shape[1],), number, dtype=torch.long, device=positions.device))
        begin += count
    return torch.cat(pairs, dim=1), torch.cat(structures), torch.cat(shifts)


def untimed_copy(network: Any) -> Any:
    """Return a copy of a network of its own, which no stopwatch of the other one times."""
    copied = copy.deepcopy(network)
    vars(copied).pop("forward", None)  # a copied stopwatch would run the network that it was made for
    return copied


@dataclass(frozen=True)
class BatchedModel:
    """A model as TorchSim evaluates it.

    Attributes:
        network: A ``ModelInterface`` of TorchSim.
        stopwatch: Times the network in it.
    """

    network: Any
    stopwatch: Stopwatch | None = None


class Batches:
    """Evaluates lists of structures with one model.

    Args:
        model: A loaded model that can be batched.

    Raises:
        WorkerError: Kind ``unsupported_setting``: it cannot be batched, or not here.
    """

    def __init__(self, model: LoadedModel) -> None:
        if model.batched is None:
            raise WorkerError("unsupported_setting", "This model evaluates structures one by one only.")
        require_torchsim()
        made: BatchedModel = model.batched()
        self.model = model
        self.network = made.network
        self.stopwatch = made.stopwatch

    def adapted(self, atoms: Atoms) -> Atoms:
        """Return a structure in a right-handed cell, periodic along all directions, as all of a batch have to be.

        Empty space is put round what is not periodic.
        """
        cutoff = self.model.cutoff
        margin = WIDEST_ANGSTROM if cutoff is None else MARGIN_CUTOFFS * cutoff
        return right_handed(boxed(self.model.adapt(atoms), margin=margin))

    def state(self, structures: Sequence[Atoms]) -> Any:
        """Return structures as TorchSim's state, on the model's device."""
        from torch_sim.io import atoms_to_state

        return atoms_to_state([self.adapted(atoms) for atoms in structures], self.network.device, self.network.dtype)

    def evaluate(self, structures: Sequence[Atoms]) -> list[dict[str, Any]]:
        """Return energy, forces, stress and neighbours of each structure, as ``single_point`` does of one.

        Raises:
            WorkerError: Kind ``backend``: something is not a finite number.
        """
        results = self.network(self.state(structures))
        self.model.synchronise()
        energies, forces = results["energy"].tolist(), results["forces"].cpu().numpy()
        stresses = results["stress"].cpu().numpy() if results.get("stress") is not None else None
        refuse_nonfinite("an energy", energies)
        refuse_nonfinite("a force", forces)
        found: list[dict[str, Any]] = []
        begin = 0
        for number, atoms in enumerate(structures):
            stress = None
            if stresses is not None and atoms.pbc.all():
                refuse_nonfinite("a stress", stresses[number])
                stress = [float(stresses[number][i, j]) for i, j in VOIGT]
            found.append(
                {
                    "energy_ev": energies[number],
                    "forces_ev_per_angstrom": forces[begin : begin + len(atoms)].tolist(),
                    "stress_ev_per_angstrom3": stress,
                    "magnetic_moments": None,
                    "pairs_per_atom": pairs_per_atom(atoms, self.model.cutoff),
                }
            )
            begin += len(atoms)
        return found
