"""Packing: the packages of backends for another machine, chosen and fetched on this one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.environments import uv_program
from mlipguide.environments.bundles.package_files import obtain_wheel
from mlipguide.environments.bundles.resolved_packages import resolve
from mlipguide.environments.bundles.targets import Target, is_plain
from mlipguide.environments.managed_folders import digest_recipe
from mlipguide.environments.python_versions import choose_python
from mlipguide.environments.torch_builds import TorchBuild, choose_torch_build
from mlipguide.environments.uv_calls import UvCalls, new_log
from mlipguide.records.hardware.bundle import SITE, BundledBackend
from mlipguide.records.hardware.environment import Recipe

NO_TORCH = "none"


@dataclass(frozen=True, kw_only=True)
class PackedPackages:
    """The packages of one backend.

    Attributes:
        backend: What the list of the bundle says of them.
        sources: Where the file of each is, by its path within the bundle.
        built: Names of those that were compiled here, of which there is no wheel.
    """

    backend: BundledBackend
    sources: dict[str, Path]
    built: tuple[str, ...]


def pack_packages(
    recipe: Recipe,
    target: Target,
    *,
    torch_build: str,
    has_nvidia_gpu: bool,
    folder: Path,
    on_progress: Callable[[str], None],
) -> PackedPackages:
    """Choose and fetch all packages of a backend for a target.

    Args:
        recipe: Of the backend.
        target: Where the environment will be.
        torch_build: ``auto``, ``cpu``, ``cu128`` and the like, ``index``; ``none`` leaves torch to the site.
        has_nvidia_gpu: Of this machine; decides what ``auto`` means.
        folder: Where files go that are not here yet.
        on_progress: Gets one line at a time for the user.

    Raises:
        InputError: The recipe does not run with that Python, or is of something that is not built.
        EnvironmentFailedError: A package cannot be had for the target.
        StorageError: The disk is full or refuses.
    """
    if not recipe.is_built:
        raise InputError(
            f"There is nothing to pack for {recipe.backend}: it runs in the interpreter of mlipguide, or in yours.",
            hint="Name other backends.",
        )
    if recipe.no_binary or not recipe.build_isolation:
        raise EnvironmentFailedError(
            f"{recipe.backend} is compiled within its environment, so that it cannot be packed.",
            hint=f"Build it on a machine that reaches a package index: mlipguide env build {recipe.backend}.",
            kind="source_build",
        )
    choose_python(recipe, target.release)  # refuses a Python that the recipe does not accept
    settings = uv_program.prepare_settings(os.environ)
    build = _torch_build(recipe, target, torch_build, settings.environment, has_nvidia_gpu=has_nvidia_gpu)
    calls = UvCalls(
        recipe=recipe, torch_build=build, settings=settings, log=new_log(recipe, "pack"), on_progress=on_progress
    )
    on_progress(f"choosing the packages of {recipe.backend} for Python {target.release} on {target.platform}")
    work = folder / recipe.backend
    work.mkdir(parents=True, exist_ok=True)
    packages = resolve(calls, target, work)
    on_progress(f"fetching {len(packages)} packages of {recipe.backend}")
    wheels = {package.name: obtain_wheel(package, calls, target, folder / "files") for package in packages}
    given = {package.file for package in packages}
    sources = {f"wheels/{wheel.name}": wheel for wheel in wheels.values()}
    backend = BundledBackend(
        backend=recipe.backend,
        recipe=digest_recipe(recipe),
        torch_build=build.name,
        packages={package.name: package.version for package in packages},
        wheels=tuple(sorted(sources)),
    )
    return PackedPackages(
        backend=backend,
        sources=sources,
        built=tuple(name for name, wheel in wheels.items() if wheel.name not in given and not is_plain(wheel.name)),
    )


def _torch_build(
    recipe: Recipe, target: Target, requested: str, environment: dict[str, str], *, has_nvidia_gpu: bool
) -> TorchBuild:
    if requested == NO_TORCH:
        return TorchBuild(NO_TORCH if recipe.torch is None else SITE, (), "it is left to the site")
    return choose_torch_build(
        requested,
        torch=recipe.torch,
        release=target.release,
        has_nvidia_gpu=has_nvidia_gpu and target.is_here,
        environment=environment if target.is_here else {**environment, "UV_FIND_LINKS": ""},
    )
