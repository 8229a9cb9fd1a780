"""What an adapter provides: a pretrained model whose weights can be trained further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Predicted:
    """What a model says of some structures, as tensors that gradients flow through.

    Attributes:
        energies: Shape (structures,), eV.
        forces: Shape (atoms of all of them, 3), eV/Å.
        stresses: Shape (structures, 6), Voigt order and ASE's sign, eV/Å³; None where the model gives none.
    """

    energies: Any
    forces: Any
    stresses: Any | None


class Adapter(Protocol):
    """A pretrained model that can be trained."""

    @property
    def network(self) -> Any:
        """The ``torch.nn.Module``."""

    def prepare(self, atoms: Any) -> Any:
        """Turn a structure into what the model takes; done once for each frame."""

    def predict(self, samples: Sequence[Any]) -> Predicted:
        """Evaluate prepared structures together."""

    def shift(self, energies_ev: dict[str, float]) -> None:
        """Add a constant to the energy of each atom of these elements."""

    def freeze(self, layers: int) -> None:
        """Exclude the embedding and the first ``layers`` layers from the training."""

    def save(self, path: Path) -> None:
        """Write the model as a checkpoint that its package loads."""

    def verify(self, path: Path, atoms: Any) -> tuple[float, float]:
        """Return the energies of ``atoms`` by this model and by the package's own calculator on a checkpoint, eV."""

    @property
    def layers(self) -> int:
        """Number of layers that can be frozen."""

    @property
    def cutoff(self) -> float:
        """Radius of the neighbour list, Å."""

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that decide the result."""
