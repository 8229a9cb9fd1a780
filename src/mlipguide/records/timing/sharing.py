"""What ``share`` did: what was written, what was taken, and what was not."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Measurements that are not given away.

    Attributes:
        reason: Why, in words.
        records: How many.
    """

    reason: str
    records: int


@strict
@dataclass(frozen=True, kw_only=True)
class SharedClass:
    """Records of one kind of hardware.

    Attributes:
        name: As ``--hardware`` takes it.
        processor: Name of the processor.
        usable_cores: That a run may use.
        gpu: The device that ran the models; None for the processor.
        models: How many models.
        records: How many records.
        is_this_machine: Whether this machine is of that kind.
    """

    name: str
    processor: str
    usable_cores: float
    gpu: str | None
    models: int
    records: int
    is_this_machine: bool


@strict
@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written.

    Attributes:
        file: Where.
        contributor: The word that stands for this data folder.
        records: How many.
        classes: The kinds of hardware.
        left_out: Measurements that are not among them.
    """

    file: str
    contributor: str
    records: int
    classes: tuple[SharedClass, ...]
    left_out: tuple[LeftOut, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class RefusedLine:
    """A line that was not taken.

    Attributes:
        file: Its file.
        line: Its number, from 1.
        reason: Why.
    """

    file: str
    line: int
    reason: str


@strict
@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What files of records held.

    Attributes:
        files: Their paths.
        stored: Whether what is right was kept; ``share check`` keeps nothing.
        lines: That are not empty.
        records: That are right and new.
        duplicates: That are right and were there already.
        contributors: How many different ones.
        refused: What was not taken.
        classes: The kinds of hardware of what is right and new.
    """

    files: tuple[str, ...]
    stored: bool
    lines: int
    records: int
    duplicates: int
    contributors: int
    refused: tuple[RefusedLine, ...]
    classes: tuple[SharedClass, ...]
