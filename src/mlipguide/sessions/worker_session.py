"""A model loaded in a worker of its backend's environment."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from mlipguide.catalog.checkpoints import own_version
from mlipguide.catalog.package_ranges import unfit_package
from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.core.paths import logs_dir, make_folder
from mlipguide.core.serialisation import to_plain
from mlipguide.core.units import WALL_TIME
from mlipguide.environments.axes import options_of, variables_of
from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.recipes import command_to_get, worker_file
from mlipguide.environments.shared_folders import left_clean
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.models.additions import Addition
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.timing.axes import SPINNING, WAIT_POLICY
from mlipguide.records.timing.measurement import Allocator, Scenario, Settings, StepSamples
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import (
    Burst,
    Conditions,
    DynamicsPlan,
    LoadedStructure,
    ModelFacts,
    RelaxationPlan,
    Relaxations,
    SinglePoint,
    Trajectory,
)
from mlipguide.sessions.messages import held_message, relaxed_of, single_point_of, snapshot_of, structure_message
from mlipguide.sessions.own_checkpoint import require_same_architecture
from mlipguide.sessions.reference_check import require_reference_energy
from mlipguide.sessions.worker_files import worker_environment, worker_folder
from mlipguide.sessions.worker_process import WorkerProcess

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

LOAD_TIMEOUT_S = 300.0
CALL_TIMEOUT_S = 600.0
TIMEOUT_VARIABLE = "MLIPGUIDE_WORKER_TIMEOUT"
"""How long one answer of a worker may take, as in ``30min``: for slow file systems, or to give up soon."""


@dataclass(frozen=True, kw_only=True)
class SessionRequest:
    """Everything that is needed to start a model.

    Attributes:
        card: The checkpoint.
        recipe: Its backend's recipe.
        environment: A ready environment of that backend.
        settings: Threads, dtype, device, driver, allocator.
        weights_file: A checkpoint file; None for one that the package brings.
        synthetic: Build the architecture with random weights.
        memory_limit_bytes: What the worker may use; None for no limit.
        patience_s: How long loading, and any later answer, may take at most; None for what is usual.
    """

    card: ModelCard
    recipe: Recipe
    environment: Environment
    settings: Settings
    weights_file: Path | None
    synthetic: bool
    memory_limit_bytes: int | None
    patience_s: float | None = None


class Answering(Protocol):
    """What carries out requests: a worker's process, or in tests the same code in this one."""

    @property
    def pid(self) -> int:
        """Process id of what answers."""

    def request(self, operation: str, *, timeout_s: float, **arguments: Any) -> Any:
        """Send one request and return its result."""

    def pause(self) -> None:
        """Stop it until the next request."""

    def close(self) -> None:
        """End it; may be called more than once."""


