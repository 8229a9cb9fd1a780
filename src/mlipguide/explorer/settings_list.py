"""The list of what can be changed: a line for each setting, stepped through with the arrows or by clicks."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from mlipguide.explorer.settings import Setting
from mlipguide.records.requests.recommend import RecommendRequest
from mlipguide.records.task.task import Task, TaskKind

LABEL_WIDTH = 13
LESS, MORE = "◂", "▸"


class SettingsList(Widget, can_focus=True):
    """The settings that apply to the kind of task, one of which is under the cursor.

    Args:
        settings: All of them.
        request: What is asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("left", "step(-1)", "Step", key_display="←→"),
        Binding("right", "step(1)", "Larger", show=False),
        Binding("enter", "open", "Type or pick"),
        Binding("tab", "app.focus_next", "Next part"),
    ]

    class Stepped(Message):
        """The next larger (1) or smaller (-1) value is wanted."""

        def __init__(self, setting: Setting, by: int) -> None:
            super().__init__()
            self.setting, self.by = setting, by

    class Opened(Message):
        """A value is to be typed or picked."""

        def __init__(self, setting: Setting) -> None:
            super().__init__()
            self.setting = setting

    def __init__(self, settings: tuple[Setting, ...], request: RecommendRequest) -> None:
        super().__init__(id="settings")
        self._settings = settings
        self._request = request
        self._meaning: Task | None = None
        self._cursor = 0

    def show(self, request: RecommendRequest, task: Task | None) -> None:
        """Show what is asked, and where it was left out what is assumed."""
        selected = self.selected
        self._request, self._meaning = request, task
        self._cursor = next((row for row, one in enumerate(self._shown) if one is selected), 0)
        self.refresh()

    @property
    def selected(self) -> Setting:
        """The setting under the cursor."""
        return self._shown[min(self._cursor, len(self._shown) - 1)]

    @property
    def _shown(self) -> tuple[Setting, ...]:
        kind = TaskKind.MD if self._meaning is None else self._meaning.kind
        return tuple(one for one in self._settings if one.applies(kind))

    def render(self) -> Text:
        """Return the lines."""
        return Text("\n").join(self._line(row, one) for row, one in enumerate(self._shown))

    def _line(self, row: int, one: Setting) -> Text:
        width = self.size.width
        value = Text(one.words(self._request, self._meaning), style="dim" if one.is_assumed(self._request) else "bold")
        value.truncate(width - LABEL_WIDTH - 2, overflow="ellipsis", pad=True)
        line = Text(f"{one.label:<{LABEL_WIDTH}}", no_wrap=True)
        line.append(LESS, "dim").append_text(value).append(MORE, "dim")
        if row == self._cursor:
            line.stylize("reverse" if self.has_focus else "underline")
        return line

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._cursor = (self._cursor + by) % len(self._shown)
        self.refresh()

    def action_step(self, by: int) -> None:
        """Ask for the next value."""
        self.post_message(self.Stepped(self.selected, by))

    def action_open(self) -> None:
        """Ask for a value."""
        self.post_message(self.Opened(self.selected))

    def on_click(self, event: events.Click) -> None:
        """Step where an arrow was clicked, open a line that is under the cursor, else move the cursor there."""
        place = event.get_content_offset(self)
        if place is None or place.y >= len(self._shown):
            return
        again, self._cursor = place.y == self._cursor, place.y
        if place.x == LABEL_WIDTH:
            self.action_step(-1)
        elif place.x == self.size.width - 1:
            self.action_step(1)
        elif again:
            self.action_open()
        self.refresh()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self.refresh()
