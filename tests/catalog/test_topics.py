"""What the guide knows: all of it is there, every claim stands on something, and what is wrong is reported at once."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from fake_models import Run
from mlipguide.catalog.published_timings import load_published_timings
from mlipguide.catalog.topic_validation import validate_topics
from mlipguide.catalog.topics import TOPICS, claims_of, load_knowledge
from mlipguide.core.errors import InputError
from mlipguide.records.models.topic import TopicGroup

LIMITATIONS = {
    "long-range",
    "dispersion",
    "magnetism",
    "charge-and-spin",
    "excited-states",
    "softening",
    "short-range",
    "direct-forces",
    "level-of-theory",
    "extrapolation",
    "alloys-and-elasticity",
    "lone-atoms",
}
WANTED = LIMITATIONS | {
    "why",
    "glossary",
    "formalism",
    "generative",
    "types",
    "universal",
    "speed",
    "choosing",
    "strategies",
    "data-sets",
    "repositories",
    "training-hardware",
    "acceleration-options",
    "time-step",
    "memory",
    "intervals",
    "prerelaxation",
    "replacing-aimd",
    "screening",
    "teacher",
    "future",
}
GOOD: dict[str, Any] = {
    "id": "mine",
    "title": "Mine",
    "group": "limitation",
    "summary": "Something to know.",
    "claims": [{"text": "It is so.", "sources": ["jacobs2025guide"]}],
    "mitigation": [{"text": "Do this.", "practice": True}],
    "commands": [{"command": "mlipguide models list", "purpose": "the models"}],
}


def write(folder: Path, plain: Any, name: str = "mine") -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")


def problems(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for violation in validate_topics(folder):
        found.setdefault(violation.field, []).append(violation.message)
    return found


def changed(**changes: Any) -> dict[str, Any]:
    return deepcopy(GOOD) | changes


def test_the_built_in_topics_are_valid() -> None:
    assert validate_topics() == ()


def test_every_topic_that_was_promised_is_there() -> None:
    topics = {topic.id: topic for topic in load_knowledge().topics}
    assert set(topics) >= WANTED
    assert {topic.group for topic in topics.values()} == set(TopicGroup)
    assert {name for name, topic in topics.items() if topic.group is TopicGroup.LIMITATION} == LIMITATIONS


def test_every_claim_has_a_source_that_opens_or_says_that_it_has_none() -> None:
    knowledge = load_knowledge()
    for topic in knowledge.topics:
        claims = [*claims_of(topic), *([topic.caveat] if topic.caveat else [])]
        assert sum(bool(claim.sources) for claim in claims) or topic.id in {"intervals", "synthetic-weights"}, topic.id
        for claim in claims:
            assert bool(claim.sources) + claim.practice + claim.own == 1, claim.text
            for fact in knowledge.facts(claim.sources):
                assert fact.link is not None, fact.key
                assert fact.link.startswith("https://"), fact.key


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mlip", "picoseconds"),
        ("formalism", "E = Σ E_i"),
        ("formalism", "F_i = \N{MINUS SIGN}∂E/∂r_i"),
        ("types", "SNAP 55"),
        ("universal", "AIMNet2 (MIT"),
        ("speed", "60 µs × 1,000 atoms = 60 ms"),
        ("symmetrix", "22.9 ns/day"),
        ("choosing", "No GPU"),
        ("generative-ai", "MatterGen"),
        ("future", "Ten years"),
        ("training-hardware", "national allocation"),
        ("cps", "0.5 F1"),
        ("convex-hull", "lowest energy"),
        ("charge-and-excited-states", "total charge"),
        ("glossary", "Frames are arrangements of atoms"),
        ("held-out", "kept from the training"),
        ("jargon", "E0 is the energy of a single atom"),
    ],
)
def test_what_a_new_user_asks_for_is_answered(name: str, words: str) -> None:
    topic = load_knowledge().find(name)
    assert words in " ".join(" ".join((topic.summary, *(claim.text for claim in claims_of(topic)))).split())


def test_figures_of_speed_are_those_of_the_published_timings() -> None:
    rows = load_published_timings()

    def microseconds(model: str, device: str | None, atoms: int) -> float:
        (row,) = (one for one in rows if (one.model, one.device, one.atoms, one.code) in wanted(model, device, atoms))
        assert row.step_time_s is not None
        return row.step_time_s * 1e6 / atoms

    def wanted(model: str, device: str | None, atoms: int) -> set[tuple[str, str | None, int, str]]:
        return {(model, device, atoms, code) for code in ("lammps", "ase", "jax-md", "gpumd")}

    assert microseconds("EAM Cu_u3", None, 32000) == pytest.approx(1.2, abs=0.05)
    assert microseconds("UF3 2-body W", None, 128) == pytest.approx(2.7, abs=0.05)
    assert microseconds("UF3 2+3-body W", None, 128) == pytest.approx(38, abs=0.5)
    assert microseconds("POD Ta 32 descriptors", None, 128) == pytest.approx(31, abs=0.5)
    assert microseconds("SNAP Ta06A 2J=6", None, 128) == pytest.approx(55, abs=0.5)
    assert microseconds("SNAP W_2940 2J=8", None, 128) == pytest.approx(180, abs=0.5)
    assert microseconds("ACE Cu 742 functions (recursive)", None, 256) == pytest.approx(159, abs=0.5)
    assert microseconds("HDNNP water (n2p2)", None, 1080) == pytest.approx(304, abs=0.5)
    assert microseconds("mace-mpa-0", "H100-80GB", 1000) == pytest.approx(42, abs=0.5)
    assert microseconds("uma-s-1p1", "H100-80GB", 1000) == pytest.approx(62, abs=0.6)
    assert microseconds("esen-30m-oam", "H100-80GB", 1000) == pytest.approx(588, abs=0.5)
    assert microseconds("MACE 3.27M in JAX", "H100-80GB", 1205) == pytest.approx(16, abs=0.1)


def test_advice_of_a_topic_leads_to_models(run: Run) -> None:
    for needs in ("charges", "long-range", "total-charge", "spin", "total-charge,spin", "dispersion", "magnetism"):
        outcome = run("models", "list", "--needs", needs, "--json")
        assert outcome.code == 0
        assert outcome.document["data"]["models"], needs


def test_topics_are_short_and_plain() -> None:
    for topic in load_knowledge().topics:
        assert topic.commands, topic.id
        assert 2 <= len(topic.claims) <= 8, topic.id
        for text in (topic.summary, *(claim.text for claim in claims_of(topic))):
            assert len(text) <= 260, text
            assert text.rstrip()[-1] in ".?)", text


def test_a_good_topic_passes(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert validate_topics(tmp_path) == ()
    (topic,) = load_knowledge(tmp_path).topics
    assert topic.mitigation[0].practice


def test_a_claim_without_a_source_is_refused(tmp_path: Path) -> None:
    write(tmp_path, changed(claims=[{"text": "Everybody knows."}, {"text": "So it is.", "sources": []}]))
    needed = ["at least one source is needed, or practice: true where there is none"]
    assert problems(tmp_path) == {"claims.0.sources": needed, "claims.1.sources": needed}


def test_a_broken_topic_reports_all_its_violations(tmp_path: Path) -> None:
    write(
        tmp_path,
        changed(
            id="other",
            aliases=["My Own"],
            claims=[
                {"text": "It is so.", "sources": ["jacobs2025guid"]},
                {"text": "It is so.", "sources": ["jacobs2025guide"], "practice": True},
                {"text": "It does so.", "own": True},
                {"text": " ", "practice": True},
            ],
            mitigation=[],
            commands=[{"command": "rm -r /", "purpose": "no"}],
            related=["other", "nothing"],
            caveat={"text": "{nome} is bad.", "sources": []},
        ),
    )
    assert problems(tmp_path) == {
        "id": ["'other' must be the name of the file, 'mine'"],
        "aliases.0": ["'My Own' must be written 'my-own'"],
        "claims.0.sources": ["there is no source 'jacobs2025guid'. Did you mean 'jacobs2025guide'?"],
        "claims.1": ["stands on sources, on practice or on mlipguide itself, not on several of them"],
        "claims.2.own": ["a claim on mlipguide itself must name it"],
        "claims.3.text": ["is empty"],
        "mitigation": ["a limitation needs to say what can be done"],
        "commands.0.command": ["'rm -r /' does not begin with 'mlipguide'"],
        "related.0": ["there is no other topic 'other'"],
        "related.1": ["there is no other topic 'nothing'"],
        "caveat.sources": ["at least one source is needed, or practice: true where there is none"],
        "caveat.text": ["there is no field '{nome}'. Did you mean 'name'?"],
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"group": "gossip"}, "group"),
        ({"colour": "blue"}, "colour"),
        ({"claims": [{"sources": ["jacobs2025guide"]}]}, "claims.0.text"),
        ({"caveat": {"text": "{name", "practice": True}}, "caveat.text"),
        ({"claims": []}, "claims"),
    ],
)
def test_other_violations(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    write(tmp_path, changed(**changes))
    assert field in problems(tmp_path)


def test_a_name_belongs_to_one_topic_and_an_unreadable_file_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, changed(aliases=["yours"]))
    write(tmp_path, changed(id="yours"), "yours")
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")
    assert set(problems(tmp_path)) == {"(file)", "aliases.0", "id"}


@pytest.mark.parametrize("name", ["long-range", "Long range", "LONG_RANGE", "electrostatics", "ewald"])
def test_topics_are_found_by_name(name: str) -> None:
    assert load_knowledge().find(name).id == "long-range"


def test_the_closest_name_is_suggested() -> None:
    with pytest.raises(InputError, match=r"no topic 'softnening'. Did you mean 'softening'"):
        load_knowledge().find("softnening")


def test_only_topics_lie_in_the_folder() -> None:
    assert {path.suffix for path in TOPICS.iterdir()} == {".yaml"}


def test_every_word_that_a_table_explains_is_in_the_glossary() -> None:
    from mlipguide.report.words.glossary_words import GLOSSARY, MEANINGS, explained

    text = " ".join(claim.text for claim in claims_of(load_knowledge().find("glossary"))).lower()
    missing = [word for word in MEANINGS if word.lower() not in text]
    assert missing == []
    assert explained("E0", "ns/day") == (
        f"E0: energy of a single atom; ns/day: simulated nanoseconds in a day of computing. More: {GLOSSARY}."
    )
