"""``mlipguide train``: pilots, final fits, distillation."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mlipguide.cli import options

app = typer.Typer(
    help="Train a potential on labelled frames, or distil one from a model.",
    no_args_is_help=True,
)

Labelled = Annotated[Path, typer.Argument(metavar="LABELLED", help="Frames with energies and forces: extxyz, ...")]
Test = Annotated[
    Path | None, typer.Option("--test", metavar="FILE", help="Frames to test on; some of LABELLED by default.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Where everything is kept [<name of LABELLED>-training here]."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of the test frames, the subsets and the fits.", min=0)]

Base = Annotated[
    str | None, typer.Option("--base", metavar="MODEL", help="What fine-tune trains further [sevennet-0].")
]
FrozenLayers = Annotated[
    int,
    typer.Option(
        "--frozen-layers",
        metavar="N",
        help="The embedding and the first N layers of the base model stay as they are [0, all are trained].",
        min=0,
    ),
]
Temperature = Annotated[
    str | None,
    typer.Option(
        "--temperature",
        metavar="600K",
        help="That the potential is for, at which it has to keep its energy [the highest of the frames, else 300K].",
    ),
]
Replay = Annotated[
    Path | None,
    typer.Option(
        "--replay",
        metavar="FILE",
        help="Structures, without labels, on which the base model is held to what it says of them now.",
    ),
]


@app.command("pilot", epilog="Interrupted and called again it goes on; with a longer --budget it does more fits.")
def pilot(
    labelled: Labelled,
    *,
    engines: Annotated[
        str | None, typer.Option("--engines", metavar="A,B", help="pod, nep, fine-tune [all that are ready].")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target-force-mae", metavar="70meV/A", help="Error to reach on the test frames.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="10m", help="Wall time for everything [10m].")
    ] = None,
    test: Test = None,
    models: Annotated[
        str | None,
        typer.Option("--models", metavar="A,B", help="Pretrained models to compare with, ready or none [ready]."),
    ] = None,
    base: Base = None,
    folder: Folder = None,
    seed: Seed = 0,
    energy_key: options.EnergyKey = None,
    forces_key: options.ForcesKey = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the learning curves as .png or .svg.")
    ] = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Fit small and large models to parts of the data: what training gives, and what more data would."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.train_pilot import PilotRequest, train_pilot
    from mlipguide.report.figures.picture_files import require_plottable
    from mlipguide.report.figures.pilot_plot import save_plot
    from mlipguide.report.pages.pilot_page import pilot_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import typed
    from mlipguide.structures.label_keys import LabelKeys
    from mlipguide.training.fit.setup import Options

    if plot is not None:
        require_plottable(plot)
    with progress() as report:
        result = train_pilot(
            PilotRequest(
                labelled=labelled.expanduser(),
                test=None if test is None else test.expanduser(),
                engines=engines,
                target=target,
                budget=budget,
                models=models,
                base=base,
                folder=folder,
                seed=seed,
                keys=LabelKeys(energy=energy_key, forces=forces_key),
            ),
            Options(consent=options.consent(yes=yes, as_json=as_json), on_progress=report),
        )
    if plot is not None:
        save_plot(result.data, plot)
    keys = {"--energy-key": energy_key, "--forces-key": forces_key}
    given = typed(labelled, {"--test": test, "--seed": seed or None, **keys})
    again = typed(None, {"--engines": engines, "--target-force-mae": target, "--models": models, "--base": base})
    return emit("train pilot", result, partial(pilot_page, given=given, again=again, details=details), as_json=as_json)


@app.command("fit", epilog="A fit that a pilot in the same folder made is not made again.")
def fit(
    labelled: Labelled,
    *,
    engine: Annotated[str, typer.Option("--engine", metavar="NAME", help="pod, nep or fine-tune.")],
    size: Annotated[
        str | None, typer.Option("--size", metavar="NAME", help="small, medium, large [the pilot's best].")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="10m", help="Wall time, which the fit itself may exceed [10m].")
    ] = None,
    test: Test = None,
    model: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Name of the new model [after file, engine and size].")
    ] = None,
    base: Base = None,
    frozen_layers: FrozenLayers = 0,
    replay: Replay = None,
    folder: Folder = None,
    temperature: Temperature = None,
    seed: Seed = 0,
    energy_key: options.EnergyKey = None,
    forces_key: options.ForcesKey = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Fit a model to everything but the test frames, and hand over a potential that runs."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.train_fit import FitRequest, train_fit
    from mlipguide.report.pages.fit_page import fit_page
    from mlipguide.report.progress import progress
    from mlipguide.structures.label_keys import LabelKeys
    from mlipguide.training.fit.setup import Options

    with progress() as report:
        result = train_fit(
            FitRequest(
                labelled=labelled.expanduser(),
                engine=engine,
                size=size,
                test=None if test is None else test.expanduser(),
                budget=budget,
                folder=folder,
                model=model,
                base=base,
                frozen_layers=frozen_layers,
                replay=None if replay is None else replay.expanduser(),
                temperature=temperature,
                seed=seed,
                keys=LabelKeys(energy=energy_key, forces=forces_key),
            ),
            Options(consent=options.consent(yes=yes, as_json=as_json), on_progress=report),
        )
    return emit("train fit", result, partial(fit_page, details=details), as_json=as_json)


@app.command("finetune", epilog="The same as 'train fit --engine fine-tune'.")
def finetune(
    labelled: Labelled,
    *,
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="The model that is trained further.")],
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="15m", help="Wall time, which the fit itself may exceed [10m].")
    ] = None,
    test: Test = None,
    model_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Name of the new model [after file and engine].")
    ] = None,
    frozen_layers: FrozenLayers = 0,
    replay: Replay = None,
    folder: Folder = None,
    temperature: Temperature = None,
    seed: Seed = 0,
    energy_key: options.EnergyKey = None,
    forces_key: options.ForcesKey = None,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Train a pretrained model further on labelled frames."""
    return fit(
        labelled,
        engine="fine-tune",
        size=None,
        budget=budget,
        test=test,
        model=model_id,
        base=model,
        frozen_layers=frozen_layers,
        replay=replay,
        folder=folder,
        temperature=temperature,
        seed=seed,
        energy_key=energy_key,
        forces_key=forces_key,
        yes=yes,
        details=details,
        as_json=as_json,
    )


