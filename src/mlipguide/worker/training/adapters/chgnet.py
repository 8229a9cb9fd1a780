"""CHGNet as a model that can be trained further; its magnetic moments have no label and change with the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...failures import WorkerError
from ...geometry import boxed
from ..losses import EV_PER_ANGSTROM3_IN_GPA
from .interface import Predicted

"""CHGNet's own unit of stress (CODATA 2018)."""
EMBEDDING = ("atom_embedding", "bond_basis_expansion", "bond_embedding", "bond_weights_ag", "bond_weights_bg")
LAYERED = ("atom_conv_layers", "bond_conv_layers", "angle_layers")


def open_adapter(name: str, file: str | None) -> Adapter:
    """Load a checkpoint by CHGNet's own version name (``0.3.0``), or from a file.

    Raises:
        WorkerError: Kind ``weights``.
    """
    return Adapter(name, file)


class Adapter:
    """Implements :class:`.interface.Adapter`."""

    def __init__(self, name: str, file: str | None) -> None:
        from chgnet.model import CHGNet

        try:
            if file is None:
                self.network: Any = CHGNet.load(model_name=name, use_device="cpu", verbose=False)
            else:
                self.network = CHGNet.from_file(file)
        except (OSError, ValueError, KeyError) as error:
            raise WorkerError("weights", f"CHGNet cannot load '{file or name}': {error}") from error
        self.network.composition_model.requires_grad_(requires_grad=False)

    @property
    def layers(self) -> int:
        """Number of layers that can be frozen."""
        return len(self.network.atom_conv_layers)

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""
        return float(self.network.graph_converter.atom_graph_cutoff)

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that decide the result."""
        from ...torch_runtime import versions

        return versions("chgnet", "pymatgen", "pymatgen-core")

    def prepare(self, atoms: Any) -> Any:
        """Build the graph of a structure, in a box where it is not periodic."""
        from pymatgen.io.ase import AseAtomsAdaptor

        self.network.graph_converter.set_isolated_atom_response("ignore")
        copy = boxed(atoms, margin=2 * self.cutoff).copy()
        copy.calc = None
        return self.network.graph_converter(AseAtomsAdaptor.get_structure(copy))

    def predict(self, samples: Sequence[Any]) -> Predicted:
        """Evaluate graphs together."""
        import torch

        output = self.network(list(samples), task="efs")
        sizes = torch.tensor([len(sample.atomic_number) for sample in samples], dtype=output["e"].dtype)
        full = torch.stack(list(output["s"])) / EV_PER_ANGSTROM3_IN_GPA
        stresses = torch.stack(
            [full[:, row, column] for row, column in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))], dim=1
        )
        return Predicted(output["e"].reshape(-1) * sizes, torch.cat(list(output["f"])), stresses)

    def shift(self, energies_ev: dict[str, float]) -> None:
        """Add to the reference energies of the elements."""
        import torch
        from ase.data import atomic_numbers

        with torch.no_grad():
            for symbol, energy in energies_ev.items():
                self.network.composition_model.fc.weight[0, atomic_numbers[symbol] - 1] += energy

    def freeze(self, layers: int) -> None:
        """Exclude the embedding and the first ``layers`` interactions; 0 trains everything."""
        if not layers:
            return
        for name in EMBEDDING:
            getattr(self.network, name).requires_grad_(requires_grad=False)
        for name in LAYERED:
            for module in getattr(self.network, name)[:layers]:
                module.requires_grad_(requires_grad=False)

    def save(self, path: Path) -> None:
        """Write a checkpoint as ``CHGNet.from_file`` reads it."""
        import torch

        torch.save({"model": self.network.as_dict()}, path)

    def verify(self, path: Path, atoms: Any) -> tuple[float, float]:
        """Return the energy of ``atoms`` by this model and by CHGNet's calculator on the checkpoint, eV."""
        from chgnet.model import CHGNet
        from chgnet.model.dynamics import CHGNetCalculator

        here = float(self.predict([self.prepare(atoms)]).energies.detach()[0])
        copy = boxed(atoms, margin=2 * self.cutoff).copy()
        copy.calc = CHGNetCalculator(CHGNet.from_file(str(path)), use_device="cpu", on_isolated_atoms="ignore")
        return here, float(copy.get_potential_energy())
