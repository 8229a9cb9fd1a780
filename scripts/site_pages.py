"""Pages of the documentation site that are made while it is built, so that they always say what the code says.

MkDocs calls the functions ``on_…`` (``hooks`` in ``mkdocs.yml``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main
from typer.testing import CliRunner

from mlipguide import __version__
from mlipguide.catalog.cards import load_catalogue
from mlipguide.cli.app import app
from mlipguide.cli.names import COMMANDS, GROUPS, PAIRS
from mlipguide.commands.explain import explain
from mlipguide.commands.functions import FUNCTIONS, documentation
from mlipguide.report.pages.explain_page import as_markdown

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "src" / "mlipguide" / "data" / "schemas"
BESIDE_DOCS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "configs/ci/README.md": "ci.md",
}
"""Files of the repository that are pages too, by where they stand there."""
STANDS_FOR = {**BESIDE_DOCS, "configs/ci": "ci.md", "src/mlipguide/data/schemas": "reference/documents.md"}
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(docs/([^)\s]+)\)")


def on_files(files: Files, *, config: Any) -> Files:
    """Add what is not in ``docs/``."""
    from mkdocs.structure.files import File

    pages = {page: _moved((ROOT / path).read_text(encoding="utf-8"), path) for path, page in BESIDE_DOCS.items()}
    pages |= {f"reference/{name}.md": make() for name, make in REFERENCE.items()}
    pages |= {
        f"reference/schemas/{path.name}": path.read_text(encoding="utf-8") for path in sorted(SCHEMAS.glob("*.json"))
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Let links into the repository lead to its pages; where there is none, only their words stay."""
    return markdown if page.file.src_uri in BESIDE_DOCS.values() else _moved(markdown, f"docs/{page.file.src_uri}")


def _moved(text: str, path: str) -> str:
    """Return a text of the repository with links that lead to pages of the site."""
    folder = (ROOT / path).parent

    def replaced(match: re.Match[str]) -> str:
        words, target = match.groups()
        address, mark, anchor = target.partition("#")
        if "://" in target or not address:
            return match.group()
        found = (folder / address).resolve().relative_to(ROOT).as_posix()
        if found.startswith("docs/"):
            return f"[{words}]({found.removeprefix('docs/')}{mark}{anchor})"
        return f"[{words}]({STANDS_FOR[found]}{mark}{anchor})" if found in STANDS_FOR else words

    return LINK.sub(replaced, PICTURE.sub(r"![\1](\2)", text))


def _options() -> str:
    runner = CliRunner()
    lines = [
        "# Options of every command",
        "",
        f"Printed by mlipguide {__version__} on {datetime.now(UTC):%d %B %Y}.",
        "",
    ]
    for words in commands():
        done = runner.invoke(app, [*words, "--help"], env={"COLUMNS": "100"})
        if done.exit_code != 0:
            raise RuntimeError(f"mlipguide {' '.join(words)} --help: {done.output}")
        lines += [f"## mlipguide {' '.join(words)}", "", "```text", done.output.strip(), "```", ""]
    return "\n".join(lines)


def commands() -> Iterator[tuple[str, ...]]:
    """Return the words of every command."""
    everything: Any = typer.main.get_command(app)
    for name in COMMANDS:
        yield (name,)
        if name in GROUPS:
            yield from ((name, below) for below in everything.commands[name].commands)
        yield from ((name, below) for above, below in sorted(PAIRS) if above == name)


def _python() -> str:
    lines = [
        "# Python functions",
        "",
        "`import mlipguide` loads nothing else; each function returns an answer with `data`,",
        "",
    ]
    lines[2] += " the record that `--json` writes."
    for name in FUNCTIONS:
        lines += [f"## mlipguide.{name}", "", "```text", documentation(name).strip(), "```", ""]
    return "\n".join(lines)


def _documents() -> str:
    lines = [
        "# JSON documents and cards",
        "",
        "Every command takes `--json` and prints one document. The schemas (JSON Schema 2020-12) describe each field.",
        "",
        "| schema | of |",
        "|---|---|",
    ]
    for path in sorted(SCHEMAS.glob("*.json")):
        title = json.loads(path.read_text(encoding="utf-8"))["title"]
        lines.append(f"| [{path.name}](schemas/{path.name}) | {title} |")
    return "\n".join(lines) + "\n"


def _models() -> str:
    lines = [
        "# Models",
        "",
        "| model | backend | elements | level of theory | licence of the weights |",
        "|---|---|---|---|---|",
    ]
    for card in load_catalogue().cards:
        level = card.training.level_of_theory or "not known"
        elements = len(card.training.elements) if card.training.elements else "not known"
        lines.append(
            f"| `{card.id}` | {card.backend} | {elements} | {level} | {card.licences.weights.name or 'not known'} |"
        )
    return "\n".join(lines) + "\n"


def _guide() -> str:
    return f"# The guide\n\n{as_markdown(explain('all').data)}\n"


REFERENCE: dict[str, Callable[[], str]] = {
    "options": _options,
    "python": _python,
    "documents": _documents,
    "models": _models,
    "guide": _guide,
}
