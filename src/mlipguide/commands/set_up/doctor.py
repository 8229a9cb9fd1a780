"""``mlipguide doctor``: what a bug report needs."""

from __future__ import annotations

import platform
from importlib import metadata

import mlipguide
from mlipguide.core.paths import cache_dir, data_dir, measurements_dir
from mlipguide.environments.gpu_support import gpu_notices
from mlipguide.environments.recipes import load_recipes, plugin_notices
from mlipguide.environments.resolution import find_environment, set_aside_files
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.models.listings import Diagnosis
from mlipguide.records.notice import Result

PACKAGES = ("typer", "rich", "pydantic", "numpy", "scipy", "ase", "psutil", "nvidia-ml-py", "uv")


def diagnose() -> Result[Diagnosis]:
    """Return the diagnosis; nothing is started or written."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "missing"
    machine = probe_machine()
    environments = tuple(find_environment(recipe) for recipe in load_recipes().values())
    data = Diagnosis(
        mlipguide=mlipguide.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        versions=versions,
        cache_folder=str(cache_dir()),
        data_folder=str(data_dir()),
        stored_measurements=sum(1 for _ in measurements_dir().glob("*/*.json")),
        machine=machine,
        environments=environments,
    )
    notices = (*plugin_notices(), *set_aside_files(load_recipes()), *gpu_notices(environments, machine))
    return Result(data, notices=notices)
