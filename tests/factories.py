"""Records for tests: valid ones, of which a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms

from mlipguide.advice.facts import ModelFacts
from mlipguide.advice.judgement import judge
from mlipguide.bench.protocol import Protocol
from mlipguide.bench.subject import Subject
from mlipguide.costmodel.effects import Peak, Situation
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.model_card import (
    Architecture,
    LicenceFact,
    Licences,
    Metrics,
    ModelCard,
    TrainingData,
    WeightsFact,
)
from mlipguide.records.models.terms import CommercialUse, Forces, LifeCycle, WeightsOrigin
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import (
    Allocator,
    Disturbance,
    Measurement,
    Scenario,
    Settings,
    StepSamples,
    Weights,
)
from mlipguide.sessions.interface import ModelSession
from mlipguide.tasks.building import Run, workload_of
from mlipguide.tasks.workloads import md_workload

GIB = 2**30
HOUR = 3600.0

SETTINGS = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)


def make_atoms(count: int) -> Atoms:
    """Return a simple cubic crystal of ``count`` copper atoms in a row of cells; the last cells may be empty."""
    side = round(np.ceil(count ** (1 / 3)))
    grid = np.array([(i, j, k) for i in range(side) for j in range(side) for k in range(side)])[:count]
    return Atoms("Cu" * count, positions=2.5 * grid, cell=[2.5 * side] * 3, pbc=True)


def make_summary(**changes: Any) -> StructureSummary:
    """Return the summary of a periodic cell of 28 atoms of LiFePO4."""
    summary = StructureSummary(
        source="LiFePO4.cif",
        formula="Fe4Li4O16P4",
        reduced_formula="LiFePO4",
        elements=("Li", "O", "P", "Fe"),
        atoms=28,
        periodic=(True, True, True),
        cell_lengths_angstrom=(10.33, 6.01, 4.69),
        cell_angles_degree=(90.0, 90.0, 90.0),
        number_density_per_angstrom3=0.0962,
        shortest_distance_angstrom=1.53,
    )
    return replace(summary, **changes)


def make_task(**changes: Any) -> Task:
    """Return 100 ps of 2000 atoms within 24 h; the workload follows from what is changed."""
    task = Task(
        structure=make_summary(),
        atoms=2000,
        simulated_time_s=1e-10,
        timestep_s=1e-15,
        temperature_k=600.0,
        budget_s=24 * HOUR,
        force_mae_ev_per_angstrom=None,
        energy_mae_ev_per_atom=None,
        needs=(),
        commercial=False,
        workload=md_workload(steps=1, atoms=2000, simulated_time="1 fs", timestep="1 fs"),
    )
    if changes.get("kind", TaskKind.MD) is not TaskKind.MD:
        changes.setdefault("simulated_time_s", None)
    task = replace(task, **changes)
    if "workload" in changes:
        return task
    run = Run(simulated_time_s=task.simulated_time_s, timestep_s=task.timestep_s)
    workload = workload_of(
        task.kind, task.structure, run, atoms=task.atoms, structures=task.structures, images=task.images
    )
    return replace(task, workload=workload)


def make_card(name: str = "model-a", *, commercial: CommercialUse = CommercialUse.YES, **changes: Any) -> ModelCard:
    """Return a card that knows the elements of :func:`make_summary`."""
    licence = LicenceFact(name="MIT", commercial=CommercialUse.YES, sources=("a",), read_on="2025-01-01")
    card = ModelCard(
        id=name,
        name=name.upper(),
        life_cycle=LifeCycle.ACTIVE,
        backend="fake",
        architecture=Architecture(
            family="Fake",
            time_law="fake",
            parameters=1000,
            cutoff_angstrom=5.0,
            layers=2,
            forces=Forces.CONSERVATIVE,
        ),
        provides=(),
        training=TrainingData(
            sets=("MPtrj",), elements=("Li", "O", "P", "Fe", "Cu"), level_of_theory="PBE+U", sources=("b",)
        ),
        licences=Licences(code=licence, weights=replace(licence, commercial=commercial)),
        weights=WeightsFact(origin=WeightsOrigin.PACKAGE, name=name),
        metrics=None,
    )
    return replace(card, **changes)


def make_metrics(kappa: float | None, *, sources: tuple[str, ...] = ("a",)) -> Metrics:
    """Return figures of a leaderboard of which κ_SRME alone matters."""
    return Metrics(
        f1=0.8,
        kappa_srme=kappa,
        rmsd=None,
        cps=None,
        md_force_rmse_ev_per_angstrom=None,
        sources=sources,
        read_on="2026-01-01",
    )


def make_evidence(**changes: Any) -> Evidence:
    """Return a leaderboard's figures."""
    evidence = Evidence(
        kind=EvidenceKind.LEADERBOARD,
        force_mae_ev_per_angstrom=None,
        energy_mae_ev_per_atom=None,
        cps=0.7,
        f1=0.8,
        kappa_srme=0.5,
        source="board",
    )
    for name in ("force_mae_ev_per_angstrom", "energy_mae_ev_per_atom"):
        if isinstance(changes.get(name), float):  # a figure whose spread is not known
            changes[name] = make_estimate(changes[name], spread=None, basis=Basis.MEASURED)
    return replace(evidence, **changes)


