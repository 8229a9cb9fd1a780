"""From the measurements of this data folder to records that can be given away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mlipguide.bench.sharing.plausibility import is_disturbed
from mlipguide.bench.sharing.vocabulary import Vocabulary, is_formula
from mlipguide.core.formulas import parse_formula
from mlipguide.hardware.machine_classes import CPU
from mlipguide.records.hardware.machine_class import KnownMachine, MachineClass
from mlipguide.records.notice import Notice
from mlipguide.records.timing.measurement import Measurement, Scenario
from mlipguide.records.timing.shared import ALL_DIRECTIONS, MOST_SAMPLES, SharedRecord
from mlipguide.store import known_machines
from mlipguide.store import measurements as store

BATCHES = "timed in batches: only molecular dynamics is shared"
OWN_MODEL = "of a model that does not come with mlipguide: its name is yours"
OLD_CARD = "the model's card has changed since"
MACHINE_UNKNOWN = "taken before mlipguide kept of which kind a machine is; timing anything there again mends it"
MACHINE_UNNAMED = "its processor or GPU has a name that is not known, or the GPU is a part of one"
ODD_STRUCTURE = "its formula is not one of elements"
ODD_SETTINGS = "with settings that the backend does not have here"
DISTURBED = "timed while other processes used more than a quarter of the cores"
TOO_LONG = f"more than {MOST_SAMPLES:,} steps"
MAKES_NO_SENSE = "with numbers or words that no import would take"


@dataclass(frozen=True)
class Exported:
    """What can be given away.

    Attributes:
        records: In the order of machines and files.
        left_out: How many measurements are not among them, by the reason.
        notices: About files that cannot be read.
    """

    records: tuple[SharedRecord, ...]
    left_out: Counter[str]
    notices: tuple[Notice, ...]


def export_records(words: Vocabulary, here: KnownMachine, contributor: str) -> Exported:
    """Return everything of the store that can be given away.

    Args:
        words: That may be used.
        here: This machine.
        contributor: The word that stands for this data folder.
    """
    records: list[SharedRecord] = []
    left_out: Counter[str] = Counter()
    notices: list[Notice] = []
    for fingerprint in store.fingerprints():
        machine = here if fingerprint == here.fingerprint else known_machines.find(fingerprint)
        found = store.find(fingerprint)
        notices += found.notices
        for measurement in found.measurements:
            made = shared_record(measurement, machine, words, contributor)
            if isinstance(made, str):
                left_out[made] += 1
            else:
                records.append(made)
    return Exported(tuple(_each_once(records)), left_out, tuple(notices))


def shared_record(
    measurement: Measurement, machine: KnownMachine | None, words: Vocabulary, contributor: str
) -> SharedRecord | str:
    """Return what of a measurement can be given away, or why nothing can.

    Args:
        measurement: As it was stored.
        machine: That it was taken on; None where its kind is not known.
        words: That may be used.
        contributor: The word that stands for this data folder.
    """
    settings, structure = measurement.settings.on_any_device, measurement.structure
    card = words.card(measurement.model)
    kind: MachineClass | None = None
    if machine is not None:
        kind = machine.processor if settings.device == CPU else machine.gpu
    reasons = (
        (measurement.scenario is not Scenario.SINGLE_STREAM or measurement.structures > 1, BATCHES),
        (card is None, OWN_MODEL),
        (
            card is not None
            and (card.architecture.time_law, card.backend) != (measurement.time_law, measurement.backend),
            OLD_CARD,
        ),
        (card is not None and words.unknown_setting(card, settings) is not None, ODD_SETTINGS),
        (machine is None, MACHINE_UNKNOWN),
        (kind is None, MACHINE_UNNAMED),
        (not is_formula(structure.reduced_formula), ODD_STRUCTURE),
        (set(parse_formula(structure.reduced_formula)) != set(structure.elements), ODD_STRUCTURE),
        (len(measurement.steady.wall_s) > MOST_SAMPLES, TOO_LONG),
    )
    reason = next((words for holds, words in reasons if holds), None)
    if reason is not None or card is None or kind is None:
        return reason or OWN_MODEL
    directions = sum(structure.periodic)
    is_bulk = directions == ALL_DIRECTIONS and structure.number_density_per_angstrom3 is not None
    if directions == ALL_DIRECTIONS and not is_bulk:
        return ODD_STRUCTURE
    record = SharedRecord(
        contributor=contributor,
        taken_on=measurement.taken_at[:10],
        machine=kind,
        model=card.id,
        time_law=card.architecture.time_law,
        backend=card.backend,
        weights=measurement.weights,
        settings=settings,
        versions=words.known_versions(measurement.versions),
        formula=structure.reduced_formula,
        periodic_directions=directions,
        number_density_per_angstrom3=structure.number_density_per_angstrom3 if is_bulk else None,
        atoms=measurement.atoms,
        pairs_per_atom=measurement.pairs_per_atom,
        propagated=measurement.propagated,
        steady_s=measurement.steady.wall_s,
        bursts=measurement.steady_bursts,
        peak_memory_bytes=measurement.peak_memory_bytes,
        other_load_share=measurement.disturbance.other_load_share,
    )
    try:
        record.check()
    except ValueError:
        return MAKES_NO_SENSE
    if is_disturbed(record) is not None:
        return DISTURBED
    return MAKES_NO_SENSE if words.unknown_in(record) is not None else record


def _each_once(records: list[SharedRecord]) -> Iterator[SharedRecord]:
    seen: set[str] = set()
    for record in records:
        signature = record.samples_signature
        if signature not in seen:
            seen.add(signature)
            yield record
