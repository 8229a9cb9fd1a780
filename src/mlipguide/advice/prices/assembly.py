"""The prices of all strategies for a task, on this machine or on hardware that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlipguide.advice.decision import decide
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.kept import distilled_before, tried_models
from mlipguide.advice.prices.sensitivities import with_sensitivities
from mlipguide.advice.prices.table import strategy_table
from mlipguide.catalog.families import load_families
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import StrategyHardware, StrategyTable
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task


def pricing_inputs(
    machine: Machine,
    profile: HardwareProfile | None,
    *,
    memory_bytes: int,
    elements: Sequence[str],
    label_step_s: Mapping[str, Estimate],
) -> tuple[PricingInputs, tuple[Notice, ...]]:
    """Return what the prices stand on, and notices of trainings that cannot be read.

    Args:
        machine: This machine, whose trainings count with their times.
        profile: Hardware that was asked for, where they count with their errors alone; None for this machine.
        memory_bytes: Usable memory of the device.
        elements: Of the task.
        label_step_s: Time of a step in a cell that is labelled, by model.
    """
    fingerprint = machine.fingerprint if profile is None else None
    tried, unread_pilots = tried_models(elements, fingerprint)
    distilled, unread_distillations = distilled_before(elements, fingerprint)
    inputs = PricingInputs(
        hardware=hardware_of(machine, profile),
        families=load_families(),
        tried=tried,
        distilled=distilled,
        label_step_s=label_step_s,
        memory_bytes=memory_bytes,
    )
    return inputs, (*unread_pilots, *unread_distillations)


def priced_strategies(
    candidates: Sequence[Candidate],
    task: Task,
    inputs: PricingInputs,
    *,
    choice: Candidate | None,
    card: ModelCard | None,
) -> StrategyTable:
    """Return what every strategy costs, which it is, and what would change that.

    Args:
        candidates: Every model considered, judged for the task.
        task: What is wanted.
        inputs: What the prices stand on.
        choice: The pretrained model to run; None when there is none.
        card: The model that would be run or would teach; None where there is none.
    """
    table = strategy_table(candidates, task, inputs, card)
    table = replace(table, leading=decide(choice, candidates, table, task))
    return with_sensitivities(candidates, task, inputs, table, memory_bytes=inputs.memory_bytes)


def hardware_of(machine: Machine, profile: HardwareProfile | None) -> StrategyHardware:
    """Return the cores and GPUs that training and production may use."""
    if profile is None:
        cores = machine.cpu.usable_cores
        if not machine.gpus:
            return StrategyHardware(cores=cores)
        return StrategyHardware(cores=cores, gpu=machine.gpus[0].name, gpus=len(machine.gpus))
    cores = float(profile.host_cores or machine.cpu.usable_cores)
    if profile.device.kind is DeviceKind.CPU:
        return StrategyHardware(cores=cores)
    return StrategyHardware(cores=cores, gpu=profile.device.name, gpus=profile.count)
