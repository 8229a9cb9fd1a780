"""``models list``, ``show`` and ``compare``, from the command line to the page and to JSON."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from fake_models import STRUCTURES, FakeModels, Run, fake_card, make_machine
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.know import models as workflow
from mlipguide.core.errors import ExitCode
from mlipguide.core.serialisation import to_plain
from mlipguide.records.models.model_card import DomainFact, Metrics, ModelCard, TrainingCost
from mlipguide.records.models.terms import CommercialUse, Domain, Forces, LifeCycle, Need
from mlipguide.report.exports.envelope import VERSIONS
from mlipguide.testing.fake_session import linear

ANOTHER_DATE = "2026-03-04"


def doubtful(card: ModelCard, use: CommercialUse) -> ModelCard:
    return replace(card, licences=replace(card.licences, weights=replace(card.licences.weights, commercial=use)))


def make_metrics() -> Metrics:
    return Metrics(
        f1=0.9,
        kappa_srme=0.3,
        rmsd=0.06,
        cps=0.85,
        md_force_rmse_ev_per_angstrom=0.05,
        sources=("mlipguide_tests",),
        read_on=ANOTHER_DATE,
        md_run_time_s=7200.0,
        md_hardware="A100",
    )


def make_cards() -> tuple[ModelCard, ...]:
    """Return cards of a family of their own: one that is right, and others that differ from it in one thing each."""
    right = fake_card("t-right", provides=(Need.STRESS, Need.CONSERVATIVE))
    right = replace(
        right,
        architecture=replace(right.architecture, family="Tested", time_law="t"),
        training=replace(
            right.training,
            sets=("Tested-10k",),
            elements=("Li", "Fe", "P", "O"),
            level_of_theory="r2SCAN, no U",
            domains=(DomainFact(domain=Domain.LIQUIDS, evidence="Melts.", sources=("mlipguide_tests",)),),
            cost=TrainingCost(devices=8, device="A100", hours=12.5, sources=("mlipguide_tests",)),
        ),
        metrics=make_metrics(),
    )
    direct = replace(right.architecture, forces=Forces.DIRECT)
    return (
        right,
        replace(right, id="t-direct", architecture=direct, provides=(Need.STRESS,)),
        replace(right, id="t-few", training=replace(right.training, elements=("Li", "O"), cost=None, domains=())),
        replace(right, id="t-old", life_cycle=LifeCycle.SUPERSEDED, superseded_by="t-right"),
        doubtful(replace(right, id="t-conditions"), CommercialUse.CONDITIONS),
        doubtful(replace(right, id="t-conflict"), CommercialUse.CONFLICT),
        doubtful(replace(right, id="t-no"), CommercialUse.NO),
    )


@pytest.fixture
def tested(fake_models: FakeModels) -> FakeModels:
    """Put the cards into the catalogue."""
    for card in make_cards():
        fake_models.add(card.id, card, time_law=linear(1e-4))
    return fake_models


def test_each_option_leaves_out_what_it_says(run: Run, tested: FakeModels) -> None:
    def ids(*options: str) -> set[str]:
        outcome = run("models", "list", "--family", "tested", *options, "--json")
        assert outcome.code == ExitCode.DONE
        return {item["id"].removeprefix("t-") for item in outcome.document["data"]["models"]}

    assert tested.makers
    everything = {"right", "direct", "few", "conditions", "conflict", "no"}
    assert ids() == everything
    assert ids("--all") == everything | {"old"}
    assert ids("--elements", "Li,Fe,P,O") == everything - {"few"}
    assert ids("--conservative") == everything - {"direct"}
    assert ids("--needs", "stress,conservative") == everything - {"direct"}
    assert ids("--needs", "magnetism") == set()
    assert ids("--commercial") == {"right", "direct", "few", "conditions"}
    assert ids("--domain", "liquids") == everything - {"few"}
    assert ids("--backend", "toy") == everything
    assert ids("--level-of-theory", "R2scan") == everything
    assert ids("--training-set", "tested-10k") == everything
    assert ids("--elements", "Li,Fe", "--commercial", "--conservative") == {"right", "conditions"}
    assert ids("--available") == everything  # the toy backend is where mlipguide is
    assert ids("--backend", "sevenn") == set()


def test_what_was_left_out_is_told(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    options = ["--family", "Tested", "--commercial"]
    outcome = run("models", "list", *options)
    page = " ".join(outcome.out.split())
    assert "Commercial use has conditions, which are to be read: t-conditions." in page
    assert "All else fits, but commercial use is 'conflict': t-conflict." in page
    assert "Superseded or deprecated, all else fits: t-old; --all shows them." in page
    assert ANOTHER_DATE in page
    data = run("models", "list", *options, "--json").document["data"]
    left_out = {item["model"]: [reason["filter"] for reason in item["reasons"]] for item in data["left_out"]}
    assert left_out["t-no"] == ["commercial"]
    assert left_out["t-old"] == ["life-cycle"]
    assert "family" in left_out["sevennet-0"]
    assert len(left_out) + len(data["models"]) == len(load_catalogue().cards)


def test_why_a_model_is_left_out(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    options = ["--elements", "Fe", "--conservative", "--why"]
    assert run("models", "list", *options, "T-Few").out.splitlines() == [
        "t-few is left out:",
        "  elements: Fe not in its training data (Tested-10k).",
    ]
    assert "t-right is in the list" in run("models", "list", *options, "t-right").out
    why = run("models", "list", *options, "t-direct", "--json").document["data"]["why"]
    assert (why["model"], why["listed"]) == ("t-direct", False)
    assert [reason["filter"] for reason in why["reasons"]] == ["conservative"]


def test_the_dates_are_those_of_what_is_shown(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    page = " ".join(run("models", "list", "--family", "Tested").out.split())
    assert f"Matbench Discovery, read {ANOTHER_DATE}. Licences read 2026-11-22." in page
    tested.add("t-unrated", replace(make_cards()[0], id="t-unrated", metrics=None))
    tested.add("t-later", replace(make_cards()[0], id="t-later", metrics=replace(make_metrics(), read_on="2027-01-01")))
    page = " ".join(run("models", "list", "--family", "Tested").out.split())
    assert f"Matbench Discovery, read {ANOTHER_DATE} to 2027-01-01." in page
    page = " ".join(run("models", "show", "t-unrated").out.split())
    assert "Matbench" not in page
    assert "Licences read 2026-11-22." in page


def test_a_list_begins_with_how_many_there_are(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    lines = run("models", "list", "--family", "Tested").out.splitlines()
    assert lines[0].startswith(f"6 of {len(load_catalogue().cards)} models.")
    assert lines[2].split()[0] == "Model"
    everything = run("models", "list")
    lines = everything.out.splitlines()
    assert len(lines) <= 30
    counts = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("MACE ")}
    data = run("models", "list", "--json").document["data"]["models"]
    assert counts["MACE"] == sum(card["architecture"]["family"] == "MACE" for card in data)
    rows = run("models", "list", "--details").out
    assert all(f"\n{card['id']} " in rows for card in data)


def test_a_superseded_model_is_told_to_be_one_before_all_else(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    lines = run("models", "show", "t-old").out.splitlines()
    assert lines[0].startswith("Superseded; take t-right.")
    assert any(line.startswith("  mlipguide models compare t-old t-right ") for line in lines)
    assert len(lines) <= 30
    assert "commercial use not allowed" in run("models", "show", "t-no").out.splitlines()[0]


def test_compare_begins_with_what_tells_them_apart(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    lines = run("models", "compare", "t-right", "t-direct").out.splitlines()
    assert lines[0].startswith("t-direct: forces are predicted directly")
    assert len(lines) <= 30
    rows = [line for line in lines if line.startswith("≠ ")]
    assert [row.split()[1] for row in rows] == ["Forces"]


def test_nothing_fits(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    outcome = run("models", "list", "--family", "Tested", "--needs", "spin")
    assert outcome.code == ExitCode.DONE
    assert outcome.out.startswith("None of ")
    assert "needs" in outcome.out


def test_sorting(run: Run, fake_models: FakeModels) -> None:
    for name, kappa in {"k-a": 0.7, "k-b": None, "k-c": 0.2}.items():
        card = fake_card(name, kappa=kappa)
        fake_models.add(name, replace(card, architecture=replace(card.architecture, family="Sorted")))

    def order(*options: str) -> list[str]:
        outcome = run("models", "list", "--family", "Sorted", *options, "--json")
        return [item["id"] for item in outcome.document["data"]["models"]]

    assert order() == ["k-a", "k-b", "k-c"]
    assert order("--sort", "kappa") == ["k-c", "k-a", "k-b"]
    assert order("--sort", "Kappa", "--reverse") == ["k-a", "k-c", "k-b"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--elements", "Li,Fr3"], ["--elements: 'Fr3' is not a chemical symbol", "Li,Fe,P,O"]),
        (["--elements", "li"], ["Did you mean 'Li'?"]),
        (["--elements", "LiFePO4"], ["'LiFePO4' is not a chemical symbol", "with commas"]),
        (["--needs", "stres"], ["Did you mean 'stress'?"]),
        (["--domain", "liquid"], ["Did you mean 'liquids'?"]),
        (["--backend", "mace"], ["no model has the backend 'mace'", "mace-torch"]),
        (["--family", "SevenNets"], ["Did you mean 'SevenNet'?"]),
        (["--training-set", "MPtraj"], ["Did you mean 'MPtrj'?"]),
        (["--level-of-theory", "r2scna"], ["no model's holds 'r2scna'", "Did you mean 'r2SCAN'?"]),
        (["--sort", "kapa"], ["Did you mean 'kappa'?"]),
        (["--why", "sevenet-0"], ["Did you mean 'sevennet-0'?"]),
        (["--cards", "nowhere"], ["nowhere does not exist"]),
    ],
)
def test_options_that_cannot_be_understood(run: Run, options: list[str], says: list[str]) -> None:
    outcome = run("models", "list", *options)
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.out == ""
    assert outcome.err.count("Error:") == 1
    for words in says:
        assert words in outcome.err


def test_a_folder_of_cards_is_read_as_well(run: Run, tmp_path: Path, fake_models: FakeModels) -> None:
    assert fake_models.plugin.models.is_dir()
    folder = tmp_path / "cards"
    folder.mkdir()
    card = replace(make_cards()[0], id="in-folder")
    (folder / "in-folder.yaml").write_text(yaml.safe_dump(to_plain(card)), encoding="utf-8")
    (folder / "sources.bib").write_text(
        "@misc{mlipguide_tests, title = {A page of mine}, url = {https://a.invalid/b}}\n", encoding="utf-8"
    )
    assert run("models", "show", "in-folder").code == ExitCode.BAD_INPUT
    page = run("models", "show", "in-folder", "--cards", folder, "--details").out
    assert "A page of mine" in page
    assert "https://a.invalid/b" in page
    assert "in-folder" in run("models", "list", "--cards", folder, "--details").out
    assert "in-folder" in run("models", "compare", "in-folder", "chgnet", "--cards", folder).out


@pytest.fixture
def on_test_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``show`` and ``compare`` look for measurements of the machine on which fake models are timed."""
    for name in ("show_model", "compare_models"):
        monkeypatch.setattr(workflow, name, partial(getattr(workflow, name), probe=make_machine))


