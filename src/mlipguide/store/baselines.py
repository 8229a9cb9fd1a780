"""Runs of ``bench`` that were given a name, one JSON file each.

A name without a slash stands for a file in the data folder; a text with a slash, or one that ends in ``.json``, is
the path of a file, which can lie in a repository beside the code that it guards. Files are written whole or not at
all. Formats are versioned, the baseline's and that of the measurements in it.
"""

from __future__ import annotations

import re
from pathlib import Path

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.kept_files import UPDATE, KeptFiles, UnusableFileError, Upgrades, read_document
from mlipguide.core.paths import baselines_dir
from mlipguide.records.timing.comparison import Baseline
from mlipguide.store import measurements

FORMAT = 1
UPGRADES: Upgrades = {}
"""From each past version of the baseline's own fields to the next."""

FILES = KeptFiles(
    kind=Baseline,
    name="baseline",
    key="baseline",
    format=FORMAT,
    upgrades=UPGRADES,
    hint="Save it again: mlipguide bench --save NAME writes one.",
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
NAME_HINT = "Use letters, digits, '.', '_', '+' and '-', or give the path of a .json file."


def is_path(text: str) -> bool:
    """Return whether ``text`` is the path of a file rather than a name."""
    return "/" in text or text.endswith(".json")


def file_of(text: str, *, folder: Path | None = None) -> Path:
    """Return the file of a baseline, which need not exist.

    Args:
        text: Its name, or its path.
        folder: Where names are kept; in the data folder by default.

    Raises:
        InputError: Not a name that a file can have.
    """
    if is_path(text):
        return Path(text).expanduser().absolute()
    if not _NAME.fullmatch(text):
        raise InputError(f"'{text}' is not a name for a baseline.", hint=NAME_HINT)
    return (folder or baselines_dir()) / f"{text}.json"


def name_of(text: str) -> str:
    """Return what a baseline is called: its name, or the name of its file without the ending."""
    return Path(text).name.removesuffix(".json") if is_path(text) else text


def require_free(text: str, *, replace: bool = False, folder: Path | None = None) -> None:
    """Refuse a name that is taken, before anything is measured for it.

    Raises:
        InputError: It exists and may not be replaced, or cannot be a name.
    """
    path = file_of(text, folder=folder)
    if path.exists() and not (replace and path.is_file()):
        raise InputError(
            f"The baseline '{text}' exists already ({path}).",
            hint="Choose another name, or say that it is to be replaced.",
            kind="baseline_exists",
        )


def save(baseline: Baseline, text: str, *, replace: bool = False, folder: Path | None = None) -> Path:
    """Write a baseline under a name or to a path, and return its file.

    Raises:
        InputError: As :func:`require_free`.
        UnfitRecordError: A number in it makes no sense.
        StorageError: The folder cannot be written.
    """
    require_free(text, replace=replace, folder=folder)
    path = file_of(text, folder=folder)
    return FILES.write(path, baseline, beside={"measurement_format": measurements.FORMAT})


def read(text: str, *, folder: Path | None = None) -> Baseline:
    """Read a baseline by its name or path, of this version or a past one.

    Raises:
        InputError: There is none, or it is not a baseline, is damaged, or is of a newer version.
    """
    path = file_of(text, folder=folder)
    if not path.exists():
        raise _missing(text, path, folder)
    document = read_document(path, FILES.what, hint=FILES.hint)
    own, nested = (document.get(key) for key in ("format", "measurement_format"))
    data = document.get(FILES.key)
    if type(own) is not int or type(nested) is not int or min(own, nested) < 1 or not isinstance(data, dict):
        raise UnusableFileError(path, FILES.what, "is not a baseline of mlipguide", hint=FILES.hint)
    if own > FORMAT or nested > measurements.FORMAT:
        raise UnusableFileError(
            path,
            FILES.what,
            f"was written by a newer mlipguide (format {own}.{nested}, known here up to "
            f"{FORMAT}.{measurements.FORMAT})",
            hint=UPDATE,
        )
    data = FILES.upgraded(path, data, own)
    entries = data.get("measurements")
    if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
        data = {**data, "measurements": [measurements.FILES.upgraded(path, entry, nested) for entry in entries]}
    return FILES.record(path, data)


def names(*, folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of the baselines in the data folder, sorted."""
    return tuple(sorted(path.stem for path in (folder or baselines_dir()).glob("*.json")))


def _missing(text: str, path: Path, folder: Path | None) -> InputError:
    if is_path(text):
        return InputError(f"There is no baseline {path}.", hint="mlipguide bench --save FILE.json writes one.")
    known = names(folder=folder)
    return InputError(
        f"There is no baseline '{text}'.{did_you_mean(text, list(known))}",
        hint=f"Known: {', '.join(known)}." if known else "mlipguide bench --save NAME writes one.",
        kind="unknown_baseline",
    )
