"""Whether the torch of an environment can use the GPUs of a machine, told without importing it.

A build of torch holds machine code for some compute capabilities, and perhaps PTX, which drivers translate for newer
ones. Code for 8.0 runs on 8.6 and 8.9, not on 9.0; PTX for 8.0 runs on everything from 8.0 on
(https://docs.nvidia.com/cuda/cuda-c-programming-guide/, "Compute capabilities"; the same for a virtual architecture).
Code with a letter (``sm_90a``) runs on its own capability alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.version import InvalidVersion, Version

from mlipguide.records.hardware.environment import (
    Environment,
    EnvironmentKind,
    EnvironmentState,
    GpuObstacle,
    TorchTargets,
)
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine
from mlipguide.records.notice import Notice

_TARGET = re.compile(r"(sm|compute)_(\d+)(\d)([a-z]?)")

BUILDS = {"old": "cu126", "new": "cu128"}
"""uv's names of builds of PyTorch for devices that not every build has code for."""
FIRST_OF_CUDA_13 = (7, 5)
"""CUDA 13 has no code for older devices (NVIDIA, release notes of CUDA 13.0)."""
FIRST_BLACKWELL = (10, 0)
"""CUDA has code for these since 12.8 (NVIDIA, release notes of CUDA 12.8)."""


def gpu_obstacle(environment: Environment, machine: Machine) -> GpuObstacle | None:
    """Return why the torch of an environment cannot use the machine's GPUs; None when it can, or nothing is known.

    Args:
        environment: A ready one; of others nothing is said.
        machine: What was probed; Apple's devices need no build of their own.
    """
    targets = targets_of(environment)
    gpus = [gpu for gpu in machine.gpus if gpu.vendor in {GpuVendor.NVIDIA, GpuVendor.AMD}]
    if environment.state is not EnvironmentState.READY or targets is None or not gpus:
        return None
    obstacles = [_obstacle(environment, targets, gpu) for gpu in gpus]
    return None if None in obstacles else obstacles[0]


def targets_of(environment: Environment) -> TorchTargets | None:
    """Return what the torch of an environment was built for; None without torch, or where it is not known."""
    if environment.torch_targets is not None:
        return environment.torch_targets
    try:
        local = Version(environment.versions["torch"]).local or ""
    except (KeyError, InvalidVersion):
        return None
    if local == "cpu":
        return TorchTargets(cuda=None, rocm=None, architectures=())
    found = re.fullmatch(r"cu(\d+)(\d)", local)
    return None if found is None else TorchTargets(cuda=f"{found[1]}.{found[2]}", rocm=None, architectures=())


def has_code_for(architectures: Sequence[str], capability: str) -> bool:
    """Tell whether a build has code for a device.

    Args:
        architectures: As torch lists them: ``sm_80``, ``compute_90``, ``gfx942``.
        capability: ``8.9`` of NVIDIA, ``gfx942`` of AMD.
    """
    if capability.startswith("gfx"):
        return any(name.partition(":")[0] == capability for name in architectures)
    major, minor = (int(part) for part in capability.split("."))
    return any(_runs(name, major, minor) for name in architectures)


def _runs(name: str, major: int, minor: int) -> bool:
    found = _TARGET.fullmatch(name)
    if found is None:
        return False
    of = (int(found[2]), int(found[3]))
    if found[4]:
        return of == (major, minor)
    return of <= (major, minor) and (found[1] == "compute" or of[0] == major)


def _obstacle(environment: Environment, targets: TorchTargets, gpu: Gpu) -> GpuObstacle | None:
    built = targets.cuda if gpu.vendor is GpuVendor.NVIDIA else targets.rocm
    capability = gpu.compute_capability
    without_code = bool(capability and targets.architectures and not has_code_for(targets.architectures, capability))
    if built is not None and not without_code:
        return None
    return GpuObstacle(
        backend=environment.backend,
        gpu=gpu.name,
        compute_capability=capability,
        torch=environment.versions.get("torch", ""),
        architectures=targets.architectures if built is not None else (),
        mend=_mend(environment, gpu),
    )


def _mend(environment: Environment, gpu: Gpu) -> str:
    """Return the command that installs a build which can use the device."""
    build = "auto"
    if gpu.vendor is GpuVendor.NVIDIA and gpu.compute_capability:
        device = tuple(int(part) for part in gpu.compute_capability.split("."))
        build = BUILDS["old"] if device < FIRST_OF_CUDA_13 else BUILDS["new"] if device >= FIRST_BLACKWELL else "auto"
    if environment.kind in {EnvironmentKind.MANAGED, EnvironmentKind.SHARED}:  # of one's own, in place of a shared one
        return f"mlipguide env build {environment.backend} --torch {build} --force"
    return f"uv pip install --python {environment.python} --reinstall-package torch --torch-backend {build} torch"


def told(obstacle: GpuObstacle) -> str:
    """Return the obstacle as two sentences: what is there, and the command that mends it."""
    device = obstacle.gpu if obstacle.compute_capability is None else f"{obstacle.gpu}, {obstacle.compute_capability}"
    if obstacle.architectures:
        lack = f"was built without code for it (it has {', '.join(obstacle.architectures)})"
    else:
        lack = "is a build that cannot use it"
    torch = f"torch {obstacle.torch} of {obstacle.backend}"
    return f"A GPU is there ({device}), but {torch} {lack}. Mend it with: {obstacle.mend}"


def gpu_notices(environments: Iterable[Environment], machine: Machine) -> tuple[Notice, ...]:
    """Return a notice for each environment whose torch cannot use the machine's GPUs."""
    found = (gpu_obstacle(environment, machine) for environment in environments)
    return tuple(Notice("gpu_unused", told(obstacle)) for obstacle in found if obstacle is not None)