@pytest.mark.usefixtures("on_test_machine")
def test_show_tells_everything(run: Run, tested: FakeModels) -> None:
    assert tested.makers
    page = run("models", "show", "T-RIGHT", "--details").out
    words = " ".join(page.split())
    for expected in (
        "Tested, 5 parameters, cutoff 5.5 Å, 1 layers, conservative forces",
        "energy, forces, stress",
        "Tested-10k; r2SCAN, no U [mlipguide_tests]",
        "4: Li O P Fe",
        "liquids: Melts. [mlipguide_tests]",
        "8 × A100, 12.5 h (100 device-hours) [mlipguide_tests]",
        "MIT; commercial use: yes (read 2026-11-22) [mlipguide_tests].",
        "in the package toy",
        "host environment of toy",
        "F1 0.900, κ_SRME 0.300, RMSD 0.06, CPS 0.850 [mlipguide_tests]",
        "force RMSE 50 meV/Å; run time 2 h on A100",
        "mlipguide bench STRUCTURE --models t-right",
        "[mlipguide_tests] A toy",
        f"Matbench Discovery, read {ANOTHER_DATE}",
    ):
        assert expected in words


@pytest.mark.usefixtures("on_test_machine")
def test_show_tells_what_is_measured_here(run: Run, tested: FakeModels) -> None:
    assert run("bench", STRUCTURES / "Si.POSCAR", "--models", "t-right", "--sizes", "8,64").code == ExitCode.DONE
    assert tested.opened
    data = run("models", "show", "t-right", "--json").document["data"]
    assert [(item["structure"], item["result"]["atoms"]) for item in data["measured"]] == [("Si", 8), ("Si", 64)]
    assert all(item["of_this_model"] for item in data["measured"])
    page = run("models", "show", "t-right").out
    rows = [line.split() for line in page.splitlines() if line.startswith("Si ")]
    assert [row[:4] for row in rows] == [["Si", "8", "800", "µs"], ["Si", "64", "6.4", "ms"]]
    assert "4 threads, float32" in page
    lent = run("models", "show", "t-few", "--json").document["data"]["measured"]
    assert [item["of_this_model"] for item in lent] == [False, False]
    assert "as t-right" in run("models", "show", "t-few").out


