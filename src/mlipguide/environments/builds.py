"""Building a managed environment: finished and checked, or not there at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.core.paths import storage_error
from mlipguide.core.serialisation import write_atomically
from mlipguide.environments import uv_program
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.environments.managed_folders import (
    describe_folder,
    interpreter_path,
    list_folders,
    locate_folder,
    locked_backend,
    read_marker,
    remove_folder,
    write_marker,
)
from mlipguide.environments.python_versions import PythonChoice, choose_python
from mlipguide.environments.recipes import (
    list_distributions,
    list_first_requirements,
    list_modules,
    list_requirements,
    missing_for_scripts,
)
from mlipguide.environments.site_torch import SITE_PACKAGES, lead_to_site
from mlipguide.environments.supplies import Supply
from mlipguide.environments.torch_builds import TorchBuild, choose_torch_build
from mlipguide.environments.uv_calls import UvCalls, new_log
from mlipguide.environments.without_network import how_to_pack
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.notice import Problem


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Everything that one build was decided to be."""

    folder: Path
    python: PythonChoice
    calls: UvCalls
    supply: Supply | None = None

    @property
    def recipe(self) -> Recipe:
        return self.calls.recipe

    def tell(self, message: str) -> None:
        self.calls.on_progress(message)


def build_environment(
    recipe: Recipe,
    *,
    python: str | None = None,
    torch_build: str = "auto",
    has_nvidia_gpu: bool,
    on_progress: Callable[[str], None] = lambda _: None,
    force: bool = False,
    supply: Supply | None = None,
) -> Environment:
    """Build the managed environment of a backend, or return the one that is there.

    It is built, then its module is imported once, then it is declared finished. A failure or an interruption
    leaves nothing; with ``force`` it leaves the environment that was there before. A second process that
    builds the same one waits for the first and uses its result.

    Args:
        recipe: What to build.
        python: A version, the path of an interpreter, or None for the one that runs mlipguide where it fits.
        torch_build: ``auto``, ``cpu``, ``cu128`` and the like, or ``index``.
        has_nvidia_gpu: Decides what ``auto`` means.
        on_progress: Gets one line at a time for the user.
        force: Build anew even when a finished one is there.
        supply: What a bundle brings; then no index is asked, and the torch build is that of the bundle.

    Raises:
        InputError: The Python or the torch build cannot be used, or the recipe is of something that is not built.
        StorageError: The disk is full or refuses.
        EnvironmentFailedError: A requirement cannot be installed, or the module does not import afterwards.
        KeyboardInterrupt: Ctrl-C; every process is ended and the folder removed first.
    """
    if not recipe.is_built:
        raise InputError(
            f"There is nothing to build for {recipe.backend}: it runs in the interpreter of mlipguide, or in yours.",
            hint=f"mlipguide env adopt {recipe.backend} PYTHON",
        )
    choice = choose_python(recipe, python)
    if supply is None:
        settings = uv_program.prepare_settings(os.environ)
        build = choose_torch_build(
            torch_build,
            torch=recipe.torch,
            release=choice.release,
            has_nvidia_gpu=has_nvidia_gpu,
            environment=settings.environment,
        )
    else:
        settings, build = supply.settings, supply.torch_build
    site = None if supply is None or supply.site is None else supply.site.python
    folder = locate_folder(recipe, release=choice.release, torch_build=build.name if site is None else f"site {site}")
    with locked_backend(recipe.backend, on_progress):
        _remove_leftovers(recipe.backend)
        log = new_log(recipe)
        calls = UvCalls(recipe=recipe, torch_build=build, settings=settings, log=log, on_progress=on_progress)
        plan = _Plan(folder=folder, python=choice, calls=calls, supply=supply)
        marker = read_marker(folder)
        if marker is not None and not force:
            environment = describe_folder(folder, marker)
            if environment.state is EnvironmentState.READY:
                _add_for_scripts(plan)
                return environment
        with _replaced(folder):
            _build(plan)
            marker = read_marker(folder)
            assert marker is not None
            return describe_folder(folder, marker)


