"""Describes AMD devices through ``rocm-smi``, or ``amd-smi`` where that is all there is.

Both print JSON whose keys changed between ROCm versions: upper and lower case (``Card Series``, ``Card
series``), a bare list or one below ``gpu_data``, sizes as numbers with a unit or as text. Both kinds are
read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mlipguide.hardware.gpu_findings import GpuFindings, select_visible
from mlipguide.hardware.system_files import parse_integer
from mlipguide.hardware.vendor_tools import ToolRunner
from mlipguide.records.hardware.machine import Gpu, GpuVendor

ROCM_SMI = (
    "rocm-smi",
    "--showproductname",
    "--showmeminfo",
    "vram",
    "--showdriverversion",
    "--showuniqueid",
    "--json",
)
AMD_SMI = ("amd-smi", "static", "--json")

_UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}
"""amd-smi writes MB and means 2^20 bytes: an MI300X has 196592 of them, a little less than 192 GiB."""

_NOTHING = ("", "n/a", "none", "unknown")


def find_amd(run: ToolRunner, environment: Mapping[str, str], *, is_on_bus: bool | None = None) -> GpuFindings:
    """Describe the AMD devices that a program started in this environment would see.

    Args:
        run: Asks a tool.
        environment: The environment variables; ``ROCR_VISIBLE_DEVICES`` and ``HIP_VISIBLE_DEVICES`` are
            honoured.
        is_on_bus: Whether the PCI bus shows an AMD device; None where unknown.
    """
    facts: list[str] = []
    for command, parse in ((ROCM_SMI, parse_rocm_smi), (AMD_SMI, parse_amd_smi)):
        answer = run(command)
        gpus = parse(answer.text or "")
        if gpus:
            findings = GpuFindings(gpus=gpus)
            for variable in ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
                findings = select_visible(findings, variable=variable, environment=environment)
            return findings
        if answer.is_installed:
            facts.append(answer.problem or f"{command[0]} shows no AMD device.")
    if not facts and is_on_bus:
        facts.append("The PCI bus shows an AMD device, but neither rocm-smi nor amd-smi is installed to ask about it.")
    return GpuFindings(facts=tuple(facts) or ("No AMD tool (rocm-smi, amd-smi) is installed.",))


def parse_rocm_smi(text: str) -> tuple[Gpu, ...]:
    """Return the devices in the JSON of ``rocm-smi``; warnings may stand before it.

    Args:
        text: Standard output of :data:`ROCM_SMI`. What is not JSON has no devices.
    """
    found = _find_json(text)
    cards = found if isinstance(found, dict) else {}
    system = _lower_keys(cards.get("system"))
    gpus = []
    for key, value in cards.items():
        match = re.fullmatch(r"card(\d+)", key)
        if match is None:
            continue
        card = _lower_keys(value)
        unique = _text(card, "unique id")
        gpus.append(
            _build_gpu(
                index=int(match.group(1)),
                name=_text(card, "card series") or _text(card, "device name") or _text(card, "card model"),
                memory_bytes=parse_integer(_text(card, "vram total memory (b)")),
                memory_used_bytes=parse_integer(_text(card, "vram total used memory (b)")),
                driver=_text(system, "driver version"),
                target=_text(card, "gfx version"),
                power_limit_w=None,
                uuid=f"GPU-{unique.lower().removeprefix('0x')}" if unique else None,
            )
        )
    return tuple(sorted(gpus, key=lambda gpu: gpu.index))


def parse_amd_smi(text: str) -> tuple[Gpu, ...]:
    """Return the devices in the JSON of ``amd-smi static``.

    Args:
        text: Standard output of :data:`AMD_SMI`. What is not JSON has no devices.
    """
    found = _find_json(text)
    entries = found.get("gpu_data") if isinstance(found, dict) else found
    gpus = []
    for position, entry in enumerate(entries if isinstance(entries, list) else []):
        parts = _lower_keys(entry)
        asic, vram = _lower_keys(parts.get("asic")), _lower_keys(parts.get("vram"))
        index = parse_integer(_text(parts, "gpu"))
        serial = _text(asic, "asic_serial")
        gpus.append(
            _build_gpu(
                index=position if index is None else index,
                name=_text(asic, "market_name"),
                memory_bytes=_parse_size(vram.get("size", vram.get("size_mb"))),
                memory_used_bytes=None,
                driver=_text(_lower_keys(parts.get("driver")), "version"),
                target=_text(asic, "target_graphics_version"),
                power_limit_w=_parse_watts(_lower_keys(parts.get("limit")).get("socket_power")),
                uuid=f"GPU-{serial.lower().removeprefix('0x')}" if serial else None,
            )
        )
    return tuple(gpus)


def _build_gpu(
    *,
    index: int,
    name: str | None,
    memory_bytes: int | None,
    memory_used_bytes: int | None,
    driver: str | None,
    target: str | None,
    power_limit_w: float | None,
    uuid: str | None,
) -> Gpu:
    return Gpu(
        vendor=GpuVendor.AMD,
        index=index,
        name=name or "AMD device without a name",
        memory_bytes=memory_bytes,
        memory_used_bytes=memory_used_bytes,
        driver=driver,
        compute_capability=target,
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=power_limit_w,
        other_processes=None,
        uuid=uuid,
    )


def _find_json(text: str) -> Any | None:
    """Return the first JSON object or list in a text that may begin with warnings."""
    for match in re.finditer(r"^\s*[\[{]", text, flags=re.MULTILINE):
        try:
            return json.JSONDecoder().raw_decode(text, match.end() - 1)[0]
        except ValueError:
            continue
    return None


def _lower_keys(value: Any) -> dict[str, Any]:
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _text(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is None or isinstance(value, dict | list):
        return None
    text = str(value).strip()
    return None if text.lower() in _NOTHING else text


def _parse_quantity(value: Any) -> tuple[float, str] | None:
    """Return number and unit of ``{"value": 64, "unit": "MB"}``, ``"64 MB"`` or a bare number."""
    if isinstance(value, dict):
        value = f"{value.get('value')} {value.get('unit', '')}"
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", str(value))
    return (float(match.group(1)), match.group(2).upper()) if match else None


def _parse_size(value: Any) -> int | None:
    quantity = _parse_quantity(value)
    if quantity is None or quantity[1] not in {"", *_UNITS} or not quantity[0]:
        return None
    return int(quantity[0] * _UNITS[quantity[1] or "MB"])


def _parse_watts(value: Any) -> float | None:
    quantity = _parse_quantity(value)
    return quantity[0] if quantity is not None and quantity[0] and quantity[1] in {"", "W"} else None
