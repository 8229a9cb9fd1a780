"""A result as Python hands it out: the record, which a notebook shows as the page of the command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import Generic, TypeVar

from mlipguide.records.notice import Result

T = TypeVar("T")

WIDTH = 100
CODE = "<pre style=\"font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace;line-height:1.3\">{code}</pre>"


@dataclass(frozen=True)
class Answer(Result[T], Generic[T]):
    """What a function of ``mlipguide`` returns.

    Attributes:
        data: The record, as ``--json`` writes it.
        notices: What is worth knowing beside it.
        errors: Parts of the work that failed while the rest went on.
        exit_code: What the command would end with.
        command: The command that is the same.
        page: Module and function that lay the data out.
    """

    command: str = field(default="", kw_only=True)
    page: str = field(default="", kw_only=True, repr=False)

    def to_json(self) -> str:
        """Return the document that the command prints with ``--json``."""
        from mlipguide.report.exports.envelope import render_result

        return render_result(self.command, self)

    def __str__(self) -> str:
        """Return the page that the command prints, without colours."""
        return self._rendered(html=False)

    def _repr_html_(self) -> str:
        """Return the page for a notebook, with what there is to say beside it folded away."""
        return self._rendered(html=True) + "".join(self._remarks())

    def _rendered(self, *, html: bool) -> str:
        import io

        from rich.console import Console

        module, _, name = self.page.partition(":")
        console = Console(file=io.StringIO(), record=True, highlight=False, width=WIDTH, force_terminal=False)
        console.print(getattr(import_module(module), name)(self.data, console))
        return console.export_html(inline_styles=True, code_format=CODE) if html else console.export_text()

    def _remarks(self) -> Iterator[str]:
        failed = [f"{escape(problem.message)} {escape(problem.hint)}" for problem in self.errors]
        notes = [escape(notice.message) for notice in self.notices]
        for title, texts in (("Failed", failed), ("Notes", notes)):
            if texts:
                items = "".join(f"<li>{text}</li>" for text in texts)
                yield f"<details><summary>{title}: {len(texts)}</summary><ul>{items}</ul></details>"
