"""GRACE through ``tensorpotential`` on TensorFlow: a released checkpoint, or a published architecture at random."""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import resources, tensorflow_runtime, torch_runtime
from ..failures import WorkerError
from ..geometry import crystal_or_molecule
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

ARCHIVE = ".tar.gz"
GRAPH = "saved_model.pb"
CUTOFF_ANGSTROM = 6.0
MEAN_NEIGHBOURS = 39.8
"""By which sums over neighbours are divided; no time depends on it."""
FIRST_RELEASE = {"n_mlp_dens": 12, "norm_out": "layer"}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "GRACE-1L-OAM": ("GRACE_1LAYER_v1_24", {"lmax": 4, "n_rad_max": 32, **FIRST_RELEASE}),
    "GRACE-2L-OAM": ("GRACE_2LAYER_v1_24", {"lmax": [4, 4], "n_rad_max": [32, 32], **FIRST_RELEASE}),
    "GRACE-2L-OMAT-large-ft-AM": ("GRACE_2LAYER_v2_25", {}),
}
"""Of checkpoints whose number of parameters is published: these have the same one. The second and third are written out
in the tests of the package (tests/model_grace_2L_omat.yaml and model_grace_2L_omat_large_base.yaml at
https://github.com/ICAMS/grace-tensorpotential)."""
ABSENT = frozenset({84, 85, 86, 87, 88, *range(95, 119)})
"""Po, At, Rn, Fr, Ra, and what is heavier than Pu: the others are the 89 elements of the released models."""


def load(request: LoadRequest) -> LoadedModel:
    """Load a checkpoint by its archive or by the file of its graph, or build an architecture with random weights.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float32", "float64"), "GRACE")
    if not (request.synthetic or request.path):
        raise WorkerError("weights", f"GRACE '{request.name}' needs its checkpoint, and none was given.")
    tensorflow_runtime.prepare(threads=request.threads, device=request.device)
    if request.synthetic:
        with tempfile.TemporaryDirectory() as folder:
            save_random(request.name, request.dtype, folder)
            calculator = make_calculator(Path(folder))
    else:
        assert request.path is not None
        try:
            with unpacked(Path(request.path)) as found:
                calculator = make_calculator(found)
        except (OSError, ValueError, KeyError, tarfile.TarError) as error:
            raise WorkerError("weights", f"GRACE cannot load '{request.path}': {error}") from error
    functions = calculator.models[0].signatures
    evaluation = functions["compute" if "compute" in functions else "serving_default"]  # the second of older releases
    weights = [one for one in evaluation.variables if one.trainable]
    precision = weights[0].dtype.name
    if precision != request.dtype:
        raise WorkerError(
            "unsupported_setting", f"The checkpoint '{request.name}' computes in {precision}, not in {request.dtype}."
        )
    from ase.data import atomic_numbers

    return LoadedModel(
        calculator=calculator,
        parameters=sum(int(one.shape.num_elements()) for one in weights),
        cutoff=float(calculator.cutoff),
        layers=layers_of(request.name),
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in calculator.element_map)),
        synthetic=request.synthetic,
        versions=torch_runtime.versions("tensorpotential", "tensorflow-cpu", "tensorflow", "matscipy"),
        synchronise=lambda: None,  # results are read before a call returns
        reset_peak_memory=resources.forget_peak,
        peak_memory_bytes=resources.peak_memory_bytes,
        compilations=lambda: len(calculator.shapes),
        adapt=partial(
            crystal_or_molecule, margin=2 * float(calculator.cutoff)
        ),  # the package repeats slabs as crystals
    )


def layers_of(name: str) -> int | None:
    """Return the number of message-passing layers that a name tells; a Finnis-Sinclair form has one."""
    found = re.match(r"GRACE-(?:(\d)L|FS)", name)
    return None if found is None else int(found[1] or 1)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder of a checkpoint: of an archive what is in it, of a graph's file the folder around it.

    Raises:
        ValueError: There is no graph.
    """
    if not path.name.endswith(ARCHIVE):
        if path.name != GRAPH:
            raise ValueError(f"neither an archive ({ARCHIVE}) nor the file {GRAPH} of a checkpoint")
        yield path.parent
        return
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        graph = next(Path(folder).rglob(GRAPH), None)
        if graph is None:
            raise ValueError(f"no {GRAPH} in it")
        yield graph.parent


def make_calculator(folder: Path) -> Any:
    """Return the calculator of a checkpoint, whose copies share the network and pad their structures each for itself.

    TensorFlow compiles for each number of atoms and neighbours, and the package's own calculator fills a structure up
    to numbers that it met before: beside a large structure a small one would cost as much.
    """
    from tensorpotential.calculator import TPCalculator
    from tensorpotential.calculator.asecalculator import PaddingManager

    class OwnPadding(TPCalculator):  # type: ignore[misc]  # untyped: not installed beside mlipguide
        """The calculator. ``shapes``, shared by all copies, has each size that was compiled for."""

        shapes: set[tuple[int, ...]]

        def __copy__(self) -> OwnPadding:
            """Return another calculator with this one's network."""
            other = type(self).__new__(type(self))
            other.__dict__.update(self.__dict__)
            before = self.padding_manager
            other.padding_manager = PaddingManager(
                data_builders=before.data_builders,
                pad_neighbors_fraction=before.pad_neighbors_fraction,
                pad_atoms_number=before.pad_atoms_number,
                max_number_reduction_recompilation=before.max_number_reduction_recompilation,
            )
            return other

        def get_data(self, atoms: Atoms) -> None:
            """Prepare a structure, and note its padded size."""
            super().get_data(atoms)
            self.shapes.add(tuple(size for name in sorted(self.data) for size in self.data[name].shape))

    calculator = OwnPadding(str(folder), enable_uq_if_available=False)
    calculator.shapes = set()
    return calculator


def save_random(name: str, dtype: str, folder: str) -> None:
    """Write a published architecture with random weights, as a checkpoint is written.

    Raises:
        WorkerError: Kind ``weights``: no such architecture is known.
    """
    if name not in ARCHITECTURES:
        raise WorkerError("weights", f"No architecture '{name}' of GRACE is known here without its weights.")
    import tensorflow as tf
    from ase.data import chemical_symbols
    from tensorpotential.potentials import presets
    from tensorpotential.tpmodel import TPModel

    preset, options = ARCHITECTURES[name]
    known = sorted(symbol for number, symbol in enumerate(chemical_symbols) if number and number not in ABSENT)
    tf.random.set_seed(0)
    made = getattr(presets, preset)(
        element_map={symbol: index for index, symbol in enumerate(known)},
        rcut=CUTOFF_ANGSTROM,
        avg_n_neigh=MEAN_NEIGHBOURS,
        **options,
    )
    model = TPModel(made.get_instructions())
    model.build(getattr(tf, dtype))
    model.save_model(folder)
