"""Batches by a law that is known: a call, and what each structure costs in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import SETTINGS, make_measurement, make_samples
from mlipguide.costmodel.batches import BatchCosts, batch_costs_from
from mlipguide.records.estimate import Basis
from mlipguide.records.timing.measurement import Measurement
from mlipguide.worker.torchsim import DRIVER

ATOMS, CALL_S, STRUCTURE_S, OUTSIDE_S = 8, 0.03, 0.004, 0.001


def batch(structures: int, *, atoms: int = ATOMS, call_s: float = CALL_S) -> Measurement:
    wall_s = (call_s + STRUCTURE_S * structures,) * 5
    network_s = tuple(whole - OUTSIDE_S * structures for whole in wall_s)
    return make_measurement(
        structures * atoms,
        structures=structures,
        steady=replace(make_samples(wall_s), model_s=network_s),
        settings=replace(SETTINGS, driver=DRIVER),
        peak_memory_bytes=int(4e8 + 2e7 * structures),
    )


def alone() -> list[Measurement]:
    return [make_measurement(ATOMS, wall_s=(CALL_S + STRUCTURE_S,) * 5)]


def costs(*counts: int, call_s: float = CALL_S) -> BatchCosts:
    return batch_costs_from([batch(count, call_s=call_s) for count in counts], alone())


def test_a_structure_is_a_share_of_the_batch_and_numbers_between_are_predicted() -> None:
    found = costs(1, 4, 16, 64)
    for count, basis in ((4, Basis.MEASURED), (8, Basis.FITTED), (128, Basis.EXTRAPOLATED)):
        share = found.structure_time_s(count)
        true_s = CALL_S / count + STRUCTURE_S
        assert share.basis is basis
        assert share.low is not None
        assert share.high is not None
        assert share.low <= true_s <= share.high
        assert share.value == pytest.approx(true_s, rel=0.1)
        gain = found.gain(count)
        assert gain.at_least <= (CALL_S + STRUCTURE_S) / true_s <= gain.at_most


def test_the_best_batch_is_the_smallest_that_is_close_to_the_least_time() -> None:
    assert costs(1, 4, 16, 64, 256).best() == 256
    assert costs(1, 4, 64, 65).best() == 64  # 4.5 ms a structure both times
    assert costs(1, 4, 64).best(most=20) == 4
    assert costs(4, 64).best(most=3) is None


def test_a_batch_that_shares_nothing_is_not_chosen() -> None:
    assert batch_costs_from([batch(1, call_s=0.04), batch(4, call_s=4 * 0.04)], alone()).best() is None


def test_how_many_structures_fit_follows_from_memory() -> None:
    largest = costs(1, 4, 16, 64).largest_batch(int(4e8 + 2e7 * 100))
    assert largest is not None
    assert largest.at_least <= 100 <= largest.at_most
    assert costs(1, 4).largest_batch(int(1e8)) is None


def test_what_is_done_outside_the_network_is_per_structure() -> None:
    assert costs(1, 16).outside_s == pytest.approx(OUTSIDE_S)
    unknown = [replace(one, steady=replace(one.steady, model_s=None)) for one in (batch(1), batch(4))]
    assert batch_costs_from(unknown, alone()).outside_s is None


def test_batches_of_several_sizes_have_no_common_law() -> None:
    with pytest.raises(ValueError, match="2 sizes"):
        batch_costs_from([batch(4), batch(4, atoms=16)], alone())