def make_estimate(value: float, *, spread: float | None = 1.1, basis: Basis = Basis.FITTED) -> Estimate:
    """Return an estimate whose interval is a factor of ``spread`` to either side."""
    return Estimate(
        value=value,
        low=None if spread is None else value / spread,
        high=None if spread is None else value * spread,
        basis=basis,
        source="test",
    )


def make_findings(name: str = "model-a", **changes: Any) -> ModelFacts:
    """Return findings with which :func:`make_task` is feasible: 0.1 s a step, 2 GiB."""
    findings = ModelFacts(
        card=make_card(name),
        evidence=make_evidence(),
        environment="managed",
        settings=SETTINGS,
        weights=Weights.PRETRAINED,
        step_time_s=make_estimate(0.1),
        ns_per_day=make_estimate(0.864),
        peak_memory_bytes=make_estimate(2.0 * GIB),
        max_atoms=make_estimate(8000),
        affordable_atoms=make_estimate(16000),
        measured=("record",),
    )
    return replace(findings, **changes)


def make_candidate(name: str = "model-a", task: Task | None = None, **changes: Any) -> Candidate:
    """Return the verdict on :func:`make_findings` on a machine of 8 GiB."""
    return judge(make_findings(name, **changes), task or make_task(), memory_bytes=8 * GIB)


def make_situation(**changes: Any) -> Situation:
    """Return a model on a device, of which nothing but the names and peaks is said."""
    situation = Situation(
        law="a",
        family="F",
        driver="ase",
        code="ase",
        kernels="torch",
        device="d",
        platform="gpu",
        vendor="V",
        peak=Peak(bandwidth_bytes_per_s=2e12, float32_flop_per_s=2e13),
        system="",
    )
    return replace(situation, **changes)


def make_samples(wall_s: tuple[float, ...]) -> StepSamples:
    """Return samples whose steps are all spent in the energy-and-force call."""
    return StepSamples(wall_s=wall_s, energy_forces_s=wall_s, cpu_s=wall_s)


def make_measurement(
    atoms: int = 28,
    *,
    wall_s: tuple[float, ...] = (0.1, 0.11, 0.1, 0.09, 0.1),
    peak_memory_bytes: int | None = GIB,
    **changes: Any,
) -> Measurement:
    """Return a measurement of one size."""
    measurement = Measurement(
        record=f"20250102T030405-model-a-{atoms}",
        taken_at="2025-01-02T03:04:05+00:00",
        model="model-a",
        time_law="fake",
        backend="fake",
        scenario=Scenario.SINGLE_STREAM,
        weights=Weights.PRETRAINED,
        settings=SETTINGS,
        versions={"fake": "1.0"},
        fingerprint="f" * 16,
        structure=make_summary(),
        atoms=atoms,
        pairs_per_atom=50.0,
        temperature_k=600.0,
        timestep_s=1e-15,
        propagated=True,
        load_s=1.0,
        first_call_s=0.5,
        warm_up=make_samples((0.2,)),
        steady=make_samples(wall_s),
        steady_bursts=(len(wall_s),),
        set_aside=make_samples(()),
        reference_s=(0.01, 0.01, 0.01),
        peak_memory_bytes=peak_memory_bytes,
        disturbance=Disturbance(steal_share=None, other_load_share=0.01, involuntary_switches_per_s=1.0),
    )
    if "steady" in changes:
        changes.setdefault("steady_bursts", (len(changes["steady"].wall_s),))
    return replace(measurement, **changes)


def make_protocol(**changes: Any) -> Protocol:
    """Return a protocol of short bursts."""
    protocol = Protocol(
        name="test",
        smallest_atoms=24,
        growth=2.0,
        largest_atoms=4096,
        fewest_steps=3,
        most_steps=50,
        burst_s=1.0,
        target_half_width=0.02,
        memory_share=0.85,
    )
    return replace(protocol, **changes)


def make_subjects(openers: Mapping[str, Callable[[], ModelSession]]) -> list[Subject]:
    """Return one candidate for each name."""
    return [Subject(card=make_card(name), settings=SETTINGS, open=opener) for name, opener in openers.items()]
