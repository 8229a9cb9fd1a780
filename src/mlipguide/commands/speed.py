"""``mlipguide bench --compare-with``: whether a speed is normal, and which reasons fit if it is not.

Nothing is measured. Expected is what ``recommend --hardware`` and ``plan`` state for the same model and hardware; on
this machine, what its stored measurements say.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.bench.comparing.speed_judgement import (
    LOG,
    find_gains,
    rank_causes,
    shown_causes,
    slowdown_of,
    verdict_on,
)
from mlipguide.bench.measuring.costs_here import reference_timings
from mlipguide.bench.measuring.shared_sets import shared_profile
from mlipguide.bench.measuring.shared_times import shared_notices
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.parallel_codes import load_parallel_codes
from mlipguide.catalog.slow_causes import load_slow_causes
from mlipguide.commands.plan import any_bulk, bulk_notice
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.speeds import SPEED, needs_timestep, parse_speed
from mlipguide.core.units import SIMULATED_TIME, parse_atoms
from mlipguide.costmodel.model_costs import Costs
from mlipguide.costmodel.slow_factors import Case
from mlipguide.costmodel.transfer_data import ASE, TORCH, device_here
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.hardware.probe import probe_machine
from mlipguide.hardware.profile_files import build_profile
from mlipguide.hardware.profiles import alike_notices, parse_profiles
from mlipguide.production.run_logs.lammps_logs import style_of
from mlipguide.production.run_logs.reading import read_run_log
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.measuring import TIMED_STEP
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.requests.speed import SpeedRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.axes import DTYPES
from mlipguide.records.timing.published import Ghosts, ParallelCode
from mlipguide.records.timing.run_log import RunLog
from mlipguide.records.timing.slowdown import LogSign, SlowdownKind
from mlipguide.records.timing.speed_check import SpeedCheck, SpeedVerdict
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.requests import build_task, load_structure

if TYPE_CHECKING:
    from ase import Atoms

OPTION = "--compare-with"
LAMMPS = "lammps"
CPU, FIRST_GPU = "cpu", "cuda:0"
MORE = 4
"""How many times the atoms a further size has, in the command that tells whether they cost time."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How ``bench --compare-with`` goes about its work.

    Attributes:
        structure_words: The structure as it is typed again in a command.
        probe: Describes the machine.
        on_progress: Told what is being done and the share that is done.
    """

    structure_words: str = "STRUCTURE"
    probe: Callable[[], Machine] = field(default=probe_machine)
    on_progress: Callable[[str, float], None] = lambda _message, _share: None


@dataclass(frozen=True)
class _Way:
    """What ran the model: the costs that are expected, in which code, and whether that was said."""

    costs: Costs
    code: ParallelCode | None
    name: str
    known: bool


def speed(asked: SpeedRequest, options: Options | None = None) -> Result[SpeedCheck]:
    """Compare a speed that somebody saw with the expected one.

    Args:
        asked: The speed or a log, and of what.
        options: How to go about it.

    Raises:
        InputError: The speed, the log, the model, the hardware or a quantity cannot be used.
    """
    options = options or Options()
    catalogue = load_catalogue()
    card = catalogue.find(asked.model)
    causes = load_slow_causes()
    timestep_s = None if asked.timestep is None else SIMULATED_TIME.parse(asked.timestep, option="--timestep")
    path = _log_file(asked.compare_with)
    log = None if path is None else read_run_log(path, causes)
    ruled_out, signs = _with_precision(asked.dtype, () if log is None else log.signs)
    notices: list[Notice] = [*catalogue.notices]
    atoms, structure, found = _structure(asked)
    notices += found
    count = _atoms(asked, log, structure if atoms is not None else None)
    machine = options.probe()
    profile = _profile(asked.device, machine)
    notices += alike_notices((profile,))
    step_s, used_step_s, told = _seen(asked.compare_with, log, timestep_s)
    notices += told
    task = build_task(
        TaskRequest(structure=asked.structure, preset=asked.preset, index=asked.index, atoms=str(count)),
        structure,
        None if atoms is None else find_signs(atoms),
    )
    options.on_progress("looking up what is known", 0.0)
    known = reference_timings(
        catalogue,
        machine,
        task,
        atoms,
        given_weights={},
        profiles=() if asked.device is None else (profile,),
        cards=(card,),
    )
    notices += shared_notices(known)
    way = _way(asked.style, log, card, profile, known, here=asked.device is None, atoms=count)
    expected = way.costs.step_time_s(count)
    alone = known.in_code(card, profile, way.code, 1).step_time_s(count) if profile.count > 1 else None
    slowdown = slowdown_of(expected, step_s, log)
    verdict = verdict_on(slowdown)
    case = Case(
        card=card,
        profile=profile,
        atoms=count,
        code=way.code,
        costs=way.costs,
        known=known,
        log=log,
        signs=signs,
        gpu_processes=machine.gpus[0].other_processes if asked.device is None and machine.gpus else None,
    )
    slots = _slots(asked, options, card, count, log)
    data = SpeedCheck(
        model=card.id,
        atoms=count,
        structure=structure.reduced_formula,
        hardware=profile.name,
        here=asked.device is None,
        code=way.name,
        code_known=way.known,
        seen_step_time_s=step_s,
        timestep_s=used_step_s,
        expected_step_time_s=expected,
        one_device_step_time_s=alone,
        slowdown=slowdown,
        verdict=verdict,
        causes=(
            rank_causes(causes, case, slowdown, slots, ruled_out)
            if verdict is SpeedVerdict.SLOWER and slowdown is not None
            else shown_causes(causes, case, slots)
        ),
        gains=find_gains(causes, case, slots) if verdict in (SpeedVerdict.NORMAL, SpeedVerdict.SLOWER) else (),
        log=log,
    )
    return Result(data, notices=tuple(notices))


def _log_file(text: str) -> Path | None:
    """Return the file that was named; None for a speed.

    Raises:
        InputError: It is neither.
    """
    path = Path(text).expanduser()
    if path.exists():
        return path
    if text.strip()[:1] in "+-.0123456789":
        SPEED.split(text, option=OPTION)
        return None
    raise InputError(
        f"{OPTION}: '{text}' is neither a speed nor a file.",
        hint=f"Write for example {SPEED.example}, 3.2ns/day or 12ms/step, or the path of a log.",
        option=OPTION,
    )


def _with_precision(dtype: str | None, signs: tuple[LogSign, ...]) -> tuple[set[SlowdownKind], tuple[LogSign, ...]]:
    """Return what the stated precision rules out, and the signs of a log with that of the precision set right.

    Raises:
        InputError: There is no such precision.
    """
    if dtype is None:
        return set(), signs
    if dtype not in DTYPES:
        raise InputError(
            f"--dtype: unknown '{dtype}'.{did_you_mean(dtype, list(DTYPES))}",
            hint=f"Use {' or '.join(DTYPES)}.",
            option="--dtype",
        )
    kept = tuple(one for one in signs if one.kind is not SlowdownKind.FLOAT64)
    if dtype == "float32":
        return {SlowdownKind.FLOAT64}, kept
    return set(), (LogSign(kind=SlowdownKind.FLOAT64, line=0, text="--dtype float64"), *kept)


def _structure(asked: SpeedRequest) -> tuple[Atoms | None, StructureSummary, tuple[Notice, ...]]:
    if asked.structure is None and asked.preset is None:
        return None, any_bulk(), (bulk_notice("a structure file behind 'bench'"),)
    request = TaskRequest(
        structure=asked.structure, preset=asked.preset, index=asked.index, charge=asked.charge, spin=asked.spin
    )
    return load_structure(request)


def _atoms(asked: SpeedRequest, log: RunLog | None, structure: StructureSummary | None) -> int:
    """Return the number of atoms: as stated, else of the log, else of the structure.

    Raises:
        InputError: None of them says it, or two say different numbers.
    """
    stated = None if asked.atoms is None else parse_atoms(asked.atoms, option="--atoms")
    logged = None if log is None else log.atoms
    if stated is not None and logged is not None and stated != logged:
        raise InputError(f"--atoms {stated}, but the log says {logged}.", hint="Leave --atoms out.", option="--atoms")
    count = stated or logged or (None if structure is None else structure.atoms)
    if count is None:
        raise InputError(
            "The number of atoms is needed, for the time of a step depends on it.",
            hint="Add --atoms 500.",
            option="--atoms",
        )
    return count


def _profile(device: str | None, machine: Machine) -> HardwareProfile:
    """Return the hardware that was named, else this machine's: its first GPU, or its processor.

    Raises:
        InputError: It is not known, or several were named.
    """
    if device is not None:
        profiles = parse_profiles(device, option="--device", further=shared_profile)
        if len(profiles) > 1:
            raise InputError(f"--device: '{device}' names several.", hint="Name the one that it ran on.")
        return profiles[0]
    here = device_here(machine, FIRST_GPU if machine.gpus else CPU)
    if here is None:
        raise InputError(
            f"Of this machine's GPU, {machine.gpus[0].name}, no peak rates are known.",
            hint="Name the most similar one with --device; 'mlipguide hardware list' has them.",
            option="--device",
        )
    cores = max(1, int(machine.cpu.usable_cores))
    name = here.id if machine.gpus else f"this machine ({here.name}, {cores} cores)"
    return replace(build_profile(here, 1), name=name, host_cores=cores)


def _seen(text: str, log: RunLog | None, timestep_s: float | None) -> tuple[float, float, list[Notice]]:
    """Return the seconds of a step, the time step that goes with them, and what was assumed."""
    logged = None if log is None else log.timestep_s
    assumed_s = SIMULATED_TIME.parse(TIMED_STEP, option="--timestep")
    used_s = timestep_s or logged or assumed_s
    if log is not None:
        return log.step_time_s, used_s, []
    notices = []
    if timestep_s is None and needs_timestep(text, option=OPTION):
        notices.append(
            Notice("assumed", f"Steps of {TIMED_STEP} are assumed in {text}; --timestep says another length.")
        )
    return parse_speed(text, timestep_s=used_s, option=OPTION), used_s, notices


def _way(
    stated: str | None,
    log: RunLog | None,
    card: ModelCard,
    profile: HardwareProfile,
    known: ReferenceTimings,
    *,
    here: bool,
    atoms: int,
) -> _Way:
    """Return what is expected to have run the model: as stated or logged, else ASE, on several devices the fastest."""
    style = (None if stated is None else style_of(stated.split())) or (None if log is None else log.style)
    code = None if style is None or style == ASE else _code_of(style, card)
    own = known.own.get(card.id) if here else None
    if own is not None and (code is None or own.settings.driver == LAMMPS):
        return _Way(own.costs, None, own.settings.driver, known=style is not None)
    if style is None and profile.count > 1:
        fastest = known.costs_of(card, profile, atoms)
        codes = load_parallel_codes().get(card.architecture.family, ())
        return _Way(fastest, next((one for one in codes if one.code == fastest.code), None), fastest.code, known=False)
    costs = known.in_code(card, profile, code, 1 if code is None else profile.count)
    return _Way(costs, code, costs.code, known=style is not None)


def _code_of(style: str, card: ModelCard) -> ParallelCode:
    """Return the code of a pair style: one whose timings are known, else one like it."""
    codes = load_parallel_codes().get(card.architecture.family, ())
    found = next((code for code in codes if style in code.styles), None)
    return found or ParallelCode(
        driver=LAMMPS,
        code=f"{LAMMPS} {style.replace('/', ' ')}",
        kernels=TORCH,
        ghosts=Ghosts.LAYERS,
        vendors=(),
        sources=(),
        styles=(style,),
    )


def _slots(asked: SpeedRequest, options: Options, card: ModelCard, atoms: int, log: RunLog | None) -> Mapping[str, str]:
    slots = {
        "model": card.id,
        "atoms": str(atoms),
        "more": str(MORE * atoms),
        "structure": options.structure_words,
    }
    return slots if log is None else {**slots, LOG: shlex.quote(asked.compare_with)}
