"""The first ranking in words: what is expected, what is timed now to settle it, and what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mlipguide.core.readable import duration
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.first_look import FirstLook
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.words.formatting import VERDICT_WORDS, interval

SHOWN = 5
SHOWN_NAMES = 6
LEFT_OUT_WORDS = {
    ReasonKind.EXPECTED_BEATEN: "expected to be slower than another one, and by what is known no more accurate",
    ReasonKind.EXPECTED_TOO_LONG: "expected to take far too long, where another one ends in time",
}


def first_look_lines(look: FirstLook) -> list[str]:
    """Return the first ranking, and what is timed now, as lines; none where nothing tells how fast the models are."""
    return [*_ranking_lines(look), *_timed_lines(look)] if look.ranking else []


def _ranking_lines(look: FirstLook) -> list[str]:
    own = [one for one in look.ranking if one.weights is Weights.PRETRAINED]
    shown = (own or look.ranking)[:SHOWN]
    width = max(len(one.model) for one in shown)
    head = "first ranking, before timing: the time of the run and its 90 % interval"
    return [head, *(f"  {_row(place, one, look, width)}" for place, one in enumerate(shown, start=1))]


def _row(place: int, one: Candidate, look: FirstLook, width: int) -> str:
    assert one.run_time_s is not None
    basis = "timed earlier" if one.model in look.known else "expected"
    verdict = "" if one.verdict is Verdict.FEASIBLE else f", {VERDICT_WORDS[one.verdict]}"
    return f"{place}. {one.model:<{width}}  {interval(one.run_time_s, duration)}, {basis}{verdict}"


def _timed_lines(look: FirstLook) -> list[str]:
    lines = []
    if len(look.timed) < look.startable:
        lines.append(
            f"{look.startable} models can be started; those that could change the choice are timed: "
            f"{_names(look.timed)}"
        )
    counts = Counter(doubt.kind for doubt in look.left_out)
    lines += [f"not timing {_named(look.left_out, kind)}: {LEFT_OUT_WORDS[kind]}" for kind in counts]
    return lines


def _named(doubts: Sequence[Doubt], kind: ReasonKind) -> str:
    return _names([doubt.model or "" for doubt in doubts if doubt.kind is kind])


def _names(models: Sequence[str]) -> str:
    more = len(models) - SHOWN_NAMES
    return ", ".join(models[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
