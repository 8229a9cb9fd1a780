"""The line at the bottom: what there is to say, or a text that is typed."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from mlipguide.core.errors import MlipguideError


class BottomLine(Horizontal):
    """The line.

    Attributes:
        take: Takes what was typed.
    """

    DEFAULT_CSS = """
    BottomLine { height: auto; max-height: 4; padding: 0 1; }
    BottomLine #message { width: 1fr; height: auto; max-height: 4; }
    BottomLine #prompt { width: auto; padding: 0 1 0 0; }
    BottomLine #typed { width: 1fr; }
    """

    take: Callable[[str], None] = staticmethod(lambda _text: None)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(id="message", markup=False)
        yield Static(id="prompt", markup=False)
        yield Input(id="typed", compact=True)

    def on_mount(self) -> None:
        """Begin without typing."""
        self.end()

    @property
    def is_typing(self) -> bool:
        """Whether a text is typed."""
        return bool(self.query_one("#typed").display)

    def tell(self, words: str) -> None:
        """Say something."""
        self.query_one("#message", Static).update(Text(words))

    def refuse(self, error: MlipguideError) -> None:
        """Say what cannot be done, and what can."""
        self.query_one("#message", Static).update(Text.assemble((error.message, "bold red"), " ", error.hint))

    def type(self, label: str, text: str, take: Callable[[str], None]) -> None:
        """Let a text be typed in the place of another one.

        Args:
            label: What it is.
            text: Stands there first.
            take: Takes it.
        """
        self.take = take
        self._show(label)
        typed = self.query_one("#typed", Input)
        typed.value = text
        typed.focus()

    def end(self) -> None:
        """End the typing."""
        self._show(None)

    def _show(self, label: str | None) -> None:
        self.query_one("#message").display = label is None
        for name in ("#prompt", "#typed"):
            self.query_one(name).display = label is not None
        self.query_one("#prompt", Static).update("" if label is None else f"{label}:")
