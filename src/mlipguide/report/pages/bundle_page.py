"""What a bundle holds, in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import file_size
from mlipguide.records.hardware.bundle import SITE, AbsentWeights, BundledBackend, PackedBundle
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, plain_table, section

LARGEST = 5
"""Files that are named without ``--details``."""
NAMED = 3
"""Models that are named in a line without ``--details``."""


def bundle_page(data: PackedBundle, console: Console, *, details: bool = False) -> RenderableType:
    """Return what was packed for which machine, what it takes, what is not in it, and what to type there.

    Args:
        data: The bundle.
        console: Where it is printed.
        details: Every file and every model, not only the largest and the first.
    """
    bundle = data.bundle
    backends = ", ".join(one.backend for one in bundle.backends)
    first = (
        f"{data.file} ({file_size(data.size_bytes)}) holds {backends} for Python {bundle.python} on {bundle.platform}."
    )
    table = plain_table("Backend", "torch", "Packages", "Wheels", "Weights", "in packages")
    for one in bundle.backends:
        table.add_row(
            one.backend,
            _torch(one),
            str(len(one.packages)),
            file_size(bundle.size_of(one.wheels)),
            _weights(data, one),
            str(len(one.in_package) or "–"),
        )
    files = sorted(bundle.files, key=lambda file: -file.size_bytes)
    shown = files if details else files[:LARGEST]
    lines = [f"{file_size(file.size_bytes)}  {file.path}" + (f"  {file.sha256}" if details else "") for file in shown]
    title = f"{len(files)} files" if details else f"Largest of {len(files)} files"
    hidden = "all files with their SHA-256" if len(files) > LARGEST else ""
    return Group(
        conclusion(first),
        Text(""),
        table,
        *section(title, lines),
        *section("Weights that are not in it", _absent(data, details=details)),
        *next_steps(_steps(data), console, hidden=hidden, details=details),
    )


def _torch(one: BundledBackend) -> str:
    if one.torch_build == SITE:
        return "the site's"
    return one.packages.get("torch", "–")


def _weights(data: PackedBundle, one: BundledBackend) -> str:
    if not one.weights:
        return "–"
    size = file_size(data.bundle.size_of(tuple(path for weights in one.weights for path in weights.paths)))
    return f"{len(one.weights)}, {size}"


def _absent(data: PackedBundle, *, details: bool) -> list[str]:
    """Return one line for each reason, with the models that it holds for."""
    groups: dict[str, list[str]] = {}
    for one in data.bundle.backends:
        for absent in one.absent:
            groups.setdefault(_general(absent), []).append(absent.model)
    lines = []
    for reason, models in groups.items():
        named = ", ".join(models if details else models[:NAMED])
        more = "" if details or len(models) <= NAMED else f" and {len(models) - NAMED} more"
        lines.append(f"{named}{more}: {reason}")
    return lines


def _general(absent: AbsentWeights) -> str:
    return absent.reason.removeprefix(f"{absent.model}: ")


def _steps(data: PackedBundle) -> list[Step]:
    name = data.file.rpartition("/")[2]
    on_site = [one.backend for one in data.bundle.backends if one.torch_build == SITE]
    others = [one.backend for one in data.bundle.backends if one.torch_build != SITE]
    steps = [
        Step(f"mlipguide env adopt {backend} PYTHON --from {name}", "there, with the site's interpreter")
        for backend in on_site
    ]
    if others:
        names = f" {' '.join(others)}" if on_site else ""
        steps.insert(0, Step(f"mlipguide env build --from {name}{names}", "there, without network"))
    return steps
