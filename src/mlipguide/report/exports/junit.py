"""A comparison as JUnit XML, which every CI system shows: one test case for each measurement.

A slowdown that counts is a failure. Every other change passes, and the case's output says what was found: an unclear
one too, because a gate that fails on doubt cries at noise; its output says what to do. What the baseline
has and the run lacks was not tested, so those cases are skipped.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison
from mlipguide.report.tables.series import differing, settings_words
from mlipguide.report.words.comparison_words import (
    change_percent,
    change_sentence,
    headline,
    how,
    subject,
    version_changes,
)

SUITE = "mlipguide check"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""


def junit_xml(data: Comparison) -> str:
    """Return the document, with its declaration."""
    fields = differing(change.settings for change in data.changes)
    suite = ET.Element(
        "testsuite",
        name=SUITE,
        tests=str(len(data.changes) + len(data.only_in_baseline)),
        failures=str(len(data.regressions)),
        errors="0",
        skipped=str(len(data.only_in_baseline)),
        time=f"{sum(change.current_s.value for change in data.changes):.6g}",
        timestamp=data.current.taken_at[:19],
    )
    properties = ET.SubElement(suite, "properties")
    facts = {
        "result": headline(data),
        "baseline": data.baseline.name,
        "current": data.current.name,
        "fingerprint": data.current.fingerprint,
        "max_slowdown": f"{data.max_slowdown:g}",
        "how": how(data),
        "versions": "; ".join(version_changes(data)),
    }
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    for change in data.changes:
        _add_case(suite, change, fields)
    for missing in data.only_in_baseline:
        case = ET.SubElement(suite, "testcase", classname=SUITE, name=_clean(missing), time="0")
        ET.SubElement(case, "skipped", message="The baseline has it, this run has not.")
    root = ET.Element("testsuites", {key: suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")})
    root.append(suite)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add_case(suite: ET.Element, change: Change, fields: tuple[str, ...]) -> None:
    name = subject(change, fields).partition(", ")[2]
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(f"{SUITE}.{change.model}"),
        name=_clean(name),
        time=f"{change.current_s.value:.6g}",
    )
    details = f"{subject(change)}: {change_sentence(change)}\nSettings: {settings_words(change.settings)}"
    if change.verdict is ChangeVerdict.SLOWER:
        failure = ET.SubElement(
            case, "failure", type="slower", message=_clean(f"slower: {change_percent(change.ratio)}")
        )
        failure.text = _clean(details)
    else:
        ET.SubElement(case, "system-out").text = _clean(details)


def _clean(text: str) -> str:
    """Return ``text`` with what XML cannot hold replaced."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
