"""The terms that model cards and tasks are written in."""

from __future__ import annotations

from enum import StrEnum


class LifeCycle(StrEnum):
    """Whether a checkpoint is the one to use today."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    DEPRECATED = "deprecated"


class CommercialUse(StrEnum):
    """Whether the licence allows commercial use."""

    YES = "yes"
    NO = "no"
    CONDITIONS = "conditions"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"

    @property
    def is_allowed(self) -> bool:
        """Whether commercial use is allowed: outright, or under conditions that are to be read."""
        return self in (CommercialUse.YES, CommercialUse.CONDITIONS)


class Forces(StrEnum):
    """How forces are obtained."""

    CONSERVATIVE = "conservative"
    DIRECT = "direct"


class Need(StrEnum):
    """Something a task may need of a model beside energies and forces.

    A card's ``provides`` lists what the model gives. That its training data cover surfaces, molecules, high pressure or
    reactions is a matter of its domains, and that its forces do for NVE and phonons of its architecture.
    """

    STRESS = "stress"
    MAGNETISM = "magnetism"
    CHARGES = "charges"
    TOTAL_CHARGE = "total-charge"
    SPIN = "spin"
    DISPERSION = "dispersion"
    REPULSION = "repulsion"
    CONSERVATIVE = "conservative"
    NVE = "nve"
    PHONONS = "phonons"
    LONG_RANGE = "long-range"
    REACTIVE = "reactive"
    EXCITED_STATES = "excited-states"
    HIGH_PRESSURE = "high-pressure"
    SURFACES = "surfaces"
    MOLECULES = "molecules"


class Domain(StrEnum):
    """A kind of system or of state that training data may cover."""

    CRYSTALS = "crystals"
    OFF_EQUILIBRIUM = "off-equilibrium"
    HIGH_PRESSURE = "high-pressure"
    SURFACES = "surfaces"
    LIQUIDS = "liquids"
    MOLECULES = "molecules"
    MOLECULAR_CRYSTALS = "molecular-crystals"
    POROUS = "porous"
    CLUSTERS = "clusters"


class WeightsOrigin(StrEnum):
    """How a checkpoint's weights reach the machine."""

    PACKAGE = "package"
    DOWNLOAD = "download"
    GATED = "gated"
    LOCAL = "local"
    TRAINED = "trained"
    CALCULATOR = "calculator"

    @property
    def is_own_file(self) -> bool:
        """Whether the weights are a file of the user's own, registered with its checksum."""
        return self in (WeightsOrigin.LOCAL, WeightsOrigin.TRAINED, WeightsOrigin.CALCULATOR)
