"""Which checkpoints are packed for a machine that cannot download them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from factories import make_card
from mlipguide.catalog import weights_to_pack
from mlipguide.catalog.weights import FOLDERS_VARIABLE, find_weights, place_weights
from mlipguide.catalog.weights_to_pack import gather_weights
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.records.models.model_card import ModelCard, WeightsFact
from mlipguide.records.models.terms import LifeCycle, WeightsOrigin


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLIPGUIDE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def card(name: str, file: str, host: str = "a.invalid") -> ModelCard:
    url = f"https://{host}/{file}"
    return make_card(name, weights=WeightsFact(origin=WeightsOrigin.DOWNLOAD, name=name, url=url))


def put(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")


def silent(_message: str) -> None:
    pass


def test_a_checkpoint_that_is_a_folder_goes_whole_or_not_at_all(kept: Path, tmp_path: Path) -> None:
    put(kept / "net", "state.pt", "model.json")
    without = gather_weights([card("net", "state.pt")], None, silent)
    assert without.weights == []
    assert [one.reason.partition(" belongs")[0] for one in without.absent] == ["model.pt"]
    with pytest.raises(MeasurementFailedError, match=r"model\.pt belongs beside"):
        gather_weights([card("net", "state.pt")], {"net"}, silent)

    put(kept / "net", "model.pt")
    (weights,) = gather_weights([card("net", "state.pt")], None, silent).weights
    assert weights.paths == ("weights/net/state.pt", "weights/net/model.json", "weights/net/model.pt")

    digests = {path: hashlib.sha256(path.name.encode()).hexdigest() for path in sorted((kept / "net").iterdir())}
    main = kept / "net" / "state.pt"
    placed = place_weights(card("net", "state.pt"), main, digests.pop(main), digests)
    assert sorted(path.name for path in placed.parent.glob("[!.]*") if path.suffix != ".sha256") == [
        "model.json",
        "model.pt",
        "state.pt",
    ]
    assert find_weights(card("net", "state.pt"), {}) == placed == tmp_path / "cache" / "weights" / "net" / "state.pt"


def test_what_cannot_be_had_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(one: ModelCard, _tell: object) -> Path:
        asked.append(one.id)
        raise MeasurementFailedError(f"{one.id}: unreachable.", kind="weights")

    monkeypatch.setattr(weights_to_pack, "download_weights", refuse)
    packaged = make_card("packaged", weights=WeightsFact(origin=WeightsOrigin.PACKAGE, name="packaged"))
    nameless = make_card("nameless", weights=WeightsFact(origin=WeightsOrigin.DOWNLOAD, name="nameless"))
    old = replace(card("old", "c.pt", "c.invalid"), life_cycle=LifeCycle.DEPRECATED)
    found = gather_weights([card("first", "a.pt"), card("second", "b.pt"), packaged, nameless, old], None, silent)
    assert found.in_package == ["packaged"]
    assert {one.model: one.reason for one in found.absent} == {
        "first": "first: unreachable.",
        "second": "a.invalid cannot be reached.",
        "nameless": weights_to_pack.FETCHED_BY_PACKAGE,
        "old": "Another model took its place; name it with --models to have it.",
    }
    assert asked == ["first"], "a host that does not answer is asked once"
