"""What a backend and its models are seen to do here: loaded, held against their cards, differentiated, timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.candidates.preparation import NO_CONSENT, default_settings, require_trust, settings_for
from mlipguide.candidates.probe_structures import timed_structure, tried_structure
from mlipguide.catalog.weights import find_weights, needs_file
from mlipguide.core.errors import MlipguideError
from mlipguide.environments.managed_folders import size_bytes
from mlipguide.environments.resolution import check_environment
from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.environment import EnvironmentState, Recipe
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.family_card import basis_of
from mlipguide.records.models.model_card import ModelCard, ReferenceEnergy
from mlipguide.records.models.support import BackendSupport, ModelSupport, Support, SupportCheck
from mlipguide.records.models.terms import Forces, Need
from mlipguide.records.timing.measurement import Allocator
from mlipguide.sessions.consistency import energy_error, force_deviation, parameters_agree, stress_deviation
from mlipguide.sessions.interface import Conditions, ModelSession
from mlipguide.sessions.reference_check import energy_per_atom, formula_of
from mlipguide.sessions.worker_session import SessionRequest, open_session

if TYPE_CHECKING:
    from ase import Atoms

TIMED_STEPS = 5
WARM_STEPS = 2
TIMED_S = 60.0
MOST_SYNTHETIC = 3
"""Architectures of one backend that are tried with random weights, where no real ones are at hand."""
CUTOFF_TOLERANCE_ANGSTROM = 1e-6

Opener = Callable[[SessionRequest], ModelSession]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One model and what it is run with.

    Attributes:
        card: The model.
        weights_file: Its file; None for one of its package.
        synthetic: Whether its weights are random.
    """

    card: ModelCard
    weights_file: Path | None
    synthetic: bool


def verify_backend(
    recipe: Recipe,
    cards: Sequence[ModelCard],
    machine: Machine,
    *,
    opener: Opener = open_session,
    on_progress: Callable[[str], None] = lambda _message: None,
) -> BackendSupport:
    """Try a backend with all real weights that are at hand, or with random ones where there are none.

    Args:
        recipe: The backend.
        cards: Its models.
        machine: What it is run on.
        opener: Starts a model.
        on_progress: Told which model is tried.
    """
    environment = check_environment(recipe)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    base = BackendSupport(
        backend=recipe.backend,
        support=Support.CARD_ONLY,
        checked_at=now,
        python_version=environment.python_version,
        versions=environment.versions,
        disk_bytes=None if environment.location is None else size_bytes(Path(environment.location)),
        problem=environment.problem,
    )
    if environment.state is not EnvironmentState.READY:
        broken = environment.state is EnvironmentState.BROKEN
        reason = environment.problem or f"There is no environment of {recipe.backend}."
        return replace(base, support=Support.FAILED if broken else Support.CARD_ONLY, problem=reason)
    default = default_settings(machine)
    found: list[ModelSupport] = []
    subjects, absent = _subjects(cards)
    for subject in subjects:
        on_progress(f"trying {subject.card.id}")
        settings = settings_for(recipe, default, subject.card)
        request = SessionRequest(
            card=subject.card,
            recipe=recipe,
            environment=environment,
            settings=replace(settings, threads=1, ranks=1, allocator=Allocator.RETAIN),
            weights_file=subject.weights_file,
            synthetic=subject.synthetic,
            memory_limit_bytes=machine.memory.usable_bytes,
        )
        found.append(_verified(request, opener, now))
    found += [
        ModelSupport(
            model=card.id, support=Support.ADAPTER, checked_at=now, versions=environment.versions, problem=reason
        )
        for card, reason in absent
    ]
    return replace(base, support=backend_support(found), models=tuple(sorted(found, key=lambda one: one.model)))


def backend_support(models: Sequence[ModelSupport]) -> Support:
    """Return what follows of a backend: that something failed, else the best that was seen, else that it imports."""
    kinds = [one.support for one in models]
    if Support.FAILED in kinds:
        return Support.FAILED
    return min(kinds, key=lambda kind: kind.rank, default=Support.ADAPTER)


