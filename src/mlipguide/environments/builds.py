"""Building a managed environment: finished and checked, or not there at all."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError, MlipguideError
from mlipguide.core.paths import logs_dir, make_folder, storage_error
from mlipguide.core.processes import run_logged
from mlipguide.core.serialisation import write_atomically
from mlipguide.environments import uv_program
from mlipguide.environments.build_failures import explain_failure
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
from mlipguide.environments.pip_settings import UvSettings
from mlipguide.environments.python_versions import PythonChoice, choose_python
from mlipguide.environments.recipes import (
    list_distributions,
    list_first_requirements,
    list_modules,
    list_requirements,
    missing_for_scripts,
)
from mlipguide.environments.torch_builds import TorchBuild, choose_torch_build
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe

_KEPT_LINES = 400
"""Lines of uv's output that the explanation of a failure looks at: more than its longest message."""

_WORTH_SHOWING = re.compile(r"\s*(Resolved|Downloading|Building|Built|Prepared|Installed|warning|error)\b")
"""Lines of uv that tell how far it is; the log has the rest."""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Everything that one build was decided to be."""

    recipe: Recipe
    folder: Path
    python: PythonChoice
    torch_build: TorchBuild
    settings: UvSettings
    log: Path
    on_progress: Callable[[str], None]


def build_environment(
    recipe: Recipe,
    *,
    python: str | None = None,
    torch_build: str = "auto",
    has_nvidia_gpu: bool,
    on_progress: Callable[[str], None] = lambda _: None,
    force: bool = False,
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
    settings = uv_program.prepare_settings(os.environ)
    build = choose_torch_build(
        torch_build,
        torch=recipe.torch,
        release=choice.release,
        has_nvidia_gpu=has_nvidia_gpu,
        environment=settings.environment,
    )
    folder = locate_folder(recipe, release=choice.release, torch_build=build.name)
    with locked_backend(recipe.backend, on_progress):
        _remove_leftovers(recipe.backend)
        plan = _Plan(
            recipe=recipe,
            folder=folder,
            python=choice,
            torch_build=build,
            settings=settings,
            log=_new_log(recipe),
            on_progress=on_progress,
        )
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
    plan = _Plan(
        recipe=recipe,
        folder=Path(environment.location),
        python=PythonChoice(str(environment.python), str(environment.python_version)),
        torch_build=TorchBuild(name="none", arguments=(), reason="it is there"),
        settings=uv_program.prepare_settings(os.environ),
        log=_new_log(recipe),
        on_progress=on_progress,
    )
    with locked_backend(recipe.backend, on_progress):
        on_progress(f"Adding {', '.join(packages)} to the environment of {recipe.backend}")
        _install(plan, packages)


def _new_log(recipe: Recipe) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S")
    return make_folder(logs_dir()) / f"build-{recipe.backend}-{stamp}-{uuid.uuid4().hex[:6]}.log"


def _build(plan: _Plan) -> None:
    plan.on_progress(f"Building the environment of {plan.recipe.backend} in {plan.folder}")
    if plan.recipe.torch:
        plan.on_progress(f"torch build: {plan.torch_build.name}, because {plan.torch_build.reason}")
    python = interpreter_path(plan.folder)
    _run_uv(plan, ["venv", str(plan.folder), "--python", plan.python.request, "--no-project"])
    first = list_first_requirements(plan.recipe)
    if first:
        _install(plan, first)
    _install(plan, (*list_requirements(plan.recipe), *plan.recipe.for_scripts), *_said_of_the_build(plan))
    plan.on_progress(f"Checking that {plan.recipe.module} imports")
    report = query_interpreter(
        python,
        distributions=list_distributions(plan.recipe),
        modules=list_modules(plan.recipe),
        variables=plan.recipe.variables,
    )
    if report.problem or report.python_version is None:
        with suppress(OSError), plan.log.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{report.output}\n")
        raise EnvironmentFailedError(
            f"{plan.recipe.backend} was installed but cannot be used: {report.problem} (log: {plan.log}).",
            hint="Try another Python version or torch build.",
            kind="import_failed",
        )
    write_marker(
        plan.folder,
        plan.recipe,
        python_version=report.python_version,
        torch_build=plan.torch_build.name,
        versions=report.versions,
        torch_targets=report.torch_targets,
    )
    plan.on_progress(f"The environment of {plan.recipe.backend} is ready")


def _add_for_scripts(plan: _Plan) -> None:
    """Add the packages of scripts that an environment of before lacks; what the recipe pins stays as it is."""
    lacking = missing_for_scripts(plan.recipe, interpreter_path(plan.folder))
    if lacking:
        plan.on_progress(f"Adding {', '.join(lacking)} to the environment of {plan.recipe.backend}")
        _install(plan, (*list_requirements(plan.recipe), *lacking), *_said_of_the_build(plan))


def _install(plan: _Plan, packages: Sequence[str], *arguments: str) -> None:
    install = ["pip", "install", "--python", str(interpreter_path(plan.folder))]
    _run_uv(plan, [*install, *plan.torch_build.arguments, *plan.settings.arguments, *arguments, "--", *packages])


def _said_of_the_build(plan: _Plan) -> Iterator[str]:
    """Give what the recipe says of how its packages are chosen and built, as arguments of ``uv pip install``.

    Raises:
        StorageError: The disk refuses the files that uv reads it from.
    """
    for name, lines in (("overrides", plan.recipe.overrides), ("excludes", plan.recipe.excludes)):
        if lines:
            file = plan.folder / f"{name}.txt"
            write_atomically(file, "".join(f"{line}\n" for line in lines))
            yield from (f"--{name}", str(file))
    if not plan.recipe.build_isolation:
        yield "--no-build-isolation"
    for package in plan.recipe.no_binary:
        yield from ("--no-binary", package)


def _run_uv(plan: _Plan, arguments: Sequence[str]) -> None:
    """Run uv, passing its lines on.

    Raises:
        MlipguideError: It failed, in the user's words.
    """
    environment = {**plan.settings.environment, **plan.recipe.build_variables}
    if plan.torch_build.name == "index":
        environment.pop("UV_TORCH_BACKEND", None)
    common = ["--color", "never", "--directory", str(uv_program.prepare_folder())]
    lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def forward(line: str) -> None:
        lines.append(line)
        if _WORTH_SHOWING.match(line):
            plan.on_progress(line.strip())

    try:
        command = [str(uv_program.find_uv()), *common, *arguments]
        status = run_logged(command, env=environment, log=plan.log, on_line=forward)
    except OSError as error:
        raise storage_error(plan.log, error) from error
    if status != 0:
        raise _explained(plan, lines, status)


def _explained(plan: _Plan, lines: Sequence[str], status: int) -> MlipguideError:
    if status < 0:
        return EnvironmentFailedError(
            f"uv was ended by signal {-status} while building {plan.recipe.backend} (log: {plan.log}).",
            hint="Check whether the memory of this job or machine is used up, then build again.",
            kind="killed",
        )
    return explain_failure("\n".join(lines), recipe=plan.recipe, torch_build=plan.torch_build, log=plan.log)


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
