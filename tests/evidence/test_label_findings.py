"""Units, signs, levels of theory, duplicates and outliers in labels are told, and sound labels are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from labelled import Labels, errors_of, rattled, write
from mlipguide.evidence.accuracy.label_checks import check_labels
from mlipguide.evidence.accuracy.label_outliers import check_outliers
from mlipguide.evidence.accuracy.label_scan import LabelScan, sampling_order
from mlipguide.evidence.accuracy.label_units import check_units
from mlipguide.records.accuracy.accuracy import FindingKind, FrameErrors
from mlipguide.structures.labels import read_labels


def frames_with(
    *, force: float = 1.0, energy: float = 1.0, model: int = 0, count: int = 20, slope: float = 0.85
) -> list[FrameErrors]:
    """Return a soft, noisy model on labels whose numbers were multiplied by factors."""
    truth, noise = np.random.default_rng(0), np.random.default_rng(model + 1)
    frames = []
    for index in range(count):
        reference = truth.normal(0, 1, (16, 3))
        height = 16 * (-3.0 + 0.05 * truth.normal())
        frames.append(
            errors_of(
                Labels(
                    reference=force * reference,
                    predicted=slope * reference + noise.normal(0, 0.2, (16, 3)),
                    energy=energy * height,
                    predicted_energy=height + 16 * 0.005 * noise.normal() + 100.0,
                ),
                index=index,
            )
        )
    return frames


@pytest.mark.parametrize("slope", [0.7, 0.85, 1.0, 1.25])
def test_a_soft_or_stiff_model_is_no_wrong_unit(slope: float) -> None:
    assert check_units({"a": frames_with(slope=slope), "b": frames_with(model=1, slope=slope)}) == ()


@pytest.mark.parametrize(
    ("factor", "kind", "word"),
    [
        (0.0194469, FindingKind.FORCE_UNITS, "Hartree/Bohr"),
        (0.0388938, FindingKind.FORCE_UNITS, "Rydberg/Bohr"),
        (23.06, FindingKind.FORCE_UNITS, "kcal/mol"),
        (1e3, FindingKind.FORCE_UNITS, "meV"),
        (-1.0, FindingKind.FORCE_SIGN, "gradients"),
        (-0.0194469, FindingKind.FORCE_UNITS, "wrong sign"),
    ],
)
def test_units_and_signs_of_forces(factor: float, kind: FindingKind, word: str) -> None:
    (found,) = check_units({"a": frames_with(force=factor), "b": frames_with(force=factor, model=1)})
    assert found.kind is kind
    assert found.spoils
    assert word in found.message
    assert "all frames" in found.message


@pytest.mark.parametrize(
    ("factor", "word"),
    [(1 / 27.2114, "Hartree"), (2 / 27.2114, "Rydberg"), (96.485, "kJ/mol"), (1 / 16, "per atom"), (-1.0, "sign")],
)
def test_units_of_energies(factor: float, word: str) -> None:
    (found,) = check_units({"a": frames_with(energy=factor)})
    assert found.kind is FindingKind.ENERGY_UNITS
    assert word in found.message


def test_frames_of_another_unit_within_a_file_are_named() -> None:
    frames = frames_with()
    frames[4] = frames_with(force=0.0194469)[4]
    (found,) = check_units({"a": frames})
    assert found.frames == (4,)
    assert "frame 4" in found.message


@pytest.mark.parametrize(("factor", "word"), [(160.2, "GPa"), (-1602.0, "pressure"), (-1.0, "opposite")])
def test_units_of_stresses(factor: float, word: str) -> None:
    frames = [
        replace(one, stress_dot=factor, stress_reference_squared=factor**2 * 1.01, stress_predicted_squared=1.0)
        for one in frames_with()
    ]
    (found,) = check_units({"a": frames})
    assert found.kind is FindingKind.STRESS_UNITS
    assert word in found.message


def test_two_levels_of_theory_are_told_and_a_single_wrong_energy_is_an_outlier() -> None:
    def off(frames: list[FrameErrors], which: set[int]) -> list[FrameErrors]:
        return [
            replace(one, energy_reference_ev=(one.energy_reference_ev or 0.0) + 16 * 0.5) if one.frame in which else one
            for one in frames
        ]

    models = {name: off(frames_with(model=seed), {3, 7, 11, 15}) for seed, name in enumerate("ab")}
    (found,) = check_outliers(models)
    assert (found.kind, found.frames) == (FindingKind.LEVELS_OF_THEORY, (3, 7, 11, 15))
    (single,) = check_outliers({"a": off(frames_with(), {5})})
    assert (single.kind, single.frames) == (FindingKind.OUTLIERS, (5,))
    assert check_outliers({"a": frames_with(), "b": frames_with(model=1)}) == ()


def test_a_frame_that_every_model_gets_wrong_is_named_and_one_that_one_model_does_is_not() -> None:
    scrambled = Labels(reference=np.random.default_rng(9).normal(0, 20, (16, 3)), predicted=np.ones((16, 3)))

    def spoilt(model: int) -> list[FrameErrors]:
        frames = frames_with(model=model, slope=1.0)
        frames[6] = replace(errors_of(scrambled, index=6), energy_reference_ev=None)
        return [replace(one, energy_reference_ev=None) for one in frames]

    (found,) = check_outliers({"a": spoilt(0), "b": spoilt(1)})
    assert found.frames == (6,)
    assert check_outliers({"a": spoilt(0), "b": frames_with(model=1)}) == ()


def scan_of(tmp_path: Path, frames: Sequence[Atoms]) -> LabelScan:
    scan = LabelScan()
    for frame in read_labels(write(tmp_path / "labels.extxyz", frames)):
        scan.add(frame)
    return scan


def test_duplicates_are_named_and_their_energies_compared(tmp_path: Path) -> None:
    frames = rattled(4)
    frames.append(frames[1].copy())
    frames[-1].calc = frames[1].calc
    (found,) = check_labels(scan_of(tmp_path, frames).frames)
    assert (found.kind, found.frames) == (FindingKind.DUPLICATES, (4,))
    other = frames[2].copy()
    other.info["energy"] = frames[2].get_potential_energy() + 5.0
    other.arrays["forces"] = frames[2].get_forces()
    kinds = {one.kind: one.frames for one in check_labels(scan_of(tmp_path, [*frames[:4], other]).frames)}
    assert kinds[FindingKind.LEVELS_OF_THEORY] == (2, 4)


def test_stresses_that_no_solid_has_are_told_without_any_model(tmp_path: Path) -> None:
    frames = rattled(3)
    for one in frames:
        one.calc.results["stress"] = one.calc.results["stress"] * 1602
    kinds = {one.kind for one in check_labels(scan_of(tmp_path, frames).frames)}
    assert kinds == {FindingKind.STRESS_UNITS}


def test_sound_labels_are_left_alone(tmp_path: Path) -> None:
    assert check_labels(scan_of(tmp_path, rattled(6)).frames) == ()


def test_every_beginning_of_the_order_is_stratified_and_the_order_is_seeded(tmp_path: Path) -> None:
    frames = [*rattled(30, group="many"), *rattled(10, seed=50, group="few")]
    notes = scan_of(tmp_path, frames).frames
    order = sampling_order(notes, seed=1)
    assert sorted(order) == list(range(40))
    assert abs(sum(index >= 30 for index in order[:20]) - 5) <= 1
    assert order == sampling_order(notes, seed=1)
    assert order != sampling_order(notes, seed=2)
