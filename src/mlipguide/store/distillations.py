"""What distillations measured, kept for later advice on the same elements: one JSON file for each folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.kept_files import KeptFiles
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import distillations_dir
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.records.training.kept_training import KeptDistillation
from mlipguide.store.folder_names import file_of

FILES = KeptFiles(kind=KeptDistillation, name="distillation", key="distillation", format=1)


@dataclass(frozen=True)
class FoundDistillations:
    """What a look into the store gave: distillations, and notices about files that are set aside."""

    distillations: tuple[KeptDistillation, ...]
    notices: tuple[Notice, ...]


def keep(distillation: KeptDistillation) -> Path:
    """Store what a distillation measured, in the place of what the same folder gave before, and return the file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    return FILES.write(file_of(distillations_dir(), distillation.folder), distillation)


@once_a_look
def find(elements: Sequence[str]) -> FoundDistillations:
    """Return all distillations on exactly these elements, the latest last."""
    found = FILES.look(sorted(distillations_dir().glob("*.json")))
    fitting = [one for one in found.records if set(one.elements) == set(elements)]
    return FoundDistillations(
        tuple(sorted(fitting, key=lambda one: one.made_at)),
        set_aside_notices("unreadable_distillation", found.unusable),
    )
