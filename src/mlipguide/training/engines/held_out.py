"""Which frames a model that is trained further is judged by, since it does not learn from them."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.structures.labels import LabelledFrame

HELD_OUT_SHARE = 0.15
FEWEST_TO_SPLIT = 8
"""With fewer frames none is held out: each is worth more for learning than for choosing (a judgement)."""


def held_out(frames: Sequence[LabelledFrame]) -> tuple[int, ...]:
    """Return the places of the frames to choose by: the end of each group, so that the rest are no neighbours of them.

    A group is cut once, and frames next to each other in a trajectory stand next to each other in a file. A group of
    fewer than three frames is learned from as a whole.
    """
    if len(frames) < FEWEST_TO_SPLIT:
        return ()
    groups: dict[str | None, list[int]] = {}
    for place, frame in enumerate(frames):
        groups.setdefault(frame.group, []).append(place)
    held: list[int] = []
    for places in groups.values():
        in_file = sorted(places, key=lambda place: frames[place].index)
        count = max(1, round(HELD_OUT_SHARE * len(places))) if len(places) > 2 else 0  # noqa: PLR2004  # as said above
        held += in_file[len(in_file) - count :]
    return tuple(sorted(held))
