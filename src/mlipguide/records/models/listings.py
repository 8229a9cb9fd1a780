"""What the commands ``models``, ``env`` and ``doctor`` report."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.models.support import BackendSupport
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True)
class CardViolation:
    """What is wrong with a card: its file, the path of the field, and the violation."""

    file: str
    field: str
    message: str


@strict
@dataclass(frozen=True)
class Validation:
    """What is wrong with a folder of cards (None: the built-in ones); nothing when ``violations`` is empty."""

    folder: str | None
    cards: int
    violations: tuple[CardViolation, ...]


@strict
@dataclass(frozen=True)
class SavedProfile:
    """A hardware profile that was given a name, in the file that holds it."""

    name: str
    file: str
    profile: HardwareProfile


@strict
@dataclass(frozen=True)
class DeviceList:
    """Devices known from published figures, and the user's saved profiles."""

    devices: tuple[DeviceModel, ...]
    profiles: tuple[SavedProfile, ...]


@strict
@dataclass(frozen=True)
class DeviceDetails:
    """One device, the profile of one of it, and its sources spelt out."""

    device: DeviceModel
    profile: HardwareProfile
    sources: tuple[SourceFact, ...]


@strict
@dataclass(frozen=True)
class SavedProfiles:
    """What ``hardware save`` kept, under which name and in which file."""

    name: str
    file: str
    profiles: tuple[HardwareProfile, ...]


@strict
@dataclass(frozen=True)
class EnvironmentList:
    """One environment for each backend asked about, and what was found to work of those that were tried.

    Attributes:
        environments: One a backend.
        supports: What was found to work.
        sizes_bytes: What each managed environment takes on the disk, by backend.
        unused_bytes: What environments take that nothing starts any more, and ``env remove --unused`` deletes.
    """

    environments: tuple[Environment, ...]
    supports: tuple[BackendSupport, ...] = ()
    sizes_bytes: dict[str, int] = field(default_factory=dict)
    unused_bytes: int = 0


@strict
@dataclass(frozen=True)
class RemovalReport:
    """What ``env remove`` did: the adopted interpreter it forgot, the folders it deleted, and what these took.

    Attributes:
        backend: The backend; None where everything unused was removed.
        forgotten: The adopted interpreter that was forgotten.
        removed: The folders.
        freed_bytes: What they took.
    """

    backend: str | None
    forgotten: str | None
    removed: tuple[str, ...]
    freed_bytes: int = 0


@strict
@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Versions, folders, machine and environments."""

    mlipguide: str
    python: str
    platform: str
    versions: dict[str, str]
    cache_folder: str
    data_folder: str
    stored_measurements: int
    machine: Machine
    environments: tuple[Environment, ...]
