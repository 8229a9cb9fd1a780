"""What CI systems read: GitHub's annotations and summary, JUnit XML, the JSON of github-action-benchmark."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from factories import SETTINGS
from mlipguide.core.errors import StorageError
from mlipguide.records.timing.comparison import ChangeVerdict, Pairing
from mlipguide.report.exports.benchmark_action import benchmark_json
from mlipguide.report.exports.github import SHOWN_OF_A_KIND, annotation_commands, append_summary, command, summary
from mlipguide.report.exports.junit import junit_xml
from report_records import make_change, make_comparison

WORKFLOW_COMMAND = re.compile(r"::(?P<level>\w+) title=(?P<title>[^:,]*)::(?P<message>[^\r\n]*)")


def parsed(line: str) -> tuple[str, str, str]:
    """Return level, title and message as GitHub's runner reads them."""
    match = WORKFLOW_COMMAND.fullmatch(line)
    assert match is not None, line
    title = match["title"].replace("%3A", ":").replace("%2C", ",")
    return match["level"], _unescaped(title), _unescaped(match["message"])


def _unescaped(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("plain", "plain"),
        ("a: b, c", "a: b, c"),
        ("100 %", "100 %"),
        ("%0A", "%25 and %0A"),
        ("two\r\nlines", "::error title=x::y\r\nsecond"),
    ],
)
def test_a_command_is_one_line_that_reads_as_it_was_meant(title: str, message: str) -> None:
    line = command("error", title, message)
    assert len(line.splitlines()) == 1
    assert parsed(line) == ("error", title, message)


def test_a_colon_or_comma_in_a_title_does_not_end_it() -> None:
    assert command("notice", "a,b:c", "d,e:f") == "::notice title=a%2Cb%3Ac::d,e:f"


def test_slower_is_an_error_doubt_a_warning_and_no_change_is_silent() -> None:
    found = [parsed(line) for line in annotation_commands(make_comparison())]
    assert [(level, title) for level, title, _ in found] == [
        ("notice", "Performance"),
        ("error", "Slower: model-slow, 64 atoms"),
        ("warning", "Unclear: model-doubt, 64 atoms"),
        ("notice", "Faster: model-fast, 64 atoms"),
        ("warning", "Not compared"),
    ]
    by_title = {title: message for _, title, message in found}
    assert "+25.0 % (+23.0 % to +27.0 %)" in by_title["Slower: model-slow, 64 atoms"]
    assert by_title["Not compared"] == "model-gone, 64 atoms"
    assert "Regression" in by_title["Performance"]


@pytest.mark.parametrize("count", [9, 10, 30])
def test_no_more_annotations_than_github_shows(count: int) -> None:
    changes = tuple(
        make_change(f"model-{number}", 1.2 + number / 100, verdict=verdict)
        for verdict in (ChangeVerdict.SLOWER, ChangeVerdict.UNCLEAR, ChangeVerdict.FASTER)
        for number in range(count)
    )
    found = [parsed(line) for line in annotation_commands(make_comparison(changes=changes))]
    assert max(Counter(level for level, _, _ in found).values()) <= SHOWN_OF_A_KIND
    errors = [f"{title} {message}" for level, title, message in found if level == "error"]
    assert f"model-{count - 1}," in errors[0]  # the worst first
    assert all(any(f"model-{number}, 64 atoms" in text for text in errors) for number in range(count))


def test_the_summary_is_a_page_with_a_whole_table() -> None:
    data = make_comparison()
    lines = summary(data).splitlines()
    assert lines[0] == "## ❌ Performance"
    assert lines[2].startswith("Regression: ")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    assert len(rows) == 2 + len(data.changes)
    assert len({len(row) for row in rows}) == 1
    verdicts = {row[0]: row[1].split()[-1] for row in rows[2:]}
    assert verdicts == {change.model: change.verdict.value for change in data.changes}
    assert "- model-gone, 64 atoms" in lines
    assert any("torch 2.7.1 → 2.8.0" in line for line in lines)
    assert summary(replace(data, changes=data.changes[1:])).startswith("## ✅ Performance")


