"""The table of published timings: every row has a figure, a known device and a source that opens."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.parallel_codes import load_parallel_codes
from mlipguide.catalog.published_timings import PUBLISHED_TIMINGS, load_published_timings
from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import InputError
from mlipguide.hardware.device_models import load_devices

HEADER = (
    "model,law,family,driver,code,kernels,device,devices,dtype,system,atoms,step_ms,peak_memory_gb,max_atoms,confidence,source,"
    "remark"
)


def test_every_row_names_a_device_that_is_known_and_a_source_that_opens() -> None:
    devices, sources = {device.id for device in load_devices()}, read_sources()
    rows = load_published_timings()
    assert len(rows) >= 104
    for row in rows:
        assert row.device is None or row.device in devices, row
        assert row.source in sources, row
        assert sources[row.source].link, row.source


def test_times_and_sizes_are_in_base_units() -> None:
    row = next(row for row in load_published_timings() if row.model == "mace-mp-0-medium" and row.atoms == 432)
    assert row.step_time_s == pytest.approx(0.1146)
    assert row.peak_memory_bytes == pytest.approx(1.33e9)


def test_rows_name_the_model_that_was_timed_and_what_limits_them() -> None:
    rows = load_published_timings()
    uma = [row for row in rows if row.source == "fairchem_graph_parallel"]
    assert {row.model for row in uma} == {"uma-s-1p2"}
    assert {row.devices for row in uma} == {8, 16, 32, 128, 256}
    assert all("uma-speed.yaml" in (row.remark or "") for row in uma)
    assert all("not representative" in (row.remark or "") for row in rows if row.source == "mlip_jax_readme")
    (dpa,) = (row for row in rows if row.source == "deepmd_issue_5595")
    assert dpa.atoms == 65536
    assert dpa.step_time_s == pytest.approx(0.512)
    assert "none is stated" in (dpa.remark or "")


def test_a_mace_model_is_there_on_one_to_eight_devices_in_both_interfaces() -> None:
    rows = [row for row in load_published_timings() if row.source == "mace_issue_1708" and row.atoms == 13718]
    ns_per_day = {(row.kernels, row.devices): 0.0864 / (row.step_time_s or 0) for row in rows}
    assert ns_per_day == {
        ("symmetrix", 1): pytest.approx(1.28, rel=1e-4),
        ("symmetrix", 2): pytest.approx(2.35, rel=1e-4),
        ("symmetrix", 4): pytest.approx(4.10, rel=1e-4),
        ("symmetrix", 8): pytest.approx(6.40, rel=1e-4),
        ("cuequivariance", 1): pytest.approx(2.38, rel=1e-4),
        ("cuequivariance", 2): pytest.approx(2.15, rel=1e-4),
        ("cuequivariance", 4): pytest.approx(2.58, rel=1e-4),
        ("cuequivariance", 8): pytest.approx(2.41, rel=1e-4),
    }


def test_models_that_have_a_card_are_named_by_its_id() -> None:
    catalogue = load_catalogue()
    ids = {card.id for card in catalogue.cards}
    named = {row.model for row in load_published_timings() if row.model in ids}
    assert {"mace-mpa-0", "uma-s-1p1", "sevennet-0", "sevennet-l3i5", "orb-v2", "esen-30m-oam"} <= named


def test_no_two_rows_say_the_same() -> None:
    with PUBLISHED_TIMINGS.open(encoding="utf-8", newline="") as stream:
        rows = [tuple(row.values()) for row in csv.DictReader(stream)]
    assert len(set(rows)) == len(rows)


def test_parallel_codes_belong_to_families_of_the_catalogue_and_have_sources() -> None:
    families = {card.architecture.family for card in load_catalogue().cards}
    sources = read_sources()
    for family, code in load_parallel_codes().items():
        assert family in families
        assert code.vendors
        assert all(sources[key].link for key in code.sources)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("m,l,f,ase,ase,torch,GB10,1,,,100,fast,,,primary,s,", "step_ms is 'fast'"),
        ("m,l,f,ase,ase,torch,GB10,1,,,100,-3,,,primary,s,", "positive"),
        ("m,l,f,ase,ase,torch,GB10,1,,,100,,,,primary,s,", "no figure"),
        ("m,l,f,ase,ase,torch,GB10,1,,,,3,,,primary,s,", "number of atoms"),
        ("m,l,f,ase,ase,torch,GB10,1,,,100,3,,,hearsay,s,", "confidence"),
        ("m,l,f,ase,ase,torch,GB10,,,,100,3,,,primary,s,", "devices"),
    ],
)
def test_a_malformed_row_is_named_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    path = tmp_path / "timings.csv"
    path.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_published_timings(path)
    assert "line 2" in caught.value.message
    assert words in caught.value.message
