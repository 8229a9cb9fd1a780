"""What a long piece of work has paid for, kept step by step: it can be interrupted anywhere and taken up again.

A step is remembered under its name with the time that it took. What is decided by the time used so far is decided by
the remembered times, so that a run that was interrupted decides as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.errors import InputError
from mlipguide.core.kept_files import REDO, UnusableFileError, newer, read_document, unless_unusable
from mlipguide.core.serialisation import to_json, write_atomically
from mlipguide.records.checks import LONGEST_S

FORMAT, EARLIER_FORMAT = 2, 1
"""Steps of the earlier format have other names: a distillation that it began cannot go on."""
REQUEST, STEPS = "request", "steps"
REQUESTED = "a request of a training"
STEP = "a step of a training"
ANOTHER = "Choose another folder with --folder."


@dataclass(frozen=True)
class KeptStep:
    """What a step gave, plain data, and the wall time that it took."""

    result: Any
    took_s: float


class StepCache:
    """A folder of finished steps, one JSON file each.

    Args:
        folder: Where they are kept; made when the first is.
        now: Seconds of a clock that never goes back.

    Attributes:
        folder: The same.
        now: The same.
        set_aside: Files of steps that could not be used, which are done again.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.now = now
        self.set_aside: list[UnusableFileError] = []
        self._took_s: dict[str, float] = {}

    @property
    def used_s(self) -> float:
        """Wall time of the steps that were asked for so far, those of earlier runs included."""
        return sum(self._took_s.values())

    def took_s(self, prefix: str) -> tuple[float, ...]:
        """Return the wall times of the steps asked for so far whose names begin with ``prefix``."""
        return tuple(took_s for name, took_s in self._took_s.items() if name.startswith(prefix))

    def step_s(self, name: str) -> float:
        """Return the wall time of a step that was asked for."""
        return self._took_s[name]

    def require_request(self, request: dict[str, Any]) -> None:
        """Bind the folder to one request: what was paid for under another one is not mixed with it.

        Args:
            request: Plain data; what decides the result, and nothing else.

        Raises:
            InputError: The folder holds the work of another request, or something else.
        """
        path = self.folder / f"{REQUEST}.json"
        if not path.exists():
            if self.folder.is_dir() and any(self.folder.iterdir()):
                raise InputError(f"{self.folder} is not empty.", hint="Choose another folder with --folder.")
            write_atomically(path, to_json({"format": FORMAT, "request": request}) + "\n")
            return
        found = read_document(path, REQUESTED, hint=ANOTHER)
        version, kept = found.get("format"), found.get("request")
        if type(version) is int and version > FORMAT:
            raise newer(path, REQUESTED, version, FORMAT)
        if version == EARLIER_FORMAT:
            raise InputError(f"{self.folder} was begun by an earlier version of mlipguide.", hint=ANOTHER)
        if version != FORMAT or not isinstance(kept, dict):
            raise UnusableFileError(path, REQUESTED, f"is not {REQUESTED} of mlipguide", hint=ANOTHER)
        different = sorted(key for key in {*request, *kept} if request.get(key) != kept.get(key))
        if different:
            raise InputError(
                f"{self.folder} holds work with another {', '.join(different)}.",
                hint="Give what it was begun with to go on, or choose another folder with --folder.",
            )

    def remember(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what step ``name`` gave: from the folder, or by doing it now and keeping it.

        Args:
            name: Of the step; a file name without its ending.
            make: Does it, and returns plain data.
        """
        if (found := self.find(name)) is not None:
            return found.result
        begin = self.now()
        result = make()
        self.keep(name, result, took_s=self.now() - begin)
        return result

    def find(self, name: str) -> KeptStep | None:
        """Return a step that was done; None where it was not, or its file cannot be used."""
        found = unless_unusable(self._file(name), _read_step, self.set_aside)
        if found is not None:
            self._took_s[name] = found.took_s
        return found

    def keep(self, name: str, result: Any, *, took_s: float) -> None:
        """Keep what a step gave, plain data, with the wall time that it took."""
        found = {"took_s": took_s, "result": result, "sha256": _digest(result)}
        write_atomically(self._file(name), to_json(found) + "\n")
        self._took_s[name] = took_s

    def knows(self, name: str) -> bool:
        """Tell whether a step was done; one whose file cannot be used was not."""
        return unless_unusable(self._file(name), _read_step, self.set_aside) is not None

    def _file(self, name: str) -> Path:
        return self.folder / STEPS / f"{name}.json"


def _read_step(path: Path) -> KeptStep:
    found = read_document(path, STEP, hint=REDO)
    took_s = found.get("took_s")
    if not isinstance(took_s, int | float) or not 0 <= took_s <= LONGEST_S or "result" not in found:
        raise UnusableFileError(path, STEP, f"is not {STEP} of mlipguide", hint=REDO)
    if "sha256" in found and found["sha256"] != _digest(found["result"]):
        raise UnusableFileError(path, STEP, "was changed after it was written", hint=REDO)
    return KeptStep(result=found["result"], took_s=float(took_s))


def _digest(result: Any) -> str:
    return hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()
