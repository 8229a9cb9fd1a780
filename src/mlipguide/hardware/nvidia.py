"""Describes NVIDIA devices through NVML (module ``pynvml``; NVML API Reference Guide).

Every query may be refused, by old devices, virtual ones or missing rights: the answer is then None. Devices
are numbered as NVML does, by PCI bus, and that is how CUDA numbers them only when
``CUDA_DEVICE_ORDER=PCI_BUS_ID``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from mlipguide.hardware.gpu_findings import GpuFindings, select_visible
from mlipguide.records.hardware.machine import Gpu, GpuVendor

_HERTZ_PER_MEGAHERTZ = 1e6
_WATTS_PER_MILLIWATT = 1e-3


def load_nvml() -> Any | None:
    """Return the module ``pynvml``, None where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the deprecated package of the same name warns at import
        try:
            import pynvml
        except ImportError:
            return None
    return pynvml


def find_nvidia(nvml: Any | None, environment: Mapping[str, str], *, is_on_bus: bool | None = None) -> GpuFindings:
    """Describe the NVIDIA devices that a program started in this environment would see.

    Args:
        nvml: The module ``pynvml``, or something that answers like it; None where there is none.
        environment: The environment variables; ``CUDA_VISIBLE_DEVICES`` is honoured.
        is_on_bus: Whether the PCI bus shows an NVIDIA device; None where unknown.
    """
    if nvml is None:
        return GpuFindings(facts=("NVIDIA devices were not looked for: the package nvidia-ml-py is missing.",))
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return GpuFindings(facts=(_word_refusal(nvml, error, is_on_bus=is_on_bus),))
    try:
        findings = _read_devices(nvml)
    finally:
        _ask(nvml, nvml.nvmlShutdown)
    order_facts = _check_order(findings, environment)
    visible = select_visible(findings, variable="CUDA_VISIBLE_DEVICES", environment=environment)
    return GpuFindings(gpus=visible.gpus, facts=(*visible.facts, *order_facts))


def _word_refusal(nvml: Any, error: Exception, *, is_on_bus: bool | None) -> str:
    """Say why NVML cannot be used at all."""
    code = getattr(error, "value", None)
    device = " although the PCI bus shows an NVIDIA device" if is_on_bus else ""
    wordings = {
        nvml.NVML_ERROR_LIBRARY_NOT_FOUND: f"No NVIDIA driver is installed{device}.",
        nvml.NVML_ERROR_DRIVER_NOT_LOADED: f"The NVIDIA driver is installed but not loaded{device}.",
        nvml.NVML_ERROR_NO_PERMISSION: "No permission to ask the NVIDIA driver.",
        nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: (
            "The NVIDIA driver was updated and the old one is still loaded: it works again after a restart."
        ),
    }
    return wordings.get(code, f"The NVIDIA driver cannot be asked: {error}.")


