"""Limitations that bear on a task: when each applies. What is said of them stands in the topics of the guide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mlipguide.advice.constraints import is_lacking
from mlipguide.candidates.neighbours_seen import atoms_out_of_sight
from mlipguide.catalog.additions import has_dispersion
from mlipguide.catalog.topics import Knowledge
from mlipguide.core.readable import simulated_time
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.advice.advice import Candidate, Caveat
from mlipguide.records.models.model_card import Architecture, ModelCard
from mlipguide.records.models.terms import Domain, Need
from mlipguide.records.models.topic import Claim
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights
from mlipguide.structures.signs import MAGNETIC

RELAXATION_SETS = ("MPtrj", "MPF.2021.2.8", "MP-r2SCAN", "MP relaxations")
"""Training sets, or beginnings of their names, that hold relaxations and little else."""

MOLECULAR = frozenset(["H", "He", "C", "N", "O", "F", "Ne", "P", "S", "Cl", "Ar", "Br", "Kr", "I", "Xe"])
"""Of these alone, what is neither covalent throughout nor ionic is held together by dispersion."""

ORGANIC = frozenset({"C", "H"})
"""Beside metals: molecules on surfaces and in pores."""

HOT_K = 1500.0
"""Common solids are liquid or decomposed there; practice, not a measured limit."""

CLOSE_CONTACTS = frozenset({Domain.HIGH_PRESSURE, Domain.OFF_EQUILIBRIUM})
LIGHT_STEP_LIMIT_S = 0.501e-15
WIDE_INTERVAL = 1.5

PRACTICE = "practice, without a source"
OWN = "this run"


BY_IMPORTANCE = (
    "lone-atoms",
    "direct-forces",
    "time-step",
    "extrapolation",
    "short-range",
    "dispersion",
    "magnetism",
    "softening",
    "long-range",
    "level-of-theory",
    "intervals",
    "synthetic-weights",
)
"""Topics: first what spoils a run whatever the accuracy, then that the error is not known, then what it may come from,
then what only bears on reading the numbers; a judgement."""
ON_CURVATURE = frozenset({TaskKind.PHONONS, TaskKind.NEB})
"""Kinds of task whose results are wrong in proportion where a model is too soft."""


@dataclass(frozen=True)
class _Found:
    """A topic that bears on the task, what its text is to be filled in with, and sources that the case adds."""

    topic: str
    values: dict[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def caveats_for(
    task: Task, leading: ModelCard | None, candidates: Sequence[Candidate], knowledge: Knowledge
) -> tuple[Caveat, ...]:
    """Return what a user of the leading model should know for this task, most general first.

    Args:
        task: What is wanted.
        leading: Card of the chosen or the nearest model; None when there is none.
        candidates: All candidates, as judged.
        knowledge: The topics, whose caveats are the texts.
    """
    found = [*_about_numbers(candidates)]
    if leading is not None:
        evidence = next((one.evidence for one in candidates if one.model == leading.id), None)
        found += [
            item
            for check in _CHECKS
            if (item := check(task, leading)) is not None and not _is_refuted(item.topic, evidence)
        ]
    found += _about_step(task)
    return tuple(_caveat(item, knowledge) for item in found)


def most_important(caveats: Sequence[Caveat], task: Task, most: int) -> tuple[Caveat, ...]:
    """Return the caveats that bear most on a task, the gravest first; one of each topic.

    Args:
        caveats: That apply.
        task: What is wanted.
        most: How many at most.
    """

    def place(caveat: Caveat) -> float:
        if caveat.topic == "softening" and task.kind in ON_CURVATURE:
            return BY_IMPORTANCE.index("extrapolation") - 0.5
        return BY_IMPORTANCE.index(caveat.topic) if caveat.topic in BY_IMPORTANCE else len(BY_IMPORTANCE)

    by_topic = {caveat.topic: caveat for caveat in reversed(caveats)}
    return tuple(sorted(by_topic.values(), key=lambda one: (place(one), one.topic))[:most])


def _is_refuted(topic: str, evidence: Evidence | None) -> bool:
    """Tell whether errors on labels of this system say more than the caveat, which speaks of what is not known.

    That the error is not known; that forces may be too small, where they were found not to be.
    """
    if evidence is None or evidence.kind is not EvidenceKind.USER_LABELS or evidence.force_mae_ev_per_angstrom is None:
        return False
    slope = evidence.force_slope
    return topic == "extrapolation" or (topic == "softening" and slope is not None and slope.at_most >= 1)


def _caveat(found: _Found, knowledge: Knowledge) -> Caveat:
    text = knowledge.find(found.topic).caveat
    assert text is not None, found.topic
    keys = (*found.sources, *text.sources)
    return Caveat(
        topic=found.topic,
        message=text.text.format(**found.values),
        source=", ".join(map(knowledge.reference, keys)) or _mark(text),
        links=tuple(fact.link for fact in knowledge.facts(keys) if fact.link is not None),
    )


def _mark(text: Claim) -> str:
    return PRACTICE if text.practice else OWN


def _about_numbers(candidates: Sequence[Candidate]) -> Iterator[_Found]:
    wide = [
        candidate.model
        for candidate in candidates
        if candidate.step_time_s is not None
        and candidate.run_cost is None  # elsewhere, measuring here again narrows nothing
        and candidate.step_time_s.low is not None
        and candidate.step_time_s.high is not None
        and candidate.step_time_s.high > WIDE_INTERVAL * candidate.step_time_s.low
    ]
    if wide:
        yield _Found("intervals", {"models": ", ".join(wide)})
    synthetic = [candidate.model for candidate in candidates if candidate.weights is Weights.SYNTHETIC]
    if synthetic:
        yield _Found("synthetic-weights", {"models": ", ".join(synthetic)})


def _about_step(task: Task) -> Iterator[_Found]:
    if task.kind is TaskKind.MD and "H" in task.structure.elements and task.timestep_s > LIGHT_STEP_LIMIT_S:
        yield _Found("time-step", {"timestep": simulated_time(task.timestep_s)})


def _extrapolation(_: Task, card: ModelCard) -> _Found:
    return _Found("extrapolation", {"name": card.name})


def _level_of_theory(_: Task, card: ModelCard) -> _Found:
    training = card.training
    return _Found(
        "level-of-theory",
        {"name": card.name, "level_of_theory": training.level_of_theory or "a level of theory that is not known here"},
        sources=training.sources,
    )


def _direct_forces(_: Task, card: ModelCard) -> _Found | None:
    return None if not is_lacking(card, Need.CONSERVATIVE) else _Found("direct-forces", {"name": card.name})


def _softening(_: Task, card: ModelCard) -> _Found | None:
    only_relaxations = all(name.startswith(RELAXATION_SETS) for name in card.training.sets)
    return _Found("softening", {"name": card.name}) if card.training.sets and only_relaxations else None


def _magnetism(task: Task, card: ModelCard) -> _Found | None:
    magnetic = sorted(MAGNETIC.intersection(task.structure.elements))
    if not magnetic or not is_lacking(card, Need.MAGNETISM):
        return None
    return _Found("magnetism", {"name": card.name, "elements": ", ".join(magnetic)})


def _dispersion(task: Task, card: ModelCard) -> _Found | None:
    """Judge by the elements, and by what the structure suggests: layers."""
    elements = set(task.structure.elements)
    level = card.training.level_of_theory
    suggested = any(one.need is Need.DISPERSION for one in task.derived_needs)
    held = has_dispersion(card) or Need.DISPERSION in task.added_needs
    if level is None or held or not (suggested or elements <= MOLECULAR or elements >= ORGANIC):
        return None
    return _Found("dispersion", {"name": card.name, "level_of_theory": level})


def _long_range(task: Task, card: ModelCard) -> _Found | None:
    """Leave out models with long-range terms, and the elements as periodic solids, whose atoms carry no charge."""
    if not is_lacking(card, Need.LONG_RANGE):
        return None
    if len(task.structure.elements) == 1 and all(task.structure.periodic):
        return None
    return _Found("long-range", {"name": card.name, "reach": _reach(card.architecture)})


def _reach(architecture: Architecture) -> str:
    cutoff, layers, reach = architecture.cutoff_angstrom, architecture.layers, architecture.receptive_field_angstrom
    if cutoff is None:
        return "interact directly only within its cutoff, which is not known here"
    if layers is None or reach is None:
        return f"further apart than {cutoff:g} Å interact through chains of neighbours at most"
    if layers == 1:
        return f"further apart than {cutoff:g} Å do not interact"
    return (
        f"further apart than {cutoff:g} Å interact only through chains of neighbours, and beyond "
        f"{reach:g} Å ({layers} layers) not at all"
    )


def _lone_atoms(task: Task, card: ModelCard) -> _Found | None:
    """Count in the structure as given; copies of it have the same share."""
    cutoff, own = card.architecture.cutoff_angstrom, task.structure.atoms
    alone = atoms_out_of_sight(cutoff, task.gaps)
    if cutoff is None or not 0 < alone < own:
        return None
    return _Found("lone-atoms", {"name": card.name, "atoms": f"{alone:,}", "all": f"{own:,}", "cutoff": f"{cutoff:g}"})


def _short_range(task: Task, card: ModelCard) -> _Found | None:
    covered = CLOSE_CONTACTS.intersection(fact.domain for fact in card.training.domains)
    if task.temperature_k < HOT_K or covered:
        return None
    return _Found("short-range", {"name": card.name, "temperature": f"{task.temperature_k:g} K"})


_CHECKS: tuple[Callable[[Task, ModelCard], _Found | None], ...] = (
    _lone_atoms,
    _extrapolation,
    _level_of_theory,
    _direct_forces,
    _softening,
    _magnetism,
    _dispersion,
    _long_range,
    _short_range,
)
