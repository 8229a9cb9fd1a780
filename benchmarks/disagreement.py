"""Whether the disagreement of models ranks frames by their true error, and whether the calibrated intervals hold.

Evaluates four models on labelled frames of silicon and lithium (see ``ensemble_errors.py``; about 190 frames, kept in
mlipguide's cache, so that a second run evaluates nothing) and prints, for each system, the rank correlation of
disagreement and true error with its 90 % interval (bootstrap over blocks of consecutive frames of a group), and the
share of errors that lie in the calibrated 90 % interval: on frames, groups, systems and models not fitted on.

    python benchmarks/disagreement.py            prints
    python benchmarks/disagreement.py --write    also writes src/mlipguide/data/disagreement_calibration.yaml
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ensemble_errors import SYSTEMS, EvaluatedFrame, evaluated_frames
from mlipguide.core.serialisation import to_plain
from mlipguide.evidence.disagreement.calibration import CALIBRATION_FILE, CalibrationPoint, Ratios, fit_ratios
from mlipguide.evidence.disagreement.spread import force_disagreement
from mlipguide.records.accuracy.disagreement import Calibration
from workbench import run_script

MODELS = ("sevennet-l3i5", "sevennet-0", "chgnet-0.3.0", "chgnet-0.2.0")
ENSEMBLE = ("sevennet-l3i5", "sevennet-0", "chgnet-0.3.0")
"""What the correlations are of."""
CHOSEN = "sevennet-l3i5"
AT_REST_EV_PER_ANGSTROM = 1e-3
"""Frames with smaller forces are at rest by symmetry: disagreement and error vanish together, which says nothing."""
BLOCK_FRAMES = 5
RESAMPLES = 2000
LARGEST_GROUP = "AIMD-NVT"


@dataclass(frozen=True, kw_only=True)
class Point(CalibrationPoint):
    """A point of the calibration with what it is made of."""

    part: str
    ensemble: tuple[str, ...]
    model: str
    magnitude_ev_per_angstrom: float


def points_of(frames: Sequence[EvaluatedFrame]) -> list[Point]:
    """Return all frames with all ensembles of two and more of the models, once for each model's error."""
    found: list[Point] = []
    sizes = range(2, len(MODELS) + 1)
    ensembles = [members for size in sizes for members in itertools.combinations(range(len(MODELS)), size)]
    for place, frame in enumerate(frames):
        errors = [mae(forces, frame) for forces in frame.forces_ev_per_angstrom]
        for members in ensembles:
            seen = force_disagreement(frame.forces_ev_per_angstrom[list(members)])
            found += [
                Point(
                    system=frame.system,
                    group=frame.group,
                    frame=str(place),
                    disagreement_ev_per_angstrom=seen.of_frame_ev_per_angstrom,
                    force_mae_ev_per_angstrom=errors[member],
                    part=frame.part,
                    ensemble=tuple(MODELS[one] for one in members),
                    model=MODELS[member],
                    magnitude_ev_per_angstrom=seen.magnitude_ev_per_angstrom,
                )
                for member in members
            ]
    return found


def mae(forces: NDArray[np.float64], frame: EvaluatedFrame) -> float:
    """Return the mean absolute error of a force component."""
    return float(np.abs(forces - frame.reference_ev_per_angstrom).mean())


def moving(frames: Sequence[EvaluatedFrame]) -> list[EvaluatedFrame]:
    """Return the frames that are not at rest."""
    return [one for one in frames if np.sqrt((one.reference_ev_per_angstrom**2).mean()) >= AT_REST_EV_PER_ANGSTROM]


def blocks_of(frames: Sequence[EvaluatedFrame]) -> list[list[int]]:
    """Return places of frames in blocks of consecutive ones of a group: neighbours in time are not independent."""
    blocks: list[list[int]] = []
    keys = sorted({(one.part, one.group) for one in frames})
    for key in keys:
        places = [place for place, one in enumerate(frames) if (one.part, one.group) == key]
        blocks += [places[begin : begin + BLOCK_FRAMES] for begin in range(0, len(places), BLOCK_FRAMES)]
    return blocks


