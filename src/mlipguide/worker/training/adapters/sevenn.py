"""SevenNet as a model that can be trained further."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...failures import WorkerError
from .interface import Predicted

VOIGT = (0, 1, 2, 4, 5, 3)
"""Where ASE's xx, yy, zz, yz, xz, xy stand in SevenNet's xx, yy, zz, xy, yz, zx."""
EMBEDDING = ("edge_embedding", "onehot_idx_to_onehot", "onehot_to_feature_x")


def open_adapter(name: str, file: str | None) -> Adapter:
    """Load a checkpoint by the package's name for it, ``NAME`` or ``NAME:TASK``, or from a file.

    Raises:
        WorkerError: Kind ``weights``.
    """
    return Adapter(name, file)


class Adapter:
    """Implements :class:`.interface.Adapter`."""

    def __init__(self, name: str, file: str | None) -> None:
        from sevenn.util import load_checkpoint

        short, _, task = name.partition(":")
        try:
            self._checkpoint = load_checkpoint(file or short)
        except (OSError, ValueError, KeyError) as error:
            raise WorkerError("weights", f"SevenNet cannot load '{file or name}': {error}") from error
        self._config = self._checkpoint.config
        self._task = task or None
        self.network: Any = self._checkpoint.build_model()
        self.network.set_is_batch_data(True)

    @property
    def layers(self) -> int:
        """Number of layers that can be frozen."""
        return int(self._config["num_convolution_layer"])

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""
        return float(self._config["cutoff"])

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that decide the result."""
        from ...torch_runtime import versions

        return versions("sevenn", "e3nn", "torch-geometric", "matscipy")

    def prepare(self, atoms: Any) -> Any:
        """Build the graph of a structure."""
        import sevenn._keys as names
        from sevenn.atom_graph_data import AtomGraphData
        from sevenn.train.dataload import unlabeled_atoms_to_graph

        graph = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(atoms, self._config[names.CUTOFF]))
        if self._task:
            graph[names.DATA_MODALITY] = self._task
        return graph

    def predict(self, samples: Sequence[Any]) -> Predicted:
        """Evaluate graphs together."""
        import sevenn._keys as names
        from torch_geometric.data import Batch

        output = self.network(Batch.from_data_list([sample.clone() for sample in samples]))
        stresses = -output[names.PRED_STRESS].reshape(len(samples), 6)[:, list(VOIGT)]
        return Predicted(output[names.PRED_TOTAL_ENERGY].reshape(-1), output[names.PRED_FORCE], stresses)

    def shift(self, energies_ev: dict[str, float]) -> None:
        """Add to the reference energies of the elements."""
        import torch
        from ase.data import atomic_numbers

        table = self.network._modules["rescale_atomic_energy"].shift  # noqa: SLF001  # torch's own name for parts
        rows = self.network.type_map
        with torch.no_grad():
            for symbol, energy in energies_ev.items():
                if table.numel() == 1:
                    table += energy / len(energies_ev)  # one for all elements: the mean
                else:
                    self._row(table)[rows[atomic_numbers[symbol]]] += energy

    def _row(self, table: Any) -> Any:
        return table if table.dim() == 1 else table[self.network.modal_map[self._task]]

    def freeze(self, layers: int) -> None:
        """Exclude the embedding and the first ``layers`` interactions; 0 trains everything."""
        if not layers:
            return
        for name, module in self.network._modules.items():  # noqa: SLF001  # torch's own name for parts
            number = name.partition("_")[0]
            if name in EMBEDDING or (number.isdigit() and int(number) < layers):
                module.requires_grad_(requires_grad=False)

    def save(self, path: Path) -> None:
        """Write a checkpoint with the architecture of the first one, in the form of the installed version.

        The version has to be the installed one: the weights of older ones are in another order, which is changed
        when they are read.
        """
        import sevenn
        import torch

        config = {**self._config, "version": sevenn.__version__}
        torch.save({"model_state_dict": self.network.state_dict(), "config": config}, path)

    def verify(self, path: Path, atoms: Any) -> tuple[float, float]:
        """Return the energy of ``atoms`` by this model and by SevenNet's calculator on the checkpoint, eV."""
        from sevenn.calculator import SevenNetCalculator

        here = float(self.predict([self.prepare(atoms)]).energies.detach()[0])
        copy = atoms.copy()
        copy.calc = SevenNetCalculator(str(path), device="cpu", modal=self._task)
        return here, float(copy.get_potential_energy())
