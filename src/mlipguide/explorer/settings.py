"""What can be changed in the explorer: each line with its value in words, and the values to step through.

A line says how the request changes; whether that can be asked, ``recommend`` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlipguide.core.paths import names_file
from mlipguide.core.readable import duration, simulated_time
from mlipguide.core.units import ENERGY_PER_ATOM, FORCE, SIMULATED_TIME, TEMPERATURE, WALL_TIME
from mlipguide.records.models.terms import Need
from mlipguide.records.requests.recommend import RecommendRequest
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.tasks.needs import DECLINE, names_in

HERE = "this machine"
NONE = "none"
ANY, COMMERCIAL = "any", "commercial use"
KINDS = tuple(kind.value for kind in TaskKind)
OF_KIND = {"time": TaskKind.MD, "structures": TaskKind.SCREEN, "images": TaskKind.NEB}
"""Fields that one kind of task alone has."""
ATOMS = tuple(f"{leading * 10**power}" for power in range(8) for leading in (1, 2, 5))
TIMES = tuple(
    f"{amount}{unit}" for unit in ("fs", "ps", "ns", "us") for amount in (1, 2, 5, 10, 20, 50, 100, 200, 500)
)[6:]
TEMPERATURES = tuple(
    f"{kelvin}K" for kelvin in (*range(50, 1000, 50), *range(1000, 2000, 100), *range(2000, 5001, 500))
)
BUDGETS = ("1min", "5min", "15min", "30min", "1h", "2h", "4h", "8h", "12h", "24h", "48h", "4d", "7d", "14d", "30d")
FORCE_ERRORS = tuple(f"{error}meV/A" for error in (5, 10, 20, 30, 50, 70, 100, 150, 200, 300))
ENERGY_ERRORS = tuple(f"{error}meV/atom" for error in (1, 2, 5, 10, 20, 50))
COUNTS = tuple(f"{leading * 10**power}" for power in range(7) for leading in (1, 2, 5))
_COUNTED = re.compile(r"(\d+)\s*[xX*×]\s*(\S.*)")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A line of the explorer.

    Attributes:
        label: What is changed.
        words: The value in words, by the request and the task that it means; the task is None before the first answer.
        is_assumed: Whether it was left to mlipguide.
        changed: The request with a value that was chosen or typed.
        stepped: The request with the next larger (1) or smaller (-1) value; None where there is none.
        text: What stands in the line when it is typed.
        choices: Values with a word about each, to pick from a list; nothing where it is typed.
        several: Whether several of them are picked.
        applies: Whether it has a meaning for a kind of task.
    """

    label: str
    words: Callable[[RecommendRequest, Task | None], str]
    is_assumed: Callable[[RecommendRequest], bool]
    changed: Callable[[RecommendRequest, str], RecommendRequest]
    stepped: Callable[[RecommendRequest, Task | None, int], RecommendRequest | None]
    text: Callable[[RecommendRequest, Task | None], str]
    choices: Callable[[], Sequence[tuple[str, str]]] = tuple
    several: bool = False
    applies: Callable[[TaskKind], bool] = lambda _kind: True


def settings() -> tuple[Setting, ...]:
    """Return the lines, in their order."""
    return (
        _structure(),
        _kind(),
        _quantity("structures", "Structures", COUNTS, float, lambda task: f"{task.structures:,}"),
        _quantity("images", "Images", COUNTS, float, lambda task: f"{task.images:,}"),
        _quantity("atoms", "Atoms", ATOMS, float, lambda task: f"{task.atoms:,}"),
        _quantity("time", "Time", TIMES, _in(SIMULATED_TIME), lambda task: simulated_time(task.simulated_time_s or 0)),
        _quantity(
            "temperature", "Temperature", TEMPERATURES, _in(TEMPERATURE), lambda task: f"{task.temperature_k:g} K"
        ),
        _quantity("budget", "Budget", BUDGETS, _in(WALL_TIME), lambda task: duration(task.budget_s)),
        _limit("force_mae", "Force error", FORCE_ERRORS, _in(FORCE)),
        _limit("energy_mae", "Energy error", ENERGY_ERRORS, _in(ENERGY_PER_ATOM)),
        _hardware(),
        _devices(),
        _licence(),
        _needs(),
    )


