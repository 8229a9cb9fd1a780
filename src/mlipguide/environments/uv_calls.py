"""Calls of uv for one environment: its output is kept, its progress passed on, its failures are explained."""

from __future__ import annotations

import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, MlipguideError
from mlipguide.core.paths import logs_dir, make_folder, storage_error
from mlipguide.core.processes import run_logged
from mlipguide.environments import uv_program
from mlipguide.environments.build_failures import explain_failure
from mlipguide.environments.pip_settings import UvSettings
from mlipguide.environments.torch_builds import TorchBuild
from mlipguide.records.hardware.environment import Recipe

_KEPT_LINES = 400
"""Lines of uv's output that the explanation of a failure looks at: more than its longest message."""

_WORTH_SHOWING = re.compile(r"\s*(Resolved|Downloading|Building|Built|Prepared|Installed|warning|error)\b")
"""Lines of uv that tell how far it is; the log has the rest."""


@dataclass(frozen=True, kw_only=True)
class UvCalls:
    """How uv is called.

    Attributes:
        recipe: Whose environment it is about.
        torch_build: The build of torch that is asked for.
        settings: What uv is told.
        log: Where its output goes.
        on_progress: Gets one line at a time for the user.
    """

    recipe: Recipe
    torch_build: TorchBuild
    settings: UvSettings
    log: Path
    on_progress: Callable[[str], None]

    def run(self, *arguments: str) -> None:
        """Run uv, passing its lines on.

        Raises:
            MlipguideError: It failed, in the user's words.
        """
        environment = {**self.settings.environment, **self.recipe.build_variables}
        if self.torch_build.name == "index":
            environment.pop("UV_TORCH_BACKEND", None)
        common = ["--color", "never", "--directory", str(uv_program.prepare_folder())]
        lines: deque[str] = deque(maxlen=_KEPT_LINES)

        def forward(line: str) -> None:
            lines.append(line)
            if _WORTH_SHOWING.match(line):
                self.on_progress(line.strip())

        try:
            command = [str(uv_program.find_uv()), *common, *arguments]
            status = run_logged(command, env=environment, log=self.log, on_line=forward)
        except OSError as error:
            raise storage_error(self.log, error) from error
        if status != 0:
            raise self._explained(lines, status)

    def _explained(self, lines: Sequence[str], status: int) -> MlipguideError:
        if status < 0:
            return EnvironmentFailedError(
                f"uv was ended by signal {-status} while working on {self.recipe.backend} (log: {self.log}).",
                hint="Check whether the memory of this job or machine is used up, then try again.",
                kind="killed",
            )
        return explain_failure("\n".join(lines), recipe=self.recipe, torch_build=self.torch_build, log=self.log)


def new_log(recipe: Recipe, what: str = "build") -> Path:
    """Return the file of a new log.

    Raises:
        StorageError: The folder of the logs cannot be written.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S")
    return make_folder(logs_dir()) / f"{what}-{recipe.backend}-{stamp}-{uuid.uuid4().hex[:6]}.log"