class WorkerSession:
    """Implements :class:`mlipguide.sessions.interface.ModelSession`.

    Args:
        process: What carries out the requests.
        facts: What the loaded weights say of themselves.
        call_timeout_s: How long an answer may take.
        spins: Whether its threads spin while they wait for work: then it is stopped between two requests, since it
            would take the processor from others that are timed meanwhile.
    """

    def __init__(self, process: Answering, facts: ModelFacts, *, call_timeout_s: float, spins: bool = False) -> None:
        self._process = process
        self._facts = facts
        self._call_timeout_s = call_timeout_s
        self._spins = spins

    @property
    def facts(self) -> ModelFacts:
        """What the loaded weights say of themselves."""
        return self._facts

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def single_point(self, atoms: Atoms) -> SinglePoint:
        """Evaluate ``atoms`` once."""
        return single_point_of(self._ask("single_point", structure=structure_message(atoms)))

    def single_points(self, structures: Sequence[Atoms]) -> tuple[SinglePoint, ...]:
        """Evaluate structures at once."""
        answer = self._ask("single_points", structures=[structure_message(atoms) for atoms in structures])
        return tuple(map(single_point_of, answer))

    def relax(self, structures: Sequence[Atoms], plan: RelaxationPlan) -> Relaxations:
        """Move atoms downhill, but not those that are held; the structures are not changed."""
        answer = self._ask(
            "relax",
            structures=[structure_message(atoms) | held_message(atoms) for atoms in structures],
            largest_force=plan.largest_force_ev_per_angstrom,
            steps=plan.steps,
            batch=plan.batch,
        )
        relaxed = tuple(relaxed_of(item) for item in answer["structures"])
        return Relaxations(structures=relaxed, wall_s=answer["wall_s"], calls=answer["calls"])

    def dynamics(
        self, atoms: Atoms, plan: DynamicsPlan, *, velocities: NDArray[np.float64] | None = None
    ) -> Trajectory:
        """Move ``atoms``, but not those that are held, and return snapshots.

        Nothing is kept, so a run can be continued from its last snapshot.
        """
        answer = self._ask(
            "dynamics",
            structure=structure_message(atoms) | held_message(atoms),
            steps=plan.steps,
            every=plan.every,
            timestep_fs=plan.timestep_s * 1e15,
            temperature_k=plan.temperature_k,
            friction_per_fs=None if plan.friction_per_s is None else plan.friction_per_s * 1e-15,
            velocities=None if velocities is None else velocities.tolist(),
            seed=plan.seed,
        )
        return Trajectory(
            snapshots=tuple(snapshot_of(item) for item in answer["snapshots"]),
            stopped_because=answer["stopped_because"],
        )

    def prepare(self, atoms: Atoms, conditions: Conditions) -> LoadedStructure:
        """Make the first call on ``atoms`` and set up the integrator."""
        system = uuid4().hex
        answer = self._ask(
            "prepare",
            system=system,
            structure=structure_message(atoms),
            temperature_k=conditions.temperature_k,
            timestep_fs=conditions.timestep_s * 1e15,
            propagate=conditions.propagate,
            integrate=conditions.scenario is Scenario.SINGLE_STREAM,
            seed=conditions.seed,
        )
        return LoadedStructure(system=system, **answer)

    def prepare_batch(self, structures: Sequence[Atoms], conditions: Conditions) -> LoadedStructure:
        """Make the first call on structures that are evaluated at once."""
        system = uuid4().hex
        answer = self._ask(
            "prepare_batch",
            system=system,
            structures=[structure_message(atoms) for atoms in structures],
            seed=conditions.seed,
        )
        return LoadedStructure(system=system, structures=len(structures), **answer)

    def run(self, prepared: LoadedStructure, *, max_steps: int, max_s: float) -> Burst:
        """Take steps until either limit is reached, at least one."""
        answer = self._ask("run", system=prepared.system, max_steps=max_steps, max_s=max_s)
        return Burst(
            samples=StepSamples(
                wall_s=tuple(answer["wall_s"]),
                energy_forces_s=tuple(answer["energy_forces_s"]),
                cpu_s=tuple(answer["cpu_s"]),
                model_s=None if answer["model_s"] is None else tuple(answer["model_s"]),
            ),
            involuntary_switches=answer["usage"]["involuntary_switches"],
            peak_memory_bytes=answer["peak_memory_bytes"],
            compiling_wall_s=answer.get("compiling_wall_s", 0.0),  # drivers of a backend's own compile nothing
            compiling_cpu_s=answer.get("compiling_cpu_s", 0.0),
        )

    def with_additions(self, additions: Sequence[Addition]) -> WorkerSession:
        """Return the session of the model with something added to it, from now on.

        Raises:
            SessionError: It cannot be added, or its package is not in the environment.
        """
        answer = self._ask("add", additions=[to_plain(one) for one in additions])
        facts = replace(self._facts, versions={**self._facts.versions, **answer["versions"]})
        return WorkerSession(self._process, facts, call_timeout_s=self._call_timeout_s, spins=self._spins)

    def reference(self) -> tuple[float, ...]:
        """Run the reference kernel a few times and return its wall times in seconds."""
        return tuple(self._ask("reference"))

    def release_memory(self) -> None:
        """Give freed memory back to the system while others are measured."""
        self._ask("release_memory")

    def close(self) -> None:
        """End the worker; may be called more than once."""
        self._process.close()

    def _ask(self, operation: str, **arguments: Any) -> Any:
        answer = self._process.request(operation, timeout_s=self._call_timeout_s, **arguments)
        if self._spins:
            self._process.pause()
        return answer


