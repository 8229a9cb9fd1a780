"""The time left, from the share that was done so far."""

from __future__ import annotations

import pytest

from mlipguide.report.progress import PlainLines
from mlipguide.report.time_left import TimeLeft


class Clock:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_rest_takes_as_long_as_the_same_share_took(clock: Clock) -> None:
    left = TimeLeft(clock)
    assert left.seconds(0.0) is None
    clock.now += 60  # loading, of which nothing is learnt
    assert left.seconds(0.0) is None
    clock.now += 20
    assert left.seconds(0.25) == pytest.approx(60.0)
    clock.now += 40
    assert left.seconds(0.75) == pytest.approx(20.0)
    assert left.seconds(1.0) is None


def test_nothing_is_said_before_enough_was_seen(clock: Clock) -> None:
    left = TimeLeft(clock)
    left.seconds(0.0)
    clock.now += 2
    assert left.seconds(0.5) is None, "too soon"
    clock.now += 10
    other = TimeLeft(clock)
    other.seconds(0.5)
    clock.now += 30
    assert other.seconds(0.51) is None, "too little"
    clock.now += 10
    assert other.seconds(0.6) == pytest.approx(160.0), "what was done before it was watched counts for nothing"


def test_a_share_that_stands_still_counts_down(clock: Clock) -> None:
    left = TimeLeft(clock)
    left.seconds(0.0)
    clock.now += 20
    assert left.seconds(0.5) == pytest.approx(20.0)
    clock.now += 15
    assert left.seconds(0.5) == pytest.approx(5.0)
    clock.now += 15
    assert left.seconds(0.5) is None, "longer than was to be expected"
    assert left.seconds(0.75) == pytest.approx(50.0 / 3)


def test_a_share_that_falls_begins_anew(clock: Clock) -> None:
    left = TimeLeft(clock)
    left.seconds(0.0)
    clock.now += 10
    assert left.seconds(0.5) == pytest.approx(10.0)
    assert left.seconds(0.1) is None
    clock.now += 10
    assert left.seconds(0.2) == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("elapsed_s", "share", "words"),
    [
        (10.0, 0.25, "testing a; about 30 s left"),
        (100.0, 0.25, "testing a; about 5 min left"),
        (3600.0, 0.5, "testing a; about 60 min left"),
        (36000.0, 0.5, "testing a; about 10 h left"),
        (100.0, 0.999, "testing a; about 10 s left"),
    ],
)
def test_it_is_told_in_steps_that_matter(clock: Clock, elapsed_s: float, share: float, words: str) -> None:
    left = TimeLeft(clock)
    left.words("testing a", 0.0)
    clock.now += elapsed_s
    assert left.words("testing a", share) == words


def test_what_a_message_says_itself_is_not_said_again(clock: Clock) -> None:
    left = TimeLeft(clock)
    left.words("measuring a, at most 30 s to go", 0.0)
    clock.now += 10
    for message in ("measuring a, at most 20 s to go", "evaluating a (30 %), frame 3 of 9, about 20 s left"):
        assert left.words(message, 0.3) == message


def test_a_plain_line_has_it(clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlipguide.report.progress.TimeLeft", lambda: TimeLeft(clock))
    report = PlainLines()
    report("loading a", 0.0)
    clock.now += 30
    report("evaluating b, frame 2", 0.5)
    assert capsys.readouterr().err.splitlines()[-1] == "mlipguide:  50% evaluating b, frame 2; about 30 s left"
