"""Reference energies that a training estimates are those that errors are counted after."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from mlipguide.stats.energy_shifts import fit_shifts
from mlipguide.worker.training.fine_tuning import estimate_shifts, reference_energies

OWN = {"Li": -1.0, "O": -2.0}


class Number:
    """A number as torch gives it."""

    def __init__(self, value: float) -> None:
        self.value = value

    def detach(self) -> list[float]:
        return [self.value]


class Adapter:
    """A model whose energy is a constant for each element."""

    network = SimpleNamespace(eval=lambda: None)

    def prepare(self, atoms: Atoms) -> Atoms:
        return atoms

    def predict(self, samples: list[Atoms]) -> Any:
        return SimpleNamespace(energies=Number(sum(OWN[name] for name in samples[0].get_chemical_symbols())))


def estimated(frames: list[Atoms], energies: list[float], isolated: dict[str, float] | None = None) -> dict[str, float]:
    examples = [
        SimpleNamespace(sample=atoms, labels=SimpleNamespace(energy=energy))
        for atoms, energy in zip(frames, energies, strict=True)
    ]
    adapter: Any = Adapter()
    given: Any = examples
    return estimate_shifts(adapter, frames, given, isolated)


def test_training_and_errors_shift_by_the_same_rule() -> None:
    random = np.random.default_rng(0)
    frames = [Atoms(f"Li{a}O{b}") for a, b in random.integers(1, 6, (9, 2))]
    energies = [float(len(atoms) * random.normal(0, 0.1) - 7.0) for atoms in frames]
    energies[2] += 40.0  # a wrong label moves neither
    parts = [{name: list(atoms.symbols).count(name) for name in OWN} for atoms in frames]
    differences = np.array(energies) - [sum(OWN[name] * n for name, n in one.items()) for one in parts]
    assert estimated(frames, energies) == pytest.approx(fit_shifts(parts, differences).shifts_ev, abs=1e-5)


def test_isolated_atoms_decide_what_compositions_leave_open() -> None:
    frames = [Atoms(f"Li{2 * n}O{n}") for n in (1, 2, 3)]
    energies = [float(-10.0 * n) for n in (1, 2, 3)]  # 6 eV below the model for each formula unit
    without, isolated = estimated(frames, energies), estimated(frames, energies, {"Li": -1.0, "O": -8.0})
    for found in (without, isolated):
        assert 2 * found["Li"] + found["O"] == pytest.approx(-6.0)
    assert without == pytest.approx({"Li": -2.4, "O": -1.2})
    assert isolated == pytest.approx({"Li": 0.0, "O": -6.0})
    assert reference_energies({"reference_energies": "Li=-1.0 O=-8.0"}) == {"Li": -1.0, "O": -8.0}
    assert reference_energies({}) == {}
