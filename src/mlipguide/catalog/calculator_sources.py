"""What a calculator of the user's own is made of: by one checksum of it all, a changed one is never taken for the same.

A Python file counts with the modules beside it that it imports and with the files that it names in a text, such as the
checkpoint that it loads; a package with all its Python files; a file of LAMMPS's commands with the files that they
name. What is put together while the program runs, and what other packages do, is not seen here.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.core.errors import InputError

PYTHON = ".py"
MOST_FILES = 2000
"""Of a package: more are the sources of everything, not of a calculator."""
LARGEST_TEXT_BYTES = 1 << 20
WRITTEN = frozenset({".log", ".out", ".traj", ".pyc"})
"""Endings of what a calculator writes, and not reads."""


def content_sha256(path: Path) -> str:
    """Return the checksum of a file, or of all files that make up a calculator.

    Args:
        path: A file, or the folder of a package.

    Raises:
        InputError: A file is missing, empty or cannot be read.
    """
    files = sources_of(path)
    if files == (path,):
        return sha256_of(path)
    root = path if path.is_dir() else path.parent
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{_named(file, root)}\0{_sha256_or_empty(file)}\0".encode())
    return digest.hexdigest()


def sources_of(path: Path) -> tuple[Path, ...]:
    """Return the files that make up a calculator, in a fixed order, the given one first where it is a file.

    Raises:
        InputError: A package has too many files.
    """
    if path.is_dir():
        files = tuple(sorted(path.rglob(f"*{PYTHON}")))[: MOST_FILES + 1]
        if len(files) > MOST_FILES:
            raise InputError(
                f"{path} has more than {MOST_FILES:,} Python files.", hint="Write a small file with the function."
            )
        return files
    if path.suffix == PYTHON:
        return tuple(dict.fromkeys(_with_neighbours(path, set())))
    return (path, *sorted(set(_named_in_lines(path)) - {path}))


def _with_neighbours(path: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield a module, the modules beside it that it imports, and the files that it names."""
    seen.add(path)
    yield path
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # whoever loads it will say so
    for name in sorted(_imported(tree)):
        for module in (path.parent / f"{name}{PYTHON}", path.parent / name):
            if module.is_dir():
                yield from sorted(module.rglob(f"*{PYTHON}"))[:MOST_FILES]
            elif module.is_file() and module not in seen:
                yield from _with_neighbours(module, seen)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    yield from (file for text in sorted(texts) if (file := _named_file(text, path.parent)) is not None)


def _imported(tree: ast.Module) -> set[str]:
    """Return the first words of all modules that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _named_in_lines(path: Path) -> Iterator[Path]:
    """Yield the files that the words of a short text name."""
    try:
        if path.stat().st_size > LARGEST_TEXT_BYTES:
            return
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for word in set(re.findall(r'[^\s"\']+', text)):
        file = _named_file(word, path.parent)
        if file is not None:
            yield file


def _named_file(text: str, folder: Path) -> Path | None:
    """Return the file that a text names, as it is or beside the one that it stands in."""
    if not text or len(text) > 4096 or "\n" in text or "\0" in text:  # noqa: PLR2004  # Linux's longest path
        return None
    file = folder / Path(text).expanduser()
    try:
        return file if file.is_file() and file.suffix not in WRITTEN else None
    except OSError:
        return None


def _named(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name


def _sha256_or_empty(file: Path) -> str:
    return sha256_of(file) if file.stat().st_size else ""