def _with(request: RecommendRequest, **changes: Any) -> RecommendRequest:
    return replace(request, **changes)


def _in(dimension: Any) -> Callable[[str], float]:
    return lambda text: float(dimension.parse(text, option=""))


def _quantity(
    name: str, label: str, ladder: Sequence[str], value: Callable[[str], float], told: Callable[[Task], str]
) -> Setting:
    """Return the line of a number; where it was left out, what mlipguide assumed is shown."""

    def given(request: RecommendRequest) -> str | None:
        text: str | None = getattr(request, name)
        return text

    def shown(task: Task | None) -> str:
        return "" if task is None else told(task).replace(",", "").replace(" ", "")

    def stepped(request: RecommendRequest, task: Task | None, by: int) -> RecommendRequest | None:
        text = given(request) or shown(task)
        found = _next(ladder, value, text, by) if text else None
        return None if found is None else _with(request, **{name: found})

    kind = OF_KIND.get(name)
    return Setting(
        label=label,
        words=lambda request, task: given(request) or ("" if task is None else told(task)),
        is_assumed=lambda request: given(request) is None,
        changed=lambda request, text: _with(request, **{name: text.strip() or None}),
        stepped=stepped,
        text=lambda request, task: given(request) or shown(task),
        applies=lambda of: kind is None or of is kind,
    )


def _limit(name: str, label: str, ladder: Sequence[str], value: Callable[[str], float]) -> Setting:
    """Return the line of a largest error; without one, stepping down begins with the largest."""

    def stepped(request: RecommendRequest, _task: Task | None, by: int) -> RecommendRequest | None:
        text = getattr(request, name)
        if text is None:
            return _with(request, **{name: ladder[-1]}) if by < 0 else None
        found = _next(ladder, value, text, by)
        if found is None and by < 0:
            return None
        return _with(request, **{name: found})

    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        return _with(request, **{name: None if text.strip() in {"", NONE} else text.strip()})

    return Setting(
        label=label,
        words=lambda request, _task: f"≤ {getattr(request, name)}" if getattr(request, name) else NONE,
        is_assumed=lambda request: getattr(request, name) is None,
        changed=changed,
        stepped=stepped,
        text=lambda request, _task: getattr(request, name) or "",
    )


def _next(ladder: Sequence[str], value: Callable[[str], float], text: str, by: int) -> str | None:
    """Return the next text of a ladder above or below a value; None at its end."""
    now = value(text)
    found = [one for one in ladder if (value(one) - now) * by > 1e-9 * now]
    if not found:
        return None
    return found[0] if by > 0 else found[-1]


def _turned(names: Sequence[str], name: str | None, by: int) -> str:
    """Return the next name of a list without ends."""
    if name not in names:
        return names[0] if by > 0 else names[-1]
    return names[(names.index(name) + by) % len(names)]


def _structure() -> Setting:
    def presets() -> tuple[tuple[str, str], ...]:
        from mlipguide.structures.presets import PRESETS

        return tuple((name, preset.description) for name, preset in PRESETS.items())

    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        text = text.strip()
        is_preset = text.lower() in dict(presets()) and not names_file(text)
        given = {"preset": text.lower(), "structure": None} if is_preset else {"structure": text, "preset": None}
        return _with(request, **given, atoms=None, index=None, charge=None, spin=None)

    return Setting(
        label="Structure",
        words=lambda request, _task: request.preset or Path(str(request.structure)).name,
        is_assumed=lambda _request: False,
        changed=changed,
        stepped=lambda request, _task, by: changed(
            request, _turned([name for name, _ in presets()], request.preset, by)
        ),
        text=lambda request, _task: request.preset or str(request.structure),
        choices=presets,
    )


def _kind() -> Setting:
    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        others = {name: None for name, kind in OF_KIND.items() if kind.value != text.strip().lower()}
        return _with(request, kind=text.strip(), **others)

    return Setting(
        label="Kind",
        words=lambda request, _task: request.kind or TaskKind.MD.value,
        is_assumed=lambda request: request.kind is None,
        changed=changed,
        stepped=lambda request, _task, by: changed(request, _turned(KINDS, request.kind or TaskKind.MD.value, by)),
        text=lambda request, _task: request.kind or TaskKind.MD.value,
        choices=lambda: tuple((name, "") for name in KINDS),
    )


