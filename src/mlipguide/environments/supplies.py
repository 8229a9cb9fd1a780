"""What an environment is built from without any index: wheels in a folder, chosen and checked before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlipguide.environments.interpreters import clean_environment
from mlipguide.environments.pip_settings import UvSettings
from mlipguide.environments.torch_builds import TorchBuild
from mlipguide.records.hardware.environment import SiteInstallation

_KEPT = ("UV_LINK_MODE", "UV_CONCURRENT_INSTALLS")
"""The user's settings of uv that change how files are put in place, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Everything that one environment is built from.

    Attributes:
        wheels: Folder of the wheels.
        packages: All packages, as ``name==version``.
        torch_build: The build of torch that is among them.
        settings: What uv is told.
        site: The installation that it is built on top of; None for most.
    """

    wheels: Path
    packages: tuple[str, ...]
    torch_build: TorchBuild
    settings: UvSettings
    site: SiteInstallation | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Arguments of ``uv pip install``: nothing is chosen, built or asked for any more.

        Compiled modules are made at once where the site's are not to be touched, since then none are made later.
        """
        closed = ("--no-index", "--find-links", str(self.wheels), "--no-deps", "--no-build")
        return closed if self.site is None else (*closed, "--compile-bytecode")


def closed_settings(base: Mapping[str, str], cache: Path) -> UvSettings:
    """Return what tells uv to use no network, no index, no settings of the user or of pip, and a cache of our own.

    Args:
        base: The environment variables.
        cache: Folder of uv's cache.
    """
    kept = {
        name: value
        for name, value in clean_environment(base).items()
        if name in _KEPT or not name.startswith(("UV_", "PIP_"))
    }
    own = {"UV_OFFLINE": "1", "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_CACHE_DIR": str(cache)}
    return UvSettings({**kept, **own}, ())
