"""Tests of stability that only evaluate the model: conservation, smoothness, equation of state, symmetry."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.evidence.stability import conservation, smoothness, symmetry
from mlipguide.evidence.stability import equation_of_state as eos
from mlipguide.evidence.stability.results import judged, without_value
from mlipguide.evidence.stability.runs import SEED, Subject, moved
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, Curve
from mlipguide.stats.bursts import NORMAL_90
from mlipguide.structures.distances import find_pairs, find_shortest_distance

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

MEV = 1e3
LINES, LINE_POINTS, LINE_REACH_ANGSTROM = 4, 8, 0.02
LOOPS, LOOP_POINTS, LOOP_RADIUS_ANGSTROM = 3, 12, 0.05
"""Lengths are root mean squares an atom, below thermal motion, so that the model is used where it knows its way."""
SCAN_POINTS, SCAN_SHARES = 33, (-0.10, 0.25)
"""Of the bond's length."""
EOS_POINTS, EOS_SHARES, EOS_EXTENSION = 11, (0.90, 1.10), 4
"""Volumes over that of the structure."""
FORCE_DIRECTLY = (
    "Its forces are not the gradient of its energy: not for constant energy, phonons, or transition states."
)
CROSSES_JUMPS = (
    "The scan shows jumps, which lines and loops cross: whether its forces are a gradient elsewhere is not told apart."
)
ROUGH = "Energies are not smooth: expect drift at any step, and avoid properties from second derivatives."
RIPPLE_EV_PER_ATOM = 2e-5
"""Dips of the energy no deeper than this are rounding of single precision."""


@dataclass(frozen=True)
class StaticResults:
    """What the evaluations showed.

    Attributes:
        tests: In order.
        conservative: Whether forces are the gradient of the energy; None when not clear, also where the energy jumps.
        equation_of_state: Volumes (Å³) and energies; None without a periodic cell.
        bond_scan: Displacements (Å) and energies; None for a single atom.
    """

    tests: tuple[CheckResult, ...]
    conservative: bool | None
    equation_of_state: Curve | None
    bond_scan: Curve | None


def static_tests(subject: Subject, thermal: Atoms) -> StaticResults:
    """Evaluate the model around a thermal configuration, and at volumes about that of the structure.

    Args:
        subject: The model and the structure.
        thermal: The same cell with its atoms off their places, where forces are not 0 by symmetry.
    """
    energy, forces = _evaluated(subject, thermal)
    conserving = _conservation_tests(subject, thermal, forces)
    scan_tests, scan = _scan_tests(subject, thermal)
    volume_tests, volumes = _volume_tests(subject)
    rough = any(one.verdict is CheckVerdict.FAILED for one in scan_tests)
    if rough:
        conserving = tuple(_because_rough(one) for one in conserving)
    verdicts = {one.verdict for one in conserving}
    conservative = None
    if CheckVerdict.FAILED in verdicts and not rough:
        conservative = False
    elif verdicts == {CheckVerdict.PASSED}:
        conservative = True
    return StaticResults(
        tests=(*conserving, *scan_tests, *volume_tests, *_symmetry_tests(subject, thermal, energy, forces)),
        conservative=conservative,
        equation_of_state=volumes,
        bond_scan=scan,
    )


def _evaluated(subject: Subject, atoms: Atoms) -> tuple[float, NDArray[np.float64]]:
    found = subject.session.single_point(atoms)
    subject.on_evaluations(1)
    return found.energy_ev, np.array(found.forces_ev_per_angstrom)


