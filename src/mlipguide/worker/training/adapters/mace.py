"""MACE as a model that can be trained further.

A checkpoint with several heads is trained through one of them. All heads share the layers below, so that what the
others say changes too and is no longer what was published.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...failures import WorkerError
from ...geometry import refuse_unsupported
from .interface import Predicted

PARTS = ("atomic_energies_fn", "node_embedding", "interactions", "products", "readouts")
"""What a network of energies is made of; models of dipoles, and those compiled for LAMMPS, lack some."""
EMBEDDING = ("node_embedding", "joint_embedding", "radial_embedding")
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def open_adapter(name: str, file: str | None) -> Adapter:
    """Load a checkpoint from a file; ``NAME:HEAD`` names the head where there are several.

    Raises:
        WorkerError: Kind ``weights``.
    """
    return Adapter(name, file)


class Adapter:
    """Implements :class:`.interface.Adapter`. Torch's default dtype becomes the one of the checkpoint."""

    def __init__(self, name: str, file: str | None) -> None:
        if file is None:
            raise WorkerError("weights", f"MACE '{name}' needs a checkpoint file, and none was given.")
        self.network: Any = _load(file)
        self.network.requires_grad_(requires_grad=True)  # a checkpoint remembers what was frozen when it was written
        import torch

        torch.set_default_dtype(next(self.network.parameters()).dtype)
        self._heads = [str(head) for head in getattr(self.network, "heads", None) or ["Default"]]
        self.head = choose_head(self._heads, name.partition(":")[2], file)
        self._elements = tuple(int(number) for number in self.network.atomic_numbers)

    @property
    def layers(self) -> int:
        """Number of layers that can be frozen."""
        return len(self.network.interactions)

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""
        return float(self.network.r_max)

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that decide the result."""
        from ...torch_runtime import versions

        return versions("mace-torch", "e3nn", "matscipy")

    def prepare(self, atoms: Any) -> Any:
        """Build the graph of a structure.

        Raises:
            WorkerError: Kind ``unsupported_element``.
        """
        from mace.data import AtomicData, KeySpecification, config_from_atoms
        from mace.tools import AtomicNumberTable

        refuse_unsupported(atoms, self._elements)
        # The package takes what it finds under these names to be the charge and the spin of the whole structure.
        keys = KeySpecification(info_keys={"total_charge": "charge", "total_spin": "spin"})
        config = config_from_atoms(atoms, key_specification=keys, head_name=self.head)
        return AtomicData.from_config(
            config, z_table=AtomicNumberTable(self._elements), cutoff=self.cutoff, heads=self._heads
        )

    def predict(self, samples: Sequence[Any]) -> Predicted:
        """Evaluate graphs together."""
        import torch
        from mace.tools import torch_geometric

        batch = torch_geometric.Batch.from_data_list(list(samples))  # copies what it puts together
        output = self.network(batch.to_dict(), training=self.network.training, compute_stress=True)
        stresses = torch.stack([output["stress"][:, row, column] for row, column in VOIGT], dim=1)
        return Predicted(output["energy"].reshape(-1), output["forces"], stresses)

    def shift(self, energies_ev: dict[str, float]) -> None:
        """Add to the reference energies of the elements, of the head that is trained."""
        import torch
        from ase.data import atomic_numbers

        table = self.network.atomic_energies_fn.atomic_energies
        row = table if table.dim() == 1 else table[self._heads.index(self.head) if len(table) > 1 else 0]
        with torch.no_grad():
            for symbol, energy in energies_ev.items():
                row[self._elements.index(atomic_numbers[symbol])] += energy

    def freeze(self, layers: int) -> None:
        """Exclude the embedding and the first ``layers`` interactions with their products; 0 trains everything."""
        if not layers:
            return
        frozen = [getattr(self.network, name) for name in EMBEDDING if hasattr(self.network, name)]
        for module in (*frozen, *self.network.interactions[:layers], *self.network.products[:layers]):
            module.requires_grad_(requires_grad=False)

    def save(self, path: Path) -> None:
        """Write the network as ``MACECalculator`` reads it."""
        import torch

        self.network.eval()
        torch.save(self.network, path)

    def verify(self, path: Path, atoms: Any) -> tuple[float, float]:
        """Return the energy of ``atoms`` by this model and by MACE's calculator on the checkpoint, eV."""
        import torch
        from mace.calculators import MACECalculator

        here = float(self.predict([self.prepare(atoms)]).energies.detach()[0])
        copy = atoms.copy()
        dtype = "float64" if torch.get_default_dtype() == torch.float64 else "float32"
        copy.calc = MACECalculator(model_paths=str(path), device="cpu", default_dtype=dtype, head=self.head)
        return here, float(copy.get_potential_energy())


def choose_head(heads: Sequence[str], wanted: str, file: str) -> str:
    """Return the head that is trained: the one wanted, else the only one, else the one named ``default``.

    Raises:
        WorkerError: Kind ``weights``: there is no such head, or none says that it is the one to take.
    """
    known = f"it has {', '.join(heads)}"
    if wanted:
        if wanted in heads:
            return wanted
        raise WorkerError("weights", f"'{file}' has no head '{wanted}'; {known}.")
    if len(heads) == 1:
        return heads[0]
    default = [head for head in heads if head.lower() == "default"]
    if not default:
        raise WorkerError("weights", f"'{file}' has several heads and none is the default: {known}.")
    return default[0]


def _load(file: str) -> Any:
    """Return the network in a checkpoint.

    Raises:
        WorkerError: Kind ``weights``: it cannot be read, or is not one that can be trained.
    """
    import mace.calculators  # noqa: F401  # first: it lets torch read what e3nn and MACE have written
    import torch

    try:
        network = torch.load(file, map_location="cpu", weights_only=False)  # MACE writes whole modules
    except Exception as error:
        raise WorkerError("weights", f"MACE cannot load '{file}': {error}") from error
    compiled = isinstance(network, torch.jit.ScriptModule)
    if compiled or not all(hasattr(network, part) for part in PARTS):
        what = "compiled" if compiled else type(network).__name__
        raise WorkerError(
            "weights", f"'{file}' is no MACE model that can be trained ({what}); take the .model file that MACE wrote."
        )
    return network
