"""Known devices and profiles of hardware in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import memory, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.models.listings import DeviceDetails, DeviceList, SavedProfiles
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, notes
from mlipguide.report.words.formatting import MARKS

MOST_ROWS = 16
"""Rows without ``--details``."""
LEGEND = (
    "GB/s of memory; TFLOPS of the vector units in 64 and 32 bits, of the matrix units in 32-bit (TF32) and bfloat16 "
    "input, without sparsity; W at most. – is not published or not found, or is the machine's (memory)."
)


def devices_page(data: DeviceList, console: Console, *, ordered: bool = False, details: bool = False) -> RenderableType:
    """Return how many devices are known, the table of them, and the saved profiles below it.

    Args:
        data: The devices.
        console: Where it is printed.
        ordered: Whether an order was asked for; else a short list is of the newest.
        details: Every device.
    """
    known = data.devices
    shown = known if details else _first(known, ordered=ordered)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Device", no_wrap=True)
    for title in ("Memory", "GB/s", "FP64", "FP32", "TF32", "BF16", "W", "Year"):
        table.add_column(title, justify="right", no_wrap=True)
    for device in shown:
        table.add_row(
            device.id,
            "–" if device.memory_bytes is None else memory(device.memory_bytes),
            _scaled(device.bandwidth_bytes_per_s, 1e9),
            *(_scaled(rate, 1e12) for rate in _rates(device)),
            _scaled(device.power_w, 1.0),
            str(device.year),
        )
    if not known:
        return Group(conclusion("No known device fits."), *next_steps([Step("mlipguide hardware list")], console))
    which = "" if len(shown) == len(known) else f"; here the {'first' if ordered else 'newest'} {len(shown)}"
    first = f"{len(known)} devices are known from published figures{which}."
    parts: list[RenderableType] = [conclusion(first), Text(""), table, *notes([LEGEND])]
    if data.profiles:
        parts += [Text(""), Text("Saved profiles", style="bold")]
        parts += [Text(f"{saved.name}: {_profile_line(saved.profile)} ({saved.file})") for saved in data.profiles]
    steps = [
        Step(f"mlipguide plan MODEL --atoms N --time 1ns --hardware {shown[0].id}", "what a run would take on it"),
        Step(f"mlipguide hardware explain {shown[0].id}", "every figure, with its source"),
    ]
    hidden = "all devices" if len(shown) < len(known) else ""
    return Group(*parts, *next_steps(steps, console, hidden=hidden, details=details))


def _first(devices: tuple[DeviceModel, ...], *, ordered: bool) -> tuple[DeviceModel, ...]:
    if len(devices) <= MOST_ROWS:
        return devices
    order = devices if ordered else sorted(devices, key=lambda device: -device.year)
    return tuple(order[:MOST_ROWS])


def device_page(data: DeviceDetails) -> RenderableType:
    """Return everything on one device, and what each figure means for interatomic potentials."""
    device = data.device
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="dim")
    for row in _facts(device, data.profile):
        table.add_row(*row)
    parts: list[RenderableType] = [Text(f"{device.name}  ({device.id})", style="bold"), table]
    if device.remark is not None:
        parts.append(Text(f"· {device.remark}"))
    parts += [Text(""), Text("Sources", style="bold")]
    parts += [Text(f"[{source.key}] {source.title or ''} {source.link or ''}") for source in data.sources]
    return Group(*parts)


def saved_page(data: SavedProfiles) -> RenderableType:
    """Return what was saved."""
    lines = [f"Saved as '{data.name}' in {data.file}:"]
    return Text("\n".join(lines + [f"· {_profile_line(profile)}" for profile in data.profiles]))


def _facts(device: DeviceModel, profile: HardwareProfile) -> list[tuple[str, str, str]]:
    float64, float32, tensor32, bfloat16 = (_exact(rate, 1e12, "TFLOPS") for rate in _rates(device))
    size = "the machine's" if device.memory_bytes is None else memory(device.memory_bytes)
    shared = ", shared with the processor" if device.unified_memory and device.memory_bytes is not None else ""
    return [
        ("Kind", f"{device.kind.value}, {device.vendor}, {device.architecture}, {device.year}", ""),
        ("Other names", ", ".join(device.aliases) or "none", ""),
        ("Memory", size + shared, "how many atoms fit: memory grows with atoms and neighbour pairs"),
        ("Usable", _usable(profile.usable_memory_bytes), "what a model is assumed to get of it"),
        (
            "Bandwidth",
            _exact(device.bandwidth_bytes_per_s, 1e9, "GB/s"),
            "sets the pace of most models: gathering neighbours and small products wait for memory",
        ),
        ("FP64, vector", float64, "limits runs in float64, the default of some packages and safest for relaxation"),
        ("FP32, vector", float32, "limits what is no matrix product: spherical harmonics, radial functions, sums"),
        (
            "TF32, matrix",
            tensor32,
            "matrix products in float32 where reduced precision is allowed; off by default in torch",
        ),
        ("BF16, matrix", bfloat16, "hardly used by potentials: forces need more digits"),
        ("Power", _exact(device.power_w, 1.0, "W"), "an upper limit, for energy and cost"),
    ]


def _rates(device: DeviceModel) -> tuple[float | None, ...]:
    return (
        device.float64_flop_per_s,
        device.float32_flop_per_s,
        device.tensor_float32_flop_per_s,
        device.tensor_bfloat16_flop_per_s,
    )


def _scaled(value: float | None, unit: float) -> str:
    return "–" if value is None else number(value / unit)


def _exact(value: float | None, scale: float, unit: str) -> str:
    """Return a published figure with all its digits."""
    return "not known" if value is None else f"{value / scale:,.5g} {unit}"


def _usable(estimate: Estimate | None) -> str:
    if estimate is None:
        return "state the machine's memory in a profile file"
    mark = MARKS[estimate.basis]
    interval = (
        "" if estimate.low is None or estimate.high is None else f" ({memory(estimate.low)} to {memory(estimate.high)})"
    )
    return f"{mark}{estimate.told(memory)}{interval}: {estimate.source}"


def _profile_line(profile: HardwareProfile) -> str:
    parts = [f"{profile.name}, {profile.count} x {profile.device.id}"]
    if profile.usable_memory_bytes is not None:
        parts.append(f"{profile.usable_memory_bytes.told(memory)} usable each")
    if profile.power_w is not None:
        parts.append(f"{profile.power_w.told(number)} W each")
    if profile.price_per_device_hour is not None:
        parts.append(f"{profile.price_per_device_hour:g} {profile.currency} per device-hour")
    if profile.link is not None:
        parts.append(profile.link.value)
    return ", ".join(parts)
