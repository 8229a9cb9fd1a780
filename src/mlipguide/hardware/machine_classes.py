"""Of which kind a machine is: what is the same on all machines of identical hardware, in words that are known.

Whoever gives measurements away tells the kind, never the machine. A processor's name is what its firmware or a
hypervisor says, so it may hold anything: it is taken only where each of its words is one that makers name processors
with, or the number of a model. A GPU goes by its id in the list of devices.
"""

from __future__ import annotations

import re

from mlipguide.core.errors import InputError
from mlipguide.core.look import once_a_look
from mlipguide.hardware.cpuinfo import INSTRUCTION_SETS
from mlipguide.hardware.device_models import find_device, match_reported
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine
from mlipguide.records.hardware.machine_class import KnownMachine, MachineClass

ARCHITECTURES = frozenset({"x86_64", "amd64", "aarch64", "arm64", "ppc64le", "riscv64"})
CPU = "cpu"
_MARKS = re.compile(r"\((?:tm|r|c)\)|[™®©]", re.IGNORECASE)
_WORDS = frozenset(
    word
    for line in (
        "amd intel apple arm ampere fujitsu hisilicon ibm nvidia qualcomm aws",
        "epyc ryzen threadripper athlon opteron xeon core ultra pentium celeron atom gold silver bronze platinum max",
        "pro plus altra ampereone graviton grace neoverse cortex kunpeng power snapdragon elite ai",
        "cpu processor version virtual qemu kvm common with radeon graphics gen implementer part",
        "skylake cascadelake icelake cooperlake broadwell haswell sandybridge ivybridge westmere sapphirerapids",
        "emeraldrapids graniterapids ibrs no tsx rome milan genoa turin naples",
    )
    for word in line.split()
)
"""Words of makers, families and kinds, as processors are named with; in lower case."""
_NUMBERS = re.compile(
    r"""
    \d{1,2}(?:st|nd|rd|th)? | \d{3,6}[a-z]{0,3}\+? | \d{1,3}-cores?  # 13th, 7763, 5995WX, 8480+, 64-Core
    | \d\.\d{1,2}ghz | @ | \d\.\d\+?                                 # @ 2.40GHz
    | i[3579]-\d{3,5}[a-z]{0,2}\d? | [ewdx][3579]?-?\d{4}[a-z]{0,2} | v\d | r\d | h[xsk]
    | [mn]\d{1,2}[a-z]? | [va][23]?\d{1,2}[a-z]{0,2} | power\d{1,2}  # M2, N1, A64FX
    | (?:cortex|neoverse|ampere|kunpeng|graviton)-?[a-z]?\d{1,4}[a-z]{0,2} | 0x[0-9a-f]{1,3}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST = 120


def processor_name(name: str | None) -> str | None:
    """Return the name of a processor without marks; None where it holds a word that is no processor's."""
    if name is None or len(name) > _LONGEST or not name.isascii():
        return None
    words = re.sub(r"[,()/]", " ", _MARKS.sub("", name)).split()
    known = bool(words) and all(word.lower() in _WORDS or _NUMBERS.fullmatch(word) is not None for word in words)
    return " ".join(words) if known else None


@once_a_look
def class_of(machine: Machine, device: str) -> MachineClass | None:
    """Return the kind of hardware that runs a model here; None where it has no name that can be shared.

    Args:
        machine: The machine.
        device: What runs the model: ``cpu``, ``cuda:0``, ``mps``.
    """
    processor, cpu = processor_name(machine.cpu.model), machine.cpu
    gpu = None
    if device != CPU:
        gpu = _gpu_name(_gpu_of(machine, device))
        if gpu is None:
            return None
    if processor is None or cpu.architecture.lower() not in ARCHITECTURES:
        return None
    return MachineClass(
        processor=processor,
        architecture=cpu.architecture.lower(),
        usable_cores=cpu.usable_cores,
        instruction_sets=tuple(name for name in INSTRUCTION_SETS if name in cpu.instruction_sets),
        l3_cache_bytes=cpu.l3_cache_bytes,
        virtual_machine=cpu.virtual_machine,
        gpu=gpu,
    )


def known_machine(machine: Machine) -> KnownMachine:
    """Return the classes of a machine, to be kept beside its measurements."""
    nvidia = any(gpu.vendor is GpuVendor.NVIDIA for gpu in machine.gpus)
    return KnownMachine(
        fingerprint=machine.fingerprint,
        processor=class_of(machine, CPU),
        gpu=class_of(machine, "cuda:0" if nvidia else "mps") if machine.gpus else None,
    )


def unknown_part(kind: MachineClass) -> str | None:
    """Return which field of a class that came from elsewhere is not written as it is here; None where all are."""
    if processor_name(kind.processor) != kind.processor:
        return "machine.processor"
    if kind.architecture not in ARCHITECTURES:
        return "machine.architecture"
    if kind.instruction_sets != tuple(name for name in INSTRUCTION_SETS if name in kind.instruction_sets):
        return "machine.instruction_sets"
    if kind.gpu is None:
        return None
    try:
        device = find_device(kind.gpu)
    except InputError:
        return "machine.gpu"
    return None if device.id == kind.gpu and device.kind is DeviceKind.GPU else "machine.gpu"


def class_name(kind: MachineClass) -> str:
    """Return what a kind of hardware is called at ``--hardware``: its GPU, else its processor, cores and digits."""
    if kind.gpu is not None:
        return kind.gpu
    words = re.sub(r"[^A-Za-z0-9.+]+", "-", kind.processor).strip("-")
    return f"{words}-{kind.usable_cores:g}c-{kind.id[:8]}"


def _gpu_of(machine: Machine, device: str) -> Gpu | None:
    kind, _, index = device.partition(":")
    vendors = {"cuda": (GpuVendor.NVIDIA, GpuVendor.AMD), "mps": (GpuVendor.APPLE,)}.get(kind, ())
    gpus = [gpu for gpu in machine.gpus if gpu.vendor in vendors]
    place = int(index) if index.isdecimal() and index.isascii() and len(index) < 4 else 0  # noqa: PLR2004  # digits
    return gpus[place] if place < len(gpus) else None


def _gpu_name(gpu: Gpu | None) -> str | None:
    """Return the id of a whole GPU that is in the list of devices."""
    if gpu is None or gpu.mig is not None:
        return None
    device = match_reported(gpu.name, gpu.memory_bytes)
    return None if device is None else device.id
