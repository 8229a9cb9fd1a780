"""How often 90 % intervals hold the truth, in experiments whose truth is known.

    python benchmarks/coverage.py                       all experiments, a table
    python benchmarks/coverage.py --only sum            those whose name holds the word
    python benchmarks/coverage.py --json now.json       keep what was found
    python benchmarks/coverage.py --against before.json the share found before beside it

Shares of another version are had by running this script with that version's ``src`` first on PYTHONPATH. Experiments
are lists named EXPERIMENTS in the files ``coverage_*.py``; each returns for every trial whether the interval held the
truth, None where the product gave no interval.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Trials of one kind of interval.

    Attributes:
        name: What is estimated, and under which conditions.
        trials: Returns of each trial whether the interval held the truth; None for a trial without an interval.
        goal: The least and the largest share that is as good as 90 %.
    """

    name: str
    trials: Callable[[], Iterable[bool | None]]
    goal: tuple[float, float] = (0.85, 0.95)


@dataclass(frozen=True)
class Found:
    """What came of an experiment.

    Attributes:
        share: Of the intervals that held the truth; None without any.
        intervals: How many there were.
        refused: Trials without one.
    """

    share: float | None
    intervals: int
    refused: int

    @property
    def error(self) -> float:
        """Standard error of the share if the trials were independent."""
        share = self.share or 0.0
        return math.sqrt(share * (1 - share) / self.intervals) if self.intervals else math.nan


def run(experiment: Experiment) -> Found:
    """Return what comes of an experiment."""
    outcomes = list(experiment.trials())
    held = [one for one in outcomes if one is not None]
    return Found(sum(held) / len(held) if held else None, len(held), len(outcomes) - len(held))


def experiments() -> list[Experiment]:
    """Return those of all files beside this one."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("coverage_*.py"))
    return [one for name in names for one in import_module(name).EXPERIMENTS]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How often 90 % intervals hold the truth.")
    parser.add_argument("--only", default="", help="run the experiments whose name holds this")
    parser.add_argument("--json", type=Path, help="write the shares to this file")
    parser.add_argument("--against", type=Path, help="print the shares of this file beside")
    options = parser.parse_args()
    before = json.loads(options.against.read_text()) if options.against else {}
    shares: dict[str, float | None] = {}
    print(f"{'90 % interval of':<66}{'before':>8}{'holds':>8}{'±':>7}{'goal':>12}{'none':>7}")
    for experiment in experiments():
        if options.only not in experiment.name:
            continue
        found = run(experiment)
        shares[experiment.name] = found.share
        low, high = experiment.goal
        print(
            f"{experiment.name:<66}{_share(before.get(experiment.name)):>8}{_share(found.share):>8}{found.error:>7.3f}"
            f"{f'{low:.2f}–{high:.2f}':>12}{found.refused:>7}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(shares, indent=1) + "\n")


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


if __name__ == "__main__":
    main()
