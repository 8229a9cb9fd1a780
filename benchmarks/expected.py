"""How often the interval of the first look holds what was then measured, on this machine.

``python benchmarks/expected.py FILE …`` takes structures of which the store holds measurements
(``MLIPGUIDE_DATA_DIR``), and predicts each from the table of one core alone, as on a machine where nothing was timed.
"""

from __future__ import annotations

import math
import statistics
import sys
from functools import partial

from mlipguide.bench.measuring.costs_here import pairs_of
from mlipguide.catalog.cards import load_catalogue
from mlipguide.costmodel.expected import expected_costs
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.store import measurements as store
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.requests import build_task, load_structure

TYPICAL_ATOMS = 100


def main() -> None:
    """Print a line for each measurement, and the coverage."""
    machine, catalogue = probe_machine(), load_catalogue()
    records = store.find(machine.fingerprint).measurements
    inside: list[bool] = []
    errors: list[float] = []
    for file in sys.argv[1:]:
        request = TaskRequest(structure=file)
        atoms, structure, _ = load_structure(request)
        task = build_task(request, structure, find_signs(atoms))
        measured = [one for one in records if one.structure.reduced_formula == structure.reduced_formula]
        models = {one.model for one in measured}
        found = expected_costs(
            [card for card in catalogue.cards if card.id in models],
            machine,
            (),
            catalogue=catalogue,
            structure=structure,
            pairs_per_atom=partial(pairs_of, task, atoms),
            atoms=TYPICAL_ATOMS,
        )
        for one in measured:
            estimate = found[one.model].step_time_s(one.atoms) if one.model in found else None
            if estimate is None or estimate.low is None or estimate.high is None:
                continue
            step_s = statistics.median(one.steady.wall_s)
            inside.append(estimate.low <= step_s <= estimate.high)
            errors.append(math.log(step_s / estimate.value))
            print(
                f"{structure.reduced_formula:20} {one.model:28} {one.atoms:5} {step_s * 1e3:8.1f} ms, expected "
                f"{estimate.low * 1e3:.1f} to {estimate.high * 1e3:.1f}{'' if inside[-1] else '  OUTSIDE'}"
            )
    print(f"{sum(inside)} of {len(inside)} inside the 90 % interval")
    ratio, spread = math.exp(statistics.mean(errors)), statistics.pstdev(errors)
    print(f"measured over expected: {ratio:.2f} on average, standard deviation of the logarithm {spread:.2f}")


if __name__ == "__main__":
    main()
