"""The explorer in the terminal: what can be changed on the left, the answer above, its reasons in panes on the right.

Every change is answered in a thread of its own, the latest one alone where several wait; until then, and where a
change cannot be answered, the answer before it stays. Measuring and trying a script happen in the terminal itself, as
the commands do them.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import ContentSwitcher, Footer, Input, Static

from mlipguide.commands.calls import Way
from mlipguide.commands.explore import Exploration
from mlipguide.core.errors import MlipguideError
from mlipguide.explorer import panes
from mlipguide.explorer.bottom_line import BottomLine
from mlipguide.explorer.dialogs import PickOne, PickSeveral
from mlipguide.explorer.ranking_table import RankingTable
from mlipguide.explorer.settings import Setting, settings
from mlipguide.explorer.settings_list import SettingsList
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.requests.recommend import RecommendRequest
from mlipguide.report.pages.model_page import model_page
from mlipguide.report.pages.why_page import why_page
from mlipguide.report.progress import Reporter, progress
from mlipguide.report.words.answer_words import STYLES, answer_line

PANES = {"models": "Models", "card": "Card", "scaling": "Scaling", "why": "Why", "notes": "Notes"}
SCRIPT, PAGE = "run.py", "answer.html"
BUSY_AFTER_S = 0.3
MARGINS, LEAST_WIDTH = 3, 30
"""Characters that panes are laid out for at least."""


def written(files: Sequence[str]) -> str:
    """Return that files were written."""
    return f"Written: {', '.join(files)}."


class PaneBar(Static):
    """Names of the panes, each with its key."""

    def show(self, current: str) -> None:
        """Mark the pane that is shown."""
        names = [
            f"[{'reverse bold' if name == current else 'not bold'}][@click=app.pane('{name}')] {number} {title} [/][/]"
            for number, (name, title) in enumerate(PANES.items(), start=1)
        ]
        self.update(" ".join(names))


class ExplorerApp(App[None]):
    """The explorer.

    Args:
        exploration: The question to begin with.
        way: Who is asked and told while something is measured or tried.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #answer { height: auto; min-height: 1; max-height: 5; padding: 0 1; }
    #body { height: 1fr; }
    SettingsList { width: 30; height: 1fr; padding: 0 1 0 1; border-right: vkey $primary; }
    #right { width: 1fr; }
    #bar { height: 1; link-style: none; link-style-hover: bold; link-background-hover: $primary; }
    #panes { height: 1fr; }
    #models { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; padding: 0 0 0 1; }
    .pane { padding: 0 1; scrollbar-size-vertical: 1; }
    .dialog { width: 70; max-width: 95%; height: 80%; border: round $primary; background: $surface; padding: 0 1; }
    ModalScreen { align: center middle; }
    OptionList, SelectionList { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"pane('{name}')", show=False) for number, name in enumerate(PANES, start=1)),
        Binding("m", "measure", "Measure"),
        Binding("w", "write", "Script"),
        Binding("h", "page", "Page"),
        Binding("q", "leave", "Leave"),
        Binding("escape", "untype", show=False, priority=True),
    ]

    def __init__(self, exploration: Exploration, way: Callable[[Reporter], Way] = lambda _report: Way()) -> None:
        super().__init__()
        self.exploration = exploration
        self._way = way
        self._wanted = exploration.asked
        self._answering = Lock()
        self._model: str | None = None
        self._ranking: panes.Ranking | None = None

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static("…", id="answer")
        with Horizontal(id="body"):
            yield SettingsList(settings(), self.exploration.asked)
            with Vertical(id="right"):
                yield PaneBar(id="bar")
                with ContentSwitcher(id="panes", initial="models"):
                    yield RankingTable(id="models")
                    for name in PANES:
                        if name != "models":
                            with VerticalScroll(id=name, classes="pane"):
                                yield Static(id=f"{name}-text", markup=False)
        yield BottomLine(id="line")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Answer the first question."""
        self.query_one(PaneBar).show("models")
        self.query_one(SettingsList).focus()
        for notice in self.exploration.notices:
            self._line.tell(notice.message)
        self.ask(self._wanted)

    def on_resize(self) -> None:
        """Lay the panes out anew."""
        self.call_after_refresh(self._show_pane)

    # Questions and answers

    def ask(self, asked: RecommendRequest) -> None:
        """Ask a question; its answer replaces the one before."""
        self._wanted = asked
        self._answer(asked)
        self.set_timer(BUSY_AFTER_S, partial(self._tell_busy, asked))

    @work(thread=True, group="answers")
    def _answer(self, asked: RecommendRequest) -> None:
        with self._answering:
            if asked is self._wanted:  # else a later question waits already
                self.call_from_thread(self._answered, asked, self.exploration.ask(asked))

    def _answered(self, asked: RecommendRequest, error: MlipguideError | None) -> None:
        if error is None:
            if asked is self._wanted and not self._line.is_typing:
                self._line.tell(self._hint())
            self.show_answer()
            return
        if asked is self._wanted:
            self._wanted = self.exploration.asked
        self._line.refuse(error)
        if self.exploration.answer is None:
            self.query_one("#answer", Static).update(Text("No answer yet.", style=STYLES[Verdict.UNKNOWN]))

    def _tell_busy(self, asked: RecommendRequest) -> None:
        if asked is self._wanted and asked is not self.exploration.asked and self._answering.locked():
            self._line.tell("Working …")

    def show_answer(self) -> None:
        """Show the answer everywhere."""
        answer = self.exploration.answer
        if answer is None:
            return
        data = answer.result.data
        self.query_one("#answer", Static).update(answer_line(data))
        self.query_one(SettingsList).show(self.exploration.asked, data.task)
        self._show_pane()

    def _hint(self) -> str:
        """Return what is worth a line: how many models would be timed."""
        answer = self.exploration.answer
        if answer is None or answer.result.data.hardware:
            return ""
        count = panes.untimed(answer.result.data)
        return f"{count} more can be started here and were never timed: m measures them." if count else ""

    # Panes

    @property
    def pane(self) -> str:
        """The pane that is shown."""
        return str(self.query_one(ContentSwitcher).current)

    def action_pane(self, name: str) -> None:
        """Show a pane."""
        self.query_one(ContentSwitcher).current = name
        self.query_one(PaneBar).show(name)
        self.call_after_refresh(self._show_pane)

    @property
    def _room(self) -> tuple[int, int]:
        """Width and height that a pane has beside its margins and its scroll bar, whether it needs one or not."""
        size = self.query_one(ContentSwitcher).size
        return max(LEAST_WIDTH, size.width - MARGINS), size.height

    @property
    def model(self) -> str | None:
        """The model that the panes are about: the selected one while it is considered, else the choice."""
        answer = self.exploration.answer
        if answer is None:
            return None
        data = answer.result.data
        candidates = data.hardware[0].candidates if data.hardware else data.candidates
        if self._model is not None and any(one.model == self._model for one in candidates):
            return self._model
        return panes.model_in_question(data) or (None if self._ranking is None else self._ranking.first)

    def _show_pane(self) -> None:
        answer = self.exploration.answer
        if answer is None:
            return
        if self.pane == "models":
            self._show_ranking()
            return
        text = self.query_one(f"#{self.pane}-text", Static)
        width, height = self._room
        try:
            text.update(self._content(width, height))
        except MlipguideError as error:
            text.update(f"{error.message} {error.hint}")

    def _content(self, width: int, height: int) -> RenderableType:
        """Return what stands in the pane that is shown."""
        exploration, model = self.exploration, self.model
        assert exploration.answer is not None
        result = exploration.answer.result
        if self.pane == "notes":
            return panes.notes(result, exploration.notices)
        if model is None:
            return Text("No model was considered.")
        if self.pane == "card":
            return model_page(exploration.details(model), panes.wide(width))
        if self.pane == "why":
            return why_page(exploration.reasons(model))
        shown = exploration.scalings(panes.curves_shown(result.data, model))
        return Text(panes.scaling_text(shown, result.data, width=width, height=height), no_wrap=True)

    def _show_ranking(self) -> None:
        assert self.exploration.answer is not None
        table = self.query_one(RankingTable)
        data = self.exploration.answer.result.data
        self._ranking = panes.ranking(data, self._room[0])
        table.show(self._ranking, self._model or data.choice)

    @on(RankingTable.Moved)
    def _moved(self, event: RankingTable.Moved) -> None:
        self._model = event.model

    @on(RankingTable.Opened)
    def _opened_model(self, _event: RankingTable.Opened) -> None:
        self.action_pane("why")

    # Changing the question

    @on(SettingsList.Stepped)
    def _stepped(self, event: SettingsList.Stepped) -> None:
        answer = self.exploration.answer
        task = None if answer is None else answer.result.data.task
        try:
            asked = event.setting.stepped(self._wanted, task, event.by)
        except MlipguideError as error:
            self._line.refuse(error)
            return
        if asked is not None and asked != self._wanted:
            self.query_one(SettingsList).show(asked, task)
            self.ask(asked)

    @on(SettingsList.Opened)
    def _opened(self, event: SettingsList.Opened) -> None:
        setting = event.setting
        answer = self.exploration.answer
        text = setting.text(self._wanted, None if answer is None else answer.result.data.task)
        choices = setting.choices()

        def picked(value: str | None) -> None:
            if value is not None:
                self.ask(setting.changed(self._wanted, value))

        if setting.several:
            self.push_screen(PickSeveral(setting.label, choices, text.split(",")), picked)
        elif choices:
            self.push_screen(PickOne(setting.label, choices, text), picked)
        else:
            self._line.type(setting.label, text, partial(self._typed_value, setting))

    def _typed_value(self, setting: Setting, text: str) -> None:
        self.ask(setting.changed(self._wanted, text))

    # The line below

    @property
    def _line(self) -> BottomLine:
        return self.query_one(BottomLine)

    def action_untype(self) -> None:
        """End the typing."""
        if self._line.is_typing:
            self._line.end()
            self.query_one(SettingsList).focus()

    @on(Input.Submitted, "#typed")
    def _submitted(self, event: Input.Submitted) -> None:
        self.action_untype()
        self._line.take(event.value)

    # What is done beside answering

    def action_measure(self) -> None:
        """Measure what is missing, in the terminal."""

        def measure(way: Way) -> str:
            error = self.exploration.measure(way)
            if error is not None:
                raise error
            return "Measured; this is the answer by it."

        self._outside(measure)

    def action_write(self) -> None:
        """Write the script of the run."""
        self._line.type("Write the script to", SCRIPT, self._write)

    def _write(self, name: str) -> None:
        def write(way: Way) -> str:
            script = self.exploration.write(Path(name), way).data.script
            return "No script was written: there is no model to run." if script is None else written(script.files)

        self._outside(write)

    def action_page(self) -> None:
        """Write the answer as a page for a browser."""
        if self.exploration.answer is not None:
            self._line.type("Write the page to", PAGE, self._save)

    def _save(self, name: str) -> None:
        from mlipguide.report.pages.recommend_page import told_beside
        from mlipguide.report.web import web_page
        from mlipguide.report.web.recommend_web import recommend_web

        answer = self.exploration.answer
        assert answer is not None
        result = answer.result
        try:
            web_page.save(recommend_web(result.data, told_beside(result.data, result.notices)), Path(name).expanduser())
        except MlipguideError as error:
            self._line.refuse(error)
        else:
            self._line.tell(written([name]))

    def action_help_quit(self) -> None:
        """Say how to leave, which Ctrl-C does not: it ends what is measured."""
        self._line.tell("q leaves the explorer.")

    def action_leave(self) -> None:
        """End the explorer."""
        self.exit()

    def _outside(self, work: Callable[[Way], str]) -> None:
        """Do something that talks with the terminal, and show the answer again with what came of it.

        Args:
            work: Returns what there is to say.
        """
        try:
            with self._at_the_terminal(), progress(quiet=self.is_headless) as report:
                words = work(self._way(report))
        except MlipguideError as error:
            self._line.refuse(error)
        except KeyboardInterrupt:
            self._line.tell("Interrupted; what was measured is kept.")
        else:
            self._line.tell(words)
        self.show_answer()

    @contextmanager
    def _at_the_terminal(self) -> Iterator[None]:
        """Give the terminal back, with Ctrl-C as it is there."""
        if self.is_headless:
            yield
            return
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with self.suspend():
                yield
        finally:
            signal.signal(signal.SIGINT, before)
