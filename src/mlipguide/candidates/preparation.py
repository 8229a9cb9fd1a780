"""From the names of models to what can be started here: environment, weights, settings."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.checkpoints import own_version
from mlipguide.catalog.gated import closed_gate
from mlipguide.catalog.package_ranges import unfit_package
from mlipguide.catalog.trusted_checkpoints import question_about, refusal_of, unvouched_names, vouch
from mlipguide.catalog.weights import download_weights, find_weights, needs_file
from mlipguide.core.errors import EnvironmentFailedError, InputError, MlipguideError
from mlipguide.environments.gpu_support import gpu_notices, gpu_obstacle, told
from mlipguide.environments.recipes import command_to_get, find_recipe
from mlipguide.environments.resolution import find_environment, set_aside_files
from mlipguide.records.advice.verdict_reasons import Obstacle, ReasonKind
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.hardware.machine import GpuVendor, Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.records.timing.measurement import Allocator, Settings


@dataclass(frozen=True)
class Consent:
    """How far mlipguide may go in getting what is missing.

    Attributes:
        granted: The user said yes beforehand (``--yes``).
        ask: Puts a question to the user; None where there is nobody to ask.
    """

    granted: bool
    ask: Callable[[str], bool] | None

    def to(self, question: str) -> bool:
        """Return whether the user agrees."""
        return self.granted or (self.ask is not None and self.ask(question))


ASE = "ase"
"""The driver that every backend has."""

NO_WEIGHTS = Obstacle(ReasonKind.WEIGHTS_MISSING, "Not timed: its weights are not on this machine.")

NO_CONSENT = Consent(granted=False, ask=None)
"""Nothing is fetched, and nobody is asked."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A checkpoint that can be started here, or the reason why not.

    Attributes:
        card: The checkpoint.
        recipe: Its backend's recipe.
        environment: Of its backend, in whatever state.
        settings: What it would be run with.
        weights_file: Its checkpoint file; None when the package brings it, or when there is none.
        synthetic: Whether it would be run with random weights.
        obstacle: Why it cannot be started; None when it can.
    """

    card: ModelCard
    recipe: Recipe
    environment: Environment
    settings: Settings
    weights_file: Path | None
    synthetic: bool
    obstacle: Obstacle | None

    @property
    def in_batches(self) -> Prepared:
        """The same as it evaluates batches: by TorchSim."""
        return replace(self, settings=replace(self.settings, driver=TORCH_SIM))


@dataclass(frozen=True)
class Preparation:
    """All candidates, and what there is to say about getting them ready."""

    candidates: tuple[Prepared, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]


def default_settings(machine: Machine) -> Settings:
    """Return the settings that candidates are compared with: all usable cores or the first GPU, single precision."""
    nvidia = [gpu for gpu in machine.gpus if gpu.vendor is GpuVendor.NVIDIA]
    glibc = machine.system == "Linux" and "musl" not in sys.version.lower()
    return Settings(
        threads=max(1, math.floor(machine.cpu.usable_cores)),
        dtype="float32",
        device="cuda:0" if nvidia else "cpu",
        driver=ASE,
        allocator=Allocator.RETAIN if glibc and not nvidia else Allocator.DEFAULT,
    )


def settings_for(recipe: Recipe, default: Settings, card: ModelCard) -> Settings:
    """Return what a model is run with: in its backend's precision, unless its checkpoint has another one alone.

    A backend with a driver of its own runs on the processor, with an MPI rank on each core where others have a thread.
    """
    dtype = card.weights.dtype or recipe.dtype
    if recipe.driver == ASE:
        return replace(default, dtype=dtype)
    return replace(default, driver=recipe.driver, dtype=dtype, device="cpu", threads=1, ranks=default.threads)


def find_given_weights(catalogue: Catalogue, given: Mapping[str, Path], consent: Consent) -> dict[str, Path]:
    """Return the checkpoint files that the user gave, by the id of their model.

    Args:
        catalogue: All models.
        given: Files by any name of a model.
        consent: Whether a file may be loaded that runs code.

    Raises:
        InputError: There is no such model, or no such file, or it would run code and the user does not agree.
    """
    files: dict[str, Path] = {}
    for name, path in given.items():
        card = catalogue.find(name)
        found = find_weights(card, {card.id: path})
        assert found is not None
        require_trust(found, consent, card)
        files[card.id] = found
    return files


def require_trust(path: Path, consent: Consent, card: ModelCard | None = None) -> None:
    """Ask once before a checkpoint is loaded that runs code, and remember the answer by the file's checksum.

    Args:
        path: The file.
        consent: Whom to ask.
        card: Of the model that it is given for; its publisher's checksum vouches for the file.

    Raises:
        InputError: The user does not agree, or there is nobody to ask.
    """
    names = unvouched_names(path, card)
    if not names:
        return
    if not consent.to(question_about(path, names)):
        raise refusal_of(path, names)
    vouch(path)


def prepare_candidates(
    cards: Sequence[ModelCard],
    machine: Machine,
    *,
    given_weights: Mapping[str, Path],
    consent: Consent,
    on_progress: Callable[[str], None],
    worth_building: Collection[str] | None = None,
) -> Preparation:
    """Find or, with consent, build what each checkpoint needs.

    A backend without an environment, or a build that fails, stops its own models only; models of an unknown backend
    are left out.

    Args:
        cards: The checkpoints.
        machine: This machine.
        given_weights: Checkpoint files that the user gave, by model id.
        consent: How far to go.
        on_progress: Told what is being done.
        worth_building: Backends whose environments may be built; None for all that are missing.
    """
    notices: list[Notice] = []
    problems: list[Problem] = []
    environments = _environments(
        cards,
        machine,
        consent,
        given_weights=given_weights,
        notices=notices,
        problems=problems,
        on_progress=on_progress,
        worth_building=worth_building,
    )
    settings = default_settings(machine)
    notices.extend(gpu_notices((found for _, found in environments.values()), machine))
    prepared: list[Prepared] = []
    for card in cards:
        if card.backend not in environments:
            continue
        recipe, environment = environments[card.backend]
        obstacle = None
        weights_file: Path | None = None
        synthetic = False
        if environment.state is not EnvironmentState.READY:
            obstacle = Obstacle(
                ReasonKind.ENVIRONMENT_UNREADY,
                f"Not timed: the environment of {card.backend} is {environment.state.value} "
                f"({command_to_get(recipe)}).",
            )
        elif (wrong := unfit_package(card, environment.versions)) is not None:
            obstacle = Obstacle(ReasonKind.ENVIRONMENT_UNREADY, f"Not timed: {wrong}")
        elif (unused := gpu_obstacle(environment, machine)) is not None and recipe.driver == ASE:
            obstacle = Obstacle(ReasonKind.ENVIRONMENT_UNREADY, f"Not timed: {told(unused)}")
        if needs_file(card) or card.id in given_weights:
            try:
                weights_file = find_weights(card, given_weights)
            except InputError as error:
                obstacle = Obstacle(ReasonKind.CHECKPOINT_REFUSED, f"Not used: {error.message}")
            synthetic = weights_file is None and card.weights.synthetic
            if weights_file is None and not synthetic:
                obstacle = obstacle or NO_WEIGHTS
        prepared.append(
            Prepared(
                card=card,
                recipe=recipe,
                environment=replace(environment, versions={**environment.versions, **own_version(card)}),
                settings=settings_for(recipe, settings, card),
                weights_file=weights_file,
                synthetic=synthetic,
                obstacle=obstacle,
            )
        )
    return Preparation(tuple(prepared), tuple(notices), tuple(problems))


def fetch_missing_weights(
    candidates: Sequence[Prepared],
    *,
    named: AbstractSet[str] = frozenset(),
    consent: Consent,
    on_progress: Callable[[str], None],
) -> tuple[dict[str, Path], tuple[Notice, ...]]:
    """With consent, download the weights that candidates would otherwise replace by random ones or do without.

    Args:
        candidates: What may be measured.
        named: Ids of the models that the user asked for by name; of others that cannot run without their weights none
            is fetched.
        consent: How far to go.
        on_progress: Told what is being done.

    Returns:
        Files by model id, and a notice for each download that failed.
    """
    wanted = [
        item
        for item in candidates
        if item.card.weights.url is not None and (item.synthetic or (item.card.id in named and lacks_weights(item)))
    ]
    if not wanted or not consent.to(f"Download the weights of {', '.join(item.card.id for item in wanted)}?"):
        return {}, ()
    files: dict[str, Path] = {}
    notices: list[Notice] = []
    unreachable: set[str] = set()
    for item in wanted:
        host = str(item.card.weights.url).split("/")[2]
        if host in unreachable:
            continue
        try:
            on_progress(f"downloading the weights of {item.card.id}")
            files[item.card.id] = download_weights(item.card, on_progress)
        except MlipguideError as error:
            unreachable.add(host)
            notices.append(Notice("weights_unreachable", f"{error.message} {error.hint}"))
    return files, tuple(notices)


def lacks_weights(item: Prepared) -> bool:
    """Tell whether nothing but its weights is missing to start a model."""
    return item.obstacle is not None and item.obstacle.kind is ReasonKind.WEIGHTS_MISSING


def _environments(
    cards: Sequence[ModelCard],
    machine: Machine,
    consent: Consent,
    *,
    given_weights: Mapping[str, Path],
    notices: list[Notice],
    problems: list[Problem],
    on_progress: Callable[[str], None],
    worth_building: Collection[str] | None,
) -> dict[str, tuple[Recipe, Environment]]:
    recipes: dict[str, Recipe] = {}
    unknown: list[str] = []
    for backend in dict.fromkeys(card.backend for card in cards):
        try:
            recipes[backend] = find_recipe(backend)
        except InputError:  # known to the catalogue alone, or of a plug-in that is not installed
            unknown.append(backend)
    if unknown:
        left_out = sum(card.backend in unknown for card in cards)
        notices.append(
            Notice("backend_unknown", f"{left_out} models were left out: nothing here runs {', '.join(unknown)}.")
        )
    found = {backend: find_environment(recipe) for backend, recipe in recipes.items()}
    notices.extend(set_aside_files(recipes))
    missing = [
        backend
        for backend, item in found.items()
        if item.state is not EnvironmentState.READY and recipes[backend].is_built
    ]
    wanted = [
        backend
        for backend in missing
        if (worth_building is None or backend in worth_building)
        and not _all_closed([card for card in cards if card.backend == backend], given_weights, notices)
    ]
    sizes = ", ".join(_with_size(recipes[backend]) for backend in wanted)
    if wanted and consent.to(f"Build the environments of {sizes}?"):
        from mlipguide.environments.builds import build_environment

        for backend in wanted:
            try:
                found[backend] = build_environment(
                    recipes[backend],
                    python=None,
                    has_nvidia_gpu=any(gpu.vendor is GpuVendor.NVIDIA for gpu in machine.gpus),
                    on_progress=on_progress,
                )
            except EnvironmentFailedError as error:
                problems.append(Problem.from_error(error))
    lacking = [backend for backend, item in found.items() if item.state is not EnvironmentState.READY]
    if lacking:
        how = command_to_get(recipes[lacking[0]]) if len(lacking) == 1 else "mlipguide env build NAME"
        agree = " (or give --yes)" if any(recipes[backend].is_built for backend in lacking) else ""
        notices.append(
            Notice(
                "environment_missing",
                f"No environment for {', '.join(lacking)}: {'its' if len(lacking) == 1 else 'their'} models were left "
                f"out. Get it with: {how}{agree}.",
            )
        )
    return {backend: (recipes[backend], found[backend]) for backend in recipes}


def _with_size(recipe: Recipe) -> str:
    size = recipe.disk_gigabytes
    return recipe.backend if size is None else f"{recipe.backend} ({size:.1g} GB)"


def _all_closed(cards: Sequence[ModelCard], given_weights: Mapping[str, Path], notices: list[Notice]) -> bool:
    """Tell whether nothing of a backend could run once it is built: the weights of all its models are out of reach.

    What would open them is noted.
    """
    reasons: list[str] = []
    for card in cards:
        if card.weights.synthetic or not needs_file(card) or _has_file(card, given_weights):
            return False
        reason = closed_gate(card)
        if reason is None:
            return False
        reasons.append(reason)
    notices.append(Notice("weights_gated", f"{cards[0].backend} is not built. {reasons[0]}"))
    return True


def _has_file(card: ModelCard, given_weights: Mapping[str, Path]) -> bool:
    try:
        return find_weights(card, given_weights) is not None
    except InputError:  # it is told when the file is looked for again
        return True