def correlation(
    predicted: NDArray[np.float64], true: NDArray[np.float64], blocks: Sequence[Sequence[int]]
) -> tuple[float, float, float]:
    """Return Spearman's rank correlation with the 90 % interval of a bootstrap over blocks."""
    generator = np.random.default_rng(0)
    drawn: list[float] = []
    for _ in range(RESAMPLES):
        places = np.concatenate([blocks[one] for one in generator.integers(0, len(blocks), len(blocks))])
        if len(set(true[places])) > 1:
            drawn.append(float(spearmanr(predicted[places], true[places]).statistic))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(spearmanr(predicted, true).statistic), float(low), float(high)


def print_correlations(frames: Sequence[EvaluatedFrame]) -> None:
    """Print how disagreement ranks frames, beside what the magnitude of the forces alone would do."""
    members = [MODELS.index(name) for name in ENSEMBLE]
    print(f"Rank correlation (Spearman) of frame disagreement with true force MAE; ensemble {', '.join(ENSEMBLE)}")
    for system in SYSTEMS:
        for name, kept in (
            ("all groups", [one for one in frames if one.system == system]),
            (LARGEST_GROUP, [one for one in frames if one.system == system and one.group == LARGEST_GROUP]),
        ):
            seen = [force_disagreement(one.forces_ev_per_angstrom[members]) for one in kept]
            disagreement = np.array([one.of_frame_ev_per_angstrom for one in seen])
            magnitude = np.array([one.magnitude_ev_per_angstrom for one in seen])
            chosen = np.array([mae(one.forces_ev_per_angstrom[MODELS.index(CHOSEN)], one) for one in kept])
            typical = np.array([np.mean([mae(one.forces_ev_per_angstrom[m], one) for m in members]) for one in kept])
            of_mean = np.array([mae(one.forces_ev_per_angstrom[members].mean(axis=0), one) for one in kept])
            blocks = blocks_of(kept)
            relative = float(np.median(disagreement / magnitude))
            print(
                f"  {system}, {name}: {len(kept)} frames in {len(blocks)} blocks; disagreement over forces "
                f"{relative:.2f} (median)"
            )
            for words, true in (
                ("mean error of the three", typical),
                (f"error of {CHOSEN}", chosen),
                ("error of their mean force", of_mean),
            ):
                ours = "{:.2f} ({:.2f} to {:.2f})".format(*correlation(disagreement, true, blocks))
                plain = "{:.2f} ({:.2f} to {:.2f})".format(*correlation(magnitude, true, blocks))
                print(f"    {words:27s} disagreement {ours}   force magnitude alone {plain}")


def splits_of(points: Sequence[Point]) -> dict[str, tuple[list[Point], list[Point]]]:
    """Return by name what is fitted on and what is tested, never sharing a frame, a group, a system or a model."""
    found = {
        f"test files, {system}": (
            [one for one in points if one.part == "train"],
            [one for one in points if one.part == "test" and one.system == system],
        )
        for system in SYSTEMS
    }
    for system in SYSTEMS:
        found[left_out(system)] = (
            [one for one in points if one.system != system],
            [one for one in points if one.system == system],
        )
    for key in sorted({(one.system, one.group) for one in points}):
        found[left_out(" ".join(key))] = (
            [one for one in points if (one.system, one.group) != key],
            [one for one in points if (one.system, one.group) == key],
        )
    for model in MODELS:
        found[left_out(model)] = (
            [one for one in points if model not in one.ensemble],
            [one for one in points if one.model == model],
        )
    return found


def left_out(name: str) -> str:
    """Return the name of a split."""
    return f"{name} left out"


def coverage(fitted: Sequence[Point], tested: Sequence[Point]) -> float:
    """Return the share of errors that lie in the interval."""
    ratios = fit_ratios(fitted)
    return float(np.mean([ratios.covers(one) for one in tested]))


