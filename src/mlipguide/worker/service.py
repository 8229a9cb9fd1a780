"""The worker's operations: load, add, single_point, dynamics, prepare, run, forget, reference, rest; and of batches.

Every answer is ``{"id", "ok": true, "result"}`` or ``{"id", "ok": false, "error": {"kind", "message"}}``; the
traceback of a failure goes to stderr, which is the worker's log.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from .backends import find_loader
from .backends.interface import LoadedModel, LoadRequest, Options
from .failures import WorkerError, kind_of
from .geometry import atoms_from_message, attach, refuse_nonfinite, refuse_unsupported
from .images import pairs_per_atom
from .reference import time_reference
from .resources import limit_memory, release_freed_memory

if TYPE_CHECKING:
    from ase import Atoms

    from .steps import Stepped
    from .torchsim import Batches


def failure(number: Any, error: BaseException) -> dict[str, Any]:
    """Return the answer that stands for ``error``, and put its traceback in the log."""
    traceback.print_exception(error, file=sys.stderr)
    message = " ".join(str(error).split()) or type(error).__name__
    return {"id": number, "ok": False, "error": {"kind": kind_of(error), "message": message}}


class Service:
    """One model at most, and any number of systems prepared for it.

    Args:
        model: One that is loaded already; None to load one by the operation.
    """

    def __init__(self, model: LoadedModel | None = None) -> None:
        self._model = model
        self._added = False
        self._systems: dict[str, Stepped] = {}
        self._batches: Batches | None = None
        self._operations: dict[str, Callable[..., Any]] = {
            "load": self._load,
            "add": self._add,
            "single_point": self._single_point,
            "single_points": self._single_points,
            "relax": self._relax,
            "dynamics": self._dynamics,
            "prepare": self._prepare,
            "prepare_batch": self._prepare_batch,
            "run": self._run,
            "forget": self._forget,
            "reference": time_reference,
            "release_memory": release_freed_memory,
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request; whatever goes wrong becomes an answer."""
        number = request.get("id")
        try:
            return {"id": number, "ok": True, "result": self._find_call(request)()}
        except Exception as error:  # noqa: BLE001  # a worker survives whatever a backend throws
            return failure(number, error)

    def _find_call(self, request: dict[str, Any]) -> Callable[[], Any]:
        name = request.get("op")
        operation = self._operations.get(str(name))
        if operation is None:
            raise WorkerError("bad_request", f"Unknown operation {name!r}.")
        arguments = {key: value for key, value in request.items() if key not in ("id", "op")}
        try:
            inspect.signature(operation).bind(**arguments)
        except TypeError as error:
            raise WorkerError("bad_request", f"'{name}': {error}.") from error
        return lambda: operation(**arguments)

    def _load(
        self,
        *,
        backend: str,
        name: str,
        path: str | None = None,
        synthetic: bool = False,
        device: str = "cpu",
        dtype: str = "float32",
        threads: int = 1,
        driver: str = "ase",
        ranks: int = 1,
        options: dict[str, str] | None = None,
        memory_limit_bytes: int | None = None,
    ) -> dict[str, Any]:
        start = time.perf_counter()
        if memory_limit_bytes is not None:
            limit_memory(memory_limit_bytes)
        loader = find_loader(backend)
        chosen = Options(options)
        try:
            import torch  # noqa: F401  # backends without torch set their threads themselves
        except ModuleNotFoundError:
            has_torch = False
        else:
            from .torch_runtime import set_threads

            has_torch = True
            set_threads(threads)
        model = loader(
            LoadRequest(
                name=name,
                path=path,
                synthetic=synthetic,
                device=device,
                dtype=dtype,
                driver=driver,
                threads=threads,
                ranks=ranks,
                options=chosen,
            )
        )
        if has_torch:
            from .torch_runtime import use_tf32

            use_tf32(chosen, device)
        if chosen.left:
            words = ", ".join(f"{axis} {value}" for axis, value in chosen.left.items())
            raise WorkerError("unsupported_setting", f"The backend '{backend}' does not take {words}.")
        self._model, self._added, self._batches = model, False, None
        for system in tuple(self._systems):
            self._forget(system=system)
        return {
            "load_s": time.perf_counter() - start,
            "parameters": model.parameters,
            "cutoff_angstrom": model.cutoff,
            "layers": model.layers,
            "elements": None if model.elements is None else list(model.elements),
            "synthetic": model.synthetic,
            "properties": [str(name) for name in getattr(model.calculator, "implemented_properties", None) or ()],
            "versions": model.versions,
        }

    def _add(self, *, additions: list[dict[str, Any]]) -> dict[str, Any]:
        """Add something to the model for good; to have it plain again, it is loaded again."""
        from .additions import with_additions

        model = self._loaded()
        if self._added:
            raise WorkerError("bad_request", "The model has an addition already: nothing is added twice.")
        self._model, self._added, self._batches = with_additions(model, additions), True, None
        for system in tuple(self._systems):
            self._forget(system=system)
        return {"versions": self._model.versions}

    def _single_point(self, *, structure: dict[str, Any]) -> dict[str, Any]:
        from ase.calculators.calculator import PropertyNotImplementedError

        model = self._loaded()
        given = atoms_from_message(structure)
        refuse_unsupported(given, model.elements)
        atoms = model.adapt(given).copy()
        attach(atoms, model.calculator)
        energy, forces = float(atoms.get_potential_energy()), atoms.get_forces()
        if not math.isfinite(energy):
            raise WorkerError("backend", f"The model returned an energy of {energy}.")
        refuse_nonfinite("a force", forces)
        result: dict[str, Any] = {
            "energy_ev": energy,
            "forces_ev_per_angstrom": forces.tolist(),
            "stress_ev_per_angstrom3": None,
            "magnetic_moments": None,
            "pairs_per_atom": pairs_per_atom(atoms, model.cutoff),
        }
        if given.pbc.all():
            with contextlib.suppress(PropertyNotImplementedError):
                stress = atoms.get_stress(voigt=True)
                refuse_nonfinite("a stress", stress)
                result["stress_ev_per_angstrom3"] = stress.tolist()
        moments = model.calculator.results.get("magmoms")
        if moments is not None:
            refuse_nonfinite("a magnetic moment", moments)
            result["magnetic_moments"] = [float(moment) for moment in moments]
        return result

    def _single_points(self, *, structures: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._in_batches().evaluate(self._known(structures))

    def _relax(
        self, *, structures: list[dict[str, Any]], largest_force: float, steps: int, batch: int | None = None
    ) -> dict[str, Any]:
        from .relaxing import Goal, relax_batched, relax_each

        model = self._loaded()
        if model.synthetic:
            raise WorkerError("bad_request", "Random weights never propagate atoms.")
        goal, known = Goal(largest_force=largest_force, steps=steps), self._known(structures)
        return (
            relax_each(model, known, goal)
            if batch is None
            else relax_batched(self._in_batches(), known, goal, size=batch)
        )

    def _dynamics(
        self,
        *,
        structure: dict[str, Any],
        steps: int,
        every: int,
        timestep_fs: float,
        temperature_k: float,
        friction_per_fs: float | None = None,
        velocities: list[list[float]] | None = None,
        seed: int = 0,
    ) -> dict[str, Any]:
        from .dynamics import Plan, run_dynamics

        model = self._loaded()
        if model.synthetic:
            raise WorkerError("bad_request", "Random weights never propagate atoms.")
        atoms = atoms_from_message(structure)
        refuse_unsupported(atoms, model.elements)
        plan = Plan(
            steps=steps,
            every=every,
            timestep_fs=timestep_fs,
            temperature_k=temperature_k,
            friction_per_fs=friction_per_fs,
            seed=seed,
        )
        return run_dynamics(model, atoms, velocities, plan)

    def _prepare(
        self,
        *,
        system: str,
        structure: dict[str, Any],
        temperature_k: float,
        timestep_fs: float,
        propagate: bool,
        integrate: bool = True,
        seed: int = 0,
    ) -> dict[str, Any]:
        from .steps import Conditions, System

        model = self._loaded()
        if model.synthetic and propagate:
            raise WorkerError("bad_request", "Random weights never propagate atoms.")
        atoms = atoms_from_message(structure)
        refuse_unsupported(atoms, model.elements)
        conditions = Conditions(
            temperature_k=temperature_k,
            timestep_fs=timestep_fs,
            seed=seed,
            propagate=propagate,
            integrate=integrate,
        )
        prepared = (model.make_system or partial(System, model))(atoms, conditions)
        first = prepared.call_first()
        self._systems[system] = prepared
        return {"atoms": len(atoms), "pairs_per_atom": prepared.pairs_per_atom, **first}

    def _prepare_batch(self, *, system: str, structures: list[dict[str, Any]], seed: int = 0) -> dict[str, Any]:
        from .batch_steps import BatchSystem

        known = self._known(structures)
        prepared = BatchSystem(self._in_batches(), known, seed=seed)
        first = prepared.call_first()
        self._systems[system] = prepared
        return {"atoms": sum(map(len, known)), "pairs_per_atom": prepared.pairs_per_atom, **first}

    def _run(self, *, system: str, max_steps: int, max_s: float) -> dict[str, Any]:
        if system not in self._systems:
            raise WorkerError("bad_request", f"No system '{system}' was prepared.")
        return self._systems[system].run(max_steps=max_steps, max_s=max_s)

    def _forget(self, *, system: str) -> None:
        forgotten = self._systems.pop(system, None)
        if forgotten is not None:
            forgotten.close()

    def _known(self, structures: list[dict[str, Any]]) -> list[Atoms]:
        model = self._loaded()
        known = [atoms_from_message(structure) for structure in structures]
        if not known:
            raise WorkerError("bad_request", "The request has no structures.")
        for atoms in known:
            refuse_unsupported(atoms, model.elements)
        return known

    def _in_batches(self) -> Batches:
        """Return what evaluates batches, made when it is first asked for."""
        if self._batches is None:
            from .torchsim import Batches

            self._batches = Batches(self._loaded())
        return self._batches

    def _loaded(self) -> LoadedModel:
        if self._model is None:
            raise WorkerError("bad_request", "No model was loaded.")
        return self._model
