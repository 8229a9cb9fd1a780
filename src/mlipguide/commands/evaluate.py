"""``mlipguide evaluate``: the errors of models on the user's own labelled frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.bench.measuring.refusals import refuse_nothing_startable
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.model_names import named_cards, usual_cards
from mlipguide.candidates.preparation import (
    NO_CONSENT,
    Preparation,
    Prepared,
    fetch_missing_weights,
    find_given_weights,
    lacks_weights,
    prepare_candidates,
)
from mlipguide.candidates.tuned_settings import with_tuned
from mlipguide.catalog.additions import parse_additions
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.core.errors import InputError, MeasurementFailedError
from mlipguide.evidence.accuracy.evaluating import (
    EvaluatedModels,
    EvaluatingContext,
    can_evaluate,
    evaluate_models,
    findings_of,
)
from mlipguide.evidence.accuracy.label_input import (
    LabelInput,
    LabelRequest,
    open_labels,
    parse_frames,
    parse_max_frames,
)
from mlipguide.evidence.accuracy.model_differences import ranking
from mlipguide.evidence.accuracy.parity import ParityPoints
from mlipguide.evidence.accuracy.worst_frames import WorstFrames, require_writable_xyz
from mlipguide.records.accuracy.accuracy import Evaluation, FrameErrors
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.accuracy import MAX_FRAMES, EvaluateRequest
from mlipguide.records.timing.axes import Purpose
from mlipguide.sessions.interface import SinglePoint
from mlipguide.structures.labels import LabelledFrame
from mlipguide.tasks.needs import names_in


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How ``evaluate`` goes about its work.

    Attributes:
        reevaluate: Evaluate again what is in the store.
        worst: Number of worst frames to write; 0 for none.
        worst_file: Where to; None for none.
        points: Is filled with points for a parity plot; None where none is drawn.
    """

    reevaluate: bool = False
    worst: int = 0
    worst_file: Path | None = None
    points: ParityPoints | None = None


@dataclass(frozen=True, kw_only=True)
class ToEvaluate:
    """Labels and models that are ready.

    Attributes:
        labels: The labels, read through once.
        machine: This machine.
        preparation: All models that may know the labels.
        ready: Those of them that can be evaluated here.
        left_out: Why models that were named are not among them.
        notices: What else is worth knowing.
    """

    labels: LabelInput
    machine: Machine
    preparation: Preparation
    ready: tuple[Prepared, ...]
    left_out: tuple[Notice, ...]
    notices: tuple[Notice, ...]


def evaluate(request: EvaluateRequest, options: Options | None = None) -> Result[Evaluation]:
    """Evaluate models on labelled frames and compare them; every evaluation is stored.

    Args:
        request: Names the labels and the models.
        options: How to go about it.

    Raises:
        InputError: The labels or a model's name cannot be used.
        EnvironmentFailedError: No model has an environment.
        MeasurementFailedError: No model could evaluate anything.
    """
    options = options or Options()
    if options.worst_file is not None:
        require_writable_xyz(options.worst_file)
    asked = made_ready(request, options)
    labels, preparation = asked.labels, asked.preparation
    if not asked.ready:
        refuse_nothing_startable(preparation, asked.left_out)
    worst = WorstFrames(options.worst) if options.worst_file is not None else None
    context = EvaluatingContext(
        machine=asked.machine,
        opener=options.opener,
        on_progress=options.on_progress,
        reevaluate=options.reevaluate or worst is not None or options.points is not None,
        watch=_watching(worst, options.points),
    )
    evaluated = evaluate_models(asked.ready, labels, context)
    if not evaluated.by_model:
        problem = evaluated.problems[0]
        raise MeasurementFailedError(
            f"No model could be evaluated: {problem.message}", hint=problem.hint, kind=problem.kind
        )
    data = evaluation_of(labels, evaluated)
    if options.points is not None:
        for one in data.results:
            options.points.set_energies(one.model, evaluated.errors[one.model], one.energy_shifts_ev)
    notices: list[Notice] = []
    if worst is not None and options.worst_file is not None:
        best = data.results[0].model
        count = worst.write(best, options.worst_file)
        notices.append(
            Notice(
                "worst_written", f"Written: {options.worst_file}, the {count} worst frames of {best}, the worst first."
            )
        )
        data = replace(data, worst_file=str(options.worst_file))
    return Result(
        data,
        notices=(*asked.notices, *asked.left_out, *evaluated.notices, *notices),
        errors=(*preparation.problems, *evaluated.problems),
    )


