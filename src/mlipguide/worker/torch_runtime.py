"""What all backends that stand on torch share: threads, devices, synchronisation, device memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import resources
from .failures import WorkerError

if TYPE_CHECKING:
    from torch.nn import Module

    from .backends.interface import Options

TF32 = "tf32"


def set_threads(threads: int) -> None:
    """Use ``threads`` threads for one operation's linear algebra, and run operations one after another."""
    import torch

    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:  # torch takes this setting once
        torch.set_num_interop_threads(1)


def require_device(device: str, dtype: str = "float32") -> None:
    """Check that torch sees ``device`` and has ``dtype`` there; Apple's Metal has no double precision.

    Raises:
        WorkerError: Kind ``unsupported_setting``.
    """
    import torch

    if device == "mps" and dtype == "float64":
        raise WorkerError("unsupported_setting", "torch has no float64 on the device 'mps'.")

    available = (
        device == "cpu"
        or (device.startswith("cuda") and torch.cuda.is_available())
        or (device == "mps" and torch.backends.mps.is_available())
    )
    if not available:
        raise WorkerError("unsupported_setting", f"torch {torch.__version__} sees no device '{device}' here.")


def require_dtype(dtype: str, supported: tuple[str, ...], backend: str) -> None:
    """Check that the backend runs in ``dtype``.

    Raises:
        WorkerError: Kind ``unsupported_setting``.
    """
    if dtype not in supported:
        raise WorkerError("unsupported_setting", f"{backend} runs in {' or '.join(supported)}, not in {dtype}.")


def use_tf32(options: Options, device: str) -> None:
    """Let matrix products of single precision run in TF32 where that was chosen and the backend has not done so.

    It is said after a model is loaded, since packages set it as they like when they are imported.

    Raises:
        WorkerError: Kind ``unsupported_setting``: not on a GPU of NVIDIA.
    """
    if options.take(TF32, "off") != "on":
        return
    if not device.startswith("cuda"):
        raise WorkerError("unsupported_setting", f"TF32 is for GPUs of NVIDIA, not for '{device}'.")
    import torch

    torch.set_float32_matmul_precision("high")


def compiled(network: Any, mode: str) -> Any:
    """Return a network that torch compiles at its first call, for sizes that change."""
    import torch

    return torch.compile(network, mode=mode, dynamic=True)


def compilations() -> int:
    """Return how many graphs torch has compiled in this process."""
    from torch._dynamo.utils import counters

    return int(counters["stats"]["unique_graphs"])


def synchronise(device: str) -> None:
    """Wait until the device has done what it was asked to do."""
    if device == "cpu":
        return
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    else:
        torch.mps.synchronize()


def reset_peak_memory(device: str) -> None:
    """Forget the peak of the device's memory so far, and give back what earlier work left behind."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    else:
        resources.release_freed_memory()
        resources.reset_peak_memory()


def peak_memory_bytes(device: str) -> int:
    """Return the peak of memory on the device: reserved by torch on CUDA, resident elsewhere."""
    if device.startswith("cuda"):
        import torch

        peak: int = torch.cuda.max_memory_reserved(device)
        return peak
    return resources.peak_memory_bytes()


def parameter_count(model: Module) -> int:
    """Return the number of parameters, those included that a calculator has frozen."""
    return sum(parameter.numel() for parameter in model.parameters())


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of Python, torch, ase, numpy and ``packages``, those that are there."""
    import platform
    from importlib import metadata

    found: dict[str, Any] = {"python": platform.python_version()}
    for name in ("torch", "ase", "numpy", *packages):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
