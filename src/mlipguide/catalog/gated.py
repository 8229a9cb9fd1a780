"""Checkpoints behind an agreement: whether this user may download one, asked before anything is built for it.

Hugging Face gives such a file to an account that accepted its terms, which a token stands for
(https://huggingface.co/docs/hub/models-gated).
"""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import TYPE_CHECKING

from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin

if TYPE_CHECKING:
    import urllib.request

TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105  # the name of a variable, as Hugging Face's own programs read it
HOST = "https://huggingface.co/"
TIMEOUT_S = 15.0
CLOSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def page_of(card: ModelCard) -> str:
    """Return the page on which the terms of a checkpoint are accepted."""
    return str(card.weights.url).partition("/resolve/")[0]


def authorised(url: str, method: str = "GET") -> urllib.request.Request:
    """Return a request with the user's token, which goes to Hugging Face alone and to no host that it redirects to."""
    import urllib.request

    request = urllib.request.Request(url, method=method)  # noqa: S310  # https addresses of the cards
    token = os.environ.get(TOKEN_VARIABLE)
    if token and url.startswith(HOST):
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    return request


def closed_gate(card: ModelCard) -> str | None:
    """Return why the weights of a checkpoint cannot be downloaded, in a sentence, and the steps that open them.

    None where nothing is known to stand in the way: it is not behind an agreement, or the token opens it, or the host
    cannot be asked.
    """
    if card.weights.origin is not WeightsOrigin.GATED or card.weights.url is None:
        return None
    page = page_of(card)
    steps = f"Accept its terms at {page}, set {TOKEN_VARIABLE} to a token of that account"
    otherwise = f", or give the file: --weights {card.id}=FILE."
    if not os.environ.get(TOKEN_VARIABLE):
        return f"{card.id}: its weights are behind an agreement, and {TOKEN_VARIABLE} is not set. {steps}{otherwise}"
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    try:
        with urllib.request.urlopen(authorised(card.weights.url, "HEAD"), timeout=TIMEOUT_S):  # noqa: S310  # as above
            return None
    except urllib.error.HTTPError as error:
        if error.code not in CLOSED:
            return None
        return (
            f"{card.id}: {page} does not give its weights to the account of {TOKEN_VARIABLE} (HTTP {error.code}). "
            f"{steps}{otherwise}"
        )
    except (urllib.error.URLError, TimeoutError, HTTPException, ConnectionError):
        return None
