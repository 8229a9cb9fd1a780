"""``mlipguide env pack``, and building from what it packed."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import mlipguide
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.weights import place_weights
from mlipguide.catalog.weights_to_pack import gather_weights
from mlipguide.core.errors import ExitCode, InputError, concerning
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.environments.adoption import forget
from mlipguide.environments.builds import build_each
from mlipguide.environments.bundles.archive import SCHEMA, describe_file, extract, read_manifest, write_archive
from mlipguide.environments.bundles.packing import pack_packages
from mlipguide.environments.bundles.targets import target_of
from mlipguide.environments.bundles.unpacking import (
    build_from_bundle,
    chosen_backends,
    fitting_python,
    fitting_recipe,
    require_fit,
)
from mlipguide.environments.bundles.work_folders import work_folder
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.site_torch import examine_site
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.bundle import SITE, Bundle, BundledBackend, PackedBundle
from mlipguide.records.hardware.environment import Recipe, SiteInstallation
from mlipguide.records.hardware.machine import GpuVendor
from mlipguide.records.models.listings import EnvironmentList
from mlipguide.records.notice import Notice, Problem, Result


def pack_environments(
    backends: Sequence[str],
    output: Path,
    *,
    python: str | None,
    target_platform: str | None,
    torch_build: str,
    models: Sequence[str],
    on_progress: Callable[[str], None],
) -> Result[PackedBundle]:
    """Pack all that environments of ``backends`` need into one file.

    Args:
        backends: Which ones.
        output: The file.
        python: Feature release of the Python that it is for; None for that of this one.
        target_platform: The platform that it is for; None for this one.
        torch_build: ``auto``, ``cpu``, ``cu128`` and the like, ``index``; ``none`` leaves torch to the site.
        models: Whose weights are wanted; none for all that can be had.
        on_progress: Told what is being done.

    Raises:
        InputError: An unknown backend, model, Python or platform.
        EnvironmentFailedError: A package cannot be had for the target.
        MeasurementFailedError: Kind ``weights``: those of a model that was named cannot be had.
        StorageError: The disk is full or refuses.
    """
    recipes = tuple({recipe.backend: recipe for recipe in map(find_recipe, backends)}.values())
    target = target_of(python or ".".join(platform.python_version_tuple()[:2]), target_platform)
    catalogue = load_catalogue()
    named = _named_models(models, recipes)
    has_gpu = any(gpu.vendor is GpuVendor.NVIDIA for gpu in probe_machine().gpus)
    sources: dict[str, Path] = {}
    packed: list[BundledBackend] = []
    built: list[str] = []
    with work_folder() as folder:
        for recipe in recipes:
            packages = pack_packages(
                recipe,
                target,
                torch_build=torch_build,
                has_nvidia_gpu=has_gpu,
                folder=folder,
                on_progress=on_progress,
            )
            cards = [card for card in catalogue.cards if card.backend == recipe.backend]
            weights = gather_weights(cards, named, on_progress)
            text = folder / recipe.backend / "recipe.json"
            write_atomically(text, to_json(to_plain(recipe)) + "\n")
            sources |= {f"recipes/{recipe.backend}.json": text, **packages.sources, **weights.sources}
            built += packages.built
            packed.append(
                replace(
                    packages.backend,
                    weights=tuple(weights.weights),
                    absent=tuple(weights.absent),
                    in_package=tuple(weights.in_package),
                )
            )
        on_progress(f"checking {len(sources)} files")
        bundle = Bundle(
            schema=SCHEMA,
            mlipguide=mlipguide.__version__,
            packed_at=datetime.now(UTC).isoformat(timespec="seconds"),
            python=target.release,
            platform=target.platform,
            backends=tuple(packed),
            files=tuple(describe_file(path, source) for path, source in sorted(sources.items())),
        )
        size_bytes = write_archive(output.expanduser().absolute(), bundle, sources, on_progress)
    notices: tuple[Notice, ...] = ()
    if built:
        what = f"{', '.join(built)} came as source and was compiled here: it needs a system no older than this one."
        notices = (Notice("built_from_source", what),)
    return Result(PackedBundle(file=str(output), size_bytes=size_bytes, bundle=bundle), notices=notices)


def build_from(
    path: Path,
    backends: Sequence[str],
    *,
    python: str | None,
    force: bool,
    on_progress: Callable[[str], None],
) -> Result[EnvironmentList]:
    """Build environments from a bundle, without any network.

    One that fails does not stop the others, unless it is the only one.

    Args:
        path: The bundle.
        backends: Which of its backends; none for all.
        python: A version or the path of an interpreter; None for one that fits.
        force: Build anew even when a finished one is there.
        on_progress: Told what is being done.

    Raises:
        InputError: There is no bundle, it is damaged, or it is not for this machine, this Python or this mlipguide.
        EnvironmentFailedError: Nothing could be built.
        StorageError: The disk is full or refuses.
    """
    with concerning(file=str(path)):
        bundle = read_manifest(path)
        chosen = chosen_backends(bundle, backends, path)
        on_site = [one.backend for one in chosen if one.torch_build == SITE]
        if on_site:
            raise InputError(
                f"{path} leaves torch to the site, so that {', '.join(on_site)} cannot be built from it alone.",
                hint=f"Name an interpreter of the site that has torch: mlipguide env adopt {on_site[0]} PYTHON --from "
                f"{path}",
                kind="bundle",
            )
        return _build(path, bundle, chosen, python=python, site=None, force=force, on_progress=on_progress)


def adopt_with(
    path: Path, backend: str, python: Path, *, on_progress: Callable[[str], None]
) -> Result[EnvironmentList]:
    """Build the environment of a backend on top of a site's torch, with the rest from a bundle.

    An interpreter that was adopted for this backend before is forgotten.

    Args:
        path: The bundle.
        backend: Which of its backends.
        python: Interpreter of the site's installation; nothing is written there.
        on_progress: Told what is being done.

    Raises:
        InputError: There is no bundle, it is damaged, or it is not for this machine, this Python or this mlipguide; or
            there is no such interpreter.
        EnvironmentFailedError: The interpreter has no torch, or the backend does not run with it.
        StorageError: The disk is full or refuses.
    """
    with concerning(file=str(path)):
        bundle = read_manifest(path)
        (chosen,) = chosen_backends(bundle, [backend], path)
        if chosen.torch_build != SITE:
            raise InputError(
                f"{path} holds a torch for {chosen.backend}, or that needs none: it does not go on top of another.",
                hint=f"mlipguide env build --from {path} {chosen.backend}, or pack one without: --torch none.",
                kind="bundle",
            )
        site, found = examine_site(python)
        result = _build(path, bundle, (chosen,), python=site.python, site=site, force=False, on_progress=on_progress)
    recipe = find_recipe(chosen.backend)
    forgotten = forget(recipe)
    notices = list(result.notices)
    if forgotten is not None:
        words = f"{forgotten}, adopted before, does not serve {recipe.backend} any more."
        notices.append(Notice("adoption_replaced", words))
    if (theirs := found.versions.get("torch", "").partition("+")[0]) != recipe.torch:
        words = f"The site's torch is {theirs}; {recipe.backend} was tested with {recipe.torch}. Try it: "
        notices.append(Notice("untested_torch", f"{words}mlipguide env verify {recipe.backend}"))
    return replace(result, notices=tuple(notices))


def _build(
    path: Path,
    bundle: Bundle,
    chosen: Sequence[BundledBackend],
    *,
    python: str | None,
    site: SiteInstallation | None,
    force: bool,
    on_progress: Callable[[str], None],
) -> Result[EnvironmentList]:
    with work_folder() as folder:
        plans = []
        for backend in chosen:
            recipe = fitting_recipe(bundle, backend, path)
            require_fit(bundle, backend, path)
            plans.append((recipe, backend, fitting_python(bundle, recipe, python, path, folder / "uv")))
        wanted = {name for backend in chosen for name in backend.paths}
        files = extract(path, bundle, wanted, folder, on_progress)
        environments, problems = build_each(
            [
                partial(
                    build_from_bundle,
                    recipe,
                    backend,
                    files,
                    python=choice,
                    site=site,
                    folder=folder,
                    on_progress=on_progress,
                    force=force,
                )
                for recipe, backend, choice in plans
            ]
        )
        placed, refused = _place_weights(bundle, chosen, files)
    return Result(
        EnvironmentList(environments),
        notices=(Notice("weights_placed", f"Weights of {', '.join(placed)} are there now."),) if placed else (),
        errors=(*problems, *refused),
        exit_code=ExitCode.ENVIRONMENT_FAILED if problems or refused else ExitCode.DONE,
    )


def _place_weights(
    bundle: Bundle, chosen: Sequence[BundledBackend], files: dict[str, Path]
) -> tuple[list[str], list[Problem]]:
    """Put checkpoints where their models look for them; return whose, and which were refused."""
    catalogue = load_catalogue()
    checksums = {file.path: file.sha256 for file in bundle.files}
    placed: list[str] = []
    refused: list[Problem] = []
    for one in (weights for backend in chosen for weights in backend.weights):
        try:
            beside = {files[path]: checksums[path] for path in one.beside}
            place_weights(catalogue.find(one.model), files[one.path], checksums[one.path], beside)
            placed.append(one.model)
        except InputError as error:
            refused.append(Problem.from_error(error, model=one.model))
    return placed, refused


def _named_models(models: Sequence[str], recipes: Sequence[Recipe]) -> set[str] | None:
    """Return the ids of the models that were named; None where none was.

    Raises:
        InputError: There is no such model, or it is of another backend.
    """
    catalogue = load_catalogue()
    cards = [catalogue.find(name) for name in models]
    backends = [recipe.backend for recipe in recipes]
    for card in cards:
        if card.backend not in backends:
            raise InputError(
                f"{card.id} is run by {card.backend}, which is not packed.",
                hint=f"Name that backend too: mlipguide env pack {' '.join([*backends, card.backend])}",
                model=card.id,
            )
    return {card.id for card in cards} or None
