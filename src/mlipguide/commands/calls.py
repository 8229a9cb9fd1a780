"""Every command called with the options of one request, as the command line and the Python functions have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mlipguide.candidates.preparation import NO_CONSENT, Consent
from mlipguide.core.errors import InputError
from mlipguide.records.notice import Result
from mlipguide.records.requests.option import options_of, shared
from mlipguide.records.requests.recommend import Measuring, RecommendRequest, TaskRequest

if TYPE_CHECKING:
    from mlipguide.commands.on_cluster.starting import OnCluster
    from mlipguide.commands.recommend import Considered
    from mlipguide.evidence.accuracy.parity import ParityPoints
    from mlipguide.production.script_files import ScriptRequest
    from mlipguide.records.accuracy.accuracy import Evaluation
    from mlipguide.records.accuracy.disagreement import Disagreement
    from mlipguide.records.accuracy.stability import StabilityData
    from mlipguide.records.advice.advice import Recommendation
    from mlipguide.records.advice.first_look import FirstLook
    from mlipguide.records.advice.plan import HardwarePlan
    from mlipguide.records.cluster.jobs import JobList, JobScripts
    from mlipguide.records.cluster.partitions import PartitionsAnswer
    from mlipguide.records.requests.accuracy import DisagreeRequest, EvaluateRequest
    from mlipguide.records.requests.measuring import (
        BenchRequest,
        CheckRequest,
        CompareRequest,
        PlanRequest,
        StabilityRequest,
        TuneRequest,
    )
    from mlipguide.records.requests.speed import SpeedRequest
    from mlipguide.records.requests.training import DistilRequest, FinetuneRequest, FitRequest, PilotRequest
    from mlipguide.records.timing.bench import BenchData
    from mlipguide.records.timing.comparison import Comparison
    from mlipguide.records.timing.model_timing import ModelTiming
    from mlipguide.records.timing.speed_check import SpeedCheck
    from mlipguide.records.timing.tuning import TuneData
    from mlipguide.records.training.distillation import Distillation
    from mlipguide.records.training.fit import FitData
    from mlipguide.records.training.pilot import OneFit, PilotData


T = TypeVar(
    "T",
    "BenchRequest",
    "CheckRequest",
    "StabilityRequest",
    "TuneRequest",
    "EvaluateRequest",
    "DisagreeRequest",
    RecommendRequest,
)
"""Requests that take calculators of the user's own beside models."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """Who is asked and told while a command works.

    Attributes:
        consent: How far it may go in getting what is missing.
        on_progress: Told what is being done and the share that is done.
        on_timing: Told how far each model has come while models are timed.
        on_first_look: Told what can be said of the models before they are timed.
    """

    consent: Consent = NO_CONSENT
    on_progress: Callable[[str, float], None] = lambda _message, _share: None
    on_timing: Callable[[Sequence[ModelTiming]], None] = lambda _timings: None
    on_first_look: Callable[[FirstLook], None] = lambda _look: None

    def options(self, weights: Sequence[str] | None = None) -> dict[str, Any]:
        """Return what the commands that measure have in common."""
        return {**self.quiet, "weights": parse_weights(weights)}

    @property
    def quiet(self) -> dict[str, Any]:
        """What all commands that measure or train have in common."""
        return {"consent": self.consent, "on_progress": self.on_progress}


def recommend(asked: RecommendRequest, way: Way) -> Result[Recommendation]:
    """Say which model to run for a simulation, with which settings, how long it takes and whether it fits."""
    return consider(asked, way).result


def consider(asked: RecommendRequest, way: Way) -> Considered:
    """Answer as :func:`recommend`, and tell what the answer stands on."""
    from mlipguide.commands.recommend import Options, consider

    return consider(
        with_own(with_config(asked), way).task,
        Options(
            **shared(asked, Measuring),
            **way.options(asked.weights),
            each=asked.each,
            script=_script(asked),
            on_timing=way.on_timing,
            on_first_look=way.on_first_look,
        ),
    )


def with_config(asked: RecommendRequest) -> RecommendRequest:
    """Return the request with what its task file says.

    Raises:
        InputError: The file cannot be used.
    """
    from mlipguide.tasks.requests import read_request

    return asked if asked.config is None else asked.over(read_request(asked.config))


def bench(asked: BenchRequest, way: Way) -> Result[BenchData]:
    """Time models on a structure over several sizes and settings; every measurement is kept."""
    from mlipguide.commands.bench import Options, bench
    from mlipguide.records.requests.measuring import BenchChoices

    asked = with_own(asked, way)
    options = Options(
        **shared(asked, BenchChoices), **way.options(asked.weights), each=asked.each, on_timing=way.on_timing
    )
    return bench(_task(asked), options)


def bench_on(asked: BenchRequest, on: OnCluster, way: Way) -> Result[JobList] | Result[JobScripts]:
    """Submit the timing of models to the partitions of a cluster."""
    from mlipguide.commands.bench import Options
    from mlipguide.commands.on_cluster.bench import bench_on
    from mlipguide.records.requests.measuring import BenchChoices

    asked = with_own(asked, way)
    options = Options(**shared(asked, BenchChoices), **way.options(asked.weights), each=asked.each)
    return bench_on(asked, on, options)


def recommend_on(asked: RecommendRequest, cluster: Path, way: Way) -> Result[PartitionsAnswer]:
    """Say which partition of a cluster to ask for, by what was measured there and else by what can be predicted."""
    from mlipguide.commands.on_cluster.recommend import recommend_on

    asked = with_own(with_config(asked), way)
    return recommend_on(asked.task, cluster, weights=parse_weights(asked.weights), on_progress=way.on_progress)


def speed(asked: SpeedRequest, way: Way) -> Result[SpeedCheck]:
    """Say whether a speed that you saw is normal, and if it is not, which reasons fit."""
    from mlipguide.commands.speed import Options, speed
    from mlipguide.report.words.command_words import structure_words

    words = structure_words(asked.structure, preset=asked.preset, index=asked.index)
    return speed(asked, Options(structure_words=words, on_progress=way.on_progress))


def check(asked: CheckRequest, way: Way) -> Result[Comparison]:
    """Compare with a baseline, and say what became slower."""
    from mlipguide.commands.check import Options, check

    asked = with_own(asked, way)
    return check(asked, Options(budget=asked.budget, **way.options(asked.weights)))


def compare(asked: CompareRequest) -> Result[Comparison]:
    """Compare two saved runs."""
    from mlipguide.commands.check import compare
    from mlipguide.records.requests.measuring import CheckRequest

    return compare(CheckRequest(**shared(asked, CheckRequest)))


def plan(asked: PlanRequest, way: Way) -> Result[HardwarePlan]:
    """Say what hardware a run of one model needs: which devices and how many, and what would change it."""
    from mlipguide.commands.plan import Options, plan

    options = Options(most_devices=asked.max_devices, on_progress=way.on_progress)
    return plan(asked.model, _task(asked), options)


def stability(asked: StabilityRequest, way: Way) -> Result[StabilityData]:
    """Test whether models make a stable run: energy drift, longest time step, smoothness, symmetry."""
    from mlipguide.commands.stability import Options, stability
    from mlipguide.records.requests.measuring import StabilityChoices

    asked = with_own(asked, way)
    return stability(_task(asked), Options(**shared(asked, StabilityChoices), **way.options(asked.weights)))


def tune(asked: TuneRequest, way: Way) -> Result[TuneData]:
    """Find the settings with which models are fastest here and compute the same; later commands use them."""
    from mlipguide.commands.tune import Options, tune
    from mlipguide.records.requests.measuring import TuneChoices

    asked = with_own(asked, way)
    return tune(_task(replace(asked, atoms=None)), Options(**shared(asked, TuneChoices), **way.options(asked.weights)))


def evaluate(asked: EvaluateRequest, way: Way, points: ParityPoints | None = None) -> Result[Evaluation]:
    """Compare models with your own reference calculations; ``points`` is filled for a parity plot."""
    from mlipguide.commands.evaluate import Options, evaluate

    number, file = (0, None) if asked.worst is None else asked.worst
    if asked.worst is not None and number < 1:
        raise InputError(f"--worst: {number} is not a number of frames.", hint="Give at least 1.")
    asked = with_own(asked, way)
    return evaluate(
        asked,
        Options(
            reevaluate=asked.reevaluate,
            worst=number,
            worst_file=None if file is None else file.expanduser(),
            points=points,
            **way.options(asked.weights),
        ),
    )


def evaluate_on(
    asked: EvaluateRequest, on: OnCluster, way: Way, *, split: int = 1
) -> Result[JobList] | Result[JobScripts]:
    """Submit the evaluation of models to a partition of a cluster, the frames of each shared by some jobs."""
    from mlipguide.commands.evaluate import Options
    from mlipguide.commands.on_cluster.evaluate import evaluate_on

    asked = with_own(asked, way)
    return evaluate_on(asked, on, Options(reevaluate=asked.reevaluate, **way.options(asked.weights)), split=split)


def disagree(asked: DisagreeRequest, way: Way) -> Result[Disagreement]:
    """Compare models with each other on a structure, without labels, and say what to label."""
    from mlipguide.commands.disagree import Options, disagree
    from mlipguide.records.requests.accuracy import DisagreeChoices

    asked = with_own(asked, way)
    choices = shared(asked, DisagreeChoices)
    choices["output"] = None if asked.output is None else asked.output.expanduser()
    return disagree(_task(asked), Options(**choices, **way.options(asked.weights)))


def train_pilot(asked: PilotRequest, way: Way) -> Result[PilotData]:
    """Fit small and large models to parts of the data: what training gives, and what more data would."""
    from mlipguide.commands.train.pilot import train_pilot
    from mlipguide.training.fit.setup import Options

    return train_pilot(asked, Options(**way.quiet))


def train_one(asked: PilotRequest, name: str, way: Way) -> Result[OneFit]:
    """Do one fit of a pilot's schedule."""
    from mlipguide.commands.train.one_fit import train_one
    from mlipguide.training.fit.setup import Options

    return train_one(asked, name, Options(**way.quiet))


