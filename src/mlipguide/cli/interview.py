"""The questions of ``recommend --interactive``, one by one, for those who do not know the options yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from mlipguide.core.errors import InputError
from mlipguide.core.paths import names_file
from mlipguide.core.units import FORCE, SIMULATED_TIME, TEMPERATURE, WALL_TIME, Dimension
from mlipguide.records.requests.option import Field
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import TaskKind
from mlipguide.tasks.building import atoms_for, parse_count, parse_kind
from mlipguide.tasks.request_words import OPTIONS, request_words
from mlipguide.tasks.requests import load_structure

R = TypeVar("R", bound=TaskRequest)

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
    """A question about one option of a request.

    Attributes:
        item: The option, which says how it is asked for.
        told: What the question adds to that, such as the units that are accepted.
        default: What is answered by agreeing; None where something has to be said.
        read: Turns an answer into the option's value; an ``InputError`` asks again.
    """

    item: Field
    read: Callable[[str], Any]
    told: str = ""
    default: str | None = None

    @property
    def text(self) -> str:
        """The question."""
        return f"{self.item.option.question}{self.told}"


def _question(name: str, read: Callable[[str], Any], *, told: str = "", default: str | None = None) -> _Question:
    """Return the question about an option; what is assumed without it is answered by agreeing."""
    item = OPTIONS[name]
    return _Question(item=item, read=read, told=told, default=default or item.option.assumed)


def interview(request: R, asker: Asker) -> R:
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


def _with_structure(request: R, asker: Asker) -> R:
    """Return the request with a structure that can be used, or as it was after saying why it cannot."""
    from mlipguide.structures.presets import PRESETS

    answer = asker.ask(f"Structure: a file, or one of {', '.join(PRESETS)}", None).strip()
    is_preset = answer.lower() in PRESETS and not names_file(answer)
    found = replace(request, preset=answer.lower()) if is_preset else replace(request, structure=answer)
    try:
        load_structure(found)
    except InputError as error:
        _refuse(error, asker)
        return request
    return found


def _answered(request: R, question: _Question, asker: Asker) -> R:
    """Return the request with the answer to a question, which is put until it can be used."""
    while getattr(request, question.item.name) is None:
        answer = asker.ask(question.text, question.default).strip()
        try:
            value = question.read(answer)
        except InputError as error:
            _refuse(error, asker)
            continue
        if value is None:
            break
        request = replace(request, **{question.item.name: value})
    return request


def _refuse(error: InputError, asker: Asker) -> None:
    asker.tell(" ".join(filter(None, (error.message, error.hint))))


def _kind_question() -> _Question:
    kinds = ", ".join(kind.value for kind in TaskKind)
    return _question("kind", lambda text: parse_kind(text).value, told=f": {kinds}")


def _further_questions(kind: TaskKind, structure: StructureSummary) -> list[_Question]:
    def counted(name: str) -> _Question:
        item = OPTIONS[name]
        default = str(item.option.assumed)

        def read(text: str) -> str:
            parse_count(text, option=item.flag, kind=kind, wanted=kind, default=default)
            return text

        return _question(name, read)

    found: list[_Question] = []
    if kind is TaskKind.SCREEN:
        found.append(counted("structures"))
    if kind is TaskKind.NEB:
        found.append(counted("images"))
    if any(structure.periodic):
        found.append(
            _question(
                "atoms",
                lambda text: str(atoms_for(text, structure, kind)),
                told=f" (the structure has {structure.atoms})",
                default=str(atoms_for(None, structure, kind)),
            )
        )
    if kind is TaskKind.MD:
        found += [_quantity("time", SIMULATED_TIME), _quantity("temperature", TEMPERATURE)]
    return [
        *found,
        _quantity("force_mae", FORCE, default=NO_LIMIT),
        _question("commercial", _yes_or_no, default="no"),
        _quantity("budget", WALL_TIME),
    ]


def _quantity(name: str, dimension: Dimension, *, default: str | None = None) -> _Question:
    def read(answer: str) -> str | None:
        if default == NO_LIMIT and answer == NO_LIMIT:
            return None
        dimension.parse(answer, option=OPTIONS[name].flag)
        return answer

    return _question(name, read, told=f" ({', '.join(dimension.factors)})", default=default)


def _yes_or_no(text: str) -> bool:
    answer = ANSWERS.get(text.lower())
    if answer is None:
        raise InputError(f"'{text}' is neither yes nor no.", hint="Answer yes or no.")
    return answer