def open_session(
    request: SessionRequest, *, load_timeout_s: float | None = None, call_timeout_s: float | None = None
) -> WorkerSession:
    """Start a worker and load the model.

    Args:
        request: What to load, where and how.
        load_timeout_s: How long importing and loading may take; None for what the user set with the variable
            ``MLIPGUIDE_WORKER_TIMEOUT``, else 5 min.
        call_timeout_s: How long any later answer may take; None for the same, else 10 min.

    Raises:
        InputError: The variable holds no wall time.
        EnvironmentFailedError: The environment is not ready.
        SessionError: The worker does not start, or the model does not load, or it does in a package that reads it
            wrongly, or with another energy than its card states.
    """
    load_timeout_s = load_timeout_s or _chosen_timeout_s(LOAD_TIMEOUT_S)
    call_timeout_s = call_timeout_s or _chosen_timeout_s(CALL_TIMEOUT_S)
    if request.patience_s is not None:
        load_timeout_s, call_timeout_s = (min(one, request.patience_s) for one in (load_timeout_s, call_timeout_s))
    environment = request.environment
    if environment.state is not EnvironmentState.READY or environment.python is None:
        raise EnvironmentFailedError(
            f"The environment of {environment.backend} is {environment.state.value}.",
            hint=command_to_get(request.recipe),
        )
    _require_package(request.card, environment.versions)
    settings = request.settings
    stamp = time.strftime("%Y%m%dT%H%M%S")
    log = make_folder(logs_dir()) / f"worker-{request.card.id}-{stamp}-{os.getpid()}-{uuid4().hex[:6]}.log"
    folder = worker_folder(worker_file(request.recipe))
    variables = worker_environment(
        {
            **clean_environment(os.environ),
            **left_clean(environment.python),
            **request.recipe.variables,
            **variables_of(request.recipe, settings),
        },
        folder,
        threads=settings.threads,
        retain_memory=settings.allocator is Allocator.RETAIN,
    )
    process = WorkerProcess(
        python=Path(environment.python).absolute(),
        environment=variables,
        folder=folder,
        log=log,
        name=request.card.id,
        memory_limit_bytes=request.memory_limit_bytes,
    )
    try:
        answer = process.request(
            "load",
            timeout_s=load_timeout_s,
            backend=request.recipe.worker,
            name=request.card.weights.name,
            path=None if request.weights_file is None else str(request.weights_file.absolute()),
            synthetic=request.synthetic,
            device=settings.device,
            dtype=settings.dtype,
            threads=settings.threads,
            driver=settings.driver,
            ranks=settings.ranks,
            options=options_of(request.recipe, settings),
            memory_limit_bytes=request.memory_limit_bytes,
        )
        elements = answer["elements"]
        facts = ModelFacts(
            **{
                **answer,
                "elements": None if elements is None else tuple(elements),
                "properties": tuple(answer["properties"]),
                "versions": {**answer["versions"], **own_version(request.card)},
            }
        )
        if request.card.weights.origin is WeightsOrigin.LOCAL:
            require_same_architecture(request.card, facts)
        _require_package(request.card, facts.versions)
        spins = settings.chosen(WAIT_POLICY) == SPINNING
        session = WorkerSession(process, facts, call_timeout_s=call_timeout_s, spins=spins)
        require_reference_energy(
            session,
            request.card,
            weights_file=request.weights_file,
            surroundings={
                **environment.versions,
                **facts.versions,
                **{one.axis: one.value for one in settings.choices},
                "dtype": settings.dtype,
                "device": settings.device,
            },
        )
        if settings.additions:
            # The reference energy is the model's own.
            session = session.with_additions(settings.additions)
    except BaseException:
        process.close()
        raise
    return session


def _require_package(card: ModelCard, versions: Mapping[str, str]) -> None:
    wrong = unfit_package(card, versions)
    if wrong is not None:
        raise SessionError(FailureKind.WRONG_PACKAGE, wrong)


def _chosen_timeout_s(default: float) -> float:
    chosen = os.environ.get(TIMEOUT_VARIABLE)
    return WALL_TIME.parse(chosen, option=TIMEOUT_VARIABLE) if chosen else default