def _conservation_tests(subject: Subject, thermal: Atoms, forces: NDArray[np.float64]) -> tuple[CheckResult, ...]:
    count = len(thermal)
    rms_force = float(np.sqrt((forces**2).mean()))
    axes = conservation.directions(count, LINES + 1, seed=SEED)
    reach = LINE_REACH_ANGSTROM * np.sqrt(count)
    places = np.array([share * reach for share in np.linspace(-1, 1, LINE_POINTS)])
    slopes = [
        conservation.line_slope(
            places,
            np.array([_evaluated(subject, moved(thermal, thermal.positions + s * axis))[0] for s in places]),
            float((forces * axis).sum()),
        )
        for axis in axes[:LINES]
    ]
    loops: list[conservation.LoopWork] = []
    for first, second in itertools.islice(itertools.pairwise(axes), LOOPS):
        shifts, tangents = conservation.loop_points(first, second, LOOP_RADIUS_ANGSTROM * np.sqrt(count), LOOP_POINTS)
        around = [_evaluated(subject, moved(thermal, thermal.positions + shift))[1] for shift in shifts]
        loops.append(conservation.loop_work(np.stack(around), tangents))
    return (
        _share_test(
            "force-gradient",
            "Forces vs energy gradient",
            conservation.gradient_mismatch(slopes, rms_force),
            f"Forces along {len(slopes)} random directions of all atoms against slopes of the energy, in percent of "
            f"the rms force component of {rms_force * MEV:.0f} meV/Å.",
        ),
        _share_test(
            "closed-loop-work",
            "Work around a loop",
            conservation.loop_share(loops),
            f"Work of the forces around {len(loops)} closed loops in the space of all coordinates, in percent of what "
            "was moved to and fro.",
        ),
    )


def _share_test(test: str, title: str, found: conservation.Mismatch | None, why: str) -> CheckResult:
    if found is None:
        return without_value(test, title, "There is no force to look at: too few atoms.")
    return judged(test, title, found.percent, uncertainty=found.half_width, unit="%", why=why, advice=FORCE_DIRECTLY)


def _because_rough(one: CheckResult) -> CheckResult:
    """Return a test of conservation with the words for a model whose energy jumps: lines and loops cross the jumps."""
    if one.verdict is not CheckVerdict.FAILED:
        return one
    return replace(one, why=f"{one.why} {CROSSES_JUMPS}", advice=ROUGH)


def _scan_tests(subject: Subject, thermal: Atoms) -> tuple[tuple[CheckResult, ...], Curve | None]:
    titles = {"bond-scan-jump": "Energy jump in bond scan", "bond-scan-kink": "Force jump in bond scan"}
    shortest = find_shortest_distance(thermal)
    pairs = None if shortest is None else find_pairs(thermal, shortest * 1.001)
    if pairs is None or not len(pairs.distance):
        return tuple(without_value(test, title, "There is no bond.") for test, title in titles.items()), None
    length, atom = float(pairs.distance[0]), int(pairs.second[0])
    direction = pairs.vector[0] / length
    places = np.linspace(*SCAN_SHARES, SCAN_POINTS) * length
    energies, along = np.empty(SCAN_POINTS), np.empty(SCAN_POINTS)
    for index, place in enumerate(places):
        positions = thermal.positions.copy()
        positions[atom] += place * direction
        energies[index], forces = _evaluated(subject, moved(thermal, positions))
        along[index] = float(forces[atom] @ direction)
    jump = smoothness.energy_jump(places, energies, along)
    kink = smoothness.force_jump(places, along)
    symbol = thermal.symbols[atom]
    found = [
        judged(
            test,
            titles[test],
            one.size * MEV,
            uncertainty=NORMAL_90 * one.background * MEV,
            unit=unit,
            why=f"One {symbol} atom moved along its shortest bond ({length:.2f} Å) by {places[0]:+.2f} to "
            f"{places[-1]:+.2f} Å; largest at {one.at_angstrom:+.2f} Å.",
            advice=ROUGH,
        )
        for test, one, unit in (("bond-scan-jump", jump, "meV"), ("bond-scan-kink", kink, "meV/Å"))
    ]
    return tuple(found), Curve(x=tuple(map(float, places)), energy_ev=tuple(map(float, energies)))


