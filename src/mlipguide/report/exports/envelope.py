"""The one JSON document that a command prints with ``--json``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlipguide
from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import MlipguideError
from mlipguide.core.serialisation import json_schema, to_json, to_plain
from mlipguide.records.accuracy.accuracy import Evaluation
from mlipguide.records.accuracy.disagreement import Disagreement
from mlipguide.records.accuracy.stability import StabilityData
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.compared_answers import AnswersCompared
from mlipguide.records.advice.plan import HardwarePlan
from mlipguide.records.cluster.jobs import Collected, JobList, JobScripts
from mlipguide.records.cluster.partitions import PartitionsAnswer
from mlipguide.records.models.citations import Citations
from mlipguide.records.models.topic import Explanation
from mlipguide.records.notice import Notice, Problem, Result, Status
from mlipguide.records.strict import strict
from mlipguide.records.task.task_file import TaskFile
from mlipguide.records.timing.bench import BenchData
from mlipguide.records.timing.comparison import Comparison
from mlipguide.records.timing.sharing import ExportReport, ImportReport
from mlipguide.records.timing.speed_check import SpeedCheck
from mlipguide.records.timing.tuning import TuneData
from mlipguide.records.training.distillation import Distillation
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.pilot import PilotData
from mlipguide.report.exports.plain_words import to_worded, worded_schema

DOCUMENTS: dict[str, Any] = {
    "recommend": Recommendation,
    "recommend on": PartitionsAnswer,
    "bench": BenchData,
    "bench compare": Comparison,
    "bench speed": SpeedCheck,
    "check": Comparison,
    "cite": Citations,
    "compare": AnswersCompared,
    "evaluate": Evaluation,
    "disagree": Disagreement,
    "explain": Explanation,
    "init": TaskFile,
    **dict.fromkeys(("jobs list", "jobs watch", "jobs cancel", "jobs resume"), JobList),
    "jobs collect": Collected,
    "jobs scripts": JobScripts,
    "plan": HardwarePlan,
    "share check": ImportReport,
    "share export": ExportReport,
    "share import": ImportReport,
    "stability": StabilityData,
    "train distil": Distillation,
    "train fit": FitData,
    "train pilot": PilotData,
    "tune": TuneData,
}
"""Commands whose ``data`` has a published schema, and the record it is written from."""

VERSIONS = {**dict.fromkeys(DOCUMENTS, 1), "recommend": 2, "plan": 2, "train distil": 2, "disagree": 2}
"""Of these documents; the changelog says what changed."""


@strict
@dataclass(frozen=True)
class _Frame:
    """Everything of the document but its data."""

    version: str
    status: Status
    notices: tuple[Notice, ...] = field(default=())
    errors: tuple[Problem, ...] = field(default=())


def render_result(command: str, result: Result[Any]) -> str:
    """Return the document of a finished command."""
    return _document(command, to_worded(result.data), result.status, result.notices, result.errors)


def render_error(command: str, error: MlipguideError) -> str:
    """Return the document of a command that failed."""
    return _document(command, None, Status.ERROR, (), (Problem.from_error(error),))


def schema_of(command: str) -> dict[str, Any]:
    """Return the JSON schema of a command's document; ``data`` is null when the command failed."""
    data = worded_schema(json_schema(DOCUMENTS[command]))
    definitions = data.pop("$defs", {})
    frame = json_schema(_Frame)
    definitions |= frame.pop("$defs", {})
    return {
        "$schema": data.pop("$schema"),
        "title": f"mlipguide {command} --json",
        "type": "object",
        "properties": {
            "schema": {"const": schema_name(command)},
            **frame["properties"],
            "data": {"anyOf": [data, {"type": "null"}]},
        },
        "required": ["schema", "version", "status", "data", "notices", "errors"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def schema_name(command: str) -> str:
    """Return the name and version of a command's document."""
    return f"mlipguide.{command.replace(' ', '.')}/{VERSIONS.get(command, 1)}"


def schema_file(command: str) -> Path:
    """Return where the published schema of a command's document stands."""
    return DATA / "schemas" / f"{command.replace(' ', '.')}-{VERSIONS[command]}.json"


def write_schemas() -> None:
    """Write the published schemas anew, after a change of the records."""
    for command in DOCUMENTS:
        schema_file(command).write_text(to_json(schema_of(command)) + "\n", encoding="utf-8")


def _document(command: str, data: Any, status: Status, notices: tuple[Notice, ...], errors: tuple[Problem, ...]) -> str:
    frame = to_plain(_Frame(mlipguide.__version__, status, notices, errors))
    document = {
        "schema": schema_name(command),
        "version": frame["version"],
        "status": frame["status"],
        "data": data,
        "notices": frame["notices"],
        "errors": frame["errors"],
    }
    return to_json(document)


if __name__ == "__main__":
    write_schemas()
