"""``CITATION.cff`` says how to cite mlipguide itself: the version that is installed, and the review that it follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mlipguide import __version__
from mlipguide.catalog.sources import read_sources

FILE = Path(__file__).parents[2] / "CITATION.cff"
REQUIRED = {"cff-version", "message", "title", "authors"}


def test_the_citation_file_is_of_this_version_and_names_the_review() -> None:
    data: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert data.keys() >= REQUIRED
    assert (data["cff-version"], data["type"]) == ("1.2.0", "software")
    assert data["version"] == __version__
    assert data["license"] == "MIT"
    assert data["authors"] == [{"name": "The mlipguide authors"}]
    (review,) = data["references"]
    known = read_sources()["jacobs2025guide"]
    assert review["doi"] == known.fields["doi"]
    assert review["title"] == known.title
    assert {"type", "title", "authors"} <= review.keys()