def made_ready(request: EvaluateRequest, options: Options) -> ToEvaluate:
    """Read the labels through, and find or get what models need to be evaluated on them.

    Raises:
        InputError: The labels or a model's name cannot be used, or no model knows an element of them.
    """
    catalogue = load_catalogue()
    cards = _chosen_cards(catalogue, request)
    weights = find_given_weights(catalogue, options.weights, options.consent)
    max_frames = parse_max_frames(request.max_frames, MAX_FRAMES)
    additions = parse_additions(request.add)
    labels = open_labels(
        LabelRequest(
            path=Path(request.labels).expanduser(),
            keys=request.keys,
            max_frames=max_frames,
            seed=request.seed,
            slice=parse_frames(request.frames),
        ),
        options.on_progress,
    )
    machine = options.probe()
    known = [card for card in cards if _may_know(card, labels.summary.elements)]
    if not known:
        raise InputError(
            f"None of the models knows an element of {labels.summary.source} ({', '.join(labels.summary.elements)}).",
            hint=f"mlipguide models list --elements {','.join(labels.summary.elements)}",
        )
    preparation = prepare_candidates(
        known,
        machine,
        given_weights=weights,
        consent=options.consent if request.models else NO_CONSENT,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    preparation = with_own_weights(preparation, options, named=frozenset(card.id for card in cards))
    preparation = with_tuned(preparation, machine, Purpose.EVALUATE, atoms=labels.summary.largest_frame_atoms)
    preparation = with_additions(
        preparation,
        additions,
        consent=options.consent if request.models else NO_CONSENT,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    return ToEvaluate(
        labels=labels,
        machine=machine,
        preparation=preparation,
        ready=tuple(item for item in preparation.candidates if can_evaluate(item)),
        left_out=_left_out(preparation, cards, known, named=request.models is not None),
        notices=(*catalogue.notices, *labels.notices, *preparation.notices),
    )


def evaluation_of(labels: LabelInput, evaluated: EvaluatedModels) -> Evaluation:
    """Put the models in order and compare them, and look at the labels in their light."""
    accuracies = sorted(
        (one.accuracy for one in evaluated.by_model.values()),
        key=lambda one: (one.force_mae_ev_per_angstrom.value, one.model),
    )
    return Evaluation(
        labels=labels.summary,
        results=tuple(accuracies),
        ranking=ranking([one.model for one in accuracies], evaluated.errors) if len(accuracies) > 1 else (),
        findings=findings_of(labels, evaluated),
    )


def with_own_weights(preparation: Preparation, options: RunOptions, *, named: frozenset[str]) -> Preparation:
    """Download, with consent, the weights that are missing: random ones say nothing of accuracy."""
    missing = [item for item in preparation.candidates if item.synthetic or lacks_weights(item)]
    files, notices = fetch_missing_weights(
        missing,
        named=named,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    candidates = tuple(
        replace(
            item,
            weights_file=files[item.card.id],
            synthetic=False,
            obstacle=None if lacks_weights(item) else item.obstacle,
        )
        if item.card.id in files
        else item
        for item in preparation.candidates
    )
    return Preparation(candidates, (*preparation.notices, *notices), preparation.problems)


def _may_know(card: ModelCard, elements: Sequence[str]) -> bool:
    return card.training.elements is None or not set(elements).isdisjoint(card.training.elements)


def _chosen_cards(catalogue: Catalogue, request: EvaluateRequest) -> tuple[ModelCard, ...]:
    names = names_in(request.models)
    return named_cards(catalogue, names) if names else usual_cards(catalogue)


def _left_out(
    preparation: Preparation, cards: Sequence[ModelCard], known: Sequence[ModelCard], *, named: bool
) -> tuple[Notice, ...]:
    """Say why models that were named are not evaluated; of the whole catalogue that is not worth a word."""
    if not named:
        return ()
    found = [Notice("left_out", f"{card.id}: it knows none of the elements.") for card in cards if card not in known]
    for item in preparation.candidates:
        if item.obstacle is not None:
            found.append(Notice("left_out", f"{item.card.id}: {item.obstacle.message}"))
        elif item.synthetic:
            found.append(
                Notice(
                    "left_out",
                    f"{item.card.id}: its own weights are not on this machine, and random ones say nothing of accuracy "
                    "(--yes downloads them, --weights MODEL=FILE names them).",
                )
            )
    return tuple(found)


def _watching(worst: WorstFrames | None, points: ParityPoints | None) -> Watch | None:
    if worst is None and points is None:
        return None
    return Watch(worst, points)


class Watch:
    """Passes what models say on to whoever keeps it."""

    def __init__(self, worst: WorstFrames | None, points: ParityPoints | None) -> None:
        self._worst, self._points = worst, points

    def __call__(self, model: str, frame: LabelledFrame, point: SinglePoint, errors: FrameErrors) -> None:
        """Keep what is wanted of one answer."""
        if self._worst is not None:
            self._worst.add(model, frame, point, errors)
        if self._points is not None:
            self._points.add(model, frame, point)
