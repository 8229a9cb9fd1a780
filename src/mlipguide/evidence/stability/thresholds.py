"""Where each test of stability ends well, and who says so; a source is a key in ``sources.bib`` or a judgement."""

from __future__ import annotations

from mlipguide.records.accuracy.stability import CheckVerdict, Relation, Threshold

THRESHOLDS: dict[str, Threshold] = {
    "nve-drift": Threshold(
        value=0.05,
        relation=Relation.AT_MOST,
        source="gromacs_issue_4509: 0.005 kJ/mol/ps per particle, the drift that GROMACS allows its neighbour list by "
        "default",
    ),
    "energy-fluctuation": Threshold(
        value=0.05,
        relation=Relation.AT_MOST,
        source="judgement: of a harmonic vibration this ratio is (2 pi dt / period)^2 / 4 (hairer2003verlet), so 0.05 "
        "is 14 steps a period",
    ),
    "unconserved-energy": Threshold(
        value=0.02,
        relation=Relation.AT_MOST,
        source="judgement: of a conservative model it is 0.001 or less (seen: EMT, SevenNet-0); the shadow energy is "
        "that of engle2005shadow",
    ),
    "fluctuation-scaling": Threshold(
        value=0.3,
        relation=Relation.AT_MOST,
        source="merz2018validity: fluctuations grow with the square of the step; by how much the exponent may differ "
        "from 2 is judgement",
    ),
    "centre-of-mass": Threshold(
        value=1.0,
        relation=Relation.AT_MOST,
        source="judgement: a hundredth of the speed that one atom has by temperature",
    ),
    "force-gradient": Threshold(
        value=0.5,
        relation=Relation.AT_MOST,
        source="judgement: single precision leaves 0.01 to 0.1 %; direct forces differ by percents (bigi2024darkside)",
    ),
    "closed-loop-work": Threshold(
        value=0.5,
        relation=Relation.AT_MOST,
        source="judgement: nothing but rounding for the gradient of an energy; direct forces leave percents "
        "(bigi2024darkside)",
    ),
    "stable-timestep": Threshold(
        value=1.0,
        relation=Relation.AT_LEAST,
        source="hairer2003verlet: beyond 2 / omega of the fastest vibration the amplitude grows without limit; here in "
        "units of the task's step",
    ),
    "temperature": Threshold(
        value=5.0,
        relation=Relation.AT_MOST,
        source="judgement: five standard deviations of the canonical ensemble, T sqrt(2 / 3N) (allen2017simulation)",
    ),
    "pressure": Threshold(
        value=20.0,
        relation=Relation.AT_MOST,
        source="judgement: a solid near its equilibrium volume is within 20 GPa at all times in a small cell",
    ),
    "close-contacts": Threshold(
        value=0.6,
        relation=Relation.AT_LEAST,
        source="cordero2008radii: covalent radii; the share of 0.6 is judgement (no bond is that short)",
    ),
    "hottest-atom": Threshold(
        value=17.0,
        relation=Relation.AT_MOST,
        source="judgement: by Maxwell and Boltzmann one atom in five million has more (allen2017simulation); an atom "
        "that falls into a hole of the potential has far more",
    ),
    "bond-scan-jump": Threshold(
        value=1.0,
        relation=Relation.AT_MOST,
        source="judgement: 1 meV is a twenty-fifth of kT at 300 K; energies should be smooth (fu2025esen)",
    ),
    "bond-scan-kink": Threshold(
        value=10.0,
        relation=Relation.AT_MOST,
        source="judgement: a force that jumps by 10 meV/Å is seen by no potential with a smooth cutoff (fu2025esen)",
    ),
    "eos-minima": Threshold(value=1.0, relation=Relation.AT_MOST, source="judgement: a crystal has one volume"),
    "eos-residual": Threshold(
        value=1.0,
        relation=Relation.AT_MOST,
        source="judgement: distance from the curve of birch1947 in meV/atom; far above rounding",
    ),
    "eos-volume": Threshold(
        value=10.0,
        relation=Relation.AT_MOST,
        source="judgement: functionals differ by up to 5 % in volume; more is another phase or another structure",
    ),
    "bulk-modulus": Threshold(value=0.0, relation=Relation.AT_LEAST, source="birch1947: else the crystal collapses"),
    "rotation": Threshold(
        value=5.0,
        relation=Relation.AT_MOST,
        source="judgement: a tenth of the best errors of forces; an exact symmetry leaves rounding",
    ),
    "translation": Threshold(value=5.0, relation=Relation.AT_MOST, source="judgement: as for rotation"),
    "permutation": Threshold(value=5.0, relation=Relation.AT_MOST, source="judgement: as for rotation"),
    "repetition": Threshold(value=5.0, relation=Relation.AT_MOST, source="judgement: as for rotation"),
    "net-force": Threshold(
        value=1.0, relation=Relation.AT_MOST, source="judgement: Newton's third law; rounding leaves far less"
    ),
}


def verdict_of(value: float, uncertainty: float | None, threshold: Threshold) -> CheckVerdict:
    """Return on which side of its threshold a value is, its 90 % interval considered."""
    half = uncertainty or 0.0
    sign = 1.0 if threshold.relation is Relation.AT_MOST else -1.0
    beyond = sign * (value - threshold.value)
    if beyond + half <= 0:
        return CheckVerdict.PASSED
    return CheckVerdict.FAILED if beyond - half > 0 else CheckVerdict.UNCLEAR
