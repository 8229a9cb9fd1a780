"""What is added to a model: dispersion by another package, repulsion, as one ASE calculator of all together.

Energies, forces and stress are sums; what else a model gives, such as magnetic moments, stays the model's. A backend
may put a box around what is not periodic; what is added sees the boundary conditions that were given, since its reach
is longer than such a box.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .failures import WorkerError
from .geometry import GIVEN

if TYPE_CHECKING:
    from ase import Atoms

    from .backends.interface import LoadedModel

SUMS = ("energy", "free_energy", "forces", "stress")
OF_EACH_ATOM = ("energies", "stresses")
"""What would no longer add up to the sums."""


def with_additions(model: LoadedModel, additions: Sequence[Mapping[str, Any]]) -> LoadedModel:
    """Return a model whose calculator adds something else to it.

    Args:
        model: A loaded model.
        additions: Each with ``kind``, ``method`` (the functional whose parameters it has), ``damping`` and ``reach``.

    Raises:
        WorkerError: ``bad_request`` for an addition that is not known, or is there twice; ``unsupported_setting``
            where steps are taken by a driver of the backend's own, or the model has a repulsion itself.
        ImportError: Its package is not in this environment.
    """
    kinds = [str(one.get("kind")) for one in additions]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or len(set(kinds)) < len(kinds):
        raise WorkerError("bad_request", f"Additions are not to be had like this: {', '.join(kinds)}.")
    if model.make_system is not None:
        raise WorkerError(
            "unsupported_setting",
            f"{', '.join(kinds)} is added to calculators of ASE, and this model has another driver.",
        )
    repulsion = own_repulsion(model.calculator) if ZBL in kinds else None
    if repulsion is not None:
        raise WorkerError(
            "unsupported_setting",
            f"ZBL is not added: the model that was loaded has a repulsion of its own ({repulsion}).",
        )
    adapt = model.adapt

    def adapted(atoms: Atoms) -> Atoms:
        changed = adapt(atoms)
        if (changed.pbc == atoms.pbc).all():
            return changed
        boxed: Atoms = changed.copy()
        boxed.info[GIVEN] = atoms.pbc.tolist()
        return boxed

    makers = [_maker(one) for one in additions]
    packages = {PACKAGES[kind]: version(PACKAGES[kind]) for kind in kinds if kind in PACKAGES}
    return replace(
        model,
        calculator=summed(model.calculator, makers),
        adapt=adapted,
        batched=None,  # it evaluates the model alone
        versions={**model.versions, **packages},
    )


def summed(base: Any, makers: Sequence[Callable[[], Any]]) -> Any:
    """Return an ASE calculator of the sum of a calculator and of those that ``makers`` make."""
    return _sum_class()(base, makers)


@cache
def _sum_class() -> Any:
    from ase.calculators.calculator import Calculator, all_changes

    class Sum(Calculator):
        """A calculator and what is added to it."""

        def __init__(self, base: Any, makers: Sequence[Callable[[], Any]]) -> None:
            self._base: Any = None
            super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
            self._base, self._makers = base, makers
            self._terms = [make() for make in makers]
            self.implemented_properties = [name for name in base.implemented_properties if name not in OF_EACH_ATOM]

        def __copy__(self) -> Sum:
            """Return one that shares the weights and has results of its own."""
            base = copy.copy(self._base)
            base.results = {}
            base.atoms = None
            return Sum(base, self._makers)

        def reset(self) -> None:
            """Forget what was found."""
            super().reset()  # type: ignore[no-untyped-call]  # untyped in ASE
            if self._base is not None:
                self._base.reset()

        def calculate(
            self,
            atoms: Atoms | None = None,
            properties: Any = ("energy",),
            system_changes: Any = all_changes,
        ) -> None:
            """Evaluate the model and what is added."""
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
            here: Any = self.atoms if atoms is None else atoms
            self._base.calculate(here, properties, system_changes)
            results = {name: value for name, value in self._base.results.items() if name not in OF_EACH_ATOM}
            plain = as_given(here)
            if not plain.pbc.all():
                results.pop("stress", None)  # of a box that was put around it
            if "stress" in results:
                results["stress"] = voigt(results["stress"])
            wanted = [name for name in SUMS if name in results]
            for term in self._terms:
                term.calculate(plain, wanted, list(system_changes))
                for name in wanted:
                    results[name] = results[name] + term.results[name]
            self.results = results

    return Sum


def voigt(stress: Any) -> Any:
    """Return a stress in Voigt order, as ASE has it; some packages leave its matrix among their results."""
    import numpy as np

    matrix = np.asarray(stress)
    return matrix.flat[[0, 4, 8, 5, 2, 1]] if matrix.shape == (3, 3) else matrix


def as_given(atoms: Atoms) -> Atoms:
    """Return a structure with the boundary conditions that it had before a backend adapted it.

    It has its total charge as charges of atoms, where the packages look for it.
    """
    plain: Atoms = atoms.copy()
    plain.pbc = plain.info.pop(GIVEN, plain.pbc)
    if plain.pbc.any() and plain.cell.rank < 3:  # noqa: PLR2004  # a volume is asked for
        plain.cell = plain.cell.complete()
    charge = plain.info.get("charge")
    if charge:
        plain.set_initial_charges([charge / len(plain)] * len(plain))
    return plain


def own_repulsion(calculator: Any) -> str | None:
    """Return the name of the part of a torch model that repels nuclei; None where none is seen."""
    models = [getattr(calculator, "model", None), *(getattr(calculator, "models", None) or ())]
    names = [type(part).__name__ for model in models if hasattr(model, "modules") for part in model.modules()]
    return next((name for name in names if any(mark in name.lower() for mark in ("zbl", "repulsion"))), None)


def _maker(addition: Mapping[str, Any]) -> Callable[[], Any]:
    if addition["kind"] == ZBL:
        from .repulsion import zbl

        reach = float(addition["reach"])
        return lambda: zbl(reach)
    method, damping = str(addition["method"]), addition.get("damping")
    if addition["kind"] == "d3":
        from dftd3.ase import DFTD3

        return lambda: DFTD3(method=method, damping=damping)
    from dftd4.ase import DFTD4

    return lambda: DFTD4(method=method)


ZBL = "zbl"
PACKAGES = {"d3": "dftd3", "d4": "dftd4"}
"""Which package computes what."""
KINDS = (*PACKAGES, ZBL)
