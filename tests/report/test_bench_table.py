"""CSV and Markdown say what the records say."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from factories import SETTINGS, make_summary
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.tables.bench_table import as_csv, as_markdown, markdown_table
from report_records import TIMESTEP_S, make_bench, make_series, make_size_result


def test_every_measurement_is_a_row_of_csv() -> None:
    data = make_bench()
    rows = list(csv.DictReader(io.StringIO(as_csv(data))))
    assert len(rows) == len(data.measurements)
    for row, item in zip(rows, data.measurements, strict=True):
        assert row["model"] == item.model
        assert row["weights"] == item.weights.value
        assert int(row["atoms"]) == item.atoms
        assert (int(row["threads"]), row["dtype"], row["allocator"]) == (1, "float32", "retain")
        assert float(row["step_time_s"]) == item.step_time_s.value
        assert float(row["step_time_s_low"]) == item.step_time_s.low
        assert float(row["step_time_s_high"]) == item.step_time_s.high
        assert float(row["ns_per_day"]) == pytest.approx(86400 * TIMESTEP_S * 1e9 / item.step_time_s.value)
        assert float(row["ns_per_day_low"]) < float(row["ns_per_day"]) < float(row["ns_per_day_high"])
        assert row["structures_per_s"] == ""
        assert float(row["peak_memory_bytes"]) == 2.0**30


def test_what_is_not_known_is_empty() -> None:
    step_time_s = replace(make_size_result().step_time_s, low=None, high=None)
    item = make_size_result(
        64, model_time_s=None, peak_memory_bytes=None, scenario=Scenario.OFFLINE, step_time_s=step_time_s
    )
    (row,) = csv.DictReader(io.StringIO(as_csv(make_bench((item,), fitted=False))))
    empty = {name for name, value in row.items() if value == ""}
    missing = {"step_time_s", "model_time_s", "ns_per_day", "structures_per_s"}
    assert empty == {f"{name}_{end}" for name in missing for end in ("low", "high")} | {
        "model_time_s",
        "ns_per_day",
        "peak_memory_bytes",
    }
    assert float(row["structures_per_s"]) == pytest.approx(1 / 0.064)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_markdown_has_machine_and_settings_above_a_whole_table() -> None:
    data = make_bench(structure=make_summary(source="a b.cif"))
    lines = as_markdown(data).splitlines()
    table = [cells(line) for line in lines if line.startswith("|")]
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    above = "\n".join(lines[:start])
    for words in ("LiFePO4", "a b.cif", "Test CPU", "16 GiB", "cpu, 1 thread, float32, driver ase"):
        assert words in above
    assert lines[start - 1] == ""
    assert len({len(row) for row in table}) == 1
    titles, rules, *rows = table
    assert set(rules) == {":---", "---:"}
    assert len(rows) == len(data.measurements)
    first = dict(zip(titles, rows[0], strict=True))
    assert (first["Model"], first["Atoms"], first["Step"], first["90 %"]) == ("model-a", "32", "32 ms", "±5 %")
    assert (first["Graph"], first["Network"], first["Rest"]) == ("20%", "70%", "10%")
    assert "Structures/s" not in titles
    assert "Setting" not in titles
    assert rows[-1][0] == r"model-b \*"
    assert "random weights" in lines[-1]


def test_markdown_names_the_setting_where_it_differs() -> None:
    two = replace(SETTINGS, threads=2)
    text = as_markdown(make_bench(make_series("model-a", (32,)), make_series("model-a", (32,), settings=two)))
    rows = [cells(line) for line in text.splitlines() if line.startswith("|")]
    assert [row[:2] for row in rows] == [
        ["Model", "Setting"],
        [":---", ":---"],
        ["model-a", "1 thread"],
        ["model-a", "2 threads"],
    ]
    assert "- Settings: cpu, float32, driver ase, freed memory kept" in text


def test_no_cell_ends_a_table() -> None:
    lines = markdown_table(["a", "b"], [["x|y", "1\n2"], ["", "–"]], left=1)
    assert [cells(line) for line in lines] == [["a", "b"], [":---", "---:"], [r"x\|y", "1 2"], ["", "–"]]
