"""Weights behind an agreement are told with the steps that open them; the token goes to its host alone."""

from __future__ import annotations

import urllib.error
import urllib.request
from email.message import Message
from typing import Any

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.gated import authorised, closed_gate
from mlipguide.catalog.weights import download_weights
from mlipguide.core.errors import MeasurementFailedError

CARD = load_catalogue().find("uma-s-1p2p1")
TOKEN = "not-a-token"  # of nobody


def test_without_a_token_page_variable_and_file_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    reason = closed_gate(CARD)
    assert reason is not None
    assert "https://huggingface.co/facebook/UMA," in reason
    assert "HF_TOKEN is not set" in reason
    assert "--weights uma-s-1p2p1=FILE" in reason
    with pytest.raises(MeasurementFailedError, match="behind an agreement"):
        download_weights(CARD, lambda _message: None)


def test_other_weights_have_no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert closed_gate(load_catalogue().find("sevennet-0")) is None
    assert closed_gate(load_catalogue().find("pet-mad-1.6-s")) is None


@pytest.mark.parametrize(("code", "is_closed"), [(401, True), (403, True), (404, False), (503, False)])
def test_a_token_is_tried_first(monkeypatch: pytest.MonkeyPatch, code: int, *, is_closed: bool) -> None:
    asked: list[urllib.request.Request] = []

    def refuse(request: urllib.request.Request, **_options: Any) -> None:
        asked.append(request)
        raise urllib.error.HTTPError(request.full_url, code, "", Message(), None)

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    reason = closed_gate(CARD)
    assert (reason is not None) is is_closed
    assert asked[0].get_method() == "HEAD"
    if reason is not None:
        assert f"HTTP {code}" in reason
        assert TOKEN not in reason


def test_a_host_that_cannot_be_asked_closes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(urllib.request, "urlopen", fail)
    assert closed_gate(CARD) is None


def test_the_token_goes_to_its_host_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    request = authorised(str(CARD.weights.url))
    assert request.unredirected_hdrs == {"Authorization": f"Bearer {TOKEN}"}
    assert "Authorization" not in request.headers
    assert authorised("https://example.org/x.pt").unredirected_hdrs == {}
