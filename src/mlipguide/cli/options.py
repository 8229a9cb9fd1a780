"""The options of :mod:`mlipguide.records.requests` as parameters of typer, and those that only show a result."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import MISSING
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Field, Panel, options_of

if TYPE_CHECKING:
    from mlipguide.candidates.preparation import Consent
    from mlipguide.commands.calls import Way
    from mlipguide.records.advice.advice import Recommendation
    from mlipguide.records.notice import Result
    from mlipguide.report.progress import Reporter

R = TypeVar("R")

Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document on stdout, and nothing else there.", rich_help_panel=Panel.OUTPUT
    ),
]
Details = Annotated[
    bool,
    typer.Option("--details", help="Print everything that is known, not the short page.", rich_help_panel=Panel.OUTPUT),
]
Cards = Annotated[
    list[Path] | None,
    typer.Option("--cards", metavar="DIR", help="A further folder of model cards; may be repeated."),
]

On = Annotated[
    Path | None,
    typer.Option(
        "--on",
        metavar="CLUSTER.yaml",
        help="On the partitions of a cluster, which the file describes; see docs/clusters.md.",
        rich_help_panel=Panel.MACHINE,
    ),
]

DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="With --on: print the scripts, submit nothing.", rich_help_panel=Panel.MACHINE),
]
TryNode = Annotated[
    bool,
    typer.Option(
        "--try-node",
        help="With --on: look at a node of each partition first (waits in its queue).",
        rich_help_panel=Panel.MACHINE,
    ),
]
OfPartition = Annotated[
    str | None,
    typer.Option(
        "--partition",
        metavar="NAME",
        help="With --on: the partition that does the work [the first of the file].",
        rich_help_panel=Panel.MACHINE,
    ),
]


def shown(*words: str, panel: Panel = Panel.OUTPUT, **settings: Any) -> Any:
    """Return an option that says how a command talks with the user; it is in no request."""
    return typer.Option(*words, rich_help_panel=panel, **settings)


def plot(help_: str) -> Any:
    """Return the option of a picture, drawn as .png or .svg, which is refused before anything is measured."""
    return shown("--plot", metavar="FILE", help=f"{help_} as .png or .svg.", callback=_plottable)


def html() -> Any:
    """Return the option of a page that a browser opens, which is refused before anything is measured."""
    told = "Write the answer as one HTML file that needs no network."
    return shown("--html", metavar="FILE", help=told, callback=_page_writable)


def _plottable(path: Path | None) -> Path | None:
    if path is not None:
        from mlipguide.report.figures.picture_files import require_plottable

        require_plottable(path)
    return path


def _page_writable(path: Path | None) -> Path | None:
    if path is not None:
        from mlipguide.report.web.web_page import require_writable

        require_writable(path)
    return path


def asks(request: Callable[..., R]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options of a request, which is its first parameter, beside those of its own.

    Args:
        request: The dataclass, each of whose fields is an option.
    """

    def give(body: Callable[..., int]) -> Callable[..., int]:
        _, *own = inspect.signature(body, eval_str=True).parameters.values()
        known = options_of(request)

        def command(**given: Any) -> int:
            asked = {name: _value(item, given.pop(name)) for name, item in known.items()}
            return body(request(**asked), **given)

        command.__doc__, command.__name__ = body.__doc__, body.__name__
        parameters = [*map(parameter_of, known.values()), *own]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by typer
        return command

    return give


def parameter_of(item: Field) -> inspect.Parameter:
    """Return one option as a parameter that typer understands."""
    option = item.option
    settings: dict[str, Any] = {
        "metavar": option.metavar,
        "help": option.sentence,
        "rich_help_panel": option.panel,
        "autocompletion": completer(option.completes),
    }
    if item.type is int:
        settings |= {"min": option.least, "max": option.most}
    if option.argument:
        info: Any = typer.Argument(show_default=False, **settings)
    else:
        info = typer.Option(item.flag, *([option.short] if option.short else []), **settings)
    default = False if item.is_switch else item.default
    return inspect.Parameter(
        item.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if default is MISSING else default,
        annotation=Annotated[item.type | None if item.optional and not item.is_switch else item.type, info],
    )


def _value(item: Field, given: Any) -> Any:
    """Return the value of a field; what is not on the command line is as the request has it by default."""
    if not item.is_switch:
        return given
    return item.switched if given else item.default


def explain_verdict(result: Result[Recommendation], model: str) -> int:
    """Print why one model got its verdict, and return the exit status of the answer.

    Raises:
        InputError: The model was not considered.
    """
    from mlipguide.advice.why import why
    from mlipguide.cli.output import emit
    from mlipguide.report.pages.why_page import why_page

    reasons = why(result.data, model)
    return emit("recommend", result, lambda _data, _console: why_page(reasons), as_json=False)


def consent(*, yes: bool, as_json: bool) -> Consent:
    """Return how far mlipguide may go: the user is asked only at a terminal."""
    from mlipguide.candidates.preparation import Consent

    interactive = sys.stdin.isatty() and sys.stderr.isatty() and not as_json
    return Consent(granted=yes, ask=(lambda question: typer.confirm(question, err=True)) if interactive else None)


def way(report: Reporter, *, yes: bool, as_json: bool) -> Way:
    """Return who is asked and told while a command works."""
    from mlipguide.commands.calls import Way

    return Way(
        consent=consent(yes=yes, as_json=as_json),
        on_progress=report,
        on_timing=report.timing,
        on_first_look=report.first_look,
    )


class TerminalAsker:
    """Puts questions on the terminal, on stderr: stdout is for the answer."""

    def ask(self, question: str, default: str | None) -> str:
        """Return the answer; the default where there is one and the user just agrees."""
        return str(typer.prompt(question, default=default, err=True))

    def tell(self, text: str) -> None:
        """Show a line."""
        typer.echo(text, err=True)


def asker(option: str) -> TerminalAsker:
    """Return who asks the user.

    Raises:
        InputError: There is no terminal to ask at.
    """
    from mlipguide.core.errors import InputError

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            f"{option} asks questions, and this is no terminal.",
            hint="Give the options instead; 'mlipguide recommend --help' lists them.",
        )
    return TerminalAsker()
