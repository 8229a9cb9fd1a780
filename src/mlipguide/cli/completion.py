"""What a shell offers for a value that is not written out: models, presets, devices, kinds of task."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlipguide.records.requests.option import Completion


def completer(kind: Completion | None) -> Callable[[str], list[str]] | None:
    """Return what completes a value; None where there is nothing to offer."""
    if kind is None:
        return None
    names = NAMES[kind]
    return lambda incomplete: completed(incomplete, names())


def completed(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return the names that go on with what is written; of names with commas between them the last one."""
    before, comma, last = incomplete.rpartition(",")
    return sorted(f"{before}{comma}{name}" for name in names if name.startswith(last))


def _models() -> list[str]:
    from mlipguide.catalog.cards import load_catalogue

    return [card.id for card in load_catalogue().cards]


def _presets() -> list[str]:
    from mlipguide.structures.presets import PRESETS

    return list(PRESETS)


def _devices() -> list[str]:
    from mlipguide.hardware.device_models import load_devices

    return [device.id for device in load_devices()]


def _kinds() -> list[str]:
    from mlipguide.records.task.task import TaskKind

    return [kind.value for kind in TaskKind]


def _purposes() -> list[str]:
    from mlipguide.records.timing.axes import Purpose

    return [purpose.value for purpose in Purpose]


NAMES: dict[Completion, Callable[[], list[str]]] = {
    Completion.MODELS: _models,
    Completion.PRESETS: _presets,
    Completion.HARDWARE: _devices,
    Completion.KINDS: _kinds,
    Completion.PURPOSES: _purposes,
}