def print_coverage(points: Sequence[Point]) -> None:
    """Print how often the calibrated interval holds the error on what was not fitted on."""
    print("Coverage of the 90 % intervals, on what was not fitted on; ratio of force MAE to disagreement")
    for name, (fitted, tested) in splits_of(points).items():
        ratios = fit_ratios(fitted)
        above = np.mean(
            [one.force_mae_ev_per_angstrom > ratios.high * one.disagreement_ev_per_angstrom for one in tested]
        )
        frames = len({one.frame for one in tested})
        print(
            f"  {name:24s} {coverage(fitted, tested):4.0%} inside, {above:4.0%} above; fitted {ratios.median:.2f} "
            f"({ratios.low:.2f} to {ratios.high:.2f}); {len(tested)} errors on {frames} frames"
        )


def print_alternatives(points: Sequence[Point]) -> None:
    """Print how far other forms of the map are from the truth on the system that they were not fitted on."""
    print("Median factor between expected and true error on the system left out")
    for variables, name in enumerate(("ratio to disagreement", "power of disagreement", "and of the magnitude")):
        words = []
        for system in SYSTEMS:
            fitted = [one for one in points if one.system != system]
            tested = [one for one in points if one.system == system]
            wrong = _log_errors(fitted, tested, variables)
            words.append(f"{system} {np.exp(np.median(np.abs(wrong))):.2f}")
        print(f"  {name:24s} {', '.join(words)}")


def _log_errors(fitted: Sequence[Point], tested: Sequence[Point], variables: int) -> NDArray[np.float64]:
    def table(points: Sequence[Point]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.log(
            [
                (one.disagreement_ev_per_angstrom, one.magnitude_ev_per_angstrom, one.force_mae_ev_per_angstrom)
                for one in points
            ]
        )
        return rows[:, :2], rows[:, 2]

    (inputs, target), (others, truth) = table(fitted), table(tested)
    if variables == 0:
        return np.asarray(others[:, 0] + np.median(target - inputs[:, 0]) - truth)
    design = np.column_stack([np.ones(len(inputs)), inputs[:, :variables]])
    law = np.linalg.lstsq(design, target, rcond=None)[0]
    return np.asarray(np.column_stack([np.ones(len(others)), others[:, :variables]]) @ law - truth)


def calibration_of(points: Sequence[Point], ratios: Ratios) -> Calibration:
    """Return what is kept, with where it is from."""
    disagreements = [one.disagreement_ev_per_angstrom for one in points]
    return Calibration(
        ratio=round(ratios.median, 3),
        low_ratio=round(ratios.low, 3),
        high_ratio=round(ratios.high, 3),
        smallest_ev_per_angstrom=round(float(np.quantile(disagreements, 0.01)), 4),
        largest_ev_per_angstrom=round(float(np.quantile(disagreements, 0.99)), 4),
        systems=SYSTEMS,
        models=MODELS,
        coverage_left_out={system: round(coverage(*splits_of(points)[left_out(system)]), 2) for system in SYSTEMS},
        ensembles=len({one.ensemble for one in points}),
        frames=len({one.frame for one in points}),
        level_of_theory="PBE",
        sources=("zuo2020assessment",),
        made_by="benchmarks/disagreement.py --write",
        made_on=datetime.now(tz=UTC).date().isoformat(),
        limits=(
            "Fitted on two systems of one element each: silicon and lithium with vacancies, strains and surfaces.",
            "An error that all models share is not seen: models that were trained on the same data err alike.",
            "The labels are PBE; what PBE itself gets wrong is not in the expected error.",
        ),
    )


def main() -> None:
    """Print all figures; with ``--write`` also write the calibration."""
    frames = moving(evaluated_frames(MODELS))
    points = points_of(frames)
    print_correlations(frames)
    print_coverage(points)
    print_alternatives(points)
    ratios = fit_ratios(points)
    print(f"All together: force MAE = {ratios.median:.2f} ({ratios.low:.2f} to {ratios.high:.2f}) x disagreement")
    if "--write" in sys.argv[1:]:
        plain = to_plain(calibration_of(points, ratios))
        header = "# Written by benchmarks/disagreement.py --write from labelled frames of silicon and lithium.\n"
        text = header + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
        CALIBRATION_FILE.write_text(text, encoding="utf-8")
        print(f"written to {CALIBRATION_FILE.name}")


if __name__ == "__main__":
    run_script(main)
