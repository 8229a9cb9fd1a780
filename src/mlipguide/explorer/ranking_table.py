"""The table of all models with a cursor; only the lines that are seen are laid out, so that it follows at once."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mlipguide.explorer.panes import Ranking, model_of

HEADING = 1
"""Lines above the rows, which stay."""


class RankingTable(ScrollView, can_focus=True):
    """The ranking."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "end(0)", "First", show=False),
        Binding("end", "end(-1)", "Last", show=False),
        Binding("enter", "open", "Why"),
        Binding("tab", "app.focus_next", "Next part"),
    ]

    class Moved(Message):
        """The cursor is on another model; None on the row of a potential that is yet to be trained."""

        def __init__(self, model: str | None) -> None:
            super().__init__()
            self.model = model

    class Opened(Message):
        """More about the model under the cursor is wanted."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # as every widget names it
        super().__init__(id=id)
        self._shown: Ranking | None = None
        self._cursor = 0

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return 0 if self._shown is None else len(self._shown.lines)

    def show(self, ranking: Ranking, model: str | None) -> None:
        """Show a ranking with the cursor on a model; on the first row where it has none."""
        self._shown, self._cursor = ranking, ranking.place(model)
        self.virtual_size = Size(self.size.width, self.row_count + HEADING)
        self._follow()

    def render_line(self, y: int) -> Strip:
        """Return a line of what is seen."""
        width = self.scrollable_content_region.width
        line, style = Text(), self.rich_style
        row = y - HEADING + self.scroll_offset.y
        if self._shown is not None and y < HEADING:
            line = Text(" ").join(
                Text(one.title.rjust(one.width) if one.right else one.title.ljust(one.width), style="bold")
                for one in self._shown.columns
            )
        elif self._shown is not None and row < self.row_count:
            line = Text(" ").join(self._shown.cells(row))
            if row == self._cursor:
                line.stylize(Style(reverse=True) if self.has_focus else Style(underline=True))
        return Strip(line.render(self.app.console, end="")).adjust_cell_length(width, style).apply_style(style)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._go(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by what is seen."""
        self._go(self._cursor + by * max(1, self.size.height - HEADING - 1))

    def action_end(self, row: int) -> None:
        """Move the cursor to the first row, or the last."""
        self._go(row % max(1, self.row_count))

    def action_open(self) -> None:
        """Ask for more about a model."""
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a click on the row under it opens that."""
        place = event.get_content_offset(self)
        if place is None or place.y < HEADING:
            return
        row = place.y - HEADING + self.scroll_offset.y
        if row == self._cursor:
            self.action_open()
        elif row < self.row_count:
            self._go(row)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self.refresh()

    def _go(self, row: int) -> None:
        if self._shown is not None and self.row_count:
            self._cursor = min(max(row, 0), self.row_count - 1)
            self._follow()
            self.post_message(self.Moved(model_of(self._shown.keys[self._cursor]) or None))

    def _follow(self) -> None:
        """Scroll to the cursor."""
        first, seen = self.scroll_offset.y, self.size.height - HEADING
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= first + seen > 0:
            self.scroll_to(y=self._cursor - seen + 1, animate=False)
        self.refresh()
