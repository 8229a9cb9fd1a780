"""An option is defined once: the command line, its help by groups, task files and shells read the same definition."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from fake_models import Run
from mlipguide.cli.completion import completer
from mlipguide.cli.grouped_help import GroupedCommand
from mlipguide.cli.options import asks
from mlipguide.commands.functions import FUNCTIONS
from mlipguide.core.errors import InputError
from mlipguide.records.requests.option import Completion, Option, Panel, Values, options_of
from mlipguide.records.requests.recommend import RecommendRequest, TaskRequest
from mlipguide.tasks.requests import read_request


@dataclass(frozen=True, kw_only=True)
class Squeezed(TaskRequest):
    """A task with one option more."""

    pressure: Annotated[str | None, Option("Of the barostat.", Panel.TASK, metavar="1bar", assumed="none")] = None
    melt: Annotated[bool, Option("Keep it solid.", Panel.ACCURACY, flag="--no-melt")] = True


def test_a_new_option_is_one_field() -> None:
    seen: list[Squeezed] = []

    @asks(Squeezed)
    def command(asked: Squeezed) -> int:
        """Do it."""
        seen.append(asked)
        return 0

    app = typer.Typer(rich_markup_mode=None)
    app.command(cls=GroupedCommand)(command)
    runner = CliRunner()
    assert runner.invoke(app, ["x.cif", "--pressure", "2bar", "--no-melt"]).exit_code == 0
    assert runner.invoke(app, ["x.cif"]).exit_code == 0
    assert seen == [Squeezed(structure="x.cif", pressure="2bar", melt=False), Squeezed(structure="x.cif")]
    page = runner.invoke(app, ["--help"]).output
    assert "--pressure 1bar" in page
    assert "Of the barostat [none]." in page
    accuracy = page.partition("Accuracy:")[2]
    assert "--no-melt" in accuracy
    assert "--pressure" not in accuracy


def test_the_help_is_in_groups(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    page = run("recommend", "--help").out
    groups = [line.removesuffix(":") for line in page.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert groups == ["Arguments", *Panel, "Options"]
    assert max(map(len, page.splitlines())) <= 100
    for item in options_of(RecommendRequest).values():
        panel = "Arguments" if item.option.argument else item.option.panel
        part = page.partition(f"\n{panel}:\n")[2].partition("\n\n")[0]
        assert item.words in part.replace(",", " ").split(), item.name


def test_every_key_of_a_task_file_is_an_option_of_the_task(tmp_path: Path) -> None:
    lines = []
    for name, item in options_of(TaskRequest).items():
        switch = item.is_switch
        lines.append(f"{name}: {'true' if switch else '3' if item.option.values is Values.COUNT else 'word'}")
    (tmp_path / "task.yaml").write_text("\n".join(lines), encoding="utf-8")
    request = read_request(tmp_path / "task.yaml")
    assert all(getattr(request, name) is not None for name in options_of(TaskRequest))
    assert (request.atoms, request.derive, request.labels) == ("3", True, str(tmp_path / "word"))
    (tmp_path / "task.yaml").write_text("remeasure: true", encoding="utf-8")
    with pytest.raises(InputError, match="unknown key 'remeasure'"):
        read_request(tmp_path / "task.yaml")


def test_no_two_options_of_a_command_have_the_same_word() -> None:
    for spec in FUNCTIONS.values():
        items = options_of(spec.asked).values()
        assert len({item.flag for item in items}) == len(items)
        assert len({item.keyword for item in items}) == len(items)


@pytest.mark.parametrize(
    ("kind", "written", "offered"),
    [
        (Completion.MODELS, "sevennet-0,chgnet-0.3", "sevennet-0,chgnet-0.3.0"),
        (Completion.PRESETS, "wat", "water"),
        (Completion.HARDWARE, "A100-8", "A100-80GB"),
        (Completion.KINDS, "pho", "phonons"),
        (Completion.BACKENDS, "seve", "sevenn"),
        (Completion.TOPICS, "soft", "softening"),
        (Completion.FAMILIES, "ne", "nep"),
        (Completion.ADDITIONS, "d", "d4"),
        (Completion.NEEDS, "stress,di", "stress,dispersion"),
    ],
)
def test_a_shell_offers_what_goes_on(kind: Completion, written: str, offered: str) -> None:
    complete = completer(kind)
    assert complete is not None
    assert offered in complete(written)
    assert all(one.startswith(written) for one in complete(written))
    assert completer(None) is None
