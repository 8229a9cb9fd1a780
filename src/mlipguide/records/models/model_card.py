"""One checkpoint (architecture and weights) with sourced facts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mlipguide.records.models.terms import CommercialUse, Domain, Forces, LifeCycle, Need, WeightsOrigin
from mlipguide.records.strict import strict

DTYPES = ("float32", "float64")
SHA256 = re.compile("[0-9a-f]{64}")
"""How a checksum is written."""


@strict
@dataclass(frozen=True, kw_only=True)
class LicenceFact:
    """A licence, where it was read, and when.

    Attributes:
        name: SPDX identifier where there is one.
        commercial: Whether commercial use is allowed.
        sources: Keys in ``sources.bib``.
        read_on: ISO date on which the sources were read.
        remark: What conflicts or what the conditions are.
    """

    name: str
    commercial: CommercialUse
    sources: tuple[str, ...]
    read_on: str
    remark: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class Licences:
    """Code and weights are licensed apart."""

    code: LicenceFact
    weights: LicenceFact

    @property
    def commercial(self) -> CommercialUse:
        """What both allow together: the stricter of the two."""
        strictest_first = (
            CommercialUse.NO,
            CommercialUse.CONFLICT,
            CommercialUse.UNKNOWN,
            CommercialUse.CONDITIONS,
            CommercialUse.YES,
        )
        return min(self.code.commercial, self.weights.commercial, key=strictest_first.index)


@strict
@dataclass(frozen=True, kw_only=True)
class DomainFact:
    """That a domain is covered, and how that is known.

    Attributes:
        domain: The kind of system.
        evidence: What the training data hold of it, in a sentence.
        sources: Keys in ``sources.bib``.
    """

    domain: Domain
    evidence: str
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class TrainingCost:
    """What the training of a checkpoint took.

    Attributes:
        devices: Number of devices.
        device: Name of the device as published.
        hours: Wall time, hours; device-hours are the product with ``devices``.
        sources: Keys in ``sources.bib``.
    """

    devices: int
    device: str
    hours: float
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What decides speed and memory. Checkpoints with the same ``time_law`` share both.

    Attributes:
        family: ``SevenNet``, ``CHGNet``, ``MACE``.
        time_law: A key that checkpoints of identical shape share.
        parameters: Number of trainable parameters.
        cutoff_angstrom: Radius of the neighbour list; None where it was not published or depends on the element.
        layers: Message-passing layers (interactions); the receptive field is layers times cutoff.
        forces: Gradients of the energy, or predicted directly; None where it is not known.
        empirical: Whether a form with few parameters was fitted to some properties, as classical potentials are.
    """

    family: str
    time_law: str
    parameters: int | None
    cutoff_angstrom: float | None
    layers: int | None
    forces: Forces | None
    empirical: bool = False

    @property
    def receptive_field_angstrom(self) -> float | None:
        """Layers times cutoff: how far apart atoms still feel each other; None where either is not known."""
        return None if self.layers is None or self.cutoff_angstrom is None else self.layers * self.cutoff_angstrom


