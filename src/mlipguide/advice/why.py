"""``recommend --why MODEL``: one model's verdict, each number with what it stands on."""

from __future__ import annotations

import re
from collections.abc import Container

from mlipguide.catalog.card_sources import cited_sources, read_all_sources
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.paths import measurements_dir
from mlipguide.records.advice.advice import Candidate, Recommendation
from mlipguide.records.advice.reasons import ModelReasons
from mlipguide.records.models.source_fact import SourceFact

_KEY = re.compile(r"[a-z][a-z0-9_]+")


def why(answer: Recommendation, name: str) -> tuple[ModelReasons, ...]:
    """Return the reasons for one model's verdict, once for each hardware that was asked for.

    Raises:
        InputError: The model is not among the candidates.
    """
    card = load_catalogue().find(name)
    found: list[tuple[str | None, tuple[Candidate, ...]]] = [
        (one.profile.name, one.candidates) for one in answer.hardware
    ]
    found = found or [(None, answer.candidates)]
    reasons: list[ModelReasons] = []
    known = read_all_sources()
    for hardware, candidates in found:
        candidate = next((one for one in candidates if one.model == card.id), None)
        if candidate is None:
            raise InputError(
                f"{card.id} is not among the models that were considered."
                f"{did_you_mean(card.id, [one.model for one in candidates])}",
                hint="Leave --models out, or name it there.",
            )
        keys = dict.fromkeys([*_keys_in(candidate, known), *cited_sources(card)])
        sources = tuple(SourceFact(key, known[key].title, known[key].link) for key in keys if key in known)
        reasons.append(
            ModelReasons(candidate=candidate, hardware=hardware, record_files=_files(candidate), sources=sources)
        )
    return tuple(reasons)


def _keys_in(candidate: Candidate, known: Container[str]) -> list[str]:
    """Return the keys of sources that the texts of a candidate's numbers name."""
    estimates = (candidate.step_time_s, candidate.peak_memory_bytes, candidate.max_atoms)
    texts = [*(one.source for one in estimates if one is not None), candidate.evidence.source or ""]
    return [key for text in texts for key in _KEY.findall(text) if key in known]


def _files(candidate: Candidate) -> tuple[str, ...]:
    folder = measurements_dir()
    return tuple(str(path) for record in candidate.measured for path in sorted(folder.glob(f"*/{record}.json")))
