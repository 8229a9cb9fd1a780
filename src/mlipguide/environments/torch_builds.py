"""Which build of torch an environment gets: without CUDA, for a CUDA release, or whatever the site offers.

The public package index offers one build per version, for Linux that with CUDA (some gigabytes); the others
are on indexes of PyTorch, which uv knows by name (its option ``--torch-backend``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging import tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from mlipguide.core.errors import InputError

_KNOWN = re.compile(r"auto|cpu|index|cu\d{2,3}|rocm\d+(\.\d+)*|xpu")
_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")


@dataclass(frozen=True)
class TorchBuild:
    """The build of torch and how uv is asked for it.

    Attributes:
        name: ``cpu``, ``cu128`` and the like; ``auto`` (uv looks at the driver); ``index`` (what the site
            configured decides); ``none`` for a backend without torch.
        arguments: For ``uv pip install``.
        reason: Why this one, as a clause.
    """

    name: str
    arguments: tuple[str, ...]
    reason: str


def choose_torch_build(
    requested: str, *, torch: str | None, release: str, has_nvidia_gpu: bool, environment: Mapping[str, str]
) -> TorchBuild:
    """Choose the build of torch.

    ``auto`` takes the first that holds: the user's ``UV_TORCH_BACKEND``; what the site configured, when a
    folder of its find-links holds a fitting wheel or it has an index of its own (a closed site may reach
    nothing else); the build for the driver with an NVIDIA GPU; the one for processors. A wheel without CUDA
    does not fit a machine with an NVIDIA GPU.

    Args:
        requested: ``auto``, ``index``, or a name that uv knows: ``cpu``, ``cu128``, ``rocm6.4``, ``xpu``.
        torch: The pinned version; None for a backend without torch.
        release: Feature release of the environment's Python, ``3.11``.
        has_nvidia_gpu: Whether the machine has one.
        environment: uv's variables, from ``pip_settings.read_uv_settings``.

    Raises:
        InputError: Not a known build.
    """
    if _KNOWN.fullmatch(requested) is None:
        raise InputError(
            f"'{requested}' is not a build of torch.",
            hint="Use auto, cpu, index, or one such as cu128 or rocm6.4.",
        )
    if torch is None:
        return TorchBuild("none", (), "the backend does not use torch")
    if requested != "auto":
        return _named(requested, "it was asked for")
    return _choose_automatically(torch, release, has_nvidia_gpu, environment)


def _choose_automatically(torch: str, release: str, has_nvidia_gpu: bool, environment: Mapping[str, str]) -> TorchBuild:
    if environment.get("UV_TORCH_BACKEND"):
        return _named(environment["UV_TORCH_BACKEND"], "UV_TORCH_BACKEND says so")
    wheel = find_wheel(torch, release, needs_cuda=has_nvidia_gpu, environment=environment)
    if wheel is not None:
        return _named("index", f"{wheel.name} is at hand")
    if any(environment.get(name) for name in _INDEX_VARIABLES):
        return _named("index", "a package index of its own is configured")
    return _named("auto", "there is an NVIDIA GPU") if has_nvidia_gpu else _named("cpu", "there is no NVIDIA GPU")


def _named(name: str, reason: str) -> TorchBuild:
    return TorchBuild(name, () if name == "index" else ("--torch-backend", name), reason)


def find_wheel(torch: str, release: str, *, needs_cuda: bool, environment: Mapping[str, str]) -> Path | None:
    """Return a wheel of torch in a local find-links folder that fits this machine and Python ``release``."""
    major, minor = release.split(".")[:2]
    supported = set(tags.cpython_tags(python_version=(int(major), int(minor))))
    for entry in environment.get("UV_FIND_LINKS", "").split(","):
        for path in sorted(_local_folder(entry).glob("torch-*.whl")) if entry.strip() else ():
            try:
                _, version, _, wheel_tags = parse_wheel_filename(path.name)
            except InvalidWheelFilename:
                continue
            without_cuda = (version.local or "").startswith("cpu")
            if version.public == Version(torch).public and wheel_tags & supported and not (needs_cuda and without_cuda):
                return path
    return None


def _local_folder(entry: str) -> Path:
    entry = entry.strip()
    return Path(unquote(urlsplit(entry).path)) if entry.startswith("file:") else Path(entry).expanduser()
