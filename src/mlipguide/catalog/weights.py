"""Checkpoint files of models whose package does not bring them: found, or downloaded whole or not at all.

The checksum of a download is compared with the one that its publisher states, where one is, and kept beside the file as
``sha256sum`` writes it; from then on another file in its place is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from mlipguide.catalog.checkpoints import registered_file, sha256_of
from mlipguide.catalog.gated import authorised, closed_gate
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.core.paths import make_folder, storage_error, weights_dir
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin

CONNECT_TIMEOUT_S = 15.0
CHUNK_BYTES = 1 << 20
NOTHING: Mapping[Path, str] = MappingProxyType({})
FOLDERS_VARIABLE = "MLIPGUIDE_WEIGHTS"
"""Folders of weights that are on the machine already, with colons between them."""


def needs_file(card: ModelCard) -> bool:
    """Tell whether the checkpoint is a file of its own, not a part of its package."""
    return card.weights.origin is not WeightsOrigin.PACKAGE


def find_weights(card: ModelCard, given: Mapping[str, Path]) -> Path | None:
    """Return the checkpoint file that the user gave for this card, or the one registered or downloaded before, or None.

    Where none of these is, the folders of ``MLIPGUIDE_WEIGHTS`` are searched.

    Raises:
        InputError: The file that the user gave does not exist, or the registered one is missing, or that or the
            downloaded one is another one now.
    """
    for name in (card.id, *card.aliases):
        if name in given:
            if not given[name].is_file():
                raise InputError(
                    f"--weights {name}={given[name]}: there is no such file.",
                    hint="Give the path of a checkpoint file.",
                )
            return given[name].absolute()
    if card.weights.origin.is_own_file:
        return registered_file(card)
    target = _target(card)
    if target is None:
        return None
    if not target.is_file():
        return _from_folders(card, target.name)
    _require_checksum(card, target)
    return target


def _from_folders(card: ModelCard, name: str) -> Path | None:
    """Return the checkpoint in one of the user's folders of weights; None where there is none.

    A file counts where its checksum is the published one, if its name is that of the address, or the model's, or its
    folder's name is. Without a published checksum only ``MODEL/NAME`` does, and the checksum that stands beside it, as
    mlipguide keeps it, must be its own. Nothing is written there.
    """
    for folder in filter(None, os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)):
        own = Path(folder).expanduser().absolute()
        if card.weights.sha256 is None:
            file = own / card.id / name
            if os.access(file, os.R_OK) and file.is_file() and _stated_checksum(file) in {None, sha256_of(file)}:
                return file
            continue
        for path in sorted({*own.rglob(name), *own.rglob(f"{card.id}.*"), *own.rglob(f"{card.id}/*")}):
            if path.is_file() and path.stat().st_size and sha256_of(path) == card.weights.sha256:
                return path
    return None


def weights_file_name(card: ModelCard) -> str | None:
    """Return the name that the downloaded checkpoint of a card has; None where no address of it is known."""
    target = _target(card)
    return None if target is None else target.name


def place_weights(card: ModelCard, file: Path, sha256: str, beside: Mapping[Path, str] = NOTHING) -> Path:
    """Put a checkpoint that came otherwise where its download would be, and return that place.

    Args:
        card: The model.
        file: The checkpoint, which is moved.
        sha256: Of the file.
        beside: Further files that belong beside it, with their SHA-256.

    Raises:
        InputError: Kind ``checkpoint``: its publisher states another checksum, or another file is there already.
        StorageError: The cache folder cannot be written.
    """
    target = _target(card)
    if target is None or card.weights.sha256 not in {None, sha256}:
        raise InputError(
            f"{card.id}: {file.name} is not the checkpoint that its card is of (SHA-256 {sha256}).",
            hint="Take one that was packed with this version of mlipguide.",
            kind="checkpoint",
        )
    make_folder(target.parent)
    files = {target.with_name(one.name): (one, digest) for one, digest in beside.items()} | {target: (file, sha256)}
    for place, (_, digest) in files.items():
        if place.is_file() and sha256_of(place) != digest:
            raise InputError(
                f"{card.id}: {place} is there already and is another file than the one that was brought.",
                hint=f"Delete it and {_checksum_file(place).name} beside it, or keep it and leave out this model.",
                kind="checkpoint",
            )
    try:
        for place, (one, digest) in files.items():
            if not place.is_file():
                _checksum_file(place).write_text(f"{digest}  {place.name}\n", encoding="utf-8")
                one.replace(place)
    except OSError as error:
        raise storage_error(target, error) from error
    return target


def download_weights(card: ModelCard, on_progress: Callable[[str], None]) -> Path:
    """Download the checkpoint of ``card`` and return its file.

    Raises:
        MeasurementFailedError: Kind ``weights``: there is no address, it cannot be reached, or what came is not what
            the card's source published.
        StorageError: The cache folder cannot be written.
    """
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    target = _target(card)
    hint = how_to_bring(card)
    if target is None or card.weights.url is None:
        raise MeasurementFailedError(f"{card.id}: no address to download from is known.", hint=hint, kind="weights")
    if (closed := closed_gate(card)) is not None:
        raise MeasurementFailedError(closed, hint=hint, kind="weights")
    make_folder(target.parent)
    unfinished = target.with_name(f".{target.name}-{uuid4().hex}.part")
    try:
        with (
            urllib.request.urlopen(authorised(card.weights.url), timeout=CONNECT_TIMEOUT_S) as response,  # noqa: S310  # https addresses of the cards
            unfinished.open("wb") as stream,
        ):
            expected = int(response.headers.get("Content-Length") or 0)
            received = 0
            digest = hashlib.sha256()
            while chunk := response.read(CHUNK_BYTES):
                stream.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                on_progress(f"downloading {card.id}: {received / 1e6:.0f} MB")
            if expected and received != expected:
                raise MeasurementFailedError(
                    f"{card.id}: the download ended after {received} of {expected} bytes.",
                    hint=hint,
                    kind="weights",
                )
        if card.weights.sha256 not in {None, digest.hexdigest()}:
            raise MeasurementFailedError(
                f"{card.id}: what came from {card.weights.url} has SHA-256 {digest.hexdigest()}, and its publisher "
                f"states {card.weights.sha256}. It was not kept.",
                hint="Try again; if it comes again, ask the publisher.",
                kind="weights",
            )
        _checksum_file(target).write_text(f"{digest.hexdigest()}  {target.name}\n", encoding="utf-8")
        unfinished.replace(target)
    except (urllib.error.URLError, TimeoutError, HTTPException, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise MeasurementFailedError(
            f"{card.id}: its weights cannot be downloaded from {card.weights.url}: {reason}.",
            hint=hint,
            kind="weights",
        ) from error
    except OSError as error:
        raise storage_error(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)  # noqa: PTH108  # missing after success
    return target


def _target(card: ModelCard) -> Path | None:
    if card.weights.url is None:
        return None
    return weights_dir() / card.id / card.weights.url.rpartition("/")[2]


def how_to_bring(card: ModelCard) -> str:
    """Return which file to put where, for a checkpoint that cannot be downloaded here."""
    target = _target(card)
    if target is None:
        return f"Fetch it by hand and give it with --weights {card.id}=FILE."
    return (
        f"Fetch {card.weights.url} where there is a network and put it at {target}, or as {card.id}/{target.name} into "
        f"a folder of {FOLDERS_VARIABLE}; or give it with --weights {card.id}=FILE."
    )


def _checksum_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")


def _stated_checksum(target: Path) -> str | None:
    """Return the checksum that stands beside a file; None where none does."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return _checksum_file(target).read_text(encoding="utf-8").partition(" ")[0].strip() or None
    return None


def _require_checksum(card: ModelCard, target: Path) -> None:
    """Compare a downloaded file with what is stated or was kept; a file without either is taken as it is from now on.

    Raises:
        InputError: Kind ``checkpoint``: it is another file, or cannot be read.
    """
    found = sha256_of(target)
    kept = _checksum_file(target)
    known = card.weights.sha256 or _stated_checksum(target)
    if known is None:
        with contextlib.suppress(OSError):  # a folder that others may only read
            kept.write_text(f"{found}  {target.name}\n", encoding="utf-8")
    elif known != found:
        raise InputError(
            f"{card.id}: {target} is not the file that was downloaded (SHA-256 {found}, expected {known}).",
            hint=f"Delete it and {kept.name} beside it, and let it be downloaded again, or name a file with --weights.",
            kind="checkpoint",
        )
