"""Write the signatures of the Python functions, ``src/mlipguide/__init__.pyi``, after a change of the options.

``python scripts/write_stub.py`` writes the file; with ``--print`` the text goes to stdout. A test compares the two.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from mlipguide.commands.functions import FUNCTIONS, REPORTER, Function, documentation
from mlipguide.records.requests.option import Field, Values

STUB = Path(__file__).parents[1] / "src" / "mlipguide" / "__init__.pyi"
WIDTH = 120
TEXTS = {
    Values.TEXT: "str",
    Values.COUNT: "str | int",
    Values.COUNTS: "str | int | Sequence[int | str]",
    Values.NAMES: "str | Sequence[str]",
    Values.FILE: "str | PathLike[str]",
    Values.STRUCTURE: "str | PathLike[str] | Atoms",
}
OTHERS = {
    bool: "bool",
    int: "int",
    Path: "str | PathLike[str]",
    list[str]: "Mapping[str, str | PathLike[str]] | Sequence[str]",
    tuple[int, Path]: "tuple[int, str | PathLike[str]]",
}


def main() -> None:
    """Write or print."""
    if "--print" in sys.argv[1:]:
        sys.stdout.write(stub())
    else:
        STUB.write_text(stub(), encoding="utf-8")


def stub() -> str:
    """Return the text of the file."""
    records = sorted({spec.answer for spec in FUNCTIONS.values()})
    head = [
        '"""The functions of mlipguide and what they take. Written by scripts/write_stub.py: do not edit."""',
        "",
        "from collections.abc import Callable, Mapping, Sequence",
        "from os import PathLike",
        "",
        "from ase import Atoms",
        "",
        "from mlipguide.core.errors import MlipguideError as MlipguideError",
        *(f"from {module} import {name}" for module, _, name in (path.partition(":") for path in records)),
        "from mlipguide.report.notebook import Answer",
        "",
        "__version__: str",
        "",
    ]
    return "\n".join(head) + "\n" + "\n".join(function_text(name, spec) for name, spec in FUNCTIONS.items())


def function_text(name: str, spec: Function) -> str:
    """Return one function with its documentation."""
    arguments = [item for item in spec.options.values() if item.option.argument]
    others = [item for item in spec.options.values() if not item.option.argument]
    answer = spec.answer.partition(":")[2]
    lines = [
        f"def {name}(",
        *(f"    {parameter(item)}," for item in arguments),
        "    *,",
        *(f"    {parameter(item)}," for item in others),
        f"    {REPORTER}: Callable[[str, float], object] | None = None,",
        f") -> Answer[{answer}]:",
    ]
    text = "\n".join(wrapped(line) for line in documentation(name).splitlines())
    return "\n".join(lines) + f'\n    """{textwrap.indent(text, "    ").strip()}\n    """\n'


def wrapped(line: str) -> str:
    """Return a line of the documentation, broken where it is long."""
    indent = len(line) - len(line.lstrip())
    return textwrap.fill(line, WIDTH - 4, subsequent_indent=" " * (indent + 4), break_on_hyphens=False)


def parameter(item: Field) -> str:
    """Return one parameter with its type."""
    kind = TEXTS[item.option.values] if item.type is str else OTHERS.get(item.type, "")
    if item.type == list[str] and item.option.values is Values.FILE:
        kind = "str | PathLike[str] | Sequence[str | PathLike[str]]"
    if item.option.values is Values.STRUCTURE:
        kind = TEXTS[Values.STRUCTURE]
    optional = " | None" if item.optional else ""
    default = "" if item.required else f" = {item.default!r}"
    assert kind, f"{item.name} has a type without words"
    return f"{item.keyword}: {kind}{optional}{default}"


if __name__ == "__main__":
    main()