def counted(hardware: str) -> tuple[int, str]:
    """Return how many devices a text names, and which."""
    match = _COUNTED.fullmatch(hardware.strip())
    return (1, hardware.strip()) if match is None else (int(match.group(1)), match.group(2))


def _devices_known() -> tuple[tuple[str, str], ...]:
    from mlipguide.core.readable import memory
    from mlipguide.hardware.device_models import load_devices
    from mlipguide.hardware.profiles import saved_profiles

    return (
        (HERE, ""),
        *((name, "a profile of yours") for name in saved_profiles()),
        *((one.id, "" if one.memory_bytes is None else memory(one.memory_bytes)) for one in load_devices()),
    )


def _hardware() -> Setting:
    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        text = text.strip()
        if text in {"", HERE}:
            return _with(request, hardware=None)
        several = _COUNTED.fullmatch(text) or "," in text or request.hardware is None or "," in request.hardware
        count = 1 if several or request.hardware is None else counted(request.hardware)[0]
        return _with(request, hardware=text if count == 1 else f"{count}x{text}")

    def named(request: RecommendRequest) -> str:
        return HERE if request.hardware is None else counted(request.hardware)[1]

    return Setting(
        label="Hardware",
        words=lambda request, _task: named(request),
        is_assumed=lambda request: request.hardware is None,
        changed=changed,
        stepped=lambda request, _task, by: changed(
            request, _turned([name for name, _ in _devices_known()], named(request), by)
        ),
        text=lambda request, _task: request.hardware or HERE,
        choices=_devices_known,
    )


def _devices() -> Setting:
    """Return the line of the number of devices, which this machine has once."""

    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        if request.hardware is None:
            return request
        return _with(request, hardware=f"{text.strip()}x{counted(request.hardware)[1]}")

    def stepped(request: RecommendRequest, _task: Task | None, by: int) -> RecommendRequest | None:
        if request.hardware is None or "," in request.hardware:
            return None
        count, name = counted(request.hardware)
        found = count * 2 if by > 0 else count // 2
        if found < 1:
            return None
        return _with(request, hardware=name if found == 1 else f"{found}x{name}")

    def number(request: RecommendRequest) -> str:
        return "1" if request.hardware is None else f"{counted(request.hardware)[0]}"

    return Setting(
        label="Devices",
        words=lambda request, _task: number(request),
        is_assumed=lambda request: request.hardware is None or _COUNTED.fullmatch(request.hardware) is None,
        changed=changed,
        stepped=stepped,
        text=lambda request, _task: number(request),
    )


def _licence() -> Setting:
    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        return _with(request, commercial=True if text == COMMERCIAL else None)

    return Setting(
        label="Licence",
        words=lambda request, _task: COMMERCIAL if request.commercial else ANY,
        is_assumed=lambda request: not request.commercial,
        changed=changed,
        stepped=lambda request, _task, _by: changed(request, ANY if request.commercial else COMMERCIAL),
        text=lambda request, _task: COMMERCIAL if request.commercial else ANY,
        choices=lambda: ((ANY, ""), (COMMERCIAL, "allowed, or allowed on conditions")),
    )


def _needs() -> Setting:
    def words(request: RecommendRequest, task: Task | None) -> str:
        if request.needs:
            return request.needs
        derived = () if task is None else tuple(one.need.value for one in task.derived_needs)
        return f"{','.join(derived)}?" if derived else NONE

    def changed(request: RecommendRequest, text: str) -> RecommendRequest:
        """Take what was picked; what was declined stays declined."""
        picked = names_in(text)
        declined = () if NONE in picked else [one for one in names_in(request.needs) if one.startswith(DECLINE)]
        return _with(request, needs=",".join(dict.fromkeys((*picked, *declined))) or None)

    return Setting(
        label="Needs",
        words=words,
        is_assumed=lambda request: not request.needs,
        changed=changed,
        stepped=lambda _request, _task, _by: None,
        text=lambda request, _task: ",".join(one for one in names_in(request.needs) if not one.startswith(DECLINE)),
        choices=lambda: tuple((need.value, "") for need in Need),
        several=True,
    )
