"""``mlipguide share``: measurements that are given away, and those of others, checked and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlipguide.bench.sharing.exporting import export_records
from mlipguide.bench.sharing.plausibility import Plausibility
from mlipguide.bench.sharing.reading import read_files
from mlipguide.bench.sharing.vocabulary import vocabulary
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.core.paths import contributor_file
from mlipguide.core.serialisation import write_atomically
from mlipguide.hardware.machine_classes import class_name, known_machine
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.hardware.machine_class import KnownMachine
from mlipguide.records.notice import Problem, Result
from mlipguide.records.timing.shared import SharedRecord, signed
from mlipguide.records.timing.sharing import ExportReport, ImportReport, LeftOut, SharedClass
from mlipguide.store.shared import contributor


@dataclass(frozen=True, kw_only=True)
class Options:
    """How ``share`` goes about its work.

    Attributes:
        probe: Describes the machine.
        on_progress: Told what is being done and the share that is done.
    """

    probe: Callable[[], Machine] = field(default=probe_machine)
    on_progress: Callable[[str, float], None] = lambda _message, _share: None


def export(file: Path, *, replace: bool = False, options: Options | None = None) -> Result[ExportReport]:
    """Write the measurements of this data folder that can be given away, one a line.

    Args:
        file: Where.
        replace: Whether a file that is there may be replaced.
        options: How to go about it.

    Raises:
        InputError: The file exists, or there is nothing to give away.
        StorageError: It cannot be written.
    """
    options = options or Options()
    if file.exists() and not (replace and file.is_file()):
        raise InputError(
            f"{file} exists already.",
            hint="Choose another name, or give --replace.",
            kind="file_exists",
            file=str(file),
        )
    machine, catalogue = options.probe(), load_catalogue()
    options.on_progress("reading the measurements", 0.0)
    here = known_machine(machine)
    found = export_records(vocabulary(catalogue), here, contributor())
    left_out = tuple(LeftOut(reason=reason, records=count) for reason, count in found.left_out.most_common())
    if not found.records:
        words = "; ".join(f"{one.records} {one.reason}" for one in left_out)
        raise InputError(
            f"There is nothing to give away{f': {words}' if words else ''}.",
            hint="mlipguide bench --preset silicon --models MODEL times a model here.",
            kind="nothing_to_share",
        )
    lines = [json.dumps(signed(one), ensure_ascii=True, allow_nan=False) for one in found.records]
    write_atomically(file.absolute(), "\n".join(lines) + "\n")
    report = ExportReport(
        file=str(file),
        contributor=found.records[0].contributor,
        records=len(found.records),
        classes=_classes(found.records, here),
        left_out=left_out,
    )
    return Result(report, notices=(*catalogue.notices, *found.notices))


def import_files(files: Sequence[Path], *, store: bool, options: Options | None = None) -> Result[ImportReport]:
    """Check files of shared records, and keep what is right and new.

    Args:
        files: As ``share export`` writes them.
        store: Whether anything is kept; else they are checked alone.
        options: How to go about it.

    Raises:
        InputError: A file cannot be read.
        StorageError: The data folder cannot be written.
    """
    options = options or Options()
    catalogue = load_catalogue()
    found = read_files(
        list(files),
        vocabulary(catalogue),
        Plausibility(catalogue),
        own=_own_word() if store else None,
        on_progress=options.on_progress,
    )
    if store:
        options.on_progress("keeping the records", 1.0)
        found.keep()
    report = ImportReport(
        files=tuple(str(file) for file in files),
        stored=store,
        lines=found.lines,
        records=len(found.records),
        duplicates=found.duplicates,
        contributors=len(found.contributors),
        refused=tuple(found.refused),
        classes=_classes([record for record, _ in found.records], known_machine(options.probe())),
    )
    if not found.refused:
        return Result(report, notices=catalogue.notices)
    first = found.refused[0]
    problem = Problem(
        kind="refused_lines",
        message=f"{len(found.refused)} of {found.lines} lines cannot be taken. The first: {first.file}, line "
        f"{first.line}: {first.reason}.",
        hint="--json names all of them. Whoever wrote the file can export it again: mlipguide share export.",
        file=first.file,
    )
    return Result(report, notices=catalogue.notices, errors=(problem,), exit_code=ExitCode.BAD_INPUT)


def _classes(records: Iterable[SharedRecord], here: KnownMachine) -> tuple[SharedClass, ...]:
    by_class: dict[str, list[SharedRecord]] = {}
    for record in records:
        by_class.setdefault(record.machine.id, []).append(record)
    own = {one.id for one in (here.processor, here.gpu) if one is not None}
    return tuple(
        SharedClass(
            name=class_name(members[0].machine),
            processor=members[0].machine.processor,
            usable_cores=members[0].machine.usable_cores,
            gpu=members[0].machine.gpu,
            models=len({record.model for record in members}),
            records=len(members),
            is_this_machine=identity in own,
        )
        for identity, members in by_class.items()
    )


def _own_word() -> str | None:
    return contributor() if contributor_file().exists() else None
