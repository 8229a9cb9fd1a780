"""Units and signs of labels, told by what the models predict.

Models err by tens of percent, units by factors of ten and more: a file whose forces are 1/51.4 of every model's in the
same directions is in Hartree/Bohr. A unit is named only where predictions and labels are clearly correlated and their
ratio is that of the unit within 35 %, for all models taken together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mlipguide.core.units import BOHR_ANGSTROM, GPA_PER_EV_ANGSTROM3, HARTREE_EV, KCAL_PER_MOL_EV, KJ_PER_MOL_EV
from mlipguide.evidence.accuracy.label_checks import frames_in_words
from mlipguide.records.accuracy.accuracy import FindingKind, FrameErrors, LabelFinding
from mlipguide.stats.energy_shifts import fit_shifts

FORCE_UNITS = {
    "Hartree/Bohr": BOHR_ANGSTROM / HARTREE_EV,
    "Rydberg/Bohr": 2 * BOHR_ANGSTROM / HARTREE_EV,
    "kcal/mol/Å": 1 / KCAL_PER_MOL_EV,
    "kJ/mol/Å": 1 / KJ_PER_MOL_EV,
    "kJ/mol/nm": 10 / KJ_PER_MOL_EV,
    "meV/Å": 1e3,
}
"""One eV/Å in each."""
ENERGY_UNITS = {
    "Hartree": 1 / HARTREE_EV,
    "Rydberg": 2 / HARTREE_EV,
    "kcal/mol": 1 / KCAL_PER_MOL_EV,
    "kJ/mol": 1 / KJ_PER_MOL_EV,
}
STRESS_UNITS = {
    "GPa": GPA_PER_EV_ANGSTROM3,
    "kbar": 10 * GPA_PER_EV_ANGSTROM3,
    "Hartree/Bohr³": BOHR_ANGSTROM**3 / HARTREE_EV,
}
TOLERANCE = math.log(1.35)
"""Softening and noise change ratios less; neighbouring units differ by more than twice that."""
CORRELATED = 0.7
WEAK_FORCE_EV_PER_ANGSTROM = 0.02
"""Root mean square predicted force below which a frame says nothing of units."""
FEWEST_FRAMES = 5
SMALLEST_SPREAD_EV_PER_ATOM = 1e-3
LARGEST_SAMPLE = 300
"""Frames for the median of slopes, which takes all pairs."""
MOST = 0.8
"""Of the frames that say something: then it is the whole file."""

Errors = Mapping[str, Sequence[FrameErrors]]


def check_units(errors: Errors) -> tuple[LabelFinding, ...]:
    """Return units and signs that the labels seem to have other than eV, eV/Å, eV/Å³.

    Args:
        errors: Of each model, at least one frame.
    """
    return (*_forces(errors), *_energies(errors), *_stresses(errors))


def unit_of(ratio: float, units: Mapping[str, float]) -> str | None:
    """Return the unit whose factor a positive ratio is; an empty name for the right unit, None for no known one."""
    near = {name: abs(math.log(ratio / factor)) for name, factor in {"": 1.0, **units}.items()}
    best = min(near, key=near.__getitem__)
    return best if near[best] <= TOLERANCE else None


def _ratios(errors: Errors, sums: str) -> dict[int, tuple[float, float]]:
    """Return for each frame label over prediction and their cosine, the medians over models."""
    found: dict[int, list[tuple[float, float]]] = {}
    for frames in errors.values():
        for frame in frames:
            dot, reference, predicted = (
                (frame.dot, frame.reference_squared, frame.predicted_squared)
                if sums == "forces"
                else (frame.stress_dot, frame.stress_reference_squared, frame.stress_predicted_squared)
            )
            weak = sums == "forces" and predicted < frame.components * WEAK_FORCE_EV_PER_ANGSTROM**2
            if not weak and predicted > 0 and reference > 0:
                found.setdefault(frame.frame, []).append((dot / predicted, dot / math.sqrt(predicted * reference)))
    return {
        index: (float(np.median([one[0] for one in pairs])), float(np.median([one[1] for one in pairs])))
        for index, pairs in found.items()
    }


def _forces(errors: Errors) -> list[LabelFinding]:
    wrong, known = _wrong_frames(_ratios(errors, "forces"), FORCE_UNITS)
    found = []
    for (unit, sign), frames in wrong.items():
        kind = FindingKind.FORCE_UNITS if unit else FindingKind.FORCE_SIGN
        words = f"seem to be in {unit}, not eV/Å" if unit else "point against those of the models"
        if unit and sign < 0:
            words += ", and to have the wrong sign"
        where = _where(frames, known)
        hint = " (gradients are minus the forces)" if sign < 0 else ""
        found.append(LabelFinding(kind=kind, message=f"The forces of {where} {words}{hint}.", frames=tuple(frames)))
    return found


def _stresses(errors: Errors) -> list[LabelFinding]:
    wrong, known = _wrong_frames(_ratios(errors, "stress"), STRESS_UNITS)
    found = []
    for (unit, sign), frames in wrong.items():
        if len(frames) < max(2, known // 10):
            continue  # a stress near zero may have either sign
        words = f"seem to be in {unit}, not eV/Å³" if unit else "have the sign opposite to that of the models"
        if unit and sign < 0:
            words += ", and to have the sign of a pressure"
        found.append(
            LabelFinding(
                kind=FindingKind.STRESS_UNITS,
                message=f"The stresses of {_where(frames, known)} {words} (here: positive under tension, as in ASE; "
                "VASP prints kbar, positive under compression).",
                frames=tuple(frames),
            )
        )
    return found


def _wrong_frames(
    ratios: Mapping[int, tuple[float, float]], units: Mapping[str, float]
) -> tuple[dict[tuple[str, int], list[int]], int]:
    """Return the frames with another unit or sign, by both, and how many frames said anything."""
    wrong: dict[tuple[str, int], list[int]] = {}
    known = 0
    for index, (ratio, cosine) in sorted(ratios.items()):
        if abs(cosine) < CORRELATED:
            continue
        known += 1
        unit, sign = unit_of(abs(ratio), units), 1 if ratio > 0 else -1
        if unit is not None and (unit or sign < 0):
            wrong.setdefault((unit, sign), []).append(index)
    return wrong, known


def _where(frames: Sequence[int], known: int) -> str:
    return "all frames" if len(frames) >= MOST * known else frames_in_words(frames)


def _energies(errors: Errors) -> list[LabelFinding]:
    """Compare how energies differ between frames: their zero is arbitrary, the unit of differences is not."""
    slopes: list[float] = []
    atoms: list[int] = []
    for frames in errors.values():
        kept = [frame for frame in frames if frame.energy_reference_ev is not None][:LARGEST_SAMPLE]
        if len(kept) >= FEWEST_FRAMES and (slope := _energy_slope(kept)) is not None:
            slopes.append(slope)
            atoms = [frame.atoms for frame in kept]
    if not slopes:
        return []
    slope = float(np.median(slopes))
    size = float(np.median(atoms))
    unit = unit_of(abs(slope), ENERGY_UNITS) if slope else None
    words = []
    if unit:
        words.append(f"are in {unit}")
    if size > 1 and unit_of(abs(slope) * size, {}) == "" and unit != "":
        words.append("are per atom already")
    if not words and not (unit == "" and slope < 0):
        return []
    message = (
        f"The energies seem to be wrong: between frames they change by {abs(slope):.3g} times what the models say, as "
        f"if they {' or '.join(words)}."
        if words
        else "The energies rise where those of the models fall: the wrong sign?"
    )
    return [LabelFinding(kind=FindingKind.ENERGY_UNITS, message=message, frames=())]


def _energy_slope(frames: Sequence[FrameErrors]) -> float | None:
    """Return the change of the reference energies over that of the predicted ones; None where that cannot be told."""
    compositions = [frame.composition for frame in frames]
    shifted = [
        fit_shifts(compositions, np.array(energies_ev))
        for energies_ev in (
            [frame.energy_reference_ev or 0.0 for frame in frames],
            [frame.energy_predicted_ev for frame in frames],
        )
    ]
    if len(frames) - shifted[0].rank < FEWEST_FRAMES - 1:
        return None  # the shifts take the differences away that should be compared
    reference, predicted = (-one.residuals_ev_per_atom[one.telling] for one in shifted)
    if float(np.ptp(predicted)) < SMALLEST_SPREAD_EV_PER_ATOM or float(np.ptp(reference)) == 0:
        return None
    from scipy.stats import spearmanr, theilslopes  # half a second of start-up

    if abs(float(spearmanr(reference, predicted).statistic)) < CORRELATED:
        return None
    return float(theilslopes(reference, predicted).slope)
