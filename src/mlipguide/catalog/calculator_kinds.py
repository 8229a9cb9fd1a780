"""What a model's file is, by what is in it: TorchScript of metatomic, NequIP or DeePMD, a NEP, commands of LAMMPS.

An archive of TorchScript holds the source of its classes under the names of their modules, so that it tells which
package wrote it; nothing is loaded or run to find out.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlipguide.catalog.calculator_sources import LARGEST_TEXT_BYTES
from mlipguide.catalog.elements import SYMBOLS
from mlipguide.catalog.pickles import imported_names
from mlipguide.core.errors import InputError

FUNCTION_HINT = (
    "Give a Python file with a function that returns its ASE calculator (--calculator my_model.py), and the "
    "interpreter that has its package: mlipguide env adopt calculator PYTHON."
)
MANGLED = "___torch_mangle_"
"""TorchScript puts such a word before a module where two classes have one name."""
LARGEST_GRAPH_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """What runs a file.

    Attributes:
        backend: Name of the recipe.
        family: What its models are called.
        elements: Chemical symbols, where the file says them in plain words; None otherwise.
    """

    backend: str
    family: str
    elements: tuple[str, ...] | None = None


METATOMIC = FileKind(backend="upet", family="metatomic")
NEQUIP = FileKind(backend="nequip", family="NequIP")
DEEPMD = FileKind(backend="deepmd-kit", family="DeePMD")
MACE = FileKind(backend="mace-torch", family="MACE")
OF_SCRIPTS = {
    "metatomic": METATOMIC,
    "metatensor": METATOMIC,
    "nequip": NEQUIP,
    "allegro": NEQUIP,
    "deepmd": DEEPMD,
}
"""By the packages whose classes TorchScript holds, the one that decides first."""
OF_PICKLES = {"mace": MACE}
GRAPH_MARKS = (b"descrpt_attr/rcut", b"model_attr/model_type")
"""Names of nodes in every graph of TensorFlow that DeePMD-kit freezes (its ``deepmd/tf``)."""


def kind_of(path: Path) -> FileKind:
    """Return what runs a file that is no Python.

    Raises:
        InputError: It is of a kind that nothing here runs, or cannot be read.
    """
    try:
        if zipfile.is_zipfile(path):
            return _of_archive(path)
        found = _of_text(path) or _of_graph(path) or _of_pickle(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.", file=str(path)) from error
    if found is None:
        raise _unknown(path, "is of no kind that is known here")
    return found


def _of_archive(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [PurePosixPath(name).parts for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is a damaged archive: {error}.", hint="Get it again.", file=str(path)) from error
    if any(parts[-1] == "constants.pkl" for parts in members):
        packages = {package for parts in members if (package := _package_of(parts)) is not None}
        known = [kind for package, kind in OF_SCRIPTS.items() if package in packages]
        if not known:
            named = ", ".join(sorted(packages)) or "no package"
            raise _unknown(path, f"is TorchScript with classes of {named}, which does not say how it is called")
        return known[0]
    if any("aotinductor" in parts for parts in members) and path.name.endswith(".nequip.pt2"):
        return NEQUIP  # compiled code, which holds no names of Python: the name of the file is all that tells
    if any(parts[-2:] == (".data", "extern_modules") for parts in members) and any("nequip" in p for p in members):
        return NEQUIP
    found = _of_pickle(path)
    if found is None:
        raise _unknown(path, "is an archive, and neither TorchScript nor a model that is known here")
    return found


def _package_of(parts: tuple[str, ...]) -> str | None:
    """Return the package of a class, from ``NAME/code/__torch__/PACKAGE/…``."""
    if "__torch__" not in parts:
        return None
    after = [part for part in parts[parts.index("__torch__") + 1 :] if not part.startswith(MANGLED)]
    return after[0].removesuffix(".py").removesuffix(".debug_pkl").partition(".")[0] if after else None


def _of_text(path: Path) -> FileKind | None:
    """Return what a text is: a NEP by its first line, commands of LAMMPS by their pair style."""
    with path.open("rb") as stream:
        begin = stream.read(LARGEST_TEXT_BYTES)
    try:
        text = begin[: begin.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return None
    first = (text.splitlines() or [""])[0].split()
    if first and re.fullmatch(r"nep\d\w*", first[0]):
        return FileKind(
            backend="nep", family="NEP", elements=tuple(word for word in first[2:] if word in SYMBOLS) or None
        )
    if re.search(r"(?m)^\s*pair_style\s", text):
        return FileKind(backend="lammps", family="LAMMPS pair style")
    return None


def _of_graph(path: Path) -> FileKind | None:
    with path.open("rb") as stream:
        data = stream.read(LARGEST_GRAPH_BYTES)
    return DEEPMD if any(mark in data for mark in GRAPH_MARKS) else None


def _of_pickle(path: Path) -> FileKind | None:
    packages = {name.partition(".")[0] for name in imported_names(path)}
    for package, kind in OF_PICKLES.items():
        if package in packages:
            return kind
    if packages:
        named = ", ".join(sorted(packages))
        raise _unknown(path, f"is a pickle of {named}, and what to do with it is not known here")
    return None


def _unknown(path: Path, what: str) -> InputError:
    hint = f"{FUNCTION_HINT} A checkpoint that you trained further: mlipguide models add {path.name} --from MODEL."
    return InputError(f"{path} {what}.", hint=hint, kind="calculator", file=str(path))
