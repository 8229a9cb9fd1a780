"""How much error the disagreement of models lets expect, and how often the calibrated intervals hold it.

Reads the forces that ``ensemble_errors.py`` keeps (and evaluates what is missing, unless ``--as-is`` says that what is
there will do), makes all ensembles of two to four models, and prints the share of true errors inside of the 90 %
intervals on chemistries, sources and models that were not fitted on, for several forms of the map. Three rules make the
errors ones of the models:

* A model that was trained on the data of a file is not judged on it, nor is an ensemble with it.
* The labels are PBE, with +U for oxides and fluorides of eight metals. Models of PBE without +U (MatPES) are left out
  on these, where they would be blamed for the functional; models of other functionals take no part.
* A frame needs four atoms whose forces differ. Symmetry leaves the others one or two numbers, whose error and
  disagreement are as likely to be far apart as near; ``disagree`` judges by runs and distorted copies, which have none.

    MLIPGUIDE_WEIGHTS=FOLDER python benchmarks/disagreement.py STRUCTURES            prints
    MLIPGUIDE_WEIGHTS=FOLDER python benchmarks/disagreement.py STRUCTURES --write    also writes the calibration
    … --test MLEARN    a folder of labelled files that are never fitted on (silicon and lithium)
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ensemble_errors import MODELS, card_of, evaluate, files_of, forces_of, labelled, may_be_judged
from mlipguide.core.serialisation import to_plain
from mlipguide.evidence.disagreement.calibration import CALIBRATION_FILE, LabelledErrors, Ratios, fit_ratios
from mlipguide.evidence.disagreement.spread import force_disagreement
from mlipguide.records.accuracy.disagreement import Calibration, Coverage
from workbench import run_script

SIZES = (2, 3, 4)
"""Models of an ensemble."""
FEWEST_JUDGED = 30
"""Frames of a file: a model that was stopped before says little of itself."""
FEWEST_DISTINCT = 4
APART_DIGITS = 2
"""Forces that are equal to 10 meV/Å in all models are those of atoms that are equal by symmetry."""
HUBBARD_METALS = frozenset({"Co", "Cr", "Fe", "Mn", "Mo", "Ni", "V", "W"})
HUBBARD_ANIONS = frozenset({"O", "F"})
FOLDS = 10
RANKING, FEWEST_RANKED = 3, 20
KINDS = (
    ("oxides", frozenset({"O"})),
    ("halides", frozenset({"F", "Cl", "Br", "I"})),
    ("chalcogenides", frozenset({"S", "Se", "Te"})),
    ("compounds of H, B, C, N, P, As", frozenset({"H", "B", "C", "N", "P", "As"})),
)
"""Of chemistries, the first that fits; what holds none of these elements is a metal."""
METALS = "metals and alloys"


@dataclass(frozen=True, kw_only=True)
class Errors(LabelledErrors):
    """Errors with what they are of, arrays of the same length.

    Attributes:
        frame: Its file and number.
        kind: Of the chemistry.
        model: That errs.
        ensemble: Models of the ensemble, joined.
        size: Their number.
        magnitude_ev_per_angstrom: Root mean square of a component of their mean force.
    """

    frame: NDArray[np.str_]
    kind: NDArray[np.str_]
    model: NDArray[np.str_]
    ensemble: NDArray[np.str_]
    size: NDArray[np.int64]
    magnitude_ev_per_angstrom: NDArray[np.float64]

    @property
    def frames(self) -> int:
        """Number of labelled frames."""
        return len(np.unique(self.frame))

    def families(self) -> NDArray[np.str_]:
        """Return the families of the models that err."""
        return np.array([family_of(model) for model in self.model])

    def with_family(self, family: str) -> NDArray[np.bool_]:
        """Tell which ensembles have a member of ``family``."""
        found = {
            ensemble: any(family_of(model) == family for model in ensemble.split("+"))
            for ensemble in np.unique(self.ensemble)
        }
        return np.array([found[ensemble] for ensemble in self.ensemble])


def errors_of(files: Sequence[Path]) -> Errors:
    """Return the errors of all models as all ensembles see the frames of the files."""
    columns = list(zip(*(row for file in files for row in _rows(file)), strict=True))
    names = ("source", "chemistry", "frame", "kind", "model", "ensemble", "size")
    numbers = ("disagreement_ev_per_angstrom", "force_mae_ev_per_angstrom", "magnitude_ev_per_angstrom")
    return Errors(**{name: np.array(column) for name, column in zip((*names, *numbers), columns, strict=True)})


def _rows(file: Path) -> Iterator[tuple[str, str, str, str, str, str, int, float, float, float]]:
    frames = labelled(file)
    evaluated = {model: forces_of(model, file, frames) for model in MODELS if may_be_judged(model, file)}
    known = {model: forces for model, forces in evaluated.items() if len(forces) >= FEWEST_JUDGED}
    for place, frame in enumerate(frames):
        elements, reference = frozenset(frame.atoms.symbols), frame.forces_ev_per_angstrom
        seen = {name: forces[place] for name, forces in known.items() if place in forces and _speaks(name, elements)}
        if reference is None or len(seen) < min(SIZES) or distinct_forces(list(seen.values())) < FEWEST_DISTINCT:
            continue
        maes = {name: float(np.abs(forces - reference).mean()) for name, forces in seen.items()}
        for size in SIZES:
            for ensemble in itertools.combinations(seen, size):
                found = force_disagreement(np.stack([seen[name] for name in ensemble]))
                for model in ensemble:
                    yield (
                        file.stem,
                        "-".join(sorted(elements)),
                        f"{file.stem} {place}",
                        next((kind for kind, anions in KINDS if elements & anions), METALS),
                        model,
                        "+".join(ensemble),
                        size,
                        found.of_frame_ev_per_angstrom,
                        maes[model],
                        found.magnitude_ev_per_angstrom,
                    )


def distinct_forces(forces: Sequence[NDArray[np.float64]]) -> int:
    """Return how many atoms differ in the size of their force by any of the models; those at rest by symmetry not."""
    sizes = np.round(np.linalg.norm(np.stack(forces), axis=2).T, APART_DIGITS)
    return sum(bool(row.any()) for row in np.unique(sizes, axis=0))


def _speaks(model: str, elements: frozenset[str]) -> bool:
    """Tell whether the labels of these elements are at the level of theory of the model."""
    with_u = (card_of(model).training.level_of_theory or "").startswith("PBE/PBE+U")
    return with_u or not (elements & HUBBARD_METALS and elements & HUBBARD_ANIONS)


def family_of(model: str) -> str:
    """Return the architecture of a model, as its card names it."""
    return card_of(model).architecture.family


def tested(name: str, fitted: Errors, errors: Errors) -> Coverage:
    """Return how often the intervals hold that were fitted on the one and are tested on the other."""
    share, above = fit_ratios(fitted).coverage(errors)
    return Coverage(left_out=name, share=share, above=above, frames=errors.frames)


def by_chemistry(errors: Errors) -> Coverage:
    """Return the coverage on chemistries left out, in folds of whole chemistries; the mean over folds."""
    names = np.unique(errors.chemistry)
    fold_of = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % FOLDS, strict=True))
    folds = np.array([fold_of[name] for name in errors.chemistry])
    found = [tested("", errors.only(folds != fold), errors.only(folds == fold)) for fold in range(FOLDS)]
    share, above = (float(np.mean(shares)) for shares in zip(*((one.share, one.above) for one in found), strict=True))
    return Coverage(left_out="a tenth of the chemistries", share=share, above=above, frames=errors.frames)


def left_out(errors: Errors) -> list[Coverage]:
    """Return the coverage on chemistries, sources, kinds of chemistry and families of models that were left out.

    A source is left out with its chemistries: what others share with it is not fitted on, either.
    """
    found = [by_chemistry(errors)]
    for source in np.unique(errors.source):
        test = errors.only(errors.source == source)
        shared = np.isin(errors.chemistry, np.unique(test.chemistry))
        found.append(tested(f"the source {source}", errors.only(~shared), test))
    for kind in np.unique(errors.kind):
        chosen = errors.kind == kind
        found.append(tested(f"all {kind}", errors.only(~chosen), errors.only(chosen)))
    families = errors.families()
    found += [
        tested(f"all of {family}", errors.only(~errors.with_family(family)), errors.only(families == family))
        for family in np.unique(families)
    ]
    return found


POWERS = (1.0, 0.8, 0.6, 0.4, 0.0)
"""Of the disagreement; the magnitude of the forces has the rest, so with 0 it speaks alone."""


def print_powers(errors: Errors) -> None:
    """Print how wide the intervals would be with a power of the disagreement, and what they would hold."""
    print(
        "E = c d^p S^(1-p), S² = F² + d²: width (high over low); coverage of chemistries, sources, kinds and families"
    )
    scale = np.hypot(errors.magnitude_ev_per_angstrom, errors.disagreement_ev_per_angstrom)
    for power in POWERS:
        mixed = errors.disagreement_ev_per_angstrom**power * scale ** (1 - power)
        changed = replace(errors, disagreement_ev_per_angstrom=mixed)
        found, ratios = left_out(changed), fit_ratios(changed)
        sources = ", ".join(f"{one.share:.0%}" for one in found if one.left_out.startswith("the source"))
        others = [one.share for one in found if one.left_out.startswith("all")]
        print(
            f"  p = {power:.1f}  ×{ratios.high / ratios.low:.1f}  {found[0].share:.0%}  {sources}  "
            f"{min(others):.0%} to {max(others):.0%}"
        )


def print_groups(errors: Errors) -> None:
    """Print error over disagreement by source and number of models."""
    print("Force MAE over disagreement: median (5 % to 95 %), chemistries of equal weight; d and E in meV/Å (medians)")
    for source in np.unique(errors.source):
        for size in SIZES:
            some = errors.only((errors.source == source) & (errors.size == size))
            if not len(some):
                continue
            ratios = fit_ratios(some)
            d, mae = (
                1e3 * np.median(one) for one in (some.disagreement_ev_per_angstrom, some.force_mae_ev_per_angstrom)
            )
            print(
                f"  {source:24s} {size} models {ratios.median:5.2f} ({ratios.low:.2f} to {ratios.high:.2f})  "
                f"d {d:6.1f}  E {mae:6.1f}  {some.frames} frames"
            )


def print_ranks(errors: Errors) -> None:
    """Print how the disagreement ranks frames of a source by the mean true error, beside what the forces alone do."""
    print("Rank correlation (Spearman) with the mean error of three models, median over ensembles: d, forces alone")
    for source in np.unique(errors.source):
        found: list[tuple[float, float]] = []
        three = errors.only((errors.source == source) & (errors.size == RANKING))
        for ensemble in np.unique(three.ensemble):
            some = three.only(three.ensemble == ensemble)
            if some.frames >= FEWEST_RANKED:
                maes = some.force_mae_ev_per_angstrom.reshape(-1, RANKING).mean(axis=1)
                seen = (some.disagreement_ev_per_angstrom, some.magnitude_ev_per_angstrom)
                ours, plain = (float(spearmanr(one[::RANKING], maes).statistic) for one in seen)
                found.append((ours, plain))
        if found:
            ours, plain = np.median(found, axis=0)
            print(f"  {source:24s} {ours:.2f}, {plain:.2f}; {len(found)} ensembles")


def calibration_of(errors: Errors, ratios: Ratios, coverage: Sequence[Coverage]) -> Calibration:
    """Return what is kept, with where it is from."""
    smallest, largest = np.quantile(errors.disagreement_ev_per_angstrom, [0.01, 0.99])
    return Calibration(
        ratio=round(ratios.median, 3),
        low_ratio=round(ratios.low, 3),
        high_ratio=round(ratios.high, 3),
        smallest_ev_per_angstrom=round(float(smallest), 5),
        largest_ev_per_angstrom=round(float(largest), 3),
        elements=tuple(sorted({element for name in np.unique(errors.chemistry) for element in name.split("-")})),
        chemistries=len(np.unique(errors.chemistry)),
        models=tuple(model for model in MODELS if model in errors.model),
        coverage=tuple(replace(one, share=round(one.share, 3), above=round(one.above, 3)) for one in coverage),
        ensembles=len(np.unique(errors.ensemble)),
        frames=errors.frames,
        level_of_theory="PBE, with +U where the Materials Project has it",
        sources=("yang2024mattersim", "deng2023mptrj", "schmidt2023alexandria"),
        made_by="benchmarks/disagreement.py --write",
        made_on=datetime.now(tz=UTC).date().isoformat(),
        limits=(
            "Fitted on inorganic crystals: on molecules, liquids and surfaces the coverage was not measured.",
            "An error that all models share is not seen: models that were trained on the same data err alike.",
            "What PBE itself gets wrong is not in the expected error.",
        ),
    )


def main() -> None:
    """Print all figures; with ``--write`` also write the calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("structures", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--as-is", action="store_true", help="evaluate nothing")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    files, others = files_of(options.structures), [] if options.test is None else files_of(options.test)
    for model in [] if options.as_is else MODELS:
        evaluate(model, [*files, *others])
    errors = errors_of(files)
    print_groups(errors)
    print_ranks(errors)
    print_powers(errors)
    ratios, coverage = fit_ratios(errors), left_out(errors)
    if others:
        test = errors_of(others)
        coverage += [
            tested(f"another source, {name}", errors, test.only(test.chemistry == name))
            for name in np.unique(test.chemistry)
        ]
    print("Coverage of the 90 % intervals on what was not fitted on")
    for one in coverage:
        print(f"  {one.left_out:40s} {one.share:4.0%} inside, {one.above:4.0%} above; {one.frames} frames")
    print(
        f"All together: force MAE = {ratios.median:.2f} ({ratios.low:.2f} to {ratios.high:.2f}) d; "
        f"{len(errors)} errors, {errors.frames} frames, {len(np.unique(errors.chemistry))} chemistries"
    )
    if options.write:
        plain = to_plain(calibration_of(errors, ratios, coverage))
        header = "# Written by benchmarks/disagreement.py --write from labelled frames of many chemistries.\n"
        text = header + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
        CALIBRATION_FILE.write_text(text, encoding="utf-8")
        print(f"written to {CALIBRATION_FILE.name}")


if __name__ == "__main__":
    run_script(main)
