"""``mlipguide recommend``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options


def recommend(
    structure: options.Structure = None,
    *,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="md, relax, screen, phonons, neb or prerelax (before DFT) [md].")
    ] = None,
    atoms: Annotated[str | None, typer.Option(metavar="N", help="Atoms to simulate [as in the structure].")] = None,
    structures: Annotated[
        str | None, typer.Option(metavar="N", help="Structures like this one, of --kind screen [100].")
    ] = None,
    images: Annotated[str | None, typer.Option(metavar="N", help="Moving images, of --kind neb [7].")] = None,
    time: Annotated[str | None, typer.Option(metavar="1ns", help="Simulated time, of --kind md [100ps].")] = None,
    timestep: Annotated[
        str | None, typer.Option(metavar="1fs", help="Integration step [by the lightest atom and the temperature].")
    ] = None,
    temperature: Annotated[str | None, typer.Option(metavar="300K", help="Temperature [300K].")] = None,
    budget: Annotated[str | None, typer.Option(metavar="24h", help="Wall time the run may take [24h].")] = None,
    force_mae: Annotated[
        str | None, typer.Option(metavar="100meV/A", help="Largest acceptable mean absolute force error.")
    ] = None,
    energy_mae: Annotated[
        str | None, typer.Option(metavar="5meV/atom", help="Largest acceptable mean absolute energy error.")
    ] = None,
    needs: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="What the model must give: stress, nve, ...; -surfaces declines a suggestion."
        ),
    ] = None,
    no_derive: Annotated[
        bool, typer.Option("--no-derive", help="Suggest no needs from the structure (a slab, a molecule, ...).")
    ] = False,
    commercial: Annotated[
        bool,
        typer.Option(
            "--commercial",
            help="Only models whose licences allow commercial use (yes, or with conditions: then in doubt).",
        ),
    ] = False,
    dft_cost: Annotated[
        str | None, typer.Option(metavar="2h", help="Time of one reference calculation [an order of magnitude].")
    ] = None,
    dft_cores: Annotated[str | None, typer.Option(metavar="N", help="Cores that it occupies [1].")] = None,
    dft_atoms: Annotated[
        str | None, typer.Option(metavar="N", help="Atoms of its cell [those of the cells to be labelled].")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Frames with reference energies and forces: models are compared on them."),
    ] = None,
    labels_budget: Annotated[
        str | None, typer.Option(metavar="5m", help="Wall time for comparing all models with the labels [5m].")
    ] = None,
    energy_key: options.EnergyKey = None,
    forces_key: options.ForcesKey = None,
    stress_key: options.StressKey = None,
    no_stored_labels: Annotated[
        bool, typer.Option("--no-stored-labels", help="Leave errors out that 'evaluate' found on this system before.")
    ] = False,
    models: Annotated[
        str | None,
        typer.Option(
            "--models", metavar="A,B", help="Only these models; 'available': those that can be started here as it is."
        ),
    ] = None,
    hardware: options.Hardware = None,
    index: options.Index = None,
    preset: options.Preset = None,
    charge: options.Charge = None,
    spin: options.Spin = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="TASK.yaml", help="Read the task from a file; options given here win."),
    ] = None,
    measure_budget: Annotated[
        str | None, typer.Option(metavar="75s", help="Wall time for loading and timing all models together [75s].")
    ] = None,
    remeasure: Annotated[bool, typer.Option("--remeasure", help="Measure again what was measured before.")] = False,
    no_measure: Annotated[
        bool, typer.Option("--no-measure", help="Predict from earlier measurements only, also of other structures.")
    ] = False,
    why: Annotated[
        str | None, typer.Option("--why", metavar="MODEL", help="Show why this model got its verdict, with sources.")
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Ask the questions one by one, then answer.")
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option(metavar="RUN.py", help="Write a script for the production run; RUN.lammps is for LAMMPS."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="M", help="The model of that script [the chosen one].")] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --write replace files that exist.")] = False,
    no_smoke_test: Annotated[
        bool, typer.Option("--no-smoke-test", help="Hand the script over without trying ten steps of it.")
    ] = False,
    each: options.Each = False,
    weights: options.Weights = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw time to solution against simulated time as .png or .svg."),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Show every model, price and reason instead of one screen.")
    ] = False,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> int:
    """Say which model to run for a simulation, with which settings, how long it takes and whether it fits.

    Candidates are timed on your own structure; nothing is installed without your consent.
    """
    from dataclasses import replace
    from functools import partial

    from mlipguide.cli.interview import interview
    from mlipguide.cli.output import emit
    from mlipguide.commands.recommend import Options, recommend
    from mlipguide.report.figures.break_even_plot import save_break_even
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.pages.recommend_details import recommend_details
    from mlipguide.report.pages.recommend_page import recommend_page, told_beside
    from mlipguide.report.progress import progress
    from mlipguide.tasks.requests import TaskRequest, read_request

    request = TaskRequest(
        structure=structure,
        index=index,
        preset=preset,
        kind=kind,
        atoms=atoms,
        structures=structures,
        images=images,
        time=time,
        timestep=timestep,
        temperature=temperature,
        budget=budget,
        force_mae=force_mae,
        energy_mae=energy_mae,
        needs=needs,
        derive=False if no_derive else None,
        commercial=commercial or None,
        models=models,
        measure_budget=measure_budget,
        hardware=hardware,
        dft_cost=dft_cost,
        dft_cores=dft_cores,
        dft_atoms=dft_atoms,
        labels=None if labels is None else str(labels),
        labels_budget=labels_budget,
        energy_key=energy_key,
        forces_key=forces_key,
        stress_key=stress_key,
        charge=charge,
        spin=spin,
    )
    if plot is not None:
        require_plottable(plot)
    if config is not None:
        request = request.over(read_request(config))
    if interactive:
        request = interview(request, options.asker("--interactive"))
    consent = options.consent(yes=yes, as_json=as_json)
    with progress() as report:
        result = recommend(
            request,
            Options(
                consent=consent,
                remeasure=remeasure,
                measure=not no_measure,
                stored_labels=not no_stored_labels,
                script=options.script(write, model=model, force=force, smoke_test=not no_smoke_test),
                each=each,
                weights=options.parse_weights(weights),
                on_progress=report,
                on_timing=report.timing,
            ),
        )
    if plot is not None:
        save_break_even(result.data, plot)
    if why is not None and not as_json:
        return options.explain_verdict(result, why)
    if details or as_json:
        return emit("recommend", result, recommend_details, as_json=as_json)
    page = partial(recommend_page, notices=result.notices)
    told = replace(result, notices=told_beside(result.data, result.notices))
    return emit("recommend", told, page, as_json=False)
