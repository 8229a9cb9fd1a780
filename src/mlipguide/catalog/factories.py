"""Which function of a Python file makes the calculator, found by reading the file: nothing of it is run here."""

from __future__ import annotations

import ast
from pathlib import Path

from mlipguide.core.errors import InputError, did_you_mean

USUAL = ("make_calculator", "get_calculator", "calculator", "factory")
"""Names that are taken where a file has several functions, in this order."""


def find_factory(path: Path, name: str | None) -> str:
    """Return the name of the function that makes the calculator.

    Args:
        path: A Python file.
        name: As the user gave it; None for the usual one, or the only one that there is.

    Raises:
        InputError: The file cannot be read, is no Python, has no such function, or several and no usual one.
    """
    tree = _parsed(path)
    if name is not None:
        known = sorted(_defined(tree))
        if name not in known:
            raise InputError(
                f"{path} has no function '{name}'.{did_you_mean(name, known)}",
                hint=f"It has: {', '.join(known) or 'none'}.",
                kind="calculator",
                file=str(path),
            )
        return name
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    usual = [one for one in USUAL if one in functions]
    if usual or len(functions) == 1:
        return (usual or functions)[0]
    what = f"has the functions {', '.join(functions)}" if functions else "has no function"
    example = functions[0] if functions else USUAL[0]
    raise InputError(
        f"{path} {what}: which one returns an ASE calculator is not clear.",
        hint=f"Name it: {path.name}:{example}; or call it {USUAL[0]}."
        if functions
        else f"Write one, def {USUAL[0]}(): return an ASE calculator.",
        kind="calculator",
        file=str(path),
    )


def _parsed(path: Path) -> ast.Module:
    hint = "Give a Python file with a function that returns an ASE calculator."
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", hint=hint, file=str(path)) from error
    except SyntaxError as error:
        raise InputError(
            f"{path}, line {error.lineno or '?'}: {error.msg}.",
            hint="Mend the file: python -m py_compile shows the same.",
            kind="calculator",
            file=str(path),
        ) from error
    except ValueError as error:  # null bytes
        raise InputError(f"{path} is no Python: {error}.", hint=hint, kind="calculator", file=str(path)) from error


def _defined(tree: ast.Module) -> set[str]:
    """Return every name that a module defines or imports at its top."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return found