def _subjects(cards: Sequence[ModelCard]) -> tuple[list[Subject], list[tuple[ModelCard, str]]]:
    """Return what can be tried, and why each other model cannot."""
    real: list[Subject] = []
    absent: list[tuple[ModelCard, str]] = []
    for card in cards:
        if not needs_file(card):
            real.append(Subject(card=card, weights_file=None, synthetic=False))
            continue
        try:
            file = find_weights(card, {})
            if file is not None:
                require_trust(file, NO_CONSENT, card)
        except MlipguideError as error:
            absent.append((card, error.message))
            continue
        if file is not None:
            real.append(Subject(card=card, weights_file=file, synthetic=False))
        else:
            absent.append((card, "Its weights are not on this machine."))
    if real:
        return real, absent
    by_shape = {card.architecture.time_law: card for card, _ in absent if card.weights.synthetic}
    tried = list(by_shape.values())[:MOST_SYNTHETIC]
    ids = {card.id for card in tried}
    synthetic = [Subject(card=card, weights_file=None, synthetic=True) for card in tried]
    return synthetic, [(card, reason) for card, reason in absent if card.id not in ids]


def _verified(request: SessionRequest, opener: Opener, now: str) -> ModelSupport:
    card = request.card
    base = ModelSupport(
        model=card.id,
        support=Support.FAILED,
        checked_at=now,
        versions=request.environment.versions,
        dtype=request.settings.dtype,
    )
    checks: list[SupportCheck] = []
    try:
        session = opener(request)
    except MlipguideError as error:
        return replace(base, problem=error.message)
    try:
        base = replace(base, versions=session.facts.versions)
        checks.append(SupportCheck(name="loads", passed=True, found=f"in {session.facts.load_s:.1f} s"))
        checks.append(_facts(card, session))
        if not request.synthetic:
            checks += _references(card, session)
        checks += _derivatives(card, session, tried_structure(card))
        atoms, step_ms = _timed(card, session, propagate=not request.synthetic)
        checks.append(SupportCheck(name="steps", passed=True, found=f"{step_ms:.3g} ms an atom ({len(atoms)} atoms)"))
    except MlipguideError as error:
        return replace(base, checks=tuple(checks), problem=error.message)
    finally:
        session.close()
    wrong = [check for check in checks if not check.passed]
    return replace(
        base,
        support=Support.FAILED if wrong else _support_of(card, synthetic=request.synthetic),
        checks=tuple(checks),
        atoms=len(atoms),
        step_ms_per_atom=step_ms,
        problem=f"{wrong[0].name}: {wrong[0].found}" if wrong else None,
    )


def _support_of(card: ModelCard, *, synthetic: bool) -> Support:
    if synthetic:
        return Support.TIMED
    published = any(basis_of(one.sources) is Basis.PUBLISHED for one in _known_energies(card))
    return Support.VERIFIED if published else Support.RUNS


def _known_energies(card: ModelCard) -> tuple[ReferenceEnergy, ...]:
    return tuple(one for one in (card.weights.reference, card.weights.published) if one is not None)


def _facts(card: ModelCard, session: ModelSession) -> SupportCheck:
    """Hold parameters, cutoff, layers and elements of the weights against the card."""
    from ase.data import atomic_numbers

    facts, stated = session.facts, card.architecture
    wrong = []
    parameters, cutoff, known = facts.parameters, facts.cutoff_angstrom, facts.elements
    if stated.parameters is not None and parameters is not None and not parameters_agree(parameters, stated.parameters):
        wrong.append(f"{parameters:,} parameters, the card {stated.parameters:,}")
    if (
        stated.cutoff_angstrom is not None
        and cutoff is not None
        and abs(cutoff - stated.cutoff_angstrom) > CUTOFF_TOLERANCE_ANGSTROM
    ):
        wrong.append(f"a cutoff of {cutoff:g} Å, the card {stated.cutoff_angstrom:g} Å")
    if None not in (stated.layers, facts.layers) and stated.layers != facts.layers:
        wrong.append(f"{facts.layers} layers, the card {stated.layers}")
    missing = {symbol for symbol in card.known_elements if known is not None and atomic_numbers[symbol] not in known}
    if missing:
        wrong.append(f"no weights for {', '.join(sorted(missing))}")
    plain = ", ".join(
        (
            "parameters not told" if parameters is None else f"{parameters:,} parameters",
            "cutoff not told" if cutoff is None else f"cutoff {cutoff:g} Å",
            "elements not told" if known is None else f"{len(known)} elements",
        )
    )
    return SupportCheck(name="facts", passed=not wrong, found="; ".join(wrong) or plain)