@pytest.mark.usefixtures("on_test_machine")
@pytest.mark.parametrize("width", ["60", "80", "100"])
def test_compare_marks_what_differs(run: Run, tested: FakeModels, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    assert run("bench", STRUCTURES / "Si.POSCAR", "--models", "t-right", "--sizes", "64").code == ExitCode.DONE
    assert tested.opened
    monkeypatch.setenv("COLUMNS", width)
    outcome = run("models", "compare", "t-right", "T-DIRECT", "t-few", "t-old", "--details")
    assert outcome.code == ExitCode.DONE
    lines = outcome.out.splitlines()
    assert all(len(line) <= int(width) for line in lines if not line.startswith("  mlipguide "))
    marked = {line[2:].split("  ")[0] for line in lines if line.startswith("≠ ")}
    assert marked >= {"State", "Forces", "Elements"}
    assert not marked & {"Backend", "Cutoff", "Trained on", "Commercial use"}
    words = " ".join(outcome.out.split())
    assert "t-old is superseded by t-right." in words
    assert "t-direct: forces are predicted directly" in words
    assert "same architecture: the same time and memory" in words
    assert "Si, 64 atoms" in words
    assert ANOTHER_DATE in words


def test_compare_needs_two_different_models(run: Run) -> None:
    for names in (["chgnet"], ["chgnet", "chgnet-0.3.0"]):
        outcome = run("models", "compare", *names)
        assert outcome.code == ExitCode.BAD_INPUT
        assert "Only one model was named: chgnet-0.3.0" in outcome.err
    outcome = run("models", "compare", "chgnet", "sevennet0", "--json")
    assert outcome.document["schema"] == f"mlipguide.models.compare/{VERSIONS.get('models compare', 1)}"
    assert "Did you mean 'sevennet-0'?" in outcome.document["errors"][0]["message"]


def test_comparison_as_json(run: Run) -> None:
    document = run("models", "compare", "mace-mp-0", "chgnet", "--json").document
    assert [item["id"] for item in document["data"]["models"]] == ["mace-mp-0-medium", "chgnet-0.3.0"]
    assert {item["about"] for item in document["data"]["differences"]} >= {"capabilities", "accuracy"}
    assert len(document["data"]["measured"]) == 2


def test_notices_of_plugins_are_shown(run: Run, tested: FakeModels) -> None:
    (tested.plugin.models / "bad.yaml").write_text("id: bad\n", encoding="utf-8")
    for words in (["list"], ["show", "sevennet-0"], ["compare", "sevennet-0", "chgnet"]):
        assert "plug-in 'toy' were left out" in run("models", *words).err.replace("\n", " ")


SCRIPT = """
import sys
from mlipguide.__main__ import main
code = main(sys.argv[1:])
heavy = {"numpy", "scipy", "ase", "torch", "psutil"} & {name.partition(".")[0] for name in sys.modules}
sys.exit(code or (f"loaded {heavy}" if heavy else 0))
"""


@pytest.mark.parametrize("options", [[], ["--elements", "Li", "--commercial"], ["--available"], ["--json"]])
def test_a_list_loads_nothing_heavy(options: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "models", "list", *options], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
