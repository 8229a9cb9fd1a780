"""The definition of one option, and reading the definitions of a dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, MISSING, dataclass, fields
from enum import StrEnum
from functools import cache
from keyword import iskeyword
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

NEGATIVE = "--no-"


class Panel(StrEnum):
    """The groups of options in ``--help``."""

    TASK = "Task"
    MACHINE = "Machine"
    MODELS = "Models"
    ACCURACY = "Accuracy"
    OUTPUT = "Output"


class Values(StrEnum):
    """What an option's text holds, and so what may stand for it in Python and in a task file."""

    TEXT = "text"
    """A word, or a quantity with its unit."""
    COUNT = "count"
    """A whole number, or a word."""
    COUNTS = "counts"
    """Whole numbers with commas between them, or a word."""
    NAMES = "names"
    """Names with commas between them."""
    FILE = "file"
    """The path of a file or folder."""
    STRUCTURE = "structure"
    """A file, or in Python the atoms themselves."""


class Completion(StrEnum):
    """What a shell may offer."""

    MODELS = "models"
    OWN_MODELS = "own models"
    FAMILIES = "families"
    BACKENDS = "backends"
    TOPICS = "topics"
    ADDITIONS = "additions"
    NEEDS = "needs"
    PRESETS = "presets"
    HARDWARE = "hardware"
    KINDS = "kinds"
    PURPOSES = "purposes"


@dataclass(frozen=True)
class Option:
    """One option, as it stands in the annotation of a field.

    Attributes:
        help: What it says, in a sentence.
        panel: Its group in ``--help``.
        metavar: Stands for the value in ``--help``.
        assumed: What holds without it, shown in brackets.
        flag: Its word on the command line, where it is not the field's name; ``--no-…`` of a field that is true
            without it.
        short: A letter for it.
        argument: Whether it has no word and stands by its place.
        values: What its text holds.
        least: The smallest whole number.
        most: The largest.
        completes: What a shell may offer.
        condition: Whether it names the conditions of a task, and leaves its size open.
        question: How it is asked for where there is nobody who knows the options.
        example: A value that it takes, where ``metavar`` is none.
    """

    help: str
    panel: Panel
    _: KW_ONLY
    metavar: str | None = None
    assumed: str | None = None
    flag: str | None = None
    short: str | None = None
    argument: bool = False
    values: Values = Values.TEXT
    least: int | None = None
    most: int | None = None
    completes: Completion | None = None
    condition: bool = False
    question: str | None = None
    example: str | None = None

    @property
    def sentence(self) -> str:
        """The help, with what is assumed."""
        return self.help if self.assumed is None else f"{self.help.removesuffix('.')} [{self.assumed}]."


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a request and its definition.

    Attributes:
        name: Of the field, which is its keyword in Python and its key in a task file.
        type: Of its value, without None.
        optional: Whether it may be None.
        default: What is in it when it is left out; ``MISSING`` where it must be given.
        option: The definition.
    """

    name: str
    type: Any
    optional: bool
    default: Any
    option: Option

    @property
    def flag(self) -> str:
        """Its word on the command line."""
        return self.option.flag or f"--{self.name.replace('_', '-')}"

    @property
    def keyword(self) -> str:
        """Its name in Python: its word on the command line, without the ``no`` of a negative one.

        Where that is a word of the language (``for``), it is the field's name.
        """
        word = self.flag.removeprefix("--").removeprefix("no-").replace("-", "_")
        return self.name if self.option.argument or iskeyword(word) else word

    @property
    def words(self) -> str:
        """Its word, or for an argument what stands for it in ``--help``."""
        return self.option.metavar or self.name.upper() if self.option.argument else self.flag

    @property
    def is_switch(self) -> bool:
        """Whether its word alone says everything."""
        return self.type is bool

    @property
    def switched(self) -> bool:
        """The value that a switch's word gives."""
        return not self.flag.startswith(NEGATIVE)

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING


@cache
def options_of(request: type) -> Mapping[str, Field]:
    """Return the options of a dataclass by the names of their fields, in order.

    Its module does not postpone annotations: to evaluate all of them takes a tenth of ``mlipguide --help``.
    """
    return {item.name: _field(item.name, item.type, item.default) for item in fields(request)}


def _field(name: str, annotation: Any, default: Any) -> Field:
    assert get_origin(annotation) is Annotated, f"{name} has no option"
    bare, option = get_args(annotation)
    kinds = get_args(bare)
    optional = NoneType in kinds
    own = [kind for kind in kinds if kind is not NoneType] if optional else [bare]
    assert len(own) == 1, f"{name} has several types"
    return Field(name=name, type=own[0], optional=optional, default=default, option=option)


def shared(given: Any, wanted: type) -> dict[str, Any]:
    """Return what two dataclasses have in common: fields of ``wanted`` as they stand in ``given``."""
    names = {item.name for item in fields(given)}
    return {item.name: getattr(given, item.name) for item in fields(wanted) if item.name in names}


def words_of(request: Any) -> tuple[str, ...]:
    """Return the words of the command line that ask the same; what is as by default is left out."""
    arguments: list[str] = []
    words: list[str] = []
    kind: type = type(request)
    for item in options_of(kind).values():
        value = getattr(request, item.name)
        if value is None or value == item.default:
            continue
        if item.option.argument:
            arguments.append(str(value))
        elif item.is_switch:
            words.append(item.flag)
        else:
            words += [f"{item.flag}={one}" for one in (value if isinstance(value, list) else [value])]
    return (*arguments, *words)
