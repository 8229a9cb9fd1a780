"""What the benchmarks share: a model as mlipguide would run it here, a structure, and the bare loop beside it."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mlipguide.candidates.preparation import NO_CONSENT, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import EnvironmentFailedError, MeasurementFailedError, MlipguideError
from mlipguide.environments.interpreters import clean_environment
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.timing.measurement import Allocator
from mlipguide.sessions.interface import Conditions
from mlipguide.sessions.messages import structure_message
from mlipguide.sessions.worker_files import worker_environment, worker_folder
from mlipguide.sessions.worker_session import SessionRequest
from mlipguide.structures.files import read_structure
from mlipguide.structures.supercells import near_cubic_supercell

if TYPE_CHECKING:
    from ase import Atoms

STRUCTURES = Path(__file__).parent.parent / "configs" / "structures"
BARE_LOOP = Path(__file__).parent / "bare_loop.py"
LAST_WORDS = 2000


@cache
def this_machine() -> Machine:
    """Return the description of this machine."""
    return probe_machine()


def structure_of(name: str, *, atoms: int) -> Atoms:
    """Return a file of ``configs/structures`` repeated to about ``atoms`` atoms."""
    return near_cubic_supercell(read_structure(STRUCTURES / name), atoms_wanted=atoms)


def request_for(model: str, *, threads: int | None = None) -> SessionRequest:
    """Return how ``bench`` would start a model here; MACE always gets random weights, so that machines compare.

    Args:
        model: Id of the model.
        threads: None for as many as mlipguide would use.

    Raises:
        EnvironmentFailedError: Its backend has no environment here.
    """
    machine = this_machine()
    card = load_catalogue().find(model)
    found = prepare_candidates((card,), machine, given_weights={}, consent=NO_CONSENT, on_progress=lambda _: None)
    item = found.candidates[0]
    if item.environment.state is not EnvironmentState.READY:
        raise EnvironmentFailedError(
            f"{card.backend} has no environment here.", hint=f"Get it with: mlipguide env build {card.backend}"
        )
    settings = item.settings if threads is None else replace(item.settings, threads=threads)
    memory = min(machine.memory.usable_bytes, machine.memory.available_bytes)
    return SessionRequest(
        card=card,
        recipe=item.recipe,
        environment=item.environment,
        settings=settings,
        weights_file=None if card.weights.synthetic else item.weights_file,
        synthetic=card.weights.synthetic,
        memory_limit_bytes=memory if settings.device == "cpu" else None,
    )


class BareLoop:
    """``bare_loop.py`` as a process in the environment of a model, with the variables that a worker would have.

    Args:
        request: The model and its settings.
        atoms: The structure.
        conditions: Temperature and step.

    Raises:
        MeasurementFailedError: It ended before it answered; so do the methods.
    """

    def __init__(self, request: SessionRequest, atoms: Atoms, conditions: Conditions) -> None:
        settings = request.settings
        variables = worker_environment(
            clean_environment(os.environ),
            worker_folder(),
            threads=settings.threads,
            retain_memory=settings.allocator is Allocator.RETAIN,
        )
        self._name = request.card.id
        self._log = tempfile.TemporaryFile(  # noqa: SIM115  # open as long as the process
            "w+", encoding="utf-8", errors="replace"
        )
        self._process = subprocess.Popen(
            # Isolated: neither this folder nor the worker's is on its path.
            [str(request.environment.python), "-I", str(BARE_LOOP)],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.parameters = int(
                self._ask(
                    backend=request.card.backend,
                    name=request.card.weights.name,
                    device=settings.device,
                    dtype=settings.dtype,
                    structure=structure_message(atoms),
                    temperature_k=conditions.temperature_k,
                    timestep_fs=conditions.timestep_s * 1e15,
                    random_weights=request.synthetic,
                )["parameters"]
            )
        except BaseException:
            self.close()
            raise

    def energy(self) -> tuple[float, float]:
        """Make one call of ``get_potential_energy``; return its wall time in seconds and the energy in eV."""
        answer = self._ask(do="energy")
        return answer["wall_s"], answer["energy_ev"]

    def step_s(self, steps: int, *, lead_in: int = 1) -> float:
        """Take ``lead_in`` steps, then ``steps`` timed as a whole; return the mean wall time (s) of one of these."""
        return self._ask(do="steps", lead_in=lead_in, steps=steps)["step_s"]

    def close(self) -> None:
        """End the process; may be called more than once."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def _ask(self, **request: Any) -> dict[str, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise MeasurementFailedError(f"The bare loop of {self._name} ended:\n{self._log.read()[-LAST_WORDS:]}")
        answer: dict[str, float] = json.loads(line)
        return answer


def default_threads() -> int:
    """Return the number of threads that mlipguide uses here when nothing else is asked for."""
    return max(1, math.floor(this_machine().cpu.usable_cores))


def run_script(main: Callable[[], None]) -> None:
    """Run ``main`` and exit; what a user can act on is one line and the status that ``mlipguide`` would give."""
    try:
        main()
    except MlipguideError as error:
        print(f"{error.message} {error.hint}".strip())
        sys.exit(int(error.exit_code))