def _references(card: ModelCard, session: ModelSession) -> list[SupportCheck]:
    return [_reference(known, session) for known in _known_energies(card)]


def _reference(known: ReferenceEnergy, session: ModelSession) -> SupportCheck:
    found, stated = energy_per_atom(session, known), known.energy_ev_per_atom
    passed = abs(found - stated) <= known.tolerance_ev_per_atom
    words = f"{formula_of(known)} {found:.4f} eV/atom, stated {stated:.4f} ({', '.join(known.sources)})"
    return SupportCheck(name="reference", passed=passed, found=words)


def _derivatives(card: ModelCard, session: ModelSession, atoms: Atoms) -> list[SupportCheck]:
    checks: list[SupportCheck] = []
    direct = card.architecture.forces is Forces.DIRECT
    if not direct:
        forces = force_deviation(session, atoms)
        words = f"off by {forces.largest:.1e} of {forces.scale:.2g} eV/Å (allowed {forces.allowed:.1e})"
        checks.append(SupportCheck(name="forces", passed=forces.is_within, found=words))
    if not atoms.pbc.all():
        return checks
    if Need.STRESS in card.provides and not direct:
        stress = stress_deviation(session, atoms)
        if stress is None:
            checks.append(SupportCheck(name="stress", passed=False, found="the card promises one, and none came"))
        else:
            words = f"off by {stress.largest:.1e} of {stress.scale:.2g} eV/Å³ (allowed {stress.allowed:.1e})"
            checks.append(SupportCheck(name="stress", passed=stress.is_within, found=words))
    twin = atoms.copy()
    twin.set_cell(atoms.cell.array[[1, 0, 2]])
    here, there = session.single_point(atoms), session.single_point(twin)
    apart = abs(here.energy_ev - there.energy_ev)
    pairs = zip(here.stress_ev_per_angstrom3 or (), there.stress_ev_per_angstrom3 or (), strict=True)
    largest = max((abs(one - other) for one, other in pairs), default=0.0)
    scale = max((abs(one) for one in here.stress_ev_per_angstrom3 or ()), default=0.0)
    passed = apart <= 10 * energy_error(here) and largest <= 1e-3 * scale + 1e-4
    words = f"the mirrored cell differs by {apart:.1e} eV and {largest:.1e} eV/Å³"
    checks.append(SupportCheck(name="handedness", passed=passed, found=words))
    return checks


def _timed(card: ModelCard, session: ModelSession, *, propagate: bool) -> tuple[Atoms, float]:
    """Return what a step was timed on, and its time for one atom, ms.

    The small structure of the derivatives where a step on the large one would be long: the largest models need minutes
    and the whole memory of a workstation for 64 atoms.
    """
    small, large = tried_structure(card), timed_structure(card)
    begin = time.monotonic()
    session.single_point(small)
    expected_s = (time.monotonic() - begin) * len(large) / len(small) * (WARM_STEPS + TIMED_STEPS)
    atoms = small if expected_s > TIMED_S else large
    return atoms, _step_ms(session, atoms, propagate=propagate)


def _step_ms(session: ModelSession, atoms: Atoms, *, propagate: bool) -> float:
    """Return the processor time of a step for one atom, ms: the median of some, after some that are not counted."""
    conditions = Conditions(temperature_k=300.0, timestep_s=5e-16, propagate=propagate)
    prepared = session.prepare(atoms, conditions)
    session.run(prepared, max_steps=WARM_STEPS, max_s=TIMED_S)
    burst = session.run(prepared, max_steps=TIMED_STEPS, max_s=TIMED_S)
    return 1e3 * statistics.median(burst.samples.cpu_s) / len(atoms)