@strict
@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """What the model has seen.

    Attributes:
        sets: Names of the data sets.
        elements: Chemical symbols that occur in them, or the name of a set in ``element_sets.yaml``; None where they
            are not known.
        level_of_theory: Functional and corrections; None where they are not known.
        sources: Keys in ``sources.bib``.
        head: Head or task of the checkpoint that the card stands for; None where there is only one.
        domains: What the data cover. A card's file need not repeat what ``training_sets.yaml`` says of its sets;
            a loaded card has both.
        cost: What the training took; None where it was not published.
    """

    sets: tuple[str, ...]
    elements: tuple[str, ...] | None
    level_of_theory: str | None
    sources: tuple[str, ...]
    head: str | None = None
    domains: tuple[DomainFact, ...] = ()
    cost: TrainingCost | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Published figures of the Matbench Discovery leaderboard and its molecular-dynamics test.

    Attributes:
        f1: F1 of stability prediction on unique prototypes; higher is better.
        kappa_srme: Symmetric relative mean error of the thermal conductivity; lower is better, 2 is the
            worst.
        rmsd: Of relaxed structures, normalised; lower is better; None where only an older scale was
            published.
        cps: Combined performance score 0.5 F1 + 0.4 (1 - kappa_srme / 2) + 0.1 (1 - rmsd / 0.15).
        md_force_rmse_ev_per_angstrom: On 17 systems of molecular dynamics.
        md_run_time_s: Time that the molecular-dynamics test took, 80,000 steps of each of the 17 systems.
        md_hardware: What it ran on.
        sources: Keys in ``sources.bib``.
        read_on: ISO date of the snapshot.
    """

    f1: float | None
    kappa_srme: float | None
    rmsd: float | None
    cps: float | None
    md_force_rmse_ev_per_angstrom: float | None
    sources: tuple[str, ...]
    read_on: str
    md_run_time_s: float | None = None
    md_hardware: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class ReferenceEnergy:
    """The energy that a checkpoint has for one compound: what tells that it was loaded as its authors meant it.

    A compound, since a package that reads a checkpoint wrongly may still be right for single elements; of a potential
    for one element it is that.

    Attributes:
        symbols: Chemical symbols of the atoms.
        positions_angstrom: One row of three an atom.
        cell_angstrom: Rows are vectors; None for a molecule.
        energy_ev_per_atom: What the checkpoint gives.
        sources: Keys in ``sources.bib``: its authors, or a run of our own.
        tolerance_ev_per_atom: What rounding in single precision may change.
        remark: How it was got.
    """

    symbols: tuple[str, ...]
    positions_angstrom: tuple[tuple[float, float, float], ...]
    energy_ev_per_atom: float
    sources: tuple[str, ...]
    cell_angstrom: tuple[tuple[float, float, float], ...] | None = None
    tolerance_ev_per_atom: float = 0.001
    remark: str | None = None

    def __post_init__(self) -> None:
        """Refuse a structure that is none.

        Raises:
            ValueError: Its parts do not go together.
        """
        if len(self.symbols) != len(self.positions_angstrom):
            raise ValueError("a position for each atom")
        if self.cell_angstrom is not None and len(self.cell_angstrom) != len("abc"):
            raise ValueError("a cell has three vectors")
        if self.tolerance_ev_per_atom <= 0:
            raise ValueError("the tolerance is above zero")


@strict
@dataclass(frozen=True, kw_only=True)
class WeightsFact:
    """Where the weights are.

    Attributes:
        origin: In the package, to be downloaded, behind an agreement, a file of the user's own (local), one that
            mlipguide trained from the user's labels, or a calculator of the user's own: a file, or the sources of a
            function that makes it.
        name: What the backend calls this checkpoint; of a user's own file, the one that it was trained from; of a
            calculator, the function, after its module and a colon where it is found by that.
        url: Where the file is downloaded from; None when it is in the package.
        synthetic: Whether the backend can build the same architecture with random weights.
        path: Absolute path of the user's own file, or of the folder of a package of sources; None otherwise.
        sha256: Of the file, in hexadecimal digits: of the user's own when it was registered, with the files that it
            names in the case of a calculator; of a file to be downloaded as the source publishes it; None where it
            publishes none, and when it is in the package.
        derived_from: Id of the card that the user's own file was trained from; None otherwise, and for what was
            trained from scratch.
        runs_with: Ranges of package versions that load this checkpoint rightly, as ``pip`` writes them; others may load
            it without a word and be wrong. Empty where any version that loads it will do.
        reference: Its energy of a compound, compared when it is first loaded; None where none is known.
        published: An energy that its authors publish, of a single element where they give no compound; compared when
            the backend is verified. None where they give none, and where ``reference`` is it.
        dtype: The only precision that the released checkpoint computes in; None for that of its backend.
    """

    origin: WeightsOrigin
    name: str
    url: str | None = None
    synthetic: bool = False
    path: str | None = None
    sha256: str | None = None
    derived_from: str | None = None
    runs_with: tuple[str, ...] = ()
    reference: ReferenceEnergy | None = None
    published: ReferenceEnergy | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        """Refuse a file of the user's own without its path and checksum, and facts that the origin cannot have.

        Raises:
            ValueError: They do not go together.
        """
        if self.dtype not in {None, *DTYPES}:
            raise ValueError(f"dtype is {' or '.join(DTYPES)}")
        own = (self.path, self.sha256, self.derived_from)
        if self.origin is WeightsOrigin.LOCAL:
            if None in own or self.url is not None or self.synthetic:
                raise ValueError("local weights have path, sha256 and derived_from, no url, and are not synthetic")
        elif self.origin.is_own_file:
            if None in own[:2] or self.url is not None or self.synthetic:
                raise ValueError(f"{self.origin} weights have path and sha256, no url, and are not synthetic")
        elif (self.path, self.derived_from) != (None, None):
            raise ValueError("path and derived_from are for calculator, local and trained weights only")
        elif self.sha256 is not None and (self.url is None or not SHA256.fullmatch(self.sha256)):
            raise ValueError("a published sha256 is 64 hexadecimal digits in lower case and goes with a url")


@strict
@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One checkpoint.

    Attributes:
        id: The name used everywhere, for example ``sevennet-0``.
        name: The name for people.
        aliases: Other names that find this card.
        life_cycle: Whether it is current.
        superseded_by: Id of its successor.
        backend: What runs it: the name of a recipe, or of a package for which there is none yet.
        architecture: What decides speed and memory.
        provides: What it gives beside energies and forces.
        lacks: What it is known not to give, where silence does not say so (:attr:`tells_all`).
        training: What it was trained on.
        licences: Of code and weights.
        weights: Where they are.
        metrics: Published accuracy; None when nothing comparable was published.
        packages: Requirements that install what runs it, as ``pip`` takes them; empty where the recipe says it.
        python: Python version that its authors ran it with.
        remarks: Anything a user should know, in sentences.
        cite: Keys in ``sources.bib`` of the publications that describe the model; empty where none is known.
    """

    id: str
    name: str
    life_cycle: LifeCycle
    backend: str
    architecture: Architecture
    provides: tuple[Need, ...]
    training: TrainingData
    licences: Licences
    weights: WeightsFact
    metrics: Metrics | None
    aliases: tuple[str, ...] = field(default=())
    superseded_by: str | None = None
    packages: tuple[str, ...] = field(default=())
    python: str | None = None
    remarks: tuple[str, ...] = field(default=())
    lacks: tuple[Need, ...] = field(default=())
    cite: tuple[str, ...] = field(default=())

    @property
    def tells_all(self) -> bool:
        """Whether what ``provides`` leaves out is not given; of a calculator of the user's own it is not known."""
        return self.weights.origin is not WeightsOrigin.CALCULATOR

    @property
    def known_elements(self) -> tuple[str, ...]:
        """Elements of its training data; none where they are not known."""
        return self.training.elements or ()