def pilot_on(asked: PilotRequest, on: OnCluster, way: Way) -> Result[JobList] | Result[JobScripts]:
    """Submit the fits of a pilot to a partition of a cluster."""
    from mlipguide.commands.on_cluster.pilot import pilot_on
    from mlipguide.training.fit.setup import Options

    return pilot_on(asked, on, Options(**way.quiet))


def train_fit(asked: FitRequest, way: Way) -> Result[FitData]:
    """Fit a model to everything but the test frames, and hand over a potential that runs."""
    from mlipguide.commands.train.fit import train_fit
    from mlipguide.training.fit.setup import Options

    return train_fit(asked, Options(**way.quiet))


def train_finetune(asked: FinetuneRequest, way: Way) -> Result[FitData]:
    """Train a pretrained model further on labelled frames."""
    return train_fit(asked.fit, way)


def train_distil(asked: DistilRequest, way: Way) -> Result[Distillation]:
    """Teach a fast potential by a slow model: label, fit, let it run, label where it is weak, fit again."""
    from mlipguide.candidates.door import looks_like_calculator
    from mlipguide.commands.train.distil import train_distil
    from mlipguide.training.fit.setup import Options

    if looks_like_calculator(asked.teacher):
        asked = replace(asked, teacher=_admitted([asked.teacher], way)[0])
    return train_distil(asked, Options(**way.options(asked.weights)))


