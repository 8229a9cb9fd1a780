"""A bundle: one file with all that a machine without network needs to build environments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlipguide.records.strict import strict

_NAME = r"[^/\\.\x00-\x1f][^/\\\x00-\x1f]*"
_PATH = re.compile(rf"(?:recipes|wheels)/{_NAME}|weights/{_NAME}/{_NAME}")
"""Paths within a bundle: never absolute, never upwards, no hidden files."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RELEASE = re.compile(r"3\.\d{1,3}")
SITE = "site"
"""Name of the torch build of what is built on top of an interpreter that has a torch of its own."""


@strict
@dataclass(frozen=True, kw_only=True)
class BundledFile:
    """One file of a bundle.

    Attributes:
        path: Its path within the bundle.
        sha256: Of its content, in hexadecimal digits.
        size_bytes: Its size.
    """

    path: str
    sha256: str
    size_bytes: int


@strict
@dataclass(frozen=True, kw_only=True)
class BundledWeights:
    """Weights of one model in a bundle.

    Attributes:
        model: Its id.
        path: Of the checkpoint, within the bundle.
        beside: Paths of files that belong beside it, where a checkpoint is a folder.
    """

    model: str
    path: str
    beside: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all its files."""
        return (self.path, *self.beside)


@strict
@dataclass(frozen=True, kw_only=True)
class AbsentWeights:
    """Weights of one model that are not in a bundle, and why, in a sentence."""

    model: str
    reason: str


@strict
@dataclass(frozen=True, kw_only=True)
class BundledBackend:
    """What a bundle holds of one backend.

    Attributes:
        backend: Its name.
        recipe: Digest of the recipe that its packages were chosen by.
        torch_build: Name of the build of torch; ``site`` where torch is left to the site, ``none`` without torch.
        packages: All packages that are installed, with their versions.
        wheels: Their files, as paths within the bundle.
        weights: Checkpoints of its models.
        absent: Checkpoints of its models that are not there.
        in_package: Ids of the models whose weights its packages bring.
    """

    backend: str
    recipe: str
    torch_build: str
    packages: dict[str, str]
    wheels: tuple[str, ...]
    weights: tuple[BundledWeights, ...] = ()
    absent: tuple[AbsentWeights, ...] = ()
    in_package: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the files that it needs."""
        return (*self.wheels, *(path for one in self.weights for path in one.paths))


@strict
@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a bundle holds; it stands in it as its first file.

    Attributes:
        schema: Version of this format.
        mlipguide: Version that packed it.
        packed_at: When, in ISO 8601.
        python: Feature release of the Python that it is for: ``3.12``.
        platform: System and processor that it is for: ``linux-x86_64``.
        backends: What it holds of each backend.
        files: All its files.
    """

    schema: str
    mlipguide: str
    packed_at: str
    python: str
    platform: str
    backends: tuple[BundledBackend, ...]
    files: tuple[BundledFile, ...]

    def check(self) -> None:
        """Refuse what no bundle holds.

        Raises:
            ValueError: A path that leads out of it, a checksum that is none, or a file that is named and not listed.
        """
        paths = [file.path for file in self.files]
        for file in self.files:
            if _PATH.fullmatch(file.path) is None:
                raise ValueError(f"'{file.path}' is no path within a bundle")
            if _SHA256.fullmatch(file.sha256) is None or file.size_bytes < 0:
                raise ValueError(f"'{file.path}' has no checksum or no size")
        if len(set(paths)) < len(paths):
            raise ValueError("a file is listed twice")
        if _RELEASE.fullmatch(self.python) is None:
            raise ValueError(f"'{self.python}' is no release of Python")
        names = [one.backend for one in self.backends]
        if not names or len(set(names)) < len(names):
            raise ValueError("it holds no backend, or one twice")
        unlisted = {path for one in self.backends for path in one.paths} - set(paths)
        if unlisted:
            raise ValueError(f"'{min(unlisted)}' is named and not listed")

    def size_of(self, paths: tuple[str, ...]) -> int:
        """Return what files take, in bytes."""
        return sum(file.size_bytes for file in self.files if file.path in paths)

    def of(self, backend: str) -> BundledBackend | None:
        """Return what it holds of a backend; None where that is nothing."""
        return next((one for one in self.backends if one.backend == backend), None)


@strict
@dataclass(frozen=True, kw_only=True)
class PackedBundle:
    """A bundle that was written: its file, what that takes, and what it holds."""

    file: str
    size_bytes: int
    bundle: Bundle