@app.command("distil", epilog="Interrupted and called again it goes on; with a longer --budget it does more rounds.")
def distil(
    structure: options.Structure = None,
    *,
    teacher: Annotated[str, typer.Option("--teacher", metavar="MODEL", help="The model that labels.")],
    temperature: Annotated[
        str | None, typer.Option("--temperature", metavar="600K", help="That the potential is for [300K].")
    ] = None,
    timestep: Annotated[
        str | None, typer.Option("--timestep", metavar="2fs", help="Integration step [by the lightest atom].")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="30m", help="Wall time for everything [30m].")
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", metavar="NAME", help="pod or nep [by the number of elements].")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="NAME", help="small, medium, large [small, the fastest].")
    ] = None,
    frames: Annotated[
        str | None, typer.Option("--frames", metavar="N", help="Frames that each further round labels [auto].")
    ] = None,
    index: options.Index = None,
    preset: options.Preset = None,
    model: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Name of the new model [after structure, engine, teacher].")
    ] = None,
    weights: options.Weights = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where everything is kept [<structure>-distilled].")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of everything random.", min=0)] = 0,
    yes: options.Yes = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Teach a fast potential by a slow model: label, fit, let it run, label where it is weak, fit again."""
    from mlipguide.cli.output import emit
    from mlipguide.commands.train_distil import DistilRequest, train_distil
    from mlipguide.report.pages.distil_page import distil_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words, typed
    from mlipguide.training.fit.setup import Options

    with progress() as report:
        result = train_distil(
            DistilRequest(
                structure=structure,
                preset=preset,
                index=index,
                teacher=teacher,
                temperature=temperature,
                timestep=timestep,
                budget=budget,
                engine=engine,
                size=size,
                frames=frames,
                folder=folder,
                model_id=model,
                seed=seed,
            ),
            Options(
                consent=options.consent(yes=yes, as_json=as_json),
                weights=options.parse_weights(weights),
                on_progress=report,
            ),
        )
    given = structure_words(structure, preset=preset, index=index)
    again = typed(
        None,
        {
            "--temperature": temperature,
            "--timestep": timestep,
            "--engine": engine,
            "--size": size,
            "--frames": frames,
            "--id": model,
            "--seed": seed or None,
        },
    )
    page = partial(distil_page, given=given, again=again, details=details)
    return emit("train distil", result, page, as_json=as_json)
