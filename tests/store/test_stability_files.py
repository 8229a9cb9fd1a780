"""Records of stability that cannot be read are said and left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.store import stability as store


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        json.dumps({"format": 1}),
        json.dumps({"format": store.FORMAT + 1, "stability": {}}),
        json.dumps({"format": 1, "stability": {"model": "a"}}),
    ],
)
def test_what_cannot_be_read_is_a_notice(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model-a" / "one.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        store.read(path)
    found = store.find("model-a", folder=tmp_path)
    assert found.records == ()
    assert [notice.kind for notice in found.notices] == ["unreadable_stability"]
    assert path.exists()


def test_of_an_unknown_model_nothing_is_found(tmp_path: Path) -> None:
    assert store.find("model-b", folder=tmp_path) == store.Found((), ())