def _volume_tests(subject: Subject) -> tuple[tuple[CheckResult, ...], Curve | None]:
    atoms = subject.atoms
    titles = {
        "eos-minima": "Minima of E(V)",
        "eos-residual": "E(V) fit residual",
        "eos-volume": "Equilibrium volume vs input",
        "bulk-modulus": "Bulk modulus",
    }
    if not atoms.pbc.all():
        why = "Not periodic in three directions."
        return tuple(without_value(test, title, why) for test, title in titles.items()), None
    shares = list(np.linspace(*EOS_SHARES, EOS_POINTS))
    energies = [_at_volume(subject, share) for share in shares]
    width = shares[1] - shares[0]
    for _ in range(EOS_EXTENSION):  # as long as the minimum lies outside
        lowest = int(np.argmin(energies))
        if lowest == 0:
            shares.insert(0, shares[0] - width)
            energies.insert(0, _at_volume(subject, shares[0]))
        elif lowest == len(energies) - 1:
            shares.append(shares[-1] + width)
            energies.append(_at_volume(subject, shares[-1]))
        else:
            break
    volumes, values = np.array(shares) * float(atoms.cell.volume), np.array(energies)
    fitted = eos.fit(volumes, values, ripple_ev=RIPPLE_EV_PER_ATOM * len(atoms))
    between = f"{shares[0]:.2f} to {shares[-1]:.2f} of the given volume, scaled evenly"
    found = [
        judged(
            "eos-minima",
            titles["eos-minima"],
            float(fitted.minima),
            unit="",
            why=f"Of the energy at {len(shares)} volumes, {between}.",
            advice="The energy has several minima over the volume: do not relax cells with it, do not run at pressure.",
        ),
        judged(
            "eos-residual",
            titles["eos-residual"],
            fitted.residual_ev / len(atoms) * MEV,
            unit="meV/atom",
            why="Distance of the energies from a Birch-Murnaghan curve (rms).",
            advice="The energy is rough over the volume: stresses are not to be trusted.",
        ),
    ]
    if fitted.volume_angstrom3 is None or fitted.bulk_modulus_gpa is None:
        found += [
            replace(
                without_value(test, titles[test], f"No minimum within {between}.", verdict=CheckVerdict.UNCLEAR),
                decisive=False,
            )
            for test in ("eos-volume", "bulk-modulus")
        ]
    else:
        change = 100 * (fitted.volume_angstrom3 / float(atoms.cell.volume) - 1)
        found += [
            judged(
                "eos-volume",
                titles["eos-volume"],
                abs(change),
                unit="%",
                why=f"The model's own volume, atoms scaled with the cell, is {change:+.1f} % of the given one away.",
                advice="Relax the cell first, or doubt the model for this structure.",
                decisive=False,
            ),
            judged(
                "bulk-modulus",
                titles["bulk-modulus"],
                fitted.bulk_modulus_gpa,
                unit="GPa",
                why="At the minimum, atoms scaled with the cell; compare it with a known one.",
                advice="The crystal has no stiffness in this model.",
            ),
        ]
    return tuple(found), Curve(x=tuple(map(float, volumes)), energy_ev=tuple(map(float, values)))


def _at_volume(subject: Subject, share: float) -> float:
    scaled = subject.atoms.copy()
    scaled.set_cell(np.array(scaled.cell) * share ** (1 / 3), scale_atoms=True)
    return _evaluated(subject, scaled)[0]


def _symmetry_tests(
    subject: Subject, thermal: Atoms, energy: float, forces: NDArray[np.float64]
) -> tuple[CheckResult, ...]:
    images = {
        "rotation": ("Rotation", "atoms and cell turned by a random rotation", symmetry.rotated(thermal, seed=SEED)),
        "translation": ("Translation", "all atoms shifted", symmetry.translated(thermal, seed=SEED)),
        "permutation": ("Permutation", "atoms in another order", symmetry.permuted(thermal, seed=SEED)),
        "repetition": ("Repetition", "the cell twice", symmetry.repeated(thermal)),
    }
    found: list[CheckResult] = []
    for test, (title, words, image) in images.items():
        if image is None:
            found.append(without_value(test, title, "Not periodic."))
            continue
        seen_energy, seen_forces = _evaluated(subject, image.atoms)
        away = symmetry.deviation(image, energy=seen_energy, forces=seen_forces, of_energy=energy, of_forces=forces)
        found.append(
            judged(
                test,
                title,
                away.force_ev_per_angstrom * MEV,
                unit="meV/Å",
                why=f"Largest difference of a force component with {words}; the energy differs by "
                f"{away.energy_ev_per_atom * MEV:.2g} meV/atom.",
                advice="The model breaks this symmetry: average over it, or take another one.",
            )
        )
    return tuple(found)
