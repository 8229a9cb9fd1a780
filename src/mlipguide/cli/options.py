"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mlipguide.candidates.preparation import Consent
    from mlipguide.production.script_files import ScriptRequest
    from mlipguide.records.advice.advice import Recommendation
    from mlipguide.records.notice import Result

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Details = Annotated[bool, typer.Option("--details", help="Print everything that is known, not the short page.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Build missing environments and download weights without asking.")
]
Structure = Annotated[
    str | None,
    typer.Argument(metavar="STRUCTURE", help="Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ..."),
]
Index = Annotated[
    str | None,
    typer.Option("--index", metavar="I", help="Frame of a file with several, from 0; -1, the last, by default."),
]
Preset = Annotated[
    str | None,
    typer.Option("--preset", metavar="NAME", help="A built-in structure instead of a file, e.g. water."),
]
Charge = Annotated[
    str | None, typer.Option("--charge", metavar="-1", help="Total charge of the structure [as the file says].")
]
Spin = Annotated[
    str | None,
    typer.Option("--spin", metavar="2", help="Spin multiplicity 2S + 1 of the structure [as the file says]."),
]
Models = Annotated[
    str | None,
    typer.Option("--models", metavar="A,B", help="Only these models; see 'mlipguide models list'."),
]
Hardware = Annotated[
    str | None,
    typer.Option(
        "--hardware",
        metavar="A,B",
        help="Answer for hardware that is not here: A100-80GB, 4xH100-80GB or a profile file; see 'mlipguide hardware "
        "list'.",
    ),
]
Weights = Annotated[
    list[str] | None,
    typer.Option("--weights", metavar="MODEL=FILE", help="A checkpoint file for a model; may be repeated."),
]
Cards = Annotated[
    list[Path] | None,
    typer.Option("--cards", metavar="DIR", help="A further folder of model cards; may be repeated."),
]
Each = Annotated[
    bool, typer.Option("--each", help="Time every checkpoint, also where another one of its architecture was timed.")
]
LabelFile = Annotated[
    Path,
    typer.Argument(
        metavar="LABELLED", help="Frames with energies and forces: extxyz, ASE db, OUTCAR, vasprun.xml, ..."
    ),
]
EnergyKey = Annotated[
    str | None, typer.Option("--energy-key", metavar="NAME", help="Name of the energy in the labels [found].")
]
ForcesKey = Annotated[
    str | None, typer.Option("--forces-key", metavar="NAME", help="Name of the forces in the labels [found].")
]
StressKey = Annotated[
    str | None,
    typer.Option("--stress-key", metavar="NAME", help="Name of the stress, or of the virial, in the labels [found]."),
]


def positive(number: int, option: str) -> int:
    """Return a number of things that is at least one.

    Raises:
        InputError: It is not.
    """
    from mlipguide.core.errors import InputError

    if number < 1:
        raise InputError(f"{option}: {number} is not a number of frames.", hint="Give at least 1.")
    return number


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


def parse_weights(given: Sequence[str] | None) -> dict[str, Path]:
    """Return the checkpoint files given with ``--weights MODEL=FILE``, by model name.

    Raises:
        InputError: One of them is not of that form.
    """
    from mlipguide.core.errors import InputError

    found: dict[str, Path] = {}
    for text in given or ():
        name, separator, path = text.partition("=")
        if not (separator and name and path):
            raise InputError(
                f"--weights: '{text}' is not of the form MODEL=FILE.",
                hint="For example --weights mace-mp-0-medium=2023-12-03-mace-128-L1_epoch-199.model",
            )
        found[name] = Path(path).expanduser()
    return found


def consent(*, yes: bool, as_json: bool) -> Consent:
    """Return how far mlipguide may go: the user is asked only at a terminal."""
    from mlipguide.candidates.preparation import Consent

    interactive = sys.stdin.isatty() and sys.stderr.isatty() and not as_json
    return Consent(granted=yes, ask=(lambda question: typer.confirm(question, err=True)) if interactive else None)


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


def script(path: Path | None, *, model: str | None, force: bool, smoke_test: bool) -> ScriptRequest | None:
    """Return the script that ``--write`` asks for; None without it.

    Raises:
        InputError: An option that goes with ``--write`` alone.
    """
    from mlipguide.core.errors import InputError
    from mlipguide.production.script_files import ScriptRequest

    if path is not None:
        return ScriptRequest(path=path.expanduser(), model=model, force=force, smoke_test=smoke_test)
    given = {"--model": model is not None, "--force": force, "--no-smoke-test": not smoke_test}
    for name, is_given in given.items():
        if is_given:
            raise InputError(
                f"{name} goes with --write.",
                hint=f"Add --write run.py{', or say --models' if name == '--model' else ''}.",
            )
    return None
