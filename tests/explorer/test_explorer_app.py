"""The explorer as a user meets it: keys, mouse, panes, what is typed wrong, and a terminal of 80 by 24."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets import Input, Static

from fake_models import STRUCTURES, FakeModels, Run
from kept_timings import keep_timings
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.commands import recommend as recommend_workflow
from mlipguide.commands.explore import Exploration
from mlipguide.explorer import requirements
from mlipguide.explorer.app import ExplorerApp
from mlipguide.explorer.ranking_table import RankingTable
from mlipguide.explorer.settings_list import SettingsList
from mlipguide.records.requests.recommend import ExploreRequest
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
SNAPSHOTS = Path(__file__).parents[1] / "data" / "explorer"
SMALL, LARGE = (80, 24), (120, 40)
ROWS = ("Structure", "Kind", "Atoms", "Time", "Temperature", "Budget", "Force error", "Energy error", "Hardware")
User = Callable[["Explorer"], Coroutine[Any, Any, None]]


class Explorer:
    """The app with a user at its keys."""

    def __init__(self, app: ExplorerApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when the one before has been answered."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Type a text in the place of what stands in the line."""
        self.app.screen.query_one(Input).value = text
        await self.press("enter")

    async def go_to(self, row: str) -> None:
        """Put the cursor on a setting."""
        await self.press(*["down"] * ROWS.index(row))

    async def settle(self) -> None:
        """Wait for answers."""
        for _ in range(2):
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()

    @property
    def screen(self) -> str:
        """What stands on the terminal."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips(Size(width, height))
        return "\n".join(strip.text.rstrip() for strip in strips) + "\n"

    @property
    def message(self) -> str:
        """The line below."""
        return str(self.app.query_one("#message", Static).render())


@pytest.fixture
def known(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Give two models that were timed on silicon, and one that was not."""
    monkeypatch.setattr(recommend_workflow, "load_catalogue", toys)
    fake_models.add("fake-good", kappa=0.2, time_law=linear(2e-3))
    fake_models.add("fake-fast", kappa=0.8, time_law=linear(1e-4))
    keep_timings(fake_models, "fake-good", SILICON, linear(2e-3), (1, 2, 4))
    keep_timings(fake_models, "fake-fast", SILICON, linear(1e-4), (1, 4, 16))
    fake_models.add("fake-new", kappa=0.3, time_law=linear(3e-3))
    return fake_models


def toys() -> Catalogue:
    found = load_catalogue()
    return Catalogue(tuple(card for card in found.cards if card.backend == "toy"))


def explored(fakes: FakeModels, **asked: Any) -> Exploration:
    asked = {"structure": str(SILICON), "models": fakes.names, "measure_budget": "5s", "atoms": "512"} | asked
    return Exploration(ExploreRequest(**asked))


def use(exploration: Exploration, user: User, size: tuple[int, int] = SMALL) -> None:
    """Let somebody use the explorer."""

    async def session() -> None:
        app = ExplorerApp(exploration)
        async with app.run_test(size=size) as pilot:
            explorer = Explorer(app, pilot)
            await explorer.settle()
            await user(explorer)

    asyncio.run(session())


