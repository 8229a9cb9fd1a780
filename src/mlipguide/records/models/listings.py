"""What the commands ``models``, ``env`` and ``doctor`` report."""

from __future__ import annotations

from dataclasses import dataclass

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
    """One environment for each backend asked about, and what was found to work of those that were tried."""

    environments: tuple[Environment, ...]
    supports: tuple[BackendSupport, ...] = ()


@strict
@dataclass(frozen=True)
class RemovalReport:
    """What ``env remove`` did: the adopted interpreter it forgot, the folders it deleted."""

    backend: str
    forgotten: str | None
    removed: tuple[str, ...]


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
