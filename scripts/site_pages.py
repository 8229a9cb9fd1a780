"""Pages of the documentation site that are made while it is built, so that they always say what the code says.

MkDocs calls the functions ``on_…`` (``hooks`` in ``mkdocs.yml``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main
from typer.testing import CliRunner

from format_pages import FORMATS, documents_page
from mlipguide import __version__
from mlipguide.catalog.cards import load_catalogue
from mlipguide.cli.app import app
from mlipguide.cli.names import COMMANDS, GROUPS, PAIRS
from mlipguide.commands.functions import FUNCTIONS, documentation
from mlipguide.commands.know.explain import explain
from mlipguide.report.pages.explain_page import as_markdown
from write_outputs import PAGE, sections

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "src" / "mlipguide" / "data" / "schemas"
BESIDE_DOCS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "configs/README.md": "tasks.md",
    "configs/ci/README.md": "ci.md",
}
"""Files of the repository that are pages too, by where they stand there."""
STANDS_FOR = {
    **BESIDE_DOCS,
    "configs": "tasks.md",
    "configs/ci": "ci.md",
    "configs/cluster/slurm.yaml": "reference/files.md",
    "configs/hardware": "reference/files.md",
    "src/mlipguide/data/schemas": "reference/documents.md",
    "src/mlipguide/data/environments": "reference/recipe.md",
}
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(docs/([^)\s]+)\)")
GUIDE = "guide.md"
DISTURBED = (
    "The answers are real ones of a machine of two cores without a GPU on which other work ran: they show the page, "
    "not the speed of a model."
)
OUTPUTS = PAGE.relative_to(ROOT).as_posix()


def on_config(config: Any) -> Any:
    """Put a page for each command into the shelf of the reference."""
    for shelf in config.nav:
        for entry in shelf.get("Reference", ()):
            if "Each command" in entry:
                entry["Each command"] = [{name: f"reference/commands/{name}.md"} for name in COMMANDS]
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """Add what is not in ``docs/``."""
    from mkdocs.structure.files import File

    pages = {page: _moved((ROOT / path).read_text(encoding="utf-8"), path, page) for path, page in BESIDE_DOCS.items()}
    pages |= {f"reference/{name}.md": make() for name, make in REFERENCE.items()}
    outputs = sections(PAGE.read_text(encoding="utf-8"))
    pages |= {f"reference/commands/{name}.md": _command(name, outputs) for name in COMMANDS}
    pages |= {
        f"reference/schemas/{path.name}": path.read_text(encoding="utf-8") for path in sorted(SCHEMAS.glob("*.json"))
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Let links into the repository lead to its pages; where there is none, only their words stay."""
    source = page.file.src_uri
    if page.file.generated_by is not None:
        return markdown
    if source == GUIDE:
        markdown += f"\n{as_markdown(explain('all').data)}\n"
    return _moved(markdown, f"docs/{source}", source)


def _moved(text: str, path: str, page: str) -> str:
    """Return a text of the repository, which stands in ``path`` there, with links that lead from ``page`` to others."""
    folder = (ROOT / path).parent
    up = "../" * page.count("/")

    def replaced(match: re.Match[str]) -> str:
        words, target = match.groups()
        address, mark, anchor = target.partition("#")
        if "://" in target or not address:
            return match.group()
        found = (folder / address).resolve().relative_to(ROOT).as_posix()
        if found.startswith("docs/"):
            return f"[{words}]({up}{found.removeprefix('docs/')}{mark}{anchor})"
        return f"[{words}]({up}{STANDS_FOR[found]}{mark}{anchor})" if found in STANDS_FOR else words

    return LINK.sub(replaced, PICTURE.sub(r"![\1](\2)", text))


def _command(name: str, outputs: dict[str, str]) -> str:
    """Return the page of a command: what it does, what it printed, and its options; below it those of its own."""
    lines = [f"# mlipguide {name}", "", f"{COMMANDS[name]} {DISTURBED}", ""]
    words_of = [words for words in commands() if words[0] == name]
    for words in words_of:
        typed = " ".join(words)
        if len(words_of) > 1:
            lines += [f"## mlipguide {typed}", ""]
        if typed in outputs:
            lines += [_moved(outputs[typed], OUTPUTS, f"reference/commands/{name}.md"), ""]
        lines += [f"Options, of mlipguide {__version__}:", "", "```text", _help(words), "```", ""]
    return "\n".join(lines)


def _help(words: tuple[str, ...]) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100"})
    if done.exit_code != 0:
        raise RuntimeError(f"mlipguide {' '.join(words)} --help: {done.output}")
    return done.output.strip()


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


REFERENCE: dict[str, Callable[[], str]] = {
    "python": _python,
    "documents": documents_page,
    "models": _models,
    **FORMATS,
}
