"""Parses ``/proc/cpuinfo`` as x86 and ARM kernels write it.

ARM kernels give numbers instead of a name. The names of the common ones are those of the Linux kernel's
``arch/arm64/include/asm/cputype.h``.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.hardware.system_files import parse_integer

INSTRUCTION_SETS = (
    "sse4_2",
    "avx",
    "avx2",
    "f16c",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "neon",
    "asimdhp",
    "asimddp",
    "bf16",
    "i8mm",
    "sve",
    "sve2",
    "sme",
)
"""Those that linear algebra libraries choose their kernels by, in the kernel's spelling."""

_KERNEL_SPELLING = {"asimd": "neon"}

_ARM_PARTS = {
    ("0x41", "0xd07"): "ARM Cortex-A57",
    ("0x41", "0xd08"): "ARM Cortex-A72",
    ("0x41", "0xd0b"): "ARM Cortex-A76",
    ("0x41", "0xd0c"): "ARM Neoverse-N1",
    ("0x41", "0xd40"): "ARM Neoverse-V1",
    ("0x41", "0xd49"): "ARM Neoverse-N2",
    ("0x41", "0xd4f"): "ARM Neoverse-V2",
    ("0x46", "0x001"): "Fujitsu A64FX",
    ("0x48", "0xd01"): "HiSilicon Kunpeng-920",
    ("0xc0", "0xac3"): "Ampere-1",
    ("0xc0", "0xac4"): "Ampere-1a",
}


@dataclass(frozen=True, kw_only=True)
class Cpuinfo:
    """What ``/proc/cpuinfo`` says.

    Attributes:
        model: Name of the processor, None where the kernel gives neither a name nor numbers.
        logical_cores: Entries, one for each online hardware thread.
        physical_cores: Different pairs of socket and core, None where the kernel does not number them.
        flags: All features of the first entry.
    """

    model: str | None
    logical_cores: int
    physical_cores: int | None
    flags: frozenset[str]

    @property
    def instruction_sets(self) -> tuple[str, ...]:
        """Those of :data:`INSTRUCTION_SETS` that the processor has."""
        return select_instruction_sets(self.flags)


def parse_cpuinfo(text: str) -> Cpuinfo:
    """Parse the text of ``/proc/cpuinfo``.

    Args:
        text: The whole file; blocks are separated by empty lines.
    """
    blocks = [fields for block in text.split("\n\n") if "processor" in (fields := _parse_block(block))]
    first = blocks[0] if blocks else {}
    cores = {(fields.get("physical id"), fields.get("core id")) for fields in blocks}
    is_numbered = bool(cores) and all(None not in pair for pair in cores)
    flags = first.get("flags") or first.get("Features") or ""
    return Cpuinfo(
        model=_name_model(first),
        logical_cores=len([fields for fields in blocks if parse_integer(fields["processor"]) is not None]),
        physical_cores=len(cores) if is_numbered else None,
        flags=frozenset(flags.split()),
    )


def select_instruction_sets(flags: frozenset[str]) -> tuple[str, ...]:
    """Return the instruction sets among a processor's flags that change the speed of linear algebra."""
    spelled = {_KERNEL_SPELLING.get(flag, flag) for flag in flags}
    return tuple(name for name in INSTRUCTION_SETS if name in spelled)


def _parse_block(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def _name_model(fields: dict[str, str]) -> str | None:
    name = fields.get("model name")
    if name:
        return " ".join(name.split())
    maker, part = fields.get("CPU implementer"), fields.get("CPU part")
    if maker is None or part is None:
        return None
    return _ARM_PARTS.get((maker.lower(), part.lower()), f"ARM implementer {maker} part {part}")
