"""What a shell offers for a value that is not written out: models, presets, devices, backends, topics, kinds of task.

A shell waits for it at each press of a key, so that names are read off files and enumerations: no card is parsed, and
neither numpy nor ase is imported. Where nothing is offered, shells offer files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping

from mlipguide.records.requests.option import Completion


def join_equals_signs(variables: MutableMapping[str, str]) -> None:
    """Let ``--models=sev`` be completed as ``--models sev`` is: bash gives ``=`` as a word of its own.

    Args:
        variables: The environment in which a shell asks; in any other nothing changes.
    """
    if "=" not in variables.get("COMP_WORDS", "").split("\n"):
        return
    words, place = variables["COMP_WORDS"].split("\n"), int(variables.get("COMP_CWORD", "0"))
    if words[place] == "=":
        words[place] = ""
    gone = [at for at, word in enumerate(words) if word == "="]
    variables["COMP_WORDS"] = "\n".join(word for word in words if word != "=")
    variables["COMP_CWORD"] = str(place - sum(at < place for at in gone))


def completer(kind: Completion | None) -> Callable[[str], list[str]] | None:
    """Return what completes a value; None where there is nothing to offer."""
    if kind is None:
        return None
    names = NAMES[kind]
    return lambda incomplete: completed(incomplete, names())


def completed(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return the names that go on with what is written; of names with commas between them the last one."""
    before, comma, last = incomplete.rpartition(",")
    return sorted(f"{before}{comma}{name}" for name in set(names) if name.startswith(last))


def _models() -> list[str]:
    from mlipguide.catalog.locations import builtin_files
    from mlipguide.catalog.plugins import plugin_files
    from mlipguide.records.notice import Notice

    brought = [found for _, found in plugin_files() if not isinstance(found, Notice)]
    return [path.stem for files in (builtin_files(), *brought) for path in files.cards] + _own_models()


def _own_models() -> list[str]:
    from contextlib import suppress

    from mlipguide.catalog.locations import own_files
    from mlipguide.core.errors import InputError

    files = None
    with suppress(InputError):
        files = own_files()
    return [] if files is None else [path.stem for path in files.cards]


def _families() -> list[str]:
    from mlipguide.catalog.locations import builtin_files

    return [path.stem for path in builtin_files().families]


def _backends() -> list[str]:
    from mlipguide.catalog.locations import DATA

    return [path.stem for path in (DATA / "environments").glob("*.yaml")]


def _topics() -> list[str]:
    from mlipguide.catalog.locations import DATA

    return ["all", *(path.stem for path in (DATA / "topics").glob("*.yaml"))]


def _presets() -> list[str]:
    from mlipguide.structures.preset_names import DESCRIPTIONS

    return list(DESCRIPTIONS)


def _devices() -> list[str]:
    from mlipguide.catalog.locations import DATA
    from mlipguide.core.paths import hardware_dir
    from mlipguide.core.yaml_files import read_yaml

    saved = [path.stem for path in hardware_dir().glob("*.yaml")]
    return saved + [str(device["id"]) for device in read_yaml(DATA / "devices.yaml")["devices"]]


def _kinds() -> list[str]:
    from mlipguide.records.task.task import TaskKind

    return [kind.value for kind in TaskKind]


def _purposes() -> list[str]:
    from mlipguide.records.timing.axes import Purpose

    return [purpose.value for purpose in Purpose]


def _additions() -> list[str]:
    from mlipguide.records.models.additions import AdditionKind

    return [kind.value for kind in AdditionKind]


def _needs() -> list[str]:
    from mlipguide.records.models.terms import Need

    return [need.value for need in Need]


NAMES: dict[Completion, Callable[[], list[str]]] = {
    Completion.MODELS: _models,
    Completion.OWN_MODELS: _own_models,
    Completion.FAMILIES: _families,
    Completion.BACKENDS: _backends,
    Completion.TOPICS: _topics,
    Completion.PRESETS: _presets,
    Completion.HARDWARE: _devices,
    Completion.KINDS: _kinds,
    Completion.PURPOSES: _purposes,
    Completion.ADDITIONS: _additions,
    Completion.NEEDS: _needs,
}