def test_summaries_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("of another command\n", encoding="utf-8")
    append_summary(make_comparison(), path)
    assert path.read_text(encoding="utf-8") == "of another command\n" + summary(make_comparison())
    with pytest.raises(StorageError):
        append_summary(make_comparison(), tmp_path)


def test_junit_fails_for_slower_only() -> None:
    data = make_comparison()
    root = ET.fromstring(junit_xml(data).encode())
    (suite,) = root.iter("testsuite")
    cases = {case.get("classname", "").rpartition(".")[2]: case for case in suite.iter("testcase")}
    assert len(cases) == len(data.changes) + 1
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    skipped = [case.get("name") for case in cases.values() if case.find("skipped") is not None]
    assert failed == {"model-slow"}
    assert skipped == ["model-gone, 64 atoms"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "5",
        "1",
        "0",
        "1",
    )
    failure = cases["model-slow"].find("failure")
    assert failure is not None
    assert "+25.0 %" in failure.get("message", "")
    for name in ("model-fast", "model-same", "model-doubt"):
        output = cases[name].find("system-out")
        assert output is not None
        assert output.text is not None
        assert name in output.text
    assert float(cases["model-slow"].get("time", "")) == pytest.approx(0.125)
    properties = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert properties["max_slowdown"] == "0.1"
    assert properties["versions"] == "sevenn: torch 2.7.1 → 2.8.0"


def test_junit_holds_any_name() -> None:
    name = 'a<b>&"\x00\x1b[31m\ud800'
    data = make_comparison(
        changes=(make_change(name, 1.3, verdict=ChangeVerdict.SLOWER),), only_in_baseline=("]]> <x>",)
    )
    root = ET.fromstring(junit_xml(data).encode())
    first, second = root.iter("testcase")
    assert first.get("classname", "").endswith('a<b>&"\ufffd\ufffd[31m\ufffd')
    assert second.get("name") == "]]> <x>"


def test_junit_tells_settings_apart() -> None:
    changes = (make_change(), make_change(settings=replace(SETTINGS, threads=2)))
    cases = list(ET.fromstring(junit_xml(make_comparison(changes=changes)).encode()).iter("testcase"))
    assert [case.get("name") for case in cases[:2]] == ["64 atoms, 1 thread", "64 atoms, 2 threads"]


def test_benchmark_action_reads_ratios_where_the_machine_does_not_matter() -> None:
    data = make_comparison()
    entries = json.loads(benchmark_json(data))
    assert [entry["value"] for entry in entries] == [change.ratio.value for change in data.changes]
    assert all(set(entry) == {"name", "unit", "value", "range", "extra"} for entry in entries)
    assert all(isinstance(entry[key], str) for entry in entries for key in ("name", "unit", "range", "extra"))
    assert entries[0]["range"] == "± 0.02"
    assert len({entry["name"] for entry in entries}) == len(entries)
    assert entries[0]["name"] == ("model-slow, 64 atoms, cpu, 1 thread, float32, driver ase, freed memory kept")
    normalised = json.loads(benchmark_json(replace(data, pairing=Pairing.SEPARATE, normalised=True)))
    assert normalised == entries


def test_benchmark_action_reads_times_of_a_machine_of_ones_own() -> None:
    data = make_comparison(pairing=Pairing.SEPARATE)
    entries = json.loads(benchmark_json(data))
    assert [entry["value"] for entry in entries] == [change.current_s.value for change in data.changes]
    assert {entry["unit"] for entry in entries} == {"s per step"}
    unknown = make_change(current_s=replace(data.changes[0].current_s, low=None, high=None))
    (entry,) = json.loads(benchmark_json(replace(data, changes=(unknown,))))
    assert "range" not in entry
