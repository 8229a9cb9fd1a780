"""A caveat is shown where it applies and nowhere else, and says what its topic says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from factories import make_candidate, make_card, make_estimate, make_summary, make_task
from mlipguide.advice.caveats import BY_IMPORTANCE, OWN, PRACTICE, caveats_for, most_important
from mlipguide.catalog.topics import Knowledge, load_knowledge
from mlipguide.records.advice.advice import Caveat
from mlipguide.records.estimate import Basis
from mlipguide.records.models.model_card import DomainFact, ModelCard
from mlipguide.records.models.terms import Domain, Forces, Need
from mlipguide.records.models.topic import Claim
from mlipguide.records.task.task import NeighbourGap, Task, TaskKind
from mlipguide.records.timing.measurement import Weights

FIELD = re.compile(r"\{\w+\}")
CARD = make_card()
SILICON = make_summary(elements=("Si",))
WATER = make_summary(elements=("H", "O"))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def caveats(knowledge: Knowledge, card: ModelCard = CARD, **task: Any) -> dict[str, Caveat]:
    return {caveat.topic: caveat for caveat in caveats_for(make_task(**task), card, [], knowledge)}


def with_architecture(**changes: Any) -> ModelCard:
    return replace(CARD, architecture=replace(CARD.architecture, **changes))


def with_training(**changes: Any) -> ModelCard:
    return replace(CARD, training=replace(CARD.training, **changes))


HIGH_PRESSURE = with_training(domains=(DomainFact(domain=Domain.HIGH_PRESSURE, evidence="Some.", sources=("a",)),))
FAR = (NeighbourGap(distance_angstrom=5.3, atoms=1),)
CASES: dict[str, tuple[str, bool, ModelCard, dict[str, Any]]] = {
    "always": ("extrapolation", True, CARD, {}),
    "always, too": ("level-of-theory", True, CARD, {}),
    "only relaxations": ("softening", True, CARD, {}),
    "relaxations of two kinds": ("softening", True, with_training(sets=("MPtrj", "MP-r2SCAN")), {}),
    "also other data": ("softening", False, with_training(sets=("MPtrj", "OMat24")), {}),
    "no known data": ("softening", False, with_training(sets=()), {}),
    "iron": ("magnetism", True, CARD, {}),
    "iron, and a model with moments": ("magnetism", False, replace(CARD, provides=(Need.MAGNETISM,)), {}),
    "nothing magnetic": ("magnetism", False, CARD, {"structure": SILICON}),
    "an oxide": ("long-range", True, CARD, {}),
    "an oxide, and a model with long-range terms": (
        "long-range",
        False,
        replace(CARD, provides=(Need.LONG_RANGE,)),
        {},
    ),
    "an element in bulk": ("long-range", False, CARD, {"structure": SILICON}),
    "a slab of an element": (
        "long-range",
        True,
        CARD,
        {"structure": replace(SILICON, periodic=(True, True, False))},
    ),
    "direct": ("direct-forces", True, with_architecture(forces=Forces.DIRECT), {}),
    "conservative": ("direct-forces", False, CARD, {}),
    "hot": ("short-range", True, CARD, {"temperature_k": 2000.0}),
    "not hot": ("short-range", False, CARD, {"temperature_k": 1000.0}),
    "hot, and a model that knows pressure": ("short-range", False, HIGH_PRESSURE, {"temperature_k": 2000.0}),
    "molecules": ("dispersion", True, CARD, {"structure": WATER}),
    "molecules in a metal framework": (
        "dispersion",
        True,
        CARD,
        {"structure": make_summary(elements=("H", "C", "O", "Zn"))},
    ),
    "an oxide has no molecules": ("dispersion", False, CARD, {}),
    "dispersion included": ("dispersion", False, replace(CARD, provides=(Need.DISPERSION,)), {"structure": WATER}),
    "dispersion in the functional": (
        "dispersion",
        False,
        with_training(level_of_theory="ωB97M-D3(BJ)"),
        {"structure": WATER},
    ),
    "hydrogen at 2 fs": ("time-step", True, CARD, {"structure": WATER, "timestep_s": 2e-15}),
    "hydrogen at 0.5 fs": ("time-step", False, CARD, {"structure": WATER, "timestep_s": 0.5e-15}),
    "an atom beyond the cutoff": ("lone-atoms", True, CARD, {"gaps": FAR}),
    "an atom within the cutoff": ("lone-atoms", False, with_architecture(cutoff_angstrom=6.0), {"gaps": FAR}),
    "a cutoff that is not known": ("lone-atoms", False, with_architecture(cutoff_angstrom=None), {"gaps": FAR}),
    "no hydrogen": ("time-step", False, CARD, {"timestep_s": 2e-15}),
}


@pytest.mark.parametrize(("topic", "applies", "card", "task"), CASES.values(), ids=CASES)
def test_conditions(knowledge: Knowledge, topic: str, applies: bool, card: ModelCard, task: dict[str, Any]) -> None:
    assert (topic in caveats(knowledge, card, **task)) is applies


def every_caveat(knowledge: Knowledge) -> dict[str, Caveat]:
    far = make_candidate(step_time_s=make_estimate(0.1, spread=1.6, basis=Basis.EXTRAPOLATED))
    synthetic = make_candidate("synthetic", weights=Weights.SYNTHETIC)
    task: Task = make_task(structure=make_summary(elements=("H", "C", "O", "Fe")), temperature_k=3000.0, gaps=FAR)
    card = with_architecture(forces=Forces.DIRECT)
    return {caveat.topic: caveat for caveat in caveats_for(task, card, [far, synthetic], knowledge)}


def test_every_caveat_of_the_topics_can_appear_and_nothing_else(knowledge: Knowledge) -> None:
    assert set(every_caveat(knowledge)) == {topic.id for topic in knowledge.topics if topic.caveat is not None}


def test_the_words_are_those_of_the_topic(knowledge: Knowledge) -> None:
    for name, caveat in every_caveat(knowledge).items():
        template = knowledge.find(name).caveat
        assert template is not None
        pieces = FIELD.split(template.text)
        assert re.fullmatch(".+".join(map(re.escape, pieces)), caveat.message), name
        assert not FIELD.search(caveat.message)


def test_another_text_in_the_topic_is_another_caveat(knowledge: Knowledge) -> None:
    changed = tuple(
        replace(topic, caveat=Claim(text="Beware of {name}.", practice=True)) if topic.id == "softening" else topic
        for topic in knowledge.topics
    )
    caveat = caveats(replace(knowledge, topics=changed))["softening"]
    assert (caveat.message, caveat.source, caveat.links) == ("Beware of MODEL-A.", PRACTICE, ())


def test_sources_open(knowledge: Knowledge) -> None:
    found = every_caveat(knowledge)
    assert found["softening"].source == "doi:10.1038/s41524-024-01500-6"
    assert found["softening"].links == ("https://doi.org/10.1038/s41524-024-01500-6",)
    assert found["direct-forces"].source == "arXiv:2412.11569"
    assert found["time-step"].source == PRACTICE
    assert found["intervals"].source == found["synthetic-weights"].source == OWN
    for name, caveat in found.items():
        assert caveat.source
        assert all(link.startswith("https://") for link in caveat.links)
        assert bool(caveat.links) is (caveat.source not in {PRACTICE, OWN}), name


def test_the_level_of_theory_names_the_sources_of_the_card(knowledge: Knowledge) -> None:
    card = with_training(sources=("park2024sevennet", "of-my-own"))
    caveat = caveats(knowledge, card)["level-of-theory"]
    assert caveat.source.startswith("doi:10.1021/acs.jctc.4c00190, of-my-own")
    assert caveat.links[0] == "https://doi.org/10.1021/acs.jctc.4c00190"
    assert "PBE+U" in caveat.message


@pytest.mark.parametrize(
    ("cutoff", "layers", "words"),
    [
        (5.0, 3, "beyond 15 Å (3 layers) not at all"),
        (6.0, 1, "further apart than 6 Å do not interact"),
        (6.0, None, "through chains of neighbours at most"),
        (None, 3, "within its cutoff, which is not known here"),
    ],
)
def test_how_far_a_model_reaches(knowledge: Knowledge, cutoff: float | None, layers: int | None, words: str) -> None:
    card = with_architecture(cutoff_angstrom=cutoff, layers=layers)
    assert words in caveats(knowledge, card)["long-range"].message


def test_without_a_model_only_the_numbers_are_spoken_of(knowledge: Knowledge) -> None:
    far = make_candidate(step_time_s=make_estimate(0.1, spread=1.6, basis=Basis.EXTRAPOLATED))
    synthetic = make_candidate("synthetic", weights=Weights.SYNTHETIC)
    found = caveats_for(make_task(), None, [far, synthetic], knowledge)
    assert [caveat.topic for caveat in found] == ["intervals", "synthetic-weights"]
    assert "synthetic:" in found[1].message


def test_the_gravest_caveats_come_first_one_of_each_topic() -> None:
    topics = ("level-of-theory", "softening", "extrapolation", "lone-atoms", "softening", "unheard-of")
    caveats = [Caveat(topic, f"{topic} {place}", "source", ()) for place, topic in enumerate(topics)]
    chosen = most_important(caveats, make_task(), 3)
    assert [one.message for one in chosen] == ["lone-atoms 3", "extrapolation 2", "softening 1"]
    on_curvature = most_important(caveats, make_task(kind=TaskKind.PHONONS), 2)
    assert [one.topic for one in on_curvature] == ["lone-atoms", "softening"]
    assert [one.topic for one in most_important(caveats, make_task(), 9)][-1] == "unheard-of"
    assert most_important(caveats, make_task(), 0) == ()


def test_every_caveat_of_the_guide_has_its_place() -> None:
    assert set(BY_IMPORTANCE) == {topic.id for topic in load_knowledge().topics if topic.caveat is not None}
