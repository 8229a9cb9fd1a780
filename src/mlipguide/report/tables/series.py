"""What tells one series of measurements from another: the model, and of its settings whatever differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.catalog.additions import addition_words
from mlipguide.records.timing.axes import choice_words
from mlipguide.records.timing.measurement import Allocator, Scenario, Settings, Weights

if TYPE_CHECKING:
    from mlipguide.records.timing.bench import BenchData, CostFit, CurvePoint, SizeResult

SYNTHETIC_MARK = " *"

_WORDS: dict[str, Callable[[Settings], str]] = {
    "device": lambda settings: settings.device,
    "threads": lambda settings: f"{settings.threads} thread{'' if settings.threads == 1 else 's'}",
    "ranks": lambda settings: f"{settings.ranks} MPI rank{'' if settings.ranks == 1 else 's'}",
    "dtype": lambda settings: settings.dtype,
    "driver": lambda settings: f"driver {settings.driver}",
    "additions": lambda settings: f"with {addition_words(settings.additions)}" if settings.additions else "alone",
    "choices": lambda settings: choice_words(settings.choices) or "all else default",
    "allocator": lambda settings: f"freed memory {'kept' if settings.allocator is Allocator.RETAIN else 'given back'}",
}


@dataclass(frozen=True, kw_only=True)
class Series:
    """The sizes of one model with one set of settings.

    Attributes:
        model: Id of the card, with a mark where the weights are random.
        setting: What of the settings differs between the series of a run, in words; empty where nothing does.
        measurements: By number of atoms.
        fit: The law fitted to them, if there is one.
    """

    model: str
    setting: str
    measurements: tuple[SizeResult, ...]
    fit: CostFit | None

    @property
    def label(self) -> str:
        """The model and the setting."""
        return f"{self.model}, {self.setting}" if self.setting else self.model

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """The law over sizes; empty without a law."""
        return () if self.fit is None else self.fit.curve


def series_of(data: BenchData) -> tuple[Series, ...]:
    """Return the series of a run in the order in which they were measured."""
    fields = differing(item.settings for item in data.measurements)
    scenarios = {item.scenario for item in data.measurements}
    by_key: dict[tuple[str, Settings, Scenario], list[SizeResult]] = {}
    for item in data.measurements:
        by_key.setdefault((item.model, item.settings, item.scenario), []).append(item)
    fits = {(fit.model, fit.settings, fit.scenario): fit for fit in data.fits}
    found: list[Series] = []
    for key, items in by_key.items():
        model, settings, scenario = key
        words = [settings_words(settings, fields)] if fields else []
        synthetic = any(item.weights is Weights.SYNTHETIC for item in items)
        found.append(
            Series(
                model=model + (SYNTHETIC_MARK if synthetic else ""),
                setting=", ".join([*words, *([scenario.value] if len(scenarios) > 1 else [])]),
                measurements=tuple(sorted(items, key=lambda item: item.atoms)),
                fit=fits.get(key),
            )
        )
    return tuple(found)


def differing(settings: Iterable[Settings]) -> tuple[str, ...]:
    """Return the fields in which ``settings`` differ from each other."""
    known = list(settings)
    return tuple(name for name in _WORDS if len({getattr(item, name) for item in known}) > 1)


def agreeing(settings: Iterable[Settings]) -> tuple[str, ...]:
    """Return the fields in which ``settings`` are all the same.

    That there is one MPI rank, that nothing else was chosen and that nothing is added, goes without saying.
    """
    known = list(settings)
    unsaid = {*differing(known)}
    if all(item.ranks == 1 for item in known):
        unsaid.add("ranks")
    if not any(item.choices for item in known):
        unsaid.add("choices")
    if not any(item.additions for item in known):
        unsaid.add("additions")
    return tuple(name for name in _WORDS if name not in unsaid)


def settings_words(settings: Settings, fields: Iterable[str] | None = None) -> str:
    """Return settings in words, by default all of them: ``cpu, 2 threads, float32, driver ase, freed memory kept``."""
    if fields is None:
        fields = agreeing([settings])
    return ", ".join(_WORDS[name](settings) for name in fields)