def with_own(asked: T, way: Way) -> T:
    """Return a request in which the user's own calculators are models by their names; each is remembered by it.

    Raises:
        MlipguideError: One of them cannot be used; see :func:`mlipguide.candidates.door.admit`.
    """
    given: Sequence[str] = asked.calculator or ()
    if not given:
        return asked
    names = [*filter(None, [asked.models]), *_admitted(given, way)]
    return replace(asked, models=",".join(names), calculator=None)


def _admitted(calculators: Sequence[str], way: Way) -> tuple[str, ...]:
    from mlipguide.candidates.door import admit
    from mlipguide.catalog.cards import load_catalogue
    from mlipguide.hardware.probe import probe_machine

    cards = admit(
        calculators,
        load_catalogue(),
        probe_machine,
        consent=way.consent,
        on_progress=lambda message: way.on_progress(message, 0.0),
    )
    return tuple(card.id for card in cards)


def parse_weights(given: Sequence[str] | None) -> dict[str, Path]:
    """Return the checkpoint files given with ``--weights MODEL=FILE``, by model name.

    Raises:
        InputError: One of them is not of that form.
    """
    found: dict[str, Path] = {}
    for text in given or ():
        name, separator, path = text.partition("=")
        if not (separator and name and path):
            raise InputError(
                f"--weights: '{text}' is not of the form MODEL=FILE.",
                hint="For example --weights mace-mp-0-medium=2023-12-03-mace-128-L1_epoch-199.model",
            )
        found[name] = Path(path).expanduser()
    return found


def _task(asked: BenchRequest | PlanRequest | StabilityRequest | TuneRequest | DisagreeRequest) -> TaskRequest:
    """Return what a request says of a task."""
    return TaskRequest(**shared(asked, TaskRequest))


def _script(asked: RecommendRequest) -> ScriptRequest | None:
    """Return the script that ``--write`` asks for; None without it.

    Raises:
        InputError: An option that goes with ``--write`` alone.
    """
    from mlipguide.production.script_files import ScriptRequest

    if asked.write is not None:
        return ScriptRequest(
            path=asked.write.expanduser(), model=asked.model, force=asked.force, smoke_test=asked.smoke_test
        )
    known = options_of(RecommendRequest)
    for name in ("model", "force", "smoke_test"):
        if getattr(asked, name) != known[name].default:
            raise InputError(
                f"{known[name].flag} goes with --write.",
                hint=f"Add --write run.py{', or say --models' if name == 'model' else ''}.",
            )
    return None
