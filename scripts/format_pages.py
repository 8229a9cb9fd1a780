"""Pages of the documentation site on formats: JSON documents, cards, recipes, and the files that commands take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mlipguide.catalog.schema import CARD_SCHEMA, FAMILY_SCHEMA
from mlipguide.core.serialisation import json_schema
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.requests.option import options_of
from mlipguide.records.requests.recommend import TaskRequest

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "mlipguide" / "data"
SCHEMAS = DATA / "schemas"
ENTRY = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
"""A line of ``Attributes:`` in a docstring, with the lines that continue it."""


def documents_page() -> str:
    """Return the page of the documents that ``--json`` prints."""
    lines = [
        "# JSON documents",
        "",
        "Every command takes `--json` and prints one document on stdout: `schema` (a name and a version), `version`",
        "(of mlipguide), `status` (`success`, `partial`, `error`), `data`, `notices` and `errors`. What is not known",
        "is `null`; a physical number is an object with `value`, `low`, `high` (90 %), `basis` and `source`, and its",
        "unit stands in the name of the field. The tables below are made from the published schemas (JSON Schema",
        "2020-12), which hold every field of every part.",
        "",
    ]
    for path in sorted(SCHEMAS.glob("*.json")):
        if path in (CARD_SCHEMA, FAMILY_SCHEMA):
            continue
        schema = json.loads(path.read_text(encoding="utf-8"))
        data = schema["properties"]["data"]["anyOf"][0]
        data = _found(data, schema)
        lines += [f"## {schema['properties']['schema']['const']}", "", f"[{path.name}](schemas/{path.name})", ""]
        lines += [*_table(data), ""]
    return "\n".join(lines)


def _card(path: Path, title: str, example: Path, says: str) -> str:
    schema = json.loads(path.read_text(encoding="utf-8"))
    return _format(title, schema, example, f"{says} The schema: [{path.name}](schemas/{path.name}).")


def _recipe() -> str:
    return _format(
        "Recipes of environments",
        json_schema(Recipe, mode="validation"),
        DATA / "environments" / "sevenn.yaml",
        "A recipe says how the environment of one backend is built: pinned packages that were tested together. "
        "[Where what is new goes](../contributing.md#add-a-backend) tells how to add one.",
    )


def _format(title: str, schema: Mapping[str, Any], example: Path, says: str) -> str:
    """Return the page of a format: an example, then a table for each of its parts."""
    shown = example.read_text(encoding="utf-8").rstrip()
    lines = [f"# {title}", "", says, "", f"`{example.name}`:", "", "```yaml", shown, "```", ""]
    lines += ["## Fields", "", *_table(schema), ""]
    for name, part in sorted(schema.get("$defs", {}).items()):
        lines += [f"## {name}", "", *_part(part), ""]
    return "\n".join(lines)


def _part(part: Mapping[str, Any]) -> list[str]:
    if "enum" in part:
        return [_sentence(part), "", f"One of {', '.join(f'`{value}`' for value in part['enum'])}."]
    return [_sentence(part), "", *_table(part)] if "properties" in part else [_sentence(part)]


def _table(part: Mapping[str, Any]) -> list[str]:
    """Return the fields of an object as a table of Markdown."""
    told = {name: " ".join(text.split()) for name, text in ENTRY.findall(part.get("description", ""))}
    required = set(part.get("required", ()))
    lines = ["| field | what | kind |", "|---|---|---|"]
    for name, field in part["properties"].items():
        kind = _kind(field) + ("" if name in required else ", may be left out")
        lines.append(f"| `{name}` | {_cell(told.get(name, ''))} | {_cell(kind)} |")
    return lines


def _kind(field: Mapping[str, Any]) -> str:
    """Return what a value is, in a few words."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(one) for one in field["anyOf"]))
    if "const" in field:
        return f"`{field['const']}`"
    kind = str(field.get("type", "anything"))
    if kind == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return {"object": "mapping", "string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        kind, kind
    )


def _sentence(part: Mapping[str, Any]) -> str:
    """Return what a docstring says before its fields."""
    text = part.get("description", "").partition("Attributes:")[0]
    return _literal(" ".join(text.split()))


def _cell(text: str) -> str:
    return _literal(text).replace("|", "\\|")


def _literal(text: str) -> str:
    """Return words of a docstring as Markdown; what Python calls None is null in a file."""
    return re.sub(r"\bNone\b", "`null`", text.replace("``", "`"))


def _found(data: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object that a reference names."""
    if "$ref" not in data:
        return data
    found: Mapping[str, Any] = schema["$defs"][data["$ref"].rpartition("/")[2]]
    return found


def _files() -> str:
    """Return the page of the files that a user writes."""
    lines = [
        "# Files that commands take",
        "",
        "## A task",
        "",
        "`recommend --config FILE` reads a task. A key is an option without its dashes, with underscores; a value is",
        "the same text with its unit. [The examples](../tasks.md) say why each value stands there.",
        "",
        *_example("configs/lifepo4.yaml"),
        "| key | what | without it |",
        "|---|---|---|",
    ]
    for name, item in options_of(TaskRequest).items():
        lines.append(f"| `{name}` | {_cell(item.option.help)} | {_cell(item.option.assumed or '')} |")
    lines += ["", "## Hardware that is not here", "", "`--hardware FILE`, and `hardware save NAME FILE`.", ""]
    for name in ("a100-node", "cpu-node", "workstation"):
        lines += _example(f"configs/hardware/{name}.yaml")
    lines += ["## A cluster", "", "`bench --on FILE` and `recommend --on FILE` ([clusters](../clusters.md)).", ""]
    return "\n".join([*lines, *_example("configs/cluster/slurm.yaml")])


def _example(path: str) -> list[str]:
    return [f"`{path}`:", "", "```yaml", (ROOT / path).read_text(encoding="utf-8").rstrip(), "```", ""]


FORMATS: dict[str, Callable[[], str]] = {
    "model-card": partial(
        _card,
        CARD_SCHEMA,
        "Model cards",
        DATA / "models" / "sevennet-0.yaml",
        "A card is one checkpoint: architecture, weights, and what is known of them, each fact with its source and the "
        "day on which it was read. `mlipguide models validate` checks a folder of cards. [Where what is new "
        "goes](../contributing.md#add-a-model) tells how to add one.",
    ),
    "family-card": partial(
        _card,
        FAMILY_SCHEMA,
        "Cards of families",
        DATA / "families" / "pod.yaml",
        "A family is a kind of potential that is trained for one system. `mlipguide models families` lists them.",
    ),
    "recipe": _recipe,
    "files": _files,
}