def is_as_kept(screen: str, name: str) -> None:
    """Compare a screen with the one that is kept; MLIPGUIDE_KEEP_SCREENS=1 keeps it instead."""
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("MLIPGUIDE_KEEP_SCREENS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(screen, encoding="utf-8")
    assert screen == file.read_text(encoding="utf-8")


def test_keys_change_the_question_and_the_answer_follows(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        assert exploration.answer is not None
        assert exploration.answer.result.data.choice == "fake-good"
        is_as_kept(explorer.screen, "models-80x24")
        await explorer.press("3")
        is_as_kept(explorer.screen, "scaling-80x24")
        await explorer.press("1")
        await explorer.go_to("Time")
        await explorer.press("right", "right", "right", "right")
        assert exploration.asked.time == "2ns"
        assert exploration.answer.result.data.choice == "fake-fast"
        assert "FAKE-FAST" in explorer.screen.splitlines()[0]
        await explorer.press("left")
        assert exploration.asked.time == "1ns"
        await explorer.press("enter")
        await explorer.type("20ps")
        assert exploration.asked.time == "20ps"
        assert exploration.answer.result.data.choice == "fake-good"

    use(exploration, user)
    assert known.opened == [], "nothing was measured"


def test_what_is_typed_wrong_is_told_and_the_answer_stays(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        answer, before = exploration.answer, explorer.screen.splitlines()[0]
        await explorer.go_to("Budget")
        await explorer.press("enter")
        await explorer.type("10")
        assert explorer.message.startswith("--budget: '10' has no unit. Write for example 24h.")
        assert exploration.answer is answer
        assert explorer.screen.splitlines()[0] == before
        await explorer.press("enter", "escape", "right")  # left again, nothing is typed
        assert exploration.asked.budget == "48h"
        assert "--budget" not in explorer.message

    use(exploration, user)


def test_ctrl_c_says_how_to_leave(known: FakeModels) -> None:
    async def user(explorer: Explorer) -> None:
        await explorer.press("ctrl+c")
        assert explorer.message == "q leaves the explorer."

    use(explored(known), user)


def test_hardware_is_picked_from_a_list_and_devices_are_counted(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        await explorer.go_to("Hardware")
        await explorer.press("enter")
        await explorer.type("h100-nvl")
        assert exploration.asked.hardware == "H100-NVL-94GB"
        await explorer.press("down", "right", "right")
        assert exploration.asked.hardware == "4xH100-NVL-94GB"
        assert exploration.answer is not None
        assert [one.profile.name for one in exploration.answer.result.data.hardware] == ["4xH100-NVL-94GB"]
        await explorer.press("up", "enter")
        await explorer.type("H1000")
        assert explorer.message.startswith("--hardware: There is no device 'H1000'")
        await explorer.press("enter")
        await explorer.type("this machine")
        assert exploration.asked.hardware is None

    use(exploration, user)


def test_needs_and_licence_are_picked(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        await explorer.press("up", "enter", "space", "down", "space", "enter")
        assert exploration.asked.needs == "stress,magnetism"
        assert "rejected" in explorer.screen
        await explorer.press("enter", "down", "space", "enter")
        assert exploration.asked.needs == "stress"
        await explorer.press("up", "right")
        assert exploration.asked.commercial is True

    use(exploration, user)


def test_the_mouse_steps_and_shows_panes(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        settings = explorer.app.query_one(SettingsList)
        row = ROWS.index("Temperature")
        for column in (settings.size.width, 14, 14):  # one to the right of the border's padding
            await explorer.pilot.click(SettingsList, offset=(column, row))
            await explorer.settle()
        assert exploration.asked.temperature == "250K"
        lines = explorer.screen.splitlines()
        bar = next(number for number, line in enumerate(lines) if "4 Why" in line)
        await explorer.pilot.click(offset=(lines[bar].index("4 Why"), bar))
        await explorer.settle()
        assert explorer.app.pane == "why"

    use(exploration, user)


def test_the_panes_are_about_the_model_under_the_cursor(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        assert explorer.app.query_one(RankingTable).row_count == 3
        await explorer.press("tab", "down")
        assert explorer.app.model == "fake-fast"
        await explorer.press("enter")
        assert explorer.app.pane == "why"
        assert "FAKE-FAST (fake-fast): feasible" in explorer.screen
        assert "Nothing stands against it." in explorer.screen
        await explorer.press("2")
        assert "FAKE-FAST (fake-fast): commercial use" in explorer.screen
        await explorer.press("3")
        assert explorer.screen.index("● fake-fast") < explorer.screen.index("▲ fake-good")
        await explorer.press("5")
        assert "Si (Si.POSCAR): 512 atoms, 100 ps at 300 K" in explorer.screen
        assert "Cautions" in explorer.screen

    use(exploration, user, LARGE)


def test_m_measures_what_is_missing(known: FakeModels) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        assert explorer.message.startswith("1 more can be started here")
        await explorer.press("m")
        assert [request.card.id for request in known.opened] == ["fake-new"]
        assert explorer.message == "Measured; this is the answer by it."
        assert "–" not in "".join(line for line in explorer.screen.splitlines() if "fake-new" in line)

    use(exploration, user)


def test_h_and_w_write_files_or_say_why_not(known: FakeModels, tmp_path: Path) -> None:
    exploration = explored(known)

    async def user(explorer: Explorer) -> None:
        await explorer.press("h")
        await explorer.type(str(tmp_path / "answer.html"))
        assert explorer.message == f"Written: {tmp_path / 'answer.html'}."
        await explorer.press("h")
        await explorer.type(str(tmp_path / "answer.pdf"))
        assert ".html" in explorer.message
        await explorer.press("w")
        await explorer.type(str(tmp_path / "none" / "run.py"))
        assert str(tmp_path / "none") in explorer.message

    use(exploration, user)
    assert [path.name for path in tmp_path.glob("answer*")] == ["answer.html"]


def test_q_leaves(known: FakeModels) -> None:
    async def user(explorer: Explorer) -> None:
        await explorer.pilot.press("q")

    use(explored(known), user)


def test_the_command_prints_what_asks_the_same(known: FakeModels, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stay(app: ExplorerApp) -> None:
        app.exploration.ask(app.exploration.asked)

    monkeypatch.setattr(ExplorerApp, "run", stay)
    monkeypatch.setattr(requirements, "require_explorer", lambda: None)
    words = ("--preset", "silicon", "--models", known.names, "--atoms", "64")
    outcome = run("explore", *words)
    wanted = f"mlipguide recommend --no-measure --preset=silicon --atoms=64 --models={known.names}"
    assert (outcome.code, set(outcome.out.split())) == (0, set(wanted.split()))
    assert run("explore", *words, "--json").document["data"]["choice"] == "fake-good"


def test_without_a_terminal_or_the_package_it_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run("explore", "--preset", "silicon")
    assert outcome.code == 2
    assert "this is none" in outcome.err
    assert "recommend --no-measure" in outcome.err
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    missing = run("explore", "--preset", "silicon")
    assert missing.code == 2
    assert "'mlipguide[explore]'" in missing.err