def add_packages(
    recipe: Recipe,
    environment: Environment,
    packages: Sequence[str],
    *,
    on_progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Install further packages into a managed environment; what is there stays as it is where it satisfies them.

    Args:
        recipe: Of the environment.
        environment: A ready one that mlipguide built.
        packages: Requirements as pip takes them.
        on_progress: Gets one line at a time for the user.

    Raises:
        StorageError: The disk is full or refuses.
        EnvironmentFailedError: A package cannot be installed.
        KeyboardInterrupt: Ctrl-C; every process is ended first.
    """
    assert environment.location is not None
    folder = Path(environment.location)
    marker = read_marker(folder)
    calls = UvCalls(
        recipe=recipe,
        torch_build=TorchBuild(name="none", arguments=(), reason="it is there"),
        settings=uv_program.prepare_settings(os.environ),
        log=new_log(recipe),
        on_progress=on_progress,
    )
    plan = _Plan(
        folder=folder, python=PythonChoice(str(environment.python), str(environment.python_version)), calls=calls
    )
    with locked_backend(recipe.backend, on_progress):
        on_progress(f"Adding {', '.join(packages)} to the environment of {recipe.backend}")
        left_to_site = () if marker is None or marker.site is None else SITE_PACKAGES
        _install(plan, packages, *_listed(plan, "excludes", left_to_site))


def _build(plan: _Plan) -> None:
    plan.tell(f"Building the environment of {plan.recipe.backend} in {plan.folder}")
    if plan.recipe.torch:
        plan.tell(f"torch build: {plan.calls.torch_build.name}, because {plan.calls.torch_build.reason}")
    python = interpreter_path(plan.folder)
    plan.calls.run("venv", str(plan.folder), "--python", plan.python.request, "--no-project")
    with _told_how_to_pack(plan):
        first = list_first_requirements(plan.recipe)
        if first and plan.supply is None:
            _install(plan, first)
        _install_all(plan, plan.recipe.for_scripts)
    site = None if plan.supply is None else plan.supply.site
    if site is not None:
        lead_to_site(plan.folder, plan.python.release, site)
    plan.tell(f"Checking that {plan.recipe.module} imports")
    report = query_interpreter(
        python,
        distributions=list_distributions(plan.recipe),
        modules=list_modules(plan.recipe),
        variables=plan.recipe.variables,
    )
    if report.problem or report.python_version is None:
        with suppress(OSError), plan.calls.log.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{report.output}\n")
        raise EnvironmentFailedError(
            f"{plan.recipe.backend} was installed but cannot be used: {report.problem} (log: {plan.calls.log}).",
            hint="Try another Python version or torch build.",
            kind="import_failed",
        )
    write_marker(
        plan.folder,
        plan.recipe,
        python_version=report.python_version,
        torch_build=plan.calls.torch_build.name,
        versions=report.versions,
        torch_targets=report.torch_targets,
        site=site,
    )
    plan.tell(f"The environment of {plan.recipe.backend} is ready")


def _add_for_scripts(plan: _Plan) -> None:
    """Add the packages of scripts that an environment of before lacks; what the recipe pins stays as it is."""
    lacking = missing_for_scripts(plan.recipe, interpreter_path(plan.folder))
    if lacking:
        plan.tell(f"Adding {', '.join(lacking)} to the environment of {plan.recipe.backend}")
        _install_all(plan, lacking)


def _install_all(plan: _Plan, for_scripts: Sequence[str]) -> None:
    """Install what the recipe requires, or everything that the bundle brings."""
    if plan.supply is not None:
        _install(plan, plan.supply.packages)
    else:
        _install(plan, (*list_requirements(plan.recipe), *for_scripts), *_said_of_the_build(plan))


@contextmanager
def _told_how_to_pack(plan: _Plan) -> Iterator[None]:
    """Let an error for want of a network say how it is done without."""
    try:
        yield
    except EnvironmentFailedError as error:
        if error.kind == "network":
            error.hint += f" {how_to_pack(plan.recipe, plan.python.release, plan.calls.torch_build.name)}"
        raise


def _install(plan: _Plan, packages: Sequence[str], *arguments: str) -> None:
    calls = plan.calls
    where = ["--python", str(interpreter_path(plan.folder))]
    how = [*calls.torch_build.arguments, *calls.settings.arguments] if plan.supply is None else plan.supply.arguments
    calls.run("pip", "install", *where, *how, *arguments, "--", *packages)


def _said_of_the_build(plan: _Plan) -> Iterator[str]:
    """Give what the recipe says of how its packages are chosen and built, as arguments of ``uv pip install``.

    Raises:
        StorageError: The disk refuses the files that uv reads it from.
    """
    yield from _listed(plan, "overrides", plan.recipe.overrides)
    yield from _listed(plan, "excludes", plan.recipe.excludes)
    if not plan.recipe.build_isolation:
        yield "--no-build-isolation"
    for package in plan.recipe.no_binary:
        yield from ("--no-binary", package)


def _listed(plan: _Plan, name: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        file = plan.folder / f"{name}.txt"
        write_atomically(file, "".join(f"{line}\n" for line in lines))
        yield from (f"--{name}", str(file))


def _remove_leftovers(backend: str) -> None:
    """Remove what builds that were killed left behind; called under the lock only."""
    for folder in list_folders(backend):
        if folder.name.startswith(".") or read_marker(folder) is None:
            remove_folder(folder)


@contextmanager
def _replaced(folder: Path) -> Iterator[None]:
    """Set an existing environment aside for the time of the block and put it back when the block fails."""
    aside: Path | None = None
    if folder.exists():
        aside = folder.with_name(f".replaced-{folder.name}-{uuid.uuid4().hex[:8]}")
        try:
            folder.rename(aside)
        except OSError as error:
            raise storage_error(folder, error) from error
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if aside is not None:
            aside.rename(folder)
        raise
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)


def build_each(
    builds: Sequence[Callable[[], Environment]],
) -> tuple[tuple[Environment, ...], tuple[Problem, ...]]:
    """Build one after the other; return the environments, and the problems of those that failed.

    Raises:
        EnvironmentFailedError: The only one failed.
    """
    built: list[Environment] = []
    problems: list[Problem] = []
    for build in builds:
        try:
            built.append(build())
        except EnvironmentFailedError as error:
            if len(builds) == 1:
                raise
            problems.append(Problem.from_error(error))
    return tuple(built), tuple(problems)
