"""What was measured before and holds here, and what has to be measured still.

Checkpoints of one architecture share a time law: with the same settings in the same environment their steps take the
same time and memory, whatever their weights. One of them is measured, the others stand on its records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlipguide.bench.protocol import Protocol
from mlipguide.bench.sweep import steps_of_a_rung
from mlipguide.candidates.preparation import Prepared
from mlipguide.records.advice.verdict_reasons import Doubt
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Measurement, Scenario, Weights
from mlipguide.stats.centres import centre_of
from mlipguide.store import measurements as store
from mlipguide.structures.summaries import is_same_kind

CLEARLY = 2.0
"""How many times over a further size must fit into the budget before a model is started again for it."""


@dataclass
class MeasuredModels:
    """Measurements by model, and what happened on the way.

    Attributes:
        by_model: On structures of the task's kind.
        elsewhere: On other structures.
        fresh: Those of this run.
        reused: Those of earlier runs, of the task's kind.
        measured_as: The model whose measurements a model stands on, where it is another one.
        out_of_memory_at: Number of atoms that did not fit.
        failures: Why a model has no measurement.
        left_out: Why a model was not timed although it can be.
        interrupted: Whether measuring was ended before its end.
        notices: What is worth knowing.
        problems: What went wrong.
    """

    by_model: dict[str, list[Measurement]] = field(default_factory=dict)
    elsewhere: dict[str, list[Measurement]] = field(default_factory=dict)
    fresh: list[Measurement] = field(default_factory=list)
    reused: list[Measurement] = field(default_factory=list)
    measured_as: dict[str, str] = field(default_factory=dict)
    out_of_memory_at: dict[str, int] = field(default_factory=dict)
    failures: dict[str, Problem] = field(default_factory=dict)
    left_out: dict[str, Doubt] = field(default_factory=dict)
    interrupted: bool = False
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, measurement: Measurement) -> None:
        """File a measurement under its model."""
        self.by_model.setdefault(measurement.model, []).append(measurement)

    def lend(self, lender: str, borrower: str) -> None:
        """Let ``borrower`` stand on what is known of ``lender``, a checkpoint of the same time law."""
        if lender in self.by_model:
            self.by_model[borrower] = list(self.by_model[lender])
            self.measured_as[borrower] = lender
        if lender in self.out_of_memory_at:
            self.out_of_memory_at[borrower] = self.out_of_memory_at[lender]
        if lender in self.failures:
            self.failures[borrower] = self.failures[lender]


def recall(
    candidates: Sequence[Prepared], fingerprint: str, structure: StructureSummary, *, each: bool
) -> MeasuredModels:
    """Return the stored measurements that hold here: same fingerprint, settings, versions and time law.

    Args:
        candidates: What may be measured.
        fingerprint: Of this machine.
        structure: The task's; measurements of other kinds of structures are kept apart.
        each: Whether a checkpoint stands on its own measurements only.
    """
    measured = MeasuredModels()
    found = store.find(fingerprint, laws={item.card.architecture.time_law for item in candidates})
    measured.notices.extend(found.notices)
    by_law: dict[tuple[str, str], list[Measurement]] = {}
    for record in found.measurements:
        by_law.setdefault((record.backend, record.time_law), []).append(record)
    reused: set[str] = set()  # names of records: to compare records themselves takes their number squared
    for item in candidates:
        name = item.card.id
        alike = by_law.get((item.card.backend, item.card.architecture.time_law), [])
        holding = [record for record in alike if still_holds(record, item)]
        own = [record for record in holding if record.model == name]
        others = [] if each else [record for record in holding if record.model != name]
        for records in (own, others):
            same = [record for record in records if is_same_kind(record.structure, structure)]
            if same and name not in measured.by_model:
                measured.by_model[name] = same
                measured.reused.extend(record for record in same if record.record not in reused)
                reused.update(record.record for record in same)
                if records is others:
                    measured.measured_as[name] = same[-1].model
        elsewhere = [record for record in (*own, *others) if not is_same_kind(record.structure, structure)]
        if elsewhere:
            measured.elsewhere[name] = elsewhere
    return measured


def reuse_notices(measured: MeasuredModels) -> tuple[Notice, ...]:
    """Return the notice that names what was measured earlier and is used again; none where nothing is."""
    if not measured.reused:
        return ()
    models = sorted({record.model for record in measured.reused})
    latest = max(record.taken_at for record in measured.reused)
    return (
        Notice(
            "reused",
            f"Measured earlier on this machine, the last on {latest[:16].replace('T', ' ')} UTC, and used again: "
            f"{', '.join(models)}. --remeasure measures afresh.",
        ),
    )


def lacking(
    candidates: Sequence[Prepared],
    measured: MeasuredModels,
    ladder: Sequence[int],
    *,
    budget_s: float,
    protocol: Protocol,
) -> tuple[Prepared, ...]:
    """Return the candidates that can be started and whose measurements do not cover two sizes yet.

    One that was so slow that a second size does not fit into its share of the budget is not among them: measuring
    it once more would tell nothing new.
    """
    startable = [item for item in candidates if item.obstacle is None]
    share_s = budget_s / max(1, len(startable))
    return tuple(
        item for item in startable if _lacks_sizes(measured.by_model.get(item.card.id, []), ladder, share_s, protocol)
    )


def sharing(candidates: Sequence[Prepared], *, each: bool) -> list[tuple[Prepared, ...]]:
    """Return the candidates in groups of one time law and the same settings; with ``each`` every one is alone."""
    groups: dict[object, list[Prepared]] = {}
    for item in candidates:
        law = (item.card.architecture.time_law, item.card.backend, item.settings, item.synthetic)
        groups.setdefault((law, item.card.id) if each else law, []).append(item)
    return [tuple(members) for members in groups.values()]


def _lacks_sizes(records: Sequence[Measurement], ladder: Sequence[int], share_s: float, protocol: Protocol) -> bool:
    known = {record.atoms for record in records}
    if len(known) >= min(2, len(ladder)):
        return False
    larger = [size for size in ladder if size > max(known, default=0)]
    if not known or not larger:
        return True
    step_s = centre_of([sample for record in records for sample in record.steady.wall_s]).value
    return CLEARLY * step_s * steps_of_a_rung(protocol) * (1 + min(larger) / max(known)) <= share_s


def still_holds(measurement: Measurement, item: Prepared, scenario: Scenario = Scenario.SINGLE_STREAM) -> bool:
    """Tell whether a measurement is of a model as it is run here: its architecture, packages, settings and weights.

    Args:
        measurement: Of this machine.
        item: The model.
        scenario: What is to be timed.
    """
    installed = item.environment.versions
    same_versions = all(
        installed[name] == version for name, version in measurement.versions.items() if name in installed
    )
    wanted = Weights.SYNTHETIC if item.synthetic else Weights.PRETRAINED
    return (
        measurement.scenario is scenario
        and measurement.backend == item.card.backend
        and measurement.time_law == item.card.architecture.time_law
        and measurement.settings == item.settings
        and measurement.weights is wanted
        and same_versions
    )
