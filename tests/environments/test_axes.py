"""The axes of the recipes: they can be read, reach the worker, stand in scripts, and what nobody takes is refused."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import mlipguide
from mlipguide.core.errors import InputError
from mlipguide.environments.axes import axes_of, common_axes, options_of, variables_of
from mlipguide.environments.recipes import find_recipe, list_distributions, load_recipes
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.timing.axes import FIELDS, AxisChoice
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.errors import FailureKind, SessionError
from toy_plugin import ToyPlugin

SETTINGS = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.DEFAULT)
TEMPLATES = Path(mlipguide.__file__).parent / "data" / "run_scripts"
RECIPES = load_recipes()
DTYPES = {"float32", "float64"}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_has_axes_whose_values_are_fields_variables_or_options(name: str) -> None:
    recipe = RECIPES[name]
    axes = axes_of(recipe)
    assert {"allocator"} & {axis.name for axis in axes}
    for axis in axes:
        assert axis.what
        assert axis.counted or axis.values
        assert axis.default not in [value.value for value in axis.values]
        if axis.name in FIELDS:
            assert all(not value.variables for value in axis.values)
            continue
        assert axis.default is not None, axis.name
        for value in axis.values:
            settings = SETTINGS.with_choice(axis.name, value.value)
            assert variables_of(recipe, settings) == value.variables
            assert options_of(recipe, settings) == ({} if value.variables else {axis.name: value.value})


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_what_a_worker_is_told_stands_in_its_file_and_in_its_scripts(name: str) -> None:
    recipe = RECIPES[name]
    worker = Path(mlipguide.__file__).parent / "worker" / "backends" / f"{recipe.worker}.py"
    template = TEMPLATES / "calculators" / f"{name}.jinja"
    for axis in recipe.axes:
        told = [value for value in axis.values if not value.variables]
        if axis.name in FIELDS or not told:
            continue
        assert f'take("{axis.name}"' in worker.read_text(encoding="utf-8"), axis.name
        assert f'chosen.get("{axis.name}")' in template.read_text(encoding="utf-8"), axis.name


def test_a_recipe_names_dtype_where_its_worker_takes_both() -> None:
    for name, recipe in RECIPES.items():
        text = (Path(mlipguide.__file__).parent / "worker" / "backends" / f"{recipe.worker}.py").read_text("utf-8")
        found = re.search(r"require_dtype\(request\.dtype, \(([^)]*)\)", text)
        if found is None:
            continue
        both = all(dtype in found[1] for dtype in DTYPES)
        own = "request.dtype" in text.partition("require_dtype")[2].partition("\n")[2]
        if "dtype" in recipe.common_axes:
            assert both, name
            assert own, name


def test_packages_that_axes_ask_for_are_looked_for_in_environments() -> None:
    for recipe in RECIPES.values():
        for axis in recipe.axes:
            for value in axis.values:
                assert set(value.needs.packages) <= set(list_distributions(recipe))


@pytest.mark.parametrize(
    ("axis", "value"), [("kernels", "magic"), ("sorcery", "on"), ("threads", "2"), ("dtype", "float64")]
)
def test_what_a_backend_does_not_have_is_refused_by_name(axis: str, value: str) -> None:
    settings = replace(SETTINGS, choices=(AxisChoice(axis=axis, value=value),))
    with pytest.raises(InputError, match=f"no setting {axis} {value}") as raised:
        options_of(find_recipe("sevenn"), settings)
    assert "kernels" in raised.value.hint


def test_a_wrong_recipe_is_refused() -> None:
    recipe: Recipe = find_recipe("sevenn")
    with pytest.raises(InputError, match="no common axis 'luck'"):
        axes_of(replace(recipe, common_axes=("luck",)))
    with pytest.raises(InputError, match="stands there twice"):
        axes_of(replace(recipe, common_axes=("threads", "threads")))


def test_settings_with_a_choice_are_others_and_go_back() -> None:
    changed = SETTINGS.with_choice("kernels", "fast").with_choice("compile", "default").with_choice("threads", "4")
    assert changed.choices == (
        AxisChoice(axis="compile", value="default"),
        AxisChoice(axis="kernels", value="fast"),
    )
    assert changed.threads == 4
    assert changed != SETTINGS
    assert hash(changed) != hash(SETTINGS)
    back = changed.with_choice("kernels", None).with_choice("compile", None).with_choice("threads", "1")
    assert back == SETTINGS


def test_only_what_changes_numbers_is_in_the_numerics() -> None:
    assert SETTINGS.with_choice("pinning", "cores").numerics == SETTINGS.numerics
    assert SETTINGS.with_choice("threads", "4").numerics == SETTINGS.numerics
    assert SETTINGS.with_choice("kernels", "fast").numerics != SETTINGS.numerics
    assert SETTINGS.with_choice("dtype", "float64").numerics != SETTINGS.numerics


def test_common_axes_are_read() -> None:
    assert {"threads", "ranks", "wait-policy", "pinning", "allocator", "tf32", "dtype"} == set(common_axes())


def test_a_worker_is_told_and_refuses_what_its_backend_does_not_take(toy_plugin: ToyPlugin) -> None:
    from ase.build import bulk

    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.05, seed=1)
    request = toy_plugin.request()
    with toy_plugin.opened(settings=request.settings.with_choice("kernels", "careless")) as careless:
        wrong = careless.single_point(atoms)
    with toy_plugin.opened() as plain:
        right = plain.single_point(atoms)
    assert wrong.forces_ev_per_angstrom != right.forces_ev_per_angstrom
    axis = replace(request.recipe.axes[0], name="untaken")
    recipe = replace(request.recipe, axes=(axis,))
    settings = request.settings.with_choice("untaken", "careful")
    with (
        pytest.raises(SessionError, match="does not take untaken careful") as raised,
        toy_plugin.opened(recipe=recipe, settings=settings),
    ):
        pass
    assert raised.value.failure is FailureKind.UNSUPPORTED_SETTING


def test_variables_reach_the_process(toy_plugin: ToyPlugin) -> None:
    settings = toy_plugin.request().settings.with_choice("pinning", "cores")
    with toy_plugin.opened(settings=settings) as session:
        words = Path(f"/proc/{session.pid}/environ").read_bytes().split(b"\0")
    assert b"OMP_PLACES=cores" in words
    assert b"OMP_PROC_BIND=close" in words


def becomes_stopped(process: psutil.Process) -> bool:
    """Tell whether a process stops soon: a signal takes its time."""
    deadline = time.monotonic() + 10
    while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
        time.sleep(0.01)
    return process.status() == psutil.STATUS_STOPPED


def test_a_worker_that_spins_is_stopped_between_requests(toy_plugin: ToyPlugin) -> None:
    from ase.build import bulk

    settings = toy_plugin.request().settings.with_choice("wait-policy", "active")
    with toy_plugin.opened(settings=settings) as session:
        process = psutil.Process(session.pid)
        first = session.single_point(bulk("Si", cubic=True))
        assert becomes_stopped(process)
        assert session.single_point(bulk("Si", cubic=True)) == first
        assert becomes_stopped(process)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
