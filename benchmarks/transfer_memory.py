"""Does memory per atom carry over? The largest systems that others published, against what was measured here.

SevenNet-0, SevenNet-l3i5 and MACE-MP-0 small and medium (random weights) are measured on sodium chloride, as
``recommend --hardware`` measures them. Published limits of "a bulk system" are predicted for a bulk of medium density,
as ``plan`` without a structure does; published peaks on sodium chloride are read as limits: how many atoms the memory
holds that was added since the smallest size. Where only others published, each is predicted from the rest of its table.
Nothing is stored among the user's own measurements.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
from dataclasses import dataclass

from mlipguide.bench.measuring.costs_here import reference_timings, with_plain_memory
from mlipguide.bench.measuring.measuring import MeasuringContext, measure
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import NO_CONSENT, prepare_candidates
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.commands.plan import any_bulk
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.costmodel.elsewhere import MemoryNeed
from mlipguide.costmodel.transfer_data import published_figures
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.hardware.device_models import find_device
from mlipguide.hardware.profile_files import build_profile
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.published import PublishedTiming
from mlipguide.sessions.interface import Conditions
from mlipguide.tasks.requests import build_task, load_structure
from workbench import run_script, this_machine

MODELS = ("sevennet-0", "sevennet-l3i5", "mace-mp-0-small", "mace-mp-0-medium")
SIZES = (64, 216, 512)
FACTOR = 1.5
BATCHES = "ALCHEMI NIM"


@dataclass(frozen=True)
class Limit:
    """A number of atoms that a memory holds, published and predicted."""

    what: str
    published: float
    predicted: float

    @property
    def is_near(self) -> bool:
        """Whether it is within the factor."""
        return abs(math.log(self.published / self.predicted)) <= math.log(FACTOR)

    def __str__(self) -> str:
        """Say it in a line."""
        ratio = self.published / self.predicted
        return f"  {self.what}: published {self.published:,.0f}, predicted {self.predicted:,.0f} ({ratio:.2f})"


def measure_memory(catalogue: Catalogue, budget_s: float) -> None:
    """Measure the models on sodium chloride, with freed memory given back."""
    atoms, summary, _ = load_structure(TaskRequest(preset="nacl"))
    machine = this_machine()
    found = prepare_candidates(
        catalogue.select(MODELS), machine, given_weights={}, consent=NO_CONSENT, on_progress=lambda _: None
    )
    context = MeasuringContext(
        machine=machine,
        atoms=atoms,
        structure=summary,
        wanted_atoms=max(SIZES),
        conditions=Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True),
        budget_s=budget_s,
        on_progress=lambda _message, _share: None,
        sizes=SIZES,
    )
    measure(with_plain_memory(found.candidates), MeasuredModels(), context)


def limits_from_here(catalogue: Catalogue, figures: tuple[PublishedTiming, ...]) -> list[Limit]:
    """Predict what others published of the models that were measured here."""
    bulk, salt = known(catalogue, preset=None), known(catalogue, preset="nacl")
    found: list[Limit] = []
    for figure in figures:
        if figure.model not in MODELS or figure.max_atoms is None or figure.device is None:
            continue
        profile = build_profile(find_device(figure.device), 1)
        assert profile.usable_memory_bytes is not None
        costs = bulk.costs_of(catalogue.find(figure.model), profile, figure.max_atoms)
        largest = costs.largest_system_atoms(profile.usable_memory_bytes.value)
        assert largest is not None
        found.append(Limit(f"{figure.model}, largest bulk on {figure.device}", figure.max_atoms, largest.value))
    for members in peaks(figures).values():
        if members[0].model in MODELS:
            need = salt.memory_of(catalogue.find(members[0].model))
            assert need is not None
            first, *others = members
            for one in others:
                added = (one.peak_memory_bytes or 0.0) - (first.peak_memory_bytes or 0.0)
                atoms = (first.atoms or 0) + added / need.bytes_per_atom
                found.append(Limit(f"{one.model}, NaCl on {one.device}", float(one.atoms or 0), atoms))
    return found


def limits_from_others(figures: tuple[PublishedTiming, ...]) -> list[Limit]:
    """Predict each published peak from the other sizes of its table, and each batch from the other devices'."""
    found: list[Limit] = []
    for members in peaks(figures).values():
        for one in members:
            rest = [(float(x.atoms or 0), x.peak_memory_bytes or 0.0) for x in members if x is not one]
            need = MemoryNeed.from_peaks(rest, source="")
            atoms = ((one.peak_memory_bytes or 0.0) - need.fixed_bytes) / need.bytes_per_atom
            found.append(Limit(f"{one.model}, {one.atoms} atoms of NaCl on {one.device}", float(one.atoms or 0), atoms))
    batches = [one for one in figures if BATCHES in one.model and one.device is not None]
    sizes = {one: find_device(str(one.device)).memory_bytes or 0 for one in batches}
    for one in batches:
        others = [(other.atoms or 0) / sizes[other] for other in batches if other is not one]
        middle = math.exp(sum(map(math.log, others)) / len(others))
        found.append(Limit(f"{one.model}, batch on {one.device}", float(one.atoms or 0), middle * sizes[one]))
    return found


def peaks(figures: tuple[PublishedTiming, ...]) -> dict[tuple[str, str | None], list[PublishedTiming]]:
    """Return published peaks of memory by model and device, smallest size first."""
    series: dict[tuple[str, str | None], list[PublishedTiming]] = {}
    for figure in sorted(figures, key=lambda one: one.atoms or 0):
        if figure.peak_memory_bytes is not None:
            series.setdefault((figure.model, figure.device), []).append(figure)
    return series


def known(catalogue: Catalogue, *, preset: str | None) -> ReferenceTimings:
    """Return what is known for a structure; without one for any bulk."""
    atoms, structure = None, any_bulk()
    request = TaskRequest(preset=preset, atoms="1000")
    if preset is not None:
        atoms, structure, _ = load_structure(request)
    return reference_timings(catalogue, this_machine(), build_task(request, structure), atoms, given_weights={})


def main() -> None:
    """Measure, predict, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--budget", type=float, default=90.0, help="seconds of measuring [90]")
    options = parser.parse_args()
    catalogue = load_catalogue()
    figures = published_figures(catalogue)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[DATA_VARIABLE] = folder
        measure_memory(catalogue, options.budget)
        here = limits_from_here(catalogue, figures)
    others = limits_from_others(figures)
    for title, limits in (("from memory measured here", here), ("from what others published", others)):
        print(f"{title}: {sum(limit.is_near for limit in limits)} of {len(limits)} within a factor of {FACTOR:g}")
        print("\n".join(map(str, limits)))
    near = sum(limit.is_near for limit in (*here, *others))
    print(f"largest systems: {near} of {len(here) + len(others)} within a factor of {FACTOR:g}.")


if __name__ == "__main__":
    run_script(main)
