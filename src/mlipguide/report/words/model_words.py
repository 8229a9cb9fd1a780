"""The facts of a model card in words, for every page that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.models.model_card import LicenceFact, Metrics, ModelCard, TrainingCost
from mlipguide.records.models.model_listings import MeasuredHere
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.models.terms import LifeCycle, Need, WeightsOrigin
from mlipguide.records.timing.measurement import Weights
from mlipguide.report.tables.series import settings_words
from mlipguide.report.words.formatting import spread

UNKNOWN = "–"
MILLION = 1e6


def figure(value: float | None) -> str:
    """Return three significant digits, or a dash for what is not known."""
    return UNKNOWN if value is None else f"{value:.3g}"


def score(value: float | None) -> str:
    """Return three decimals, or a dash for what is not known."""
    return UNKNOWN if value is None else f"{value:.3f}"


def length(value: float | None) -> str:
    """Return a length in Å, or a dash for what is not known."""
    return UNKNOWN if value is None else f"{value:g} Å"


def parameters(value: int | None) -> str:
    """Return a number of parameters in thousands or millions, or a dash for what is not known."""
    if value is None:
        return UNKNOWN
    return f"{number(value / MILLION)} M" if value >= MILLION else f"{number(value / 1e3)} k"


def md_force_rmse(metrics: Metrics | None) -> str:
    """Return the force error of the molecular-dynamics test in meV/Å."""
    value = None if metrics is None else metrics.md_force_rmse_ev_per_angstrom
    return UNKNOWN if value is None else f"{value * 1e3:.3g}"


def md_run_time(metrics: Metrics | None) -> str:
    """Return what the molecular-dynamics test took, and on what."""
    if metrics is None or metrics.md_run_time_s is None:
        return UNKNOWN
    return f"{duration(metrics.md_run_time_s)} on {metrics.md_hardware or 'unknown hardware'}"


def state(card: ModelCard) -> str:
    """Return the life cycle and the successor."""
    if card.life_cycle is LifeCycle.ACTIVE or card.superseded_by is None:
        return card.life_cycle.value
    return f"{card.life_cycle.value} by {card.superseded_by}"


def capabilities(card: ModelCard) -> str:
    """Return what a model gives beside energies and forces."""
    given = [need.value for need in card.provides if need is not Need.CONSERVATIVE]
    if card.tells_all:
        return ", ".join(given) or "nothing more"
    missing = [f"no {need.value}" for need in card.lacks]
    return ", ".join([*given, *missing, "more is not known" if given or missing else "nothing more is known"])


def element_count(card: ModelCard) -> str:
    """Return how many elements a model was trained on, or a dash where that is not known."""
    return UNKNOWN if card.training.elements is None else str(len(card.training.elements))


def force_words(card: ModelCard) -> str:
    """Return how forces are obtained, or a dash where that is not known."""
    return UNKNOWN if card.architecture.forces is None else card.architecture.forces.value


def domains(card: ModelCard) -> str:
    """Return what the training data cover, as far as is known."""
    return ", ".join(dict.fromkeys(fact.domain.value for fact in card.training.domains)) or UNKNOWN


def licence(fact: LicenceFact) -> str:
    """Return a licence with what it allows, and when it was read."""
    remark = f" {fact.remark}" if fact.remark else ""
    return f"{fact.name}; commercial use: {fact.commercial.value} (read {fact.read_on}){cited(fact.sources)}.{remark}"


def origin(card: ModelCard) -> str:
    """Return how the weights are got."""
    weights = card.weights
    if weights.origin is WeightsOrigin.LOCAL:
        return f"your own file {weights.path}, trained further from {weights.derived_from}"
    if weights.origin is WeightsOrigin.TRAINED:
        return f"your own file {weights.path}, trained by mlipguide"
    if weights.origin is WeightsOrigin.CALCULATOR:
        return f"your own: {weights.name or 'the file'} of {weights.path}"
    if weights.origin is WeightsOrigin.PACKAGE:
        return f"in the package {card.backend}"
    gate = "after accepting its terms: " if weights.origin is WeightsOrigin.GATED else ""
    return f"{gate}{weights.url or 'no address is known'}"


def training_cost(cost: TrainingCost | None) -> str:
    """Return what the training took."""
    if cost is None:
        return "not published"
    return f"{cost.devices} × {cost.device}, {cost.hours:,.3g} h ({cost.devices * cost.hours:,.0f} device-hours)"


def step_time(item: MeasuredHere) -> str:
    """Return a measured step time with its interval."""
    estimate = item.result.step_time_s
    return f"{estimate.told(duration)} {spread(estimate)}".rstrip()


def peak_memory(item: MeasuredHere) -> str:
    """Return the peak of memory of a measurement."""
    peak = item.result.peak_memory_bytes
    return UNKNOWN if peak is None else peak.told(memory)


def conditions(item: MeasuredHere) -> str:
    """Return with which settings, and with whose weights, something was measured."""
    words = settings_words(item.result.settings)
    if item.result.weights is Weights.SYNTHETIC:
        words += ", random weights"
    return words if item.of_this_model else f"{words}; as {item.result.model}"


def cited(sources: Sequence[str]) -> str:
    """Return the keys of sources in brackets, after a blank."""
    return f" [{', '.join(sources)}]" if sources else ""


def source_line(source: SourceFact) -> Text:
    """Return a source and, on a line of its own, its link, which terminals that can open it make clickable."""
    line = Text(f"[{source.key}] {source.title or ''}", overflow="fold")
    if source.link:
        line.append("\n  ").append(source.link, style=f"link {source.link}")
    return line


def snapshot_note(cards: Iterable[ModelCard]) -> str:
    """Return where the published figures and the licences are from and when they were read."""
    known = list(cards)
    figures = _days(card.metrics.read_on for card in known if card.metrics is not None)
    licences = _days(fact.read_on for card in known for fact in (card.licences.code, card.licences.weights))
    source = f"CPS, F1, κ_SRME, RMSD and MD figures: Matbench Discovery, read {figures}. " if figures else ""
    return f"{source}Licences read {licences}. {UNKNOWN} is not known."


def _days(dates: Iterable[str]) -> str:
    found = sorted(set(dates))
    return " to ".join(dict.fromkeys((found[0], found[-1]))) if found else ""
