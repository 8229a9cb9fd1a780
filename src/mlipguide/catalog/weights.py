"""Checkpoint files of models whose package does not bring them: found, or downloaded whole or not at all."""

from __future__ import annotations

import contextlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from uuid import uuid4

from mlipguide.catalog.checkpoints import registered_file
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.core.paths import make_folder, storage_error, weights_dir
from mlipguide.records.model_card import ModelCard, WeightsOrigin

CONNECT_TIMEOUT_S = 15.0
CHUNK_BYTES = 1 << 20


def needs_file(card: ModelCard) -> bool:
    """Tell whether the checkpoint is a file of its own, not a part of its package."""
    return card.weights.origin is not WeightsOrigin.PACKAGE


def find_weights(card: ModelCard, given: Mapping[str, Path]) -> Path | None:
    """Return the checkpoint file that the user gave for this card, or the one registered or downloaded before, or None.

    Raises:
        InputError: The file that the user gave does not exist, or the registered one is missing or another one now.
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
    return target if target is not None and target.is_file() else None


def download_weights(card: ModelCard, on_progress: Callable[[str], None]) -> Path:
    """Download the checkpoint of ``card`` and return its file.

    Raises:
        MeasurementFailedError: Kind ``weights``: there is no address, or it cannot be reached.
        StorageError: The cache folder cannot be written.
    """
    target = _target(card)
    hint = f"Fetch it by hand and give it with --weights {card.id}=FILE."
    if target is None or card.weights.url is None:
        raise MeasurementFailedError(f"{card.id}: no address to download from is known.", hint=hint, kind="weights")
    make_folder(target.parent)
    unfinished = target.with_name(f".{target.name}-{uuid4().hex}.part")
    try:
        with (
            urllib.request.urlopen(card.weights.url, timeout=CONNECT_TIMEOUT_S) as response,  # noqa: S310  # https addresses of the cards
            unfinished.open("wb") as stream,
        ):
            expected = int(response.headers.get("Content-Length") or 0)
            received = 0
            while chunk := response.read(CHUNK_BYTES):
                stream.write(chunk)
                received += len(chunk)
                on_progress(f"downloading {card.id}: {received / 1e6:.0f} MB")
            if expected and received != expected:
                raise MeasurementFailedError(
                    f"{card.id}: the download ended after {received} of {expected} bytes.",
                    hint=hint,
                    kind="weights",
                )
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
