"""Interpreters that the user gave to a backend: checked when given, kept in ``adopted.json``."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError, StorageError
from mlipguide.core.kept_files import UnusableFileError, move_aside, newer, read_document, record_of
from mlipguide.core.paths import data_dir
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.environments.interpreters import InterpreterReport, query_interpreter, stamps_of
from mlipguide.environments.locks import held_lock
from mlipguide.environments.recipes import list_distributions, list_modules
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe, TorchTargets
from mlipguide.records.strict import strict

SCHEMA = "mlipguide.adopted/1"
WHAT = "a list of adopted interpreters"
HINT = "Adopt them again with mlipguide env adopt; the file is kept under another name then."
LONGEST_VERSION = 9
"""Digits of a version that are shown."""


@strict
@dataclass(frozen=True, kw_only=True)
class Adoption:
    """One adopted interpreter and what was found in it.

    Attributes:
        python: Its path, as given and made absolute; links are kept, for they lead to a virtual environment.
        python_version: Its version.
        versions: Installed versions of the packages that matter.
        stamps: Times of change, in ns since 1970, of the interpreter and its package folders: while they
            hold, so do the versions.
        torch_targets: What its torch was built for; None without torch, and where it was not imported since.
    """

    python: str
    python_version: str
    versions: dict[str, str]
    stamps: dict[str, int]
    torch_targets: TorchTargets | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class _AdoptedFile:
    schema: str = SCHEMA
    environments: dict[str, Adoption] = field(default_factory=dict)


def adopt(recipe: Recipe, python_path: str | Path) -> Environment:
    """Let an interpreter of the user's serve a backend, once it is seen to import the backend's module.

    Args:
        recipe: The backend.
        python_path: The interpreter, or the folder of its environment.

    Raises:
        InputError: There is no such file.
        EnvironmentFailedError: It does not run, or the module does not import there.
        StorageError: The choice cannot be written down.
    """
    adoption = _examine(recipe, python_path)
    with _locked_file():
        _write({**read_adoptions(), recipe.backend: adoption})
    return _to_environment(recipe, adoption)


def examine(recipe: Recipe, python_path: str | Path) -> Environment:
    """Return an interpreter of the user's as an environment, seen to import the backend's module; nothing is kept.

    Args:
        recipe: The backend.
        python_path: The interpreter, or the folder of its environment.

    Raises:
        InputError: There is no such file.
        EnvironmentFailedError: It does not run, or the module does not import there.
    """
    return _to_environment(recipe, _examine(recipe, python_path))


def _examine(recipe: Recipe, python_path: str | Path) -> Adoption:
    python = Path(python_path).expanduser().absolute()
    if python.is_dir():
        python = python / "bin" / "python"
    if not python.is_file():
        raise InputError(
            f"There is no interpreter at {python}.", hint="Give the path of a Python, such as env/bin/python."
        )
    report = query_interpreter(
        python,
        distributions=list_distributions(recipe),
        modules=list_modules(recipe),
        variables=recipe.variables,
    )
    if report.problem:
        what, build = recipe.module, ""
        if recipe.is_built:
            what = recipe.backend
            build = f", or let mlipguide build an environment: mlipguide env build {what}"
        raise EnvironmentFailedError(
            f"{python} cannot serve {recipe.backend}: {report.problem}.",
            hint=f"Install {what} there{build}.",
            kind="import_failed",
        )
    return _to_adoption(python, report)


def forget(recipe: Recipe) -> str | None:
    """Forget the adopted interpreter of a backend; the interpreter itself is not touched.

    Returns:
        Its path; None when none was adopted.

    Raises:
        StorageError: It cannot be written down.
    """
    if recipe.backend not in read_adoptions():
        return None
    with _locked_file():
        adoptions = read_adoptions()
        adoption = adoptions.pop(recipe.backend, None)
        _write(adoptions)
    return adoption.python if adoption else None


def find_adopted(recipe: Recipe) -> Environment | None:
    """Return the adopted environment of a backend, ready or broken; None when none was adopted.

    The versions are read again when something was installed there since.
    """
    adoption = read_adoptions().get(recipe.backend)
    if adoption is None:
        return None
    if not Path(adoption.python).exists():
        problem = f"The adopted interpreter {adoption.python} no longer exists."
        return _to_environment(recipe, adoption, problem=problem)
    if stamps_of(adoption.stamps) == adoption.stamps:
        return _to_environment(recipe, adoption)
    report = query_interpreter(Path(adoption.python), distributions=list_distributions(recipe))
    if report.problem:
        return _to_environment(recipe, adoption, problem=f"{report.problem}.")
    renewed = _to_adoption(Path(adoption.python), report)
    with suppress(StorageError), _locked_file():  # what cannot be kept is asked again next time
        adoptions = read_adoptions()
        if adoptions.get(recipe.backend) == adoption:
            _write({**adoptions, recipe.backend: renewed})
    return _to_environment(recipe, renewed)


def read_adoptions() -> dict[str, Adoption]:
    """Return all adopted interpreters by backend; none where their file is set aside (:func:`unusable_file`)."""
    try:
        return _read()
    except UnusableFileError:
        return {}


def unusable_file() -> UnusableFileError | None:
    """Return why the file of adopted interpreters is set aside; None where it is not."""
    try:
        _read()
    except UnusableFileError as error:
        return error
    return None


def _read() -> dict[str, Adoption]:
    path = _file()
    if not path.exists():
        return {}
    plain = read_document(path, WHAT, hint=HINT)
    schema = plain.get("schema")
    if schema != SCHEMA:
        known = SCHEMA.rpartition("/")[2]
        given = schema.rpartition("/") if isinstance(schema, str) else ("", "", "")
        if given[0] == SCHEMA.rpartition("/")[0] and given[2].isascii() and given[2].isdigit():
            raise newer(path, WHAT, given[2][:LONGEST_VERSION], known)
        raise UnusableFileError(path, WHAT, f"is not {WHAT} of mlipguide", hint=HINT)
    return record_of(_AdoptedFile, plain, path=path, what=WHAT, hint=HINT).environments


def _file() -> Path:
    return data_dir() / "adopted.json"


def _write(adoptions: dict[str, Adoption]) -> None:
    if unusable_file() is not None:
        move_aside(_file())
    write_atomically(_file(), to_json(to_plain(_AdoptedFile(environments=adoptions))) + "\n")


def _locked_file() -> AbstractContextManager[None]:
    return held_lock(data_dir() / ".adopted.lock")


def _to_adoption(python: Path, report: InterpreterReport) -> Adoption:
    return Adoption(
        python=str(python),
        python_version=report.python_version or "",
        versions=report.versions,
        stamps=stamps_of([str(python), *report.folders]),
        torch_targets=report.torch_targets,
    )


def _to_environment(recipe: Recipe, adoption: Adoption, *, problem: str | None = None) -> Environment:
    ready = Environment(
        backend=recipe.backend,
        kind=EnvironmentKind.ADOPTED,
        state=EnvironmentState.READY,
        python=adoption.python,
        python_version=adoption.python_version,
        versions=adoption.versions,
        location=None,
        problem=None,
        torch_targets=adoption.torch_targets,
    )
    return ready if problem is None else replace(ready, state=EnvironmentState.BROKEN, problem=problem)
