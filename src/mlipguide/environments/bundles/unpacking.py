"""Building environments from a bundle: what does not fit this machine is told before anything is unpacked."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import mlipguide
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.environments import uv_program
from mlipguide.environments.builds import build_environment
from mlipguide.environments.bundles.targets import needed_glibc, this_platform, unfit_wheels
from mlipguide.environments.managed_folders import digest_recipe
from mlipguide.environments.python_versions import PythonChoice, choose_python
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.supplies import Supply, closed_settings
from mlipguide.environments.torch_builds import TorchBuild
from mlipguide.records.hardware.bundle import SITE, Bundle, BundledBackend
from mlipguide.records.hardware.environment import Environment, Recipe, SiteInstallation

_FIND_TIMEOUT_S = 60.0


def chosen_backends(bundle: Bundle, names: Sequence[str], path: Path) -> tuple[BundledBackend, ...]:
    """Return what a bundle holds of the backends that are asked for; of all where none is named.

    Raises:
        InputError: One is unknown, or not in the bundle.
    """
    if not names:
        return bundle.backends
    held = {one.backend: one for one in bundle.backends}
    chosen: dict[str, BundledBackend] = {}
    for name in names:
        backend = find_recipe(name).backend
        if backend not in held:
            raise InputError(
                f"{path} holds nothing of {backend}.{did_you_mean(backend, list(held))}",
                hint=f"It holds {', '.join(held)}.",
                kind="bundle",
            )
        chosen[backend] = held[backend]
    return tuple(chosen.values())


def fitting_recipe(bundle: Bundle, backend: BundledBackend, path: Path) -> Recipe:
    """Return the recipe of a backend of a bundle, which is the one that it was packed by.

    Raises:
        InputError: Kind ``bundle``: there is no such backend here, or its recipe is another one.
    """
    again = (
        f"Pack it again with mlipguide {mlipguide.__version__}, or install mlipguide {bundle.mlipguide} here, which "
        f"{path.name} was packed with."
    )
    try:
        recipe = find_recipe(backend.backend)
    except InputError as error:
        raise InputError(
            f"{path} is of the backend '{backend.backend}', which this mlipguide does not know.",
            hint=f"Install the plug-in that brings it. {again}",
            kind="bundle",
        ) from error
    if digest_recipe(recipe) != backend.recipe:
        raise InputError(
            f"{path} was packed by another recipe of {backend.backend} than that of this mlipguide.",
            hint=again,
            kind="bundle",
        )
    return recipe


def require_fit(bundle: Bundle, backend: BundledBackend, path: Path) -> None:
    """Refuse a bundle that is for another kind of machine.

    Raises:
        InputError: Kind ``bundle``: another system or processor, or an older glibc than its wheels need.
    """
    here = this_platform()
    if bundle.platform != here:
        raise InputError(
            f"{path} is for {bundle.platform}, and this machine is {here}.",
            hint=f"Pack one for it: mlipguide env pack {backend.backend} --python {bundle.python} --platform {here}.",
            kind="bundle",
        )
    unfit = unfit_wheels([name.rpartition("/")[2] for name in backend.wheels], bundle.python)
    if unfit:
        needed = needed_glibc(unfit[0])
        why = f"glibc {needed} or newer" if needed else "another system"
        raise InputError(
            f"{len(unfit)} packages of {backend.backend} in {path} do not run on this machine: {unfit[0]} needs {why}.",
            hint="Build this backend within a container of a newer system, or pack on a machine like this one.",
            kind="bundle",
        )


def fitting_python(bundle: Bundle, recipe: Recipe, requested: str | None, path: Path, cache: Path) -> PythonChoice:
    """Return an interpreter of the release that a bundle is for.

    Args:
        bundle: The bundle.
        recipe: Of the backend.
        requested: A version, the path of an interpreter, or None for whatever is here.
        path: Of the bundle.
        cache: Folder for uv's cache.

    Raises:
        InputError: Kind ``bundle``: the request is of another release, or there is none of it here.
    """
    choice = choose_python(recipe, requested)
    if choice.release == bundle.python and Path(choice.request).is_absolute():
        return choice
    if requested is not None and choice.release != bundle.python:
        raise InputError(
            f"{path} is for Python {bundle.python}, and {requested} is {choice.release}.",
            hint=f"Give a Python {bundle.python}, or pack one for Python {choice.release}.",
            kind="bundle",
        )
    found = _find_python(bundle.python, cache)
    if found is None:
        raise InputError(
            f"{path} is for Python {bundle.python}, and none was found here.",
            hint=f"Give the path of one with --python, or pack one for Python {choice.release}: mlipguide env pack "
            f"{recipe.backend} --python {choice.release}.",
            kind="bundle",
        )
    return PythonChoice(str(found), bundle.python)


def _find_python(release: str, cache: Path) -> Path | None:
    """Return an installed interpreter of a release, as uv finds it; nothing is downloaded."""
    command = [str(uv_program.find_uv()), "python", "find", "--no-project", release]
    settings = closed_settings(os.environ, cache)
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            command,
            env=settings.environment,
            capture_output=True,
            text=True,
            timeout=_FIND_TIMEOUT_S,
            check=True,
        )
        return Path(answer.stdout.strip())
    return None


def build_from_bundle(
    recipe: Recipe,
    backend: BundledBackend,
    files: Mapping[str, Path],
    *,
    python: PythonChoice,
    site: SiteInstallation | None,
    folder: Path,
    on_progress: Callable[[str], None],
    force: bool,
) -> Environment:
    """Build the environment of a backend from the files of a bundle.

    Args:
        recipe: Of the backend.
        backend: What the bundle holds of it.
        files: Where the files of the bundle are now.
        python: The interpreter.
        site: The site's installation that it is built on top of, where the bundle leaves torch to the site.
        folder: Of the work, for uv's cache.
        on_progress: Gets one line at a time for the user.
        force: Build anew even when a finished one is there.

    Raises:
        StorageError: The disk is full or refuses.
        EnvironmentFailedError: A package cannot be installed, or the module does not import afterwards.
        KeyboardInterrupt: Ctrl-C; every process is ended and the folder removed first.
    """
    supply = Supply(
        wheels=next(iter(files[path].parent for path in backend.wheels), folder),
        packages=tuple(f"{name}=={version}" for name, version in backend.packages.items()),
        torch_build=TorchBuild(backend.torch_build, (), "the bundle has it"),
        settings=closed_settings(os.environ, folder / "uv"),
        site=site,
    )
    if site is not None:
        build = TorchBuild(SITE, (), f"{site.python} has it")
        supply = replace(supply, torch_build=build)
    return build_environment(
        recipe,
        python=python.request,
        has_nvidia_gpu=False,
        on_progress=on_progress,
        force=force,
        supply=supply,
    )
