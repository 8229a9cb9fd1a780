"""The questions of ``recommend --interactive``, one by one, for those who do not know the options yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from mlipguide.core.errors import InputError
from mlipguide.core.units import FORCE, SIMULATED_TIME, TEMPERATURE, WALL_TIME, Dimension
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import TaskKind
from mlipguide.tasks.building import IMAGES, STRUCTURES, atoms_for, parse_count, parse_kind
from mlipguide.tasks.request_words import request_words
from mlipguide.tasks.requests import DEFAULTS, TaskRequest, load_structure

NO_LIMIT = "none"
ANSWERS = {"y": True, "yes": True, "n": False, "no": False}


class Asker(Protocol):
    """Whoever puts the questions to the user."""

    def ask(self, question: str, default: str | None) -> str:
        """Return the answer; the default where there is one and the user just agrees."""

    def tell(self, text: str) -> None:
        """Show a line."""


@dataclass(frozen=True, kw_only=True)
class _Question:
    """A question about one field of a request.

    Attributes:
        name: Of the field.
        text: The question, with the units that are accepted.
        default: What is answered by agreeing; None where something has to be said.
        read: Turns an answer into the field's value; an ``InputError`` asks again.
    """

    name: str
    text: str
    default: str | None
    read: Callable[[str], Any]


def interview(request: TaskRequest, asker: Asker) -> TaskRequest:
    """Ask for what a request leaves open, and show the command line that asks the same.

    Args:
        request: What is known already; nothing of it is asked again.
        asker: Puts the questions.
    """
    while request.structure is None and request.preset is None:
        request = _with_structure(request, asker)
    _, structure, _ = load_structure(request)
    request = _answered(request, _kind_question(), asker)
    for question in _further_questions(TaskKind(str(request.kind)), structure):
        request = _answered(request, question, asker)
    asker.tell(f"The same without questions: mlipguide recommend {request_words(request)}")
    return request


def _with_structure(request: TaskRequest, asker: Asker) -> TaskRequest:
    """Return the request with a structure that can be used, or as it was after saying why it cannot."""
    from mlipguide.structures.presets import PRESETS

    answer = asker.ask(f"Structure: a file, or one of {', '.join(PRESETS)}", None).strip()
    is_preset = answer.lower() in PRESETS and not Path(answer).exists()
    found = replace(request, preset=answer.lower()) if is_preset else replace(request, structure=answer)
    try:
        load_structure(found)
    except InputError as error:
        _refuse(error, asker)
        return request
    return found


def _answered(request: TaskRequest, question: _Question, asker: Asker) -> TaskRequest:
    """Return the request with the answer to a question, which is put until it can be used."""
    while getattr(request, question.name) is None:
        answer = asker.ask(question.text, question.default).strip()
        try:
            value = question.read(answer)
        except InputError as error:
            _refuse(error, asker)
            continue
        if value is None:
            break
        request = replace(request, **{question.name: value})
    return request


def _refuse(error: InputError, asker: Asker) -> None:
    asker.tell(" ".join(filter(None, (error.message, error.hint))))


def _kind_question() -> _Question:
    kinds = ", ".join(kind.value for kind in TaskKind)
    return _Question(
        name="kind",
        text=f"What is done with it: {kinds}",
        default=TaskKind.MD.value,
        read=lambda text: parse_kind(text).value,
    )


def _further_questions(kind: TaskKind, structure: StructureSummary) -> list[_Question]:
    def counted(text: str, option: str, default: str) -> str:
        parse_count(text, option=option, kind=kind, wanted=kind, default=default)
        return text

    def atoms(text: str) -> str:
        return str(atoms_for(text, structure, kind))

    found: list[_Question] = []
    if kind is TaskKind.SCREEN:
        found.append(
            _Question(
                name="structures",
                text="How many structures like this one",
                default=STRUCTURES,
                read=lambda text: counted(text, "--structures", STRUCTURES),
            )
        )
    if kind is TaskKind.NEB:
        found.append(
            _Question(
                name="images",
                text="How many moving images",
                default=IMAGES,
                read=lambda text: counted(text, "--images", IMAGES),
            )
        )
    if any(structure.periodic):
        found.append(
            _Question(
                name="atoms",
                text=f"How many atoms (the structure has {structure.atoms})",
                default=str(atoms_for(None, structure, kind)),
                read=atoms,
            )
        )
    if kind is TaskKind.MD:
        found += [
            _quantity("time", "Simulated time", SIMULATED_TIME, DEFAULTS["time"]),
            _quantity("temperature", "Temperature", TEMPERATURE, DEFAULTS["temperature"]),
        ]
    return [
        *found,
        _quantity("force_mae", "Largest acceptable mean force error, or none", FORCE, NO_LIMIT),
        _Question(name="commercial", text="Commercial use, yes or no", default="no", read=_yes_or_no),
        _quantity("budget", "Wall time that it may take", WALL_TIME, DEFAULTS["budget"]),
    ]


def _quantity(name: str, text: str, dimension: Dimension, default: str) -> _Question:
    def read(answer: str) -> str | None:
        if default == NO_LIMIT and answer == NO_LIMIT:
            return None
        dimension.parse(answer, option=f"--{name.replace('_', '-')}")
        return answer

    return _Question(name=name, text=f"{text} ({', '.join(dimension.factors)})", default=default, read=read)


def _yes_or_no(text: str) -> bool:
    answer = ANSWERS.get(text.lower())
    if answer is None:
        raise InputError(f"'{text}' is neither yes nor no.", hint="Answer yes or no.")
    return answer
