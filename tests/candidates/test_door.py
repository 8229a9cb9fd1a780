"""One door for every calculator: what is given becomes a model under a name, and nothing is assumed of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ase
import pytest

from fake_models import make_machine
from mlipguide.candidates.door import admit, examine, looks_like_calculator, stated
from mlipguide.candidates.preparation import NO_CONSENT, Consent, prepare_candidates
from mlipguide.catalog.calculator_cards import remembered, time_law_of
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.own_models import write_own_card
from mlipguide.catalog.validation import validate_folder
from mlipguide.catalog.weights import find_weights
from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.core.paths import DATA_VARIABLE, calculators_dir
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import CommercialUse, Need, WeightsOrigin
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts
from own_calculators import EMT_FILE, EmtOpener

YES = Consent(granted=True, ask=None)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


@pytest.fixture
def opener() -> EmtOpener:
    return EmtOpener()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "My EMT.py"
    path.write_text(EMT_FILE, encoding="utf-8")
    return path


def admitted(*given: object, opener: EmtOpener, consent: Consent = NO_CONSENT) -> tuple[ModelCard, ...]:
    return admit([str(one) for one in given], load_catalogue(), make_machine, consent=consent, opener=opener)


def test_a_file_becomes_a_model_of_which_nothing_is_assumed(file: Path, opener: EmtOpener) -> None:
    (card,) = admitted(file, opener=opener)
    assert (card.id, card.backend) == ("my-emt", "calculator")
    assert card.weights.origin is WeightsOrigin.CALCULATOR
    assert (card.weights.name, card.weights.path) == ("make_calculator", str(file))
    assert (card.training.elements, card.training.level_of_theory, card.training.sets) == (None, None, ())
    architecture = card.architecture
    assert (architecture.parameters, architecture.cutoff_angstrom, architecture.layers) == (None, None, None)
    assert architecture.forces is None
    assert architecture.time_law == time_law_of(str(card.weights.sha256))
    assert card.licences.commercial is CommercialUse.UNKNOWN
    assert (card.provides, card.lacks) == ((Need.STRESS, Need.MAGNETISM), (Need.CHARGES,))
    assert opener.requests[0].settings.dtype == "own-precision"


def test_it_is_found_by_its_name_from_then_on_and_in_no_list(file: Path, opener: EmtOpener) -> None:
    (card,) = admitted(file, opener=opener)
    catalogue = load_catalogue()
    assert catalogue.find("My-EMT") == card
    assert card not in catalogue.cards
    assert find_weights(card, {}) == file
    assert validate_folder(calculators_dir()) == ()


def test_it_is_loaded_once_for_one_content(file: Path, opener: EmtOpener) -> None:
    (first,) = admitted(file, opener=opener)
    (again,) = admitted(file, opener=opener)
    assert again == first
    assert len(opener.requests) == 1
    file.write_text(EMT_FILE + "# changed\n", encoding="utf-8")
    (changed,) = admitted(file, opener=opener)
    assert len(opener.requests) == 2
    assert changed.id == first.id
    assert changed.architecture.time_law != first.architecture.time_law


def test_a_changed_file_found_by_its_name_is_another_content(file: Path, opener: EmtOpener) -> None:
    (card,) = admitted(file, opener=opener)
    file.write_text(EMT_FILE + "# changed\n", encoding="utf-8")
    found = load_catalogue().find("my-emt")
    assert found.weights.sha256 != card.weights.sha256
    assert (found.provides, found.lacks) == ((), ())  # what was seen of the former content is not known of this one
    file.unlink()
    with pytest.raises(InputError, match="which is not there any more"):
        load_catalogue().find("my-emt")


def test_its_content_counts_as_a_version(file: Path, opener: EmtOpener) -> None:
    (card,) = admitted(file, opener=opener)
    (item,) = prepare_candidates(
        [card], make_machine(), given_weights={}, consent=NO_CONSENT, on_progress=lambda _message: None
    ).candidates
    assert item.obstacle is None
    assert item.environment.versions["my-emt"] == str(card.weights.sha256)[:12]
    assert "ase" in item.environment.versions


def test_a_kept_one_is_taken_while_its_content_is_the_kept_one(file: Path, opener: EmtOpener) -> None:
    (card,) = admitted(file, opener=opener)
    kept = replace(card, id="kept", training=replace(card.training, elements=("Cu",)))
    write_own_card(kept)
    assert admitted(file, opener=opener) == (kept,)
    file.write_text(EMT_FILE + "# changed\n", encoding="utf-8")
    (changed,) = admitted(file, opener=opener)
    assert (changed.id, changed.training.elements) == ("my-emt", None)


def test_two_files_of_one_name_are_two_models(file: Path, tmp_path: Path, opener: EmtOpener) -> None:
    other = tmp_path / "other" / file.name
    other.parent.mkdir()
    other.write_text(EMT_FILE, encoding="utf-8")
    ids = [card.id for card in admitted(file, other, opener=opener)]
    assert ids == ["my-emt", "my-emt-2"]
    assert [card.id for card in admitted(other, file, opener=opener)] == ids[::-1]


def test_a_name_of_the_catalogue_is_never_taken(tmp_path: Path, opener: EmtOpener) -> None:
    path = tmp_path / "sevennet-0.py"
    path.write_text(EMT_FILE, encoding="utf-8")
    assert admitted(path, opener=opener)[0].id == "sevennet-0-2"


def test_a_function_has_a_name_of_its_own(file: Path, opener: EmtOpener) -> None:
    file.write_text(EMT_FILE + "\n\ndef softer():\n    return EMT()\n", encoding="utf-8")
    card, module = admitted(f"{file}:softer", "ase.calculators.emt:EMT", opener=opener)
    assert (card.id, card.weights.name) == ("my-emt-softer", "softer")
    assert (module.id, module.weights.name) == ("ase.calculators.emt-emt", "ase.calculators.emt:EMT")
    assert module.weights.path == str(Path(str(ase.__file__)).parent)


def test_a_module_in_the_present_folder_is_found(
    tmp_path: Path, opener: EmtOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "door_nets.py").write_text(EMT_FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert admitted("door_nets:make_calculator", opener=opener)[0].weights.path == str(tmp_path / "door_nets.py")
    with pytest.raises(InputError, match="There is no module 'door_absent'") as caught:
        examine("door_absent.inner:make")
    assert "mlipguide env adopt calculator PYTHON" in caught.value.hint


def test_a_file_of_a_backend_without_a_recipe_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "nep.txt"
    path.write_text("nep4 1 Cu\n", encoding="utf-8")
    assert examine(str(path)).elements == ("Cu",)
    monkeypatch.setattr("mlipguide.candidates.door.load_recipes", dict)
    with pytest.raises(EnvironmentFailedError, match="no recipe for nep") as caught:
        examine(str(path))
    assert "--calculator my_model.py" in caught.value.hint


def test_a_pickle_is_asked_about_before_it_is_loaded(tmp_path: Path, opener: EmtOpener) -> None:
    import pickle

    path = tmp_path / "net.model"
    path.write_bytes(pickle.dumps(EmtOpener(), protocol=2).replace(b"own_calculators", b"mace.nets"))
    with pytest.raises(InputError, match="is a pickle: loading it runs code") as caught:
        admitted(path, opener=opener)
    assert caught.value.kind == "untrusted_checkpoint"
    assert opener.requests == []
    assert admitted(path, opener=opener, consent=YES)[0].backend == "mace-torch"


def test_what_a_model_tells_of_itself_stands_on_its_card(file: Path, opener: EmtOpener) -> None:
    (card,) = admitted(file, opener=opener)
    facts = ModelFacts(
        load_s=1.0,
        parameters=7,
        cutoff_angstrom=5.0,
        layers=2,
        elements=(29, 8),
        synthetic=False,
        versions={},
        properties=("energy", "forces", "charges"),
    )
    found = stated(card, facts)
    assert found.training.elements == ("O", "Cu")
    assert (found.architecture.parameters, found.architecture.cutoff_angstrom, found.architecture.layers) == (7, 5.0, 2)
    assert (found.provides, found.lacks) == ((Need.CHARGES,), (Need.STRESS, Need.MAGNETISM))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("emt.py", True), ("./net", True), ("pkg.nets:make", True), ("emt.py:make", True), ("sevennet-0", False)],
)
def test_names_of_models_are_no_calculators(text: str, expected: bool) -> None:  # a row of a table
    assert looks_like_calculator(text) is expected


def test_a_function_that_fails_is_said_at_the_door(file: Path) -> None:
    file.write_text("def make_calculator():\n    raise ValueError('no weights')\n", encoding="utf-8")
    with pytest.raises(SessionError, match=r"my-emt: 'make_calculator' .*ValueError: no weights .*line 2") as caught:
        admit([str(file)], load_catalogue(), make_machine, consent=NO_CONSENT)
    assert caught.value.failure is FailureKind.CALCULATOR
    assert "Mend it there" in caught.value.hint
    assert remembered("my-emt") is None
