"""The packages of an environment on another machine: chosen by uv, one file of each, as a lock file of Python has them.

uv writes ``pylock.toml`` (https://packaging.python.org/en/latest/specifications/pylock-toml), and the package
``packaging`` selects from it the file that fits best.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.pylock import PackageSdist, PackageWheel, Pylock, PylockSelectError, PylockValidationError

from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.core.serialisation import write_atomically
from mlipguide.environments.bundles.targets import Target
from mlipguide.environments.recipes import list_requirements
from mlipguide.environments.uv_calls import UvCalls
from mlipguide.records.hardware.bundle import SITE

LEFT_TO_THE_SITE = "torch"


@dataclass(frozen=True, kw_only=True)
class ResolvedPackage:
    """One package and the file that it is installed from.

    Attributes:
        name: Its normalised name.
        version: Its version, with the local part.
        file: Name of its file: a wheel, or a source distribution where there is no wheel that fits.
        address: Where the file is: an address, or the path of a file here.
        sha256: Of the file; None where the index does not say.
    """

    name: str
    version: str
    file: str
    address: str
    sha256: str | None

    @property
    def is_wheel(self) -> bool:
        """Whether it can be installed as it is."""
        return self.file.endswith(".whl")

    @property
    def local(self) -> Path | None:
        """Its path, where it is a file here."""
        if "://" not in self.address:
            return Path(self.address)
        parts = urlsplit(self.address)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None


def resolve(calls: UvCalls, target: Target, folder: Path) -> tuple[ResolvedPackage, ...]:
    """Choose the packages that the environment of a recipe has on a target.

    Args:
        calls: Calls of uv; with the torch build ``site``, torch is left out.
        target: Where the environment will be.
        folder: For files of the work.

    Raises:
        EnvironmentFailedError: The requirements cannot be satisfied there, or a package has no file for it.
        StorageError: The folder cannot be written.
    """
    recipe, lock = calls.recipe, folder / "pylock.toml"
    left_out = (LEFT_TO_THE_SITE,) if calls.torch_build.name == SITE else ()
    wanted = [line for line in list_requirements(recipe) if not (left_out and line.startswith(f"{left_out[0]}=="))]
    arguments = ["--python", sys.executable, "--python-version", target.release]  # one of that release is not needed
    arguments += ["--python-platform", target.uv_platform]
    for name, lines in (("overrides", recipe.overrides), ("excludes", (*recipe.excludes, *left_out))):
        if lines:
            arguments += [f"--{name}", str(_write(folder / f"{name}.txt", lines))]
    required = _write(folder / "requirements.in", [*wanted, *recipe.for_scripts])
    calls.run(
        "pip",
        "compile",
        str(required),
        *arguments,
        *calls.torch_build.arguments,
        *calls.settings.arguments,
        "--format",
        "pylock.toml",
        "--output-file",
        str(lock),
        "--quiet",
    )
    return tuple(read_lock(tomllib.loads(lock.read_text(encoding="utf-8")), target, base=folder, what=recipe.backend))


def read_lock(plain: dict[str, Any], target: Target, *, base: Path, what: str) -> Iterator[ResolvedPackage]:
    """Give the packages of a lock file, each with the file that fits a target best.

    Args:
        plain: The lock file.
        target: Where they will be installed.
        base: Where relative paths start.
        what: Whose packages they are, for the message.

    Raises:
        EnvironmentFailedError: A package has no file that fits.
    """
    try:
        chosen = list(Pylock.from_dict(plain).select(environment=_markers(target), tags=target.tags()))
    except (PylockValidationError, PylockSelectError) as error:
        raise EnvironmentFailedError(
            f"The packages of {what} cannot be had for Python {target.release} on {target.platform}: {error}.",
            hint="Try another --python, or pack on a machine of that kind.",
            kind="not_found",
        ) from error
    for package, file in chosen:
        if not isinstance(file, PackageWheel | PackageSdist):
            raise EnvironmentFailedError(
                f"{package.name} of {what} comes from a repository of sources and cannot be packed.",
                hint="Build this backend where there is a network.",
                kind="source_build",
            )
        address = file.url or str(base / str(file.path))
        yield ResolvedPackage(
            name=str(package.name),
            version=str(package.version),
            file=file.filename,
            address=address,
            sha256=file.hashes.get("sha256"),
        )


def _markers(target: Target) -> Any:
    return target.markers()


def _write(path: Path, lines: Sequence[str]) -> Path:
    write_atomically(path, "".join(f"{line}\n" for line in lines))
    return path
