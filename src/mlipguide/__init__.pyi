"""The functions of mlipguide and what they take. Written by scripts/write_stub.py: do not edit."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike

from ase import Atoms

from mlipguide.core.errors import MlipguideError as MlipguideError
from mlipguide.records.accuracy.accuracy import Evaluation
from mlipguide.records.accuracy.disagreement import Disagreement
from mlipguide.records.accuracy.stability import StabilityData
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.plan import HardwarePlan
from mlipguide.records.timing.bench import BenchData
from mlipguide.records.timing.comparison import Comparison
from mlipguide.records.timing.speed_check import SpeedCheck
from mlipguide.records.timing.tuning import TuneData
from mlipguide.records.training.distillation import Distillation
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.pilot import PilotData
from mlipguide.report.notebook import Answer

__version__: str

def recommend(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    index: str | int | None = None,
    preset: str | None = None,
    kind: str | None = None,
    structures: str | int | None = None,
    images: str | int | None = None,
    atoms: str | int | None = None,
    time: str | None = None,
    timestep: str | None = None,
    temperature: str | None = None,
    budget: str | None = None,
    force_mae: str | None = None,
    energy_mae: str | None = None,
    needs: str | Sequence[str] | None = None,
    derive: bool | None = None,
    commercial: bool | None = None,
    models: str | Sequence[str] | None = None,
    add: str | None = None,
    measure_budget: str | None = None,
    hardware: str | Sequence[str] | None = None,
    dft_cost: str | None = None,
    dft_cores: str | int | None = None,
    dft_atoms: str | int | None = None,
    labels: str | PathLike[str] | None = None,
    labels_budget: str | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    remeasure: bool = False,
    measure: bool = True,
    stored_labels: bool = True,
    config: str | PathLike[str] | None = None,
    each: bool = False,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    write: str | PathLike[str] | None = None,
    model: str | None = None,
    force: bool = False,
    smoke_test: bool = True,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[Recommendation]:
    """Say which model to run for a simulation, with which settings, how long it takes and whether it fits.

    Args:
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        kind: md, relax, screen, phonons, neb or prerelax (before DFT) [md].
        structures: Structures like this one, of --kind screen [100].
        images: Moving images, of --kind neb [7].
        atoms: Atoms to simulate [as in the structure].
        time: Simulated time, of --kind md [100ps].
        timestep: Integration step [by the lightest atom and the temperature].
        temperature: Temperature [300K].
        budget: Wall time the run may take [24h].
        force_mae: Largest acceptable mean absolute force error.
        energy_mae: Largest acceptable mean absolute energy error.
        needs: What the model must give: stress, nve, ...; -surfaces declines a suggestion.
        derive: False: Suggest no needs from the structure (a slab, a molecule, ...).
        commercial: Only models whose licences allow commercial use (yes, or with conditions: then in doubt).
        models: Only these models; 'available': those that can be started here as it is.
        add: Add dispersion to every model: d3, d4, with the parameters of its functional.
        measure_budget: Wall time for loading and timing all models together [60s].
        hardware: Answer for hardware that is not here: A100-80GB, 4xH100-80GB or a profile file; see 'mlipguide
            hardware list'.
        dft_cost: Time of one reference calculation [an order of magnitude].
        dft_cores: Cores that it occupies [1].
        dft_atoms: Atoms of its cell [those of the cells to be labelled].
        labels: Frames with reference energies and forces: models are compared on them.
        labels_budget: Wall time for comparing all models with the labels [5m].
        energy_key: Name of the energy in the labels [found].
        forces_key: Name of the forces in the labels [found].
        stress_key: Name of the stress, or of the virial, in the labels [found].
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        remeasure: Measure again what was measured before.
        measure: False: Predict from earlier measurements only, also of other structures.
        stored_labels: False: Leave errors out that 'evaluate' found on this system before.
        config: Read the task from a file; options given here win.
        each: Time every checkpoint, also where another one of its architecture was timed.
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        write: Write a script for the production run; RUN.lammps is for LAMMPS.
        model: The model of that script [the chosen one].
        force: Let --write replace files that exist.
        smoke_test: False: Hand the script over without trying ten steps of it.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def bench(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    sizes: str | int | Sequence[int | str] | None = None,
    max_atoms: str | int | None = None,
    threads: str | int | Sequence[int | str] | None = None,
    ranks: str | int | Sequence[int | str] | None = None,
    dtype: str | Sequence[str] | None = None,
    device: str | Sequence[str] | None = None,
    scenario: str | None = None,
    batch: str | int | Sequence[int | str] | None = None,
    budget: str | None = None,
    timestep: str | None = None,
    temperature: str | None = None,
    save: str | None = None,
    replace: bool = False,
    models: str | Sequence[str] | None = None,
    add: str | None = None,
    index: str | int | None = None,
    preset: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    each: bool = False,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[BenchData]:
    """Time models on a structure over several sizes and settings; every measurement is kept.

    Args:
        sizes: Numbers of atoms, all timed; auto chooses them [auto].
        max_atoms: Largest size to time [1000]; probe finds the largest that fits in memory.
        threads: Numbers of threads to compare.
        ranks: Numbers of MPI ranks to compare, for models that run in LAMMPS.
        dtype: Dtypes to compare.
        device: Devices to compare.
        scenario: single-stream: steps of one run; offline: many small structures [single-stream].
        batch: Time so many copies of the structure at once, by TorchSim, against one by one; auto chooses the numbers.
        budget: Wall time for loading and timing all models together [2m].
        timestep: Integration step [1fs].
        temperature: Temperature of the velocities [300K].
        save: Keep the run as a baseline for 'mlipguide check'.
        replace: Replace a baseline of that name.
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        models: Models to time, or 'available', or 'all'.
        add: Add dispersion to every model: d3, d4, with the parameters of its functional.
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        each: Time every checkpoint, also where another one of its architecture was timed.
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def tune(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    purpose: str | None = None,
    atoms: str | int | None = None,
    budget: str | None = None,
    models: str | Sequence[str] | None = None,
    temperature: str | None = None,
    index: str | int | None = None,
    preset: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[TuneData]:
    """Find the settings with which models are fastest here and compute the same; later commands use them.

    Args:
        purpose: What settings are to be fast for: md, screen (many small structures), evaluate (each of them once)
            [md].
        atoms: Atoms of the system that is timed [the structure's, at least about 64].
        budget: Wall time for loading, comparing and timing all models together [2m].
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        models: Models to tune, or 'available'.
        temperature: Temperature of the velocities [300K].
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def speed(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    compare_with: str | PathLike[str],
    model: str,
    atoms: str | int | None = None,
    timestep: str | None = None,
    device: str | None = None,
    style: str | None = None,
    dtype: str | None = None,
    index: str | int | None = None,
    preset: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[SpeedCheck]:
    """Say whether a speed that you saw is normal, and if it is not, which reasons fit.

    Args:
        compare_with: The speed that you saw (0.69steps/s, 3.2ns/day, 12ms/step), or the log of a run: of LAMMPS, or of
            an optimizer of ASE.
        model: The model that ran.
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        atoms: Atoms of the system [of the log or structure].
        timestep: Integration step [of the log, else 1fs].
        device: What it ran on: A100-80GB, 4xH100-80GB; see 'mlipguide hardware list' [this machine].
        style: The LAMMPS pair style that ran it, or ase [of the log, or ase].
        dtype: The precision that it ran in, where you know it.
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def check(
    baseline: str | PathLike[str],
    current: str | PathLike[str] | None = None,
    *,
    max_slowdown: str | None = None,
    normalise: bool = False,
    against_env: str | PathLike[str] | None = None,
    models: str | Sequence[str] | None = None,
    sizes: str | int | Sequence[int | str] | None = None,
    budget: str | None = None,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[Comparison]:
    """Compare with a baseline, and say what became slower.

    Args:
        baseline: Name or .json file of a baseline; with --against-env also a structure file.
        current: Another baseline [measured now].
        max_slowdown: How much longer a step may take; smaller changes are not worth a word [10%].
        normalise: Compare different machines: divide each run by its own times of a reference kernel.
        against_env: Interpreter of the old environment: measure it and the present one in turn.
        models: Only these models; see 'mlipguide models list'.
        sizes: Only these numbers of atoms.
        budget: Wall time for all measurements [5m].
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def evaluate(
    labels: str | PathLike[str],
    *,
    models: str | Sequence[str] | None = None,
    add: str | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    max_frames: str | int | None = None,
    seed: int = 0,
    frames: str | None = None,
    worst: tuple[int, str | PathLike[str]] | None = None,
    reevaluate: bool = False,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[Evaluation]:
    """Compare models with your own reference calculations; ``points`` is filled for a parity plot.

    Args:
        labels: Frames with energies and forces: extxyz, ASE db, OUTCAR, vasprun.xml, ...
        models: Models to evaluate [those that can run here].
        add: Add dispersion to every model: d3, d4, with the parameters of its functional.
        energy_key: Name of the energy in the labels [found].
        forces_key: Name of the forces in the labels [found].
        stress_key: Name of the stress, or of the virial, in the labels [found].
        max_frames: Frames to evaluate at most, or 'all' [1000].
        seed: Of the choice of frames.
        frames: Of these frames those alone that are in a slice of the file, counted from 0, the last one left out [the
            whole file].
        worst: Write the N worst frames of the best model, with forces.
        reevaluate: Evaluate again what was evaluated on these labels before.
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def disagree(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    sampler: str | None = None,
    temperature: str | None = None,
    timestep: str | None = None,
    atoms: str | int | None = None,
    budget: str | None = None,
    force_mae: str | None = None,
    select: int = 20,
    output: str | PathLike[str] | None = None,
    models: str | Sequence[str] | None = None,
    add: str | None = None,
    index: str | int | None = None,
    preset: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[Disagreement]:
    """Compare models with each other on a structure, without labels, and say what to label.

    Args:
        sampler: Model that makes the run [the first of --models].
        temperature: Temperature of the run [300K].
        timestep: Integration step of the run [by the lightest atom].
        atoms: Atoms of the supercell [64; a larger cell stays as it is].
        budget: Wall time, loading included [3m].
        force_mae: Force error that you can bear: what is judged against.
        select: Number of frames to label.
        output: Write the frames to label here [STRUCTURE-to-label.extxyz].
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        models: Models to compare, two at least.
        add: Add dispersion to every model: d3, d4, with the parameters of its functional.
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def stability(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    budget: str | None = None,
    threads: int | None = None,
    models: str | Sequence[str] | None = None,
    add: str | None = None,
    timestep: str | None = None,
    temperature: str | None = None,
    index: str | int | None = None,
    preset: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    calculator: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[StabilityData]:
    """Test whether models make a stable run: energy drift, longest time step, smoothness, symmetry.

    Args:
        budget: Wall time for testing all models together; the shortest tests may take longer [3m].
        threads: Threads of each model [all usable cores].
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        models: Models to test.
        add: Add dispersion to every model: d3, d4, with the parameters of its functional.
        timestep: Integration step [from the lightest atom].
        temperature: Temperature of the runs [300K].
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        calculator: A model of your own: my_model.py, package.module:function, a model's file; may be repeated.
        weights: A checkpoint file for a model; may be repeated.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def plan(
    model: str,
    *,
    structure: str | PathLike[str] | Atoms | None = None,
    atoms: str | int | None = None,
    time: str | None = None,
    timestep: str | None = None,
    budget: str | None = None,
    hardware: str | Sequence[str] | None = None,
    max_devices: int = 8,
    index: str | int | None = None,
    preset: str | None = None,
    charge: str | int | None = None,
    spin: str | int | None = None,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[HardwarePlan]:
    """Say what hardware a run of one model needs: which devices and how many, and what would change it.

    Args:
        model: Id or alias of a model.
        structure: Your structure [a bulk of medium density].
        atoms: Atoms to simulate [as in the structure].
        time: Simulated time [100ps].
        timestep: Integration step [by the lightest atom].
        budget: Wall time the run may take [24h].
        hardware: Answer for hardware that is not here: A100-80GB, 4xH100-80GB or a profile file; see 'mlipguide
            hardware list'.
        max_devices: Largest number of devices to consider.
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        charge: Total charge of the structure [as the file says].
        spin: Spin multiplicity 2S + 1 of the structure [as the file says].
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def train_pilot(
    labelled: str | PathLike[str],
    *,
    energy_key: str | None = None,
    forces_key: str | None = None,
    engines: str | Sequence[str] | None = None,
    target_force_mae: str | None = None,
    budget: str | None = None,
    test: str | PathLike[str] | None = None,
    models: str | Sequence[str] | None = None,
    base: str | None = None,
    folder: str | PathLike[str] | None = None,
    seed: int = 0,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[PilotData]:
    """Fit small and large models to parts of the data: what training gives, and what more data would.

    Args:
        energy_key: Name of the energy in the labels [found].
        forces_key: Name of the forces in the labels [found].
        labelled: Frames with energies and forces: extxyz, ...
        engines: pod, nep, fine-tune [all that are ready].
        target_force_mae: Error to reach on the test frames.
        budget: Wall time for everything [10m].
        test: Frames to test on; some of LABELLED by default.
        models: Pretrained models to compare with, ready or none [ready].
        base: What fine-tune trains further [sevennet-0].
        folder: Where everything is kept [<name of LABELLED>-training here].
        seed: Of the test frames, the subsets and the fits.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def train_fit(
    labelled: str | PathLike[str],
    *,
    energy_key: str | None = None,
    forces_key: str | None = None,
    engine: str,
    size: str | None = None,
    budget: str | None = None,
    test: str | PathLike[str] | None = None,
    id: str | None = None,
    base: str | None = None,
    frozen_layers: int = 0,
    replay: str | PathLike[str] | None = None,
    folder: str | PathLike[str] | None = None,
    temperature: str | None = None,
    seed: int = 0,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[FitData]:
    """Fit a model to everything but the test frames, and hand over a potential that runs.

    Args:
        energy_key: Name of the energy in the labels [found].
        forces_key: Name of the forces in the labels [found].
        labelled: Frames with energies and forces: extxyz, ...
        engine: pod, nep or fine-tune.
        size: small, medium, large [the pilot's best].
        budget: Wall time, which the fit itself may exceed [10m].
        test: Frames to test on; some of LABELLED by default.
        id: Name of the new model [after file, engine and size].
        base: What fine-tune trains further [sevennet-0].
        frozen_layers: The embedding and the first N layers of the base model stay as they are [0, all are trained].
        replay: Structures, without labels, on which the base model is held to what it says of them now.
        folder: Where everything is kept [<name of LABELLED>-training here].
        temperature: That the potential is for, at which it has to keep its energy [the highest of the frames, else
            300K].
        seed: Of the test frames, the subsets and the fits.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def train_finetune(
    labelled: str | PathLike[str],
    *,
    energy_key: str | None = None,
    forces_key: str | None = None,
    model: str,
    budget: str | None = None,
    test: str | PathLike[str] | None = None,
    id: str | None = None,
    frozen_layers: int = 0,
    replay: str | PathLike[str] | None = None,
    folder: str | PathLike[str] | None = None,
    temperature: str | None = None,
    seed: int = 0,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[FitData]:
    """Train a pretrained model further on labelled frames.

    Args:
        energy_key: Name of the energy in the labels [found].
        forces_key: Name of the forces in the labels [found].
        labelled: Frames with energies and forces: extxyz, ...
        model: The model that is trained further.
        budget: Wall time, which the fit itself may exceed [10m].
        test: Frames to test on; some of LABELLED by default.
        id: Name of the new model [after file and engine].
        frozen_layers: The embedding and the first N layers of the base model stay as they are [0, all are trained].
        replay: Structures, without labels, on which the base model is held to what it says of them now.
        folder: Where everything is kept [<name of LABELLED>-training here].
        temperature: That the potential is for, at which it has to keep its energy [the highest of the frames, else
            300K].
        seed: Of the test frames, the subsets and the fits.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """

def train_distil(
    structure: str | PathLike[str] | Atoms | None = None,
    *,
    teacher: str,
    temperature: str | None = None,
    timestep: str | None = None,
    budget: str | None = None,
    engine: str | None = None,
    size: str | None = None,
    frames: str | int | None = None,
    index: str | int | None = None,
    preset: str | None = None,
    id: str | None = None,
    weights: Mapping[str, str | PathLike[str]] | Sequence[str] | None = None,
    folder: str | PathLike[str] | None = None,
    seed: int = 0,
    yes: bool = False,
    on_progress: Callable[[str, float], object] | None = None,
) -> Answer[Distillation]:
    """Teach a fast potential by a slow model: label, fit, let it run, label where it is weak, fit again.

    Args:
        structure: Any file that ASE reads: CIF, POSCAR, extxyz, PDB, ...
        teacher: The model that labels; or what --calculator takes elsewhere.
        temperature: That the potential is for [300K].
        timestep: Integration step [by the lightest atom].
        budget: Wall time for everything [30m].
        engine: pod or nep [by the number of elements].
        size: small, medium, large [small, the fastest].
        frames: Frames that each further round labels [auto].
        index: Frame of a file with several, from 0; -1, the last, by default.
        preset: A built-in structure instead of a file, e.g. water.
        id: Name of the new model [after structure, engine, teacher].
        weights: A checkpoint file for a model; may be repeated.
        folder: Where everything is kept [<structure>-distilled].
        seed: Of everything random.
        yes: Build missing environments and download weights without asking.
        on_progress: Is told what is being done and the share that is done; nothing is printed.

    Returns:
        The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.

    Raises:
        MlipguideError: What the command would end with: message, hint and kind.
    """
