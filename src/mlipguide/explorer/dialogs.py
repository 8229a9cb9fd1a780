"""What is asked in a window of its own: a value from a list, several of them, a yes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

Choices = Sequence[tuple[str, str]]
PICKED, UNPICKED = "[x]", "[ ]"


class PickOne(ModalScreen[str | None]):
    """A list that typing narrows down; what is typed and stands in it nowhere is taken as it is.

    Args:
        title: What is picked.
        choices: Values, each with a word about it.
        now: The value that holds.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
    ]

    def __init__(self, title: str, choices: Choices, now: str) -> None:
        super().__init__()
        self._title, self._choices, self._now = title, choices, now

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="dialog"):
            yield Static(f"{self._title}: type or pick, Enter takes it, Esc leaves", markup=False)
            yield Input(compact=True)
            yield OptionList(*self._options(""), compact=True)

    def on_mount(self) -> None:
        """Begin at the value that holds."""
        names = [name for name, _ in self._choices]
        self.query_one(OptionList).highlighted = names.index(self._now) if self._now in names else 0
        self.query_one(Input).focus()

    def _options(self, typed: str) -> Iterable[Option]:
        wanted = typed.strip().lower()
        for name, words in self._choices:
            if wanted in name.lower():
                yield Option(Text.assemble(name, (f"  {words}" if words else "", "dim")), id=name)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show what fits."""
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options(event.value))
        if options.option_count:
            options.highlighted = 0

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """Take what is under the cursor, else what is typed."""
        options = self.query_one(OptionList)
        typed = event.value.strip()
        exact = typed if typed in {name for name, _ in self._choices} else None
        found = None if options.highlighted is None else options.get_option_at_index(options.highlighted).id
        self.dismiss(exact or found or typed or None)

    @on(OptionList.OptionSelected)
    def click(self, event: OptionList.OptionSelected) -> None:
        """Take what was clicked."""
        self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        """Move the cursor of the list."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)


class PickSeveral(ModalScreen[str | None]):
    """A list of which any number are picked; the answer has commas between them.

    Args:
        title: What is picked.
        choices: Values.
        now: Those that hold.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("enter", "take", "Take", priority=True),
        Binding("space", "turn", "Pick", priority=True),
    ]

    def __init__(self, title: str, choices: Choices, now: Sequence[str]) -> None:
        super().__init__()
        self._title, self._choices, self._picked = title, choices, set(now)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="dialog"):
            yield Static(f"{self._title}: space picks, Enter takes them, Esc leaves", markup=False)
            yield OptionList(*(self._prompt(name) for name, _ in self._choices), compact=True)

    def _prompt(self, name: str) -> Text:
        return Text(f"{PICKED if name in self._picked else UNPICKED} {name}")

    @on(OptionList.OptionSelected)
    def turn(self, event: OptionList.OptionSelected) -> None:
        """Pick what was clicked, or leave it out again."""
        self._turn(event.option_index)

    def action_turn(self) -> None:
        """Pick what is under the cursor, or leave it out again."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self._turn(highlighted)

    def _turn(self, index: int) -> None:
        name, _ = self._choices[index]
        self._picked ^= {name}
        self.query_one(OptionList).replace_option_prompt_at_index(index, self._prompt(name))

    def action_take(self) -> None:
        """Take what is picked, in the order of the list."""
        self.dismiss(",".join(name for name, _ in self._choices if name in self._picked))

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
