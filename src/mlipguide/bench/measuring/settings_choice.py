"""Which settings ``bench`` compares, how far their results agree, and which one to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlipguide.bench.agreement import AgreementFound, compare_settings, is_within, rattled_copies
from mlipguide.bench.measuring.measuring import MeasuringContext, session_request, size_source
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.settings_sweep import (
    SettingTried,
    fastest_acceptable,
    name_of,
    plain_settings,
    settings_grid,
    settings_to_compare,
)
from mlipguide.candidates.preparation import ASE, Prepared
from mlipguide.core.errors import InputError, MlipguideError
from mlipguide.costmodel.costs import step_time_of
from mlipguide.records.estimate import Estimate
from mlipguide.records.notice import Notice
from mlipguide.records.timing.bench import Agreement, FastestSettings
from mlipguide.records.timing.measurement import Measurement, Settings
from mlipguide.sessions.interface import ModelSession
from mlipguide.tasks.needs import names_in

if TYPE_CHECKING:
    from ase import Atoms

SMALL_ENOUGH = 200
"""Atoms; a larger structure is compared on a block of the smallest size that is timed."""


@dataclass(frozen=True)
class SweptSettings:
    """What the user asked to compare; an empty tuple stands for the default alone."""

    threads: tuple[int, ...]
    dtypes: tuple[str, ...]
    devices: tuple[str, ...]
    ranks: tuple[int, ...] = ()

    def of(self, default: Settings) -> tuple[Settings, ...]:
        """Return every combination; the first is the one that others have to beat.

        Ranks are for drivers that know MPI; others run with one. Where threads are named and ranks are not, there is
        one rank: the cores go to the threads.
        """
        ranks = self.ranks or ((1,) if self.threads else (default.ranks,))
        if default.driver == ASE:
            ranks = (1,)
        base = replace(
            default,
            threads=self.threads[0] if self.threads else default.threads,
            ranks=ranks[0],
            dtype=self.dtypes[0] if self.dtypes else default.dtype,
            device=self.devices[0] if self.devices else default.device,
            # What was tuned on one device says nothing of another.
            choices=default.choices if set(self.devices) <= {default.device} else (),
        )
        return settings_grid(base, threads=self.threads, dtypes=self.dtypes, devices=self.devices, ranks=ranks)


@dataclass(frozen=True)
class SettingsChoice:
    """Differences between settings, and the setting to run each model with."""

    agreements: tuple[Agreement, ...] = ()
    fastest: tuple[FastestSettings, ...] = ()


def swept(threads: str | None, dtypes: str | None, devices: str | None, ranks: str | None = None) -> SweptSettings:
    """Return what the options ``--threads``, ``--dtype``, ``--device`` and ``--ranks`` say.

    Raises:
        InputError: A number of threads or ranks that is none.
    """
    return SweptSettings(
        _numbers(threads, option="--threads", what="threads"),
        names_in(dtypes),
        names_in(devices),
        _numbers(ranks, option="--ranks", what="MPI ranks"),
    )


def _numbers(texts: str | None, *, option: str, what: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for text in names_in(texts):
        if not text.isdigit() or int(text) < 1:
            raise InputError(f"{option}: '{text}' is not a number of {what}.", hint=f"For example {option} 1,2")
        numbers.append(int(text))
    return tuple(numbers)


def choose_settings(ready: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext) -> SettingsChoice:
    """Compare the results of the settings that were timed, and choose the fastest that computes the same.

    A setting that could not be compared is a notice.
    """
    agreements: list[Agreement] = []
    fastest: list[FastestSettings] = []
    for model in dict.fromkeys(item.card.id for item in ready):
        items = [item for item in ready if item.card.id == model]
        timed = _step_times(measured.fresh, model)
        if len(items) == 1 or items[0].settings not in timed:
            continue
        found = _agreements(items, measured, context)
        reference = plain_settings(items[0].settings)
        agreements += [_agreement(model, settings, reference, one) for settings, one in found.items()]
        tried = [
            SettingTried(settings=settings, step_time_s=time_s, agreement=found.get(settings))
            for settings, time_s in timed.items()
        ]
        choice = fastest_acceptable(tried, items[0].settings)
        passed = "".join(f" {name_of(one.settings)} is passed over: {one.reason}." for one in choice.passed_over)
        fastest.append(
            FastestSettings(
                model=model, settings=choice.settings, speed_up=choice.speed_up, reason=f"{choice.reason}{passed}"
            )
        )
    return SettingsChoice(tuple(agreements), tuple(fastest))


def _step_times(measurements: Sequence[Measurement], model: str) -> dict[Settings, Estimate]:
    """Return the step times at the largest size at which all settings were timed."""
    by_setting: dict[Settings, dict[int, Measurement]] = {}
    for item in measurements:
        if item.model == model:
            by_setting.setdefault(item.settings, {})[item.atoms] = item
    common = set.intersection(*(set(sizes) for sizes in by_setting.values())) if by_setting else set()
    if not common:
        return {}
    return {settings: step_time_of(sizes[max(common)]) for settings, sizes in by_setting.items()}


def _agreements(
    items: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext
) -> dict[Settings, AgreementFound]:
    plain = plain_settings(items[0].settings)
    compared = settings_to_compare([item.settings for item in items], plain)
    if len({item.settings.numerics for item in items}) == 1 or not compared:
        return {}  # threads change only the order of sums
    item = items[0]
    structures = rattled_copies(_small_structure(context))
    found: dict[Settings, AgreementFound] = {}
    try:
        context.on_progress(f"comparing the results of {item.card.id}", 1.0)
        with closing(_open(item, plain, context)()) as reference:
            for settings in compared:
                with closing(_open(item, settings, context)()) as other:
                    found[settings] = compare_settings(reference, other, structures)
    except MlipguideError as error:
        measured.notices.append(
            Notice("not_compared", f"{item.card.id}: its results could not be compared: {error.message}")
        )
    return found


def _open(item: Prepared, settings: Settings, context: MeasuringContext) -> Callable[[], ModelSession]:
    return lambda: context.opener(session_request(replace(item, settings=settings), context.machine))


def _small_structure(context: MeasuringContext) -> Atoms:
    if len(context.atoms) <= SMALL_ENOUGH:
        return context.atoms
    protocol = load_protocol()
    source = size_source(context, protocol)
    return source.make(source.ladder(wanted=context.wanted_atoms)[0]).atoms


def _agreement(model: str, settings: Settings, reference: Settings, found: AgreementFound) -> Agreement:
    return Agreement(
        model=model,
        settings=settings,
        reference=reference,
        energy_difference_ev_per_atom=found.energy_difference_ev_per_atom,
        force_mae_ev_per_angstrom=found.force_mae_ev_per_angstrom,
        force_max_ev_per_angstrom=found.force_max_ev_per_angstrom,
        within_tolerance=is_within(found),
    )