def _ask(nvml: Any, query: Callable[..., Any], *arguments: Any) -> Any | None:
    """Return the answer of one query, None where it is refused."""
    try:
        answer = query(*arguments)
    except nvml.NVMLError:
        return None
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _read_devices(nvml: Any) -> GpuFindings:
    gpus: list[Gpu] = []
    facts: list[str] = []
    count = _ask(nvml, nvml.nvmlDeviceGetCount)
    if count is None:
        return GpuFindings(facts=("The NVIDIA driver does not tell how many devices there are.",))
    driver = _ask(nvml, nvml.nvmlSystemGetDriverVersion)
    for index in range(count):
        handle = _ask(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            facts.append(f"NVIDIA device {index} cannot be opened: no permission, or it fell off the bus.")
            continue
        slices = _read_slices(nvml, handle)
        if slices is None:
            gpus.append(_describe(nvml, index, handle, part=handle, mig=None, driver=driver))
        elif slices:
            gpus += [_describe(nvml, index, handle, part=part, mig=profile, driver=driver) for part, profile in slices]
        else:
            facts.append(f"NVIDIA device {index} has MIG on and no slice that this user may see.")
        parts = [handle] if slices is None else [part for part, _ in slices]
        if any(_is_forbidden(nvml, part) for part in parts):
            facts.append(f"No permission to see the processes of others on NVIDIA device {index}.")
    if not count:
        facts.append("The NVIDIA driver is loaded and shows no device.")
    return GpuFindings(gpus=tuple(gpus), facts=tuple(facts))


def _read_slices(nvml: Any, handle: Any) -> list[tuple[Any, str]] | None:
    """Return a device's MIG slices with the names of their profiles; None when MIG is off or not there."""
    mode = _ask(nvml, nvml.nvmlDeviceGetMigMode, handle)
    if mode is None or mode[0] != nvml.NVML_DEVICE_MIG_ENABLE:
        return None
    slices = []
    for number in range(_ask(nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0):
        part = _ask(nvml, nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)
        if part is not None:
            slices.append((part, _name_profile(nvml, part)))
    return slices


def _name_profile(nvml: Any, part: Any) -> str:
    """Return a slice's profile, such as ``3g.20gb``, which NVML puts behind the device's name."""
    _, marker, profile = str(_ask(nvml, nvml.nvmlDeviceGetName, part) or "").partition(" MIG ")
    return profile.strip() if marker and profile.strip() else "unknown profile"


def _describe(nvml: Any, index: int, handle: Any, *, part: Any, mig: str | None, driver: Any | None) -> Gpu:
    """Describe a device, or the slice ``part`` of it; clocks and power are those of the whole device."""
    memory = _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, part)
    capability = _ask(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    power = _ask(nvml, nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
    uuid = _ask(nvml, nvml.nvmlDeviceGetUUID, part)
    return Gpu(
        vendor=GpuVendor.NVIDIA,
        index=index,
        name=str(_ask(nvml, nvml.nvmlDeviceGetName, handle) or "NVIDIA device without a name"),
        memory_bytes=int(memory.total) if memory is not None else None,
        memory_used_bytes=int(memory.used) if memory is not None else None,
        driver=str(driver) if driver is not None else None,
        compute_capability=f"{capability[0]}.{capability[1]}" if capability is not None else None,
        mig=mig,
        clock_hz=_read_clock(nvml, nvml.nvmlDeviceGetClockInfo, handle),
        max_clock_hz=_read_clock(nvml, nvml.nvmlDeviceGetMaxClockInfo, handle),
        power_limit_w=power * _WATTS_PER_MILLIWATT if power is not None else None,
        other_processes=_count_others(nvml, part),
        uuid=str(uuid) if uuid is not None else None,
    )


def _read_clock(nvml: Any, query: Callable[..., Any], handle: Any) -> float | None:
    megahertz = _ask(nvml, query, handle, nvml.NVML_CLOCK_SM)
    return float(megahertz) * _HERTZ_PER_MEGAHERTZ if megahertz is not None else None


def _count_others(nvml: Any, part: Any) -> int | None:
    processes = _ask(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, part)
    if processes is None:
        return None
    return len([process for process in processes if process.pid != os.getpid()])


def _is_forbidden(nvml: Any, part: Any) -> bool:
    try:
        nvml.nvmlDeviceGetComputeRunningProcesses(part)
    except nvml.NVMLError as error:
        return bool(getattr(error, "value", None) == nvml.NVML_ERROR_NO_PERMISSION)
    return False


def _check_order(findings: GpuFindings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Warn where a number may mean another device to CUDA, which numbers the fastest first by default."""
    is_same_order = environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    if is_same_order or len({gpu.name for gpu in findings.gpus}) <= 1:
        return ()
    fact = (
        "NVIDIA devices of different kinds are numbered here by PCI bus, CUDA numbers the fastest first: set "
        "CUDA_DEVICE_ORDER=PCI_BUS_ID to have the same numbers everywhere."
    )
    return (fact,)
