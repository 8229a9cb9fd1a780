"""``mlipguide cite``: what to cite for models, and for the model that a saved answer chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.candidates.citations import CitedRun, Library, citations_of
from mlipguide.catalog.additions import additions_of, parse_additions, refusal_words, refusals
from mlipguide.catalog.card_sources import read_all_sources
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.catalog.locations import all_files
from mlipguide.catalog.training_sets import load_training_sets
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import load_recipes
from mlipguide.records.models.additions import AdditionKind
from mlipguide.records.models.citations import Citations
from mlipguide.records.notice import Notice, Result
from mlipguide.report.exports.saved_answers import read_answer

ANSWER = ".json"


def cite(names: Sequence[str], *, add: str | None = None, folders: Sequence[Path] = ()) -> Result[Citations]:
    """Return what to cite.

    Args:
        names: Ids or aliases of models, and files of ``recommend --json``, which stand for the model that they chose
            with its settings.
        add: What is added to every model, as ``--add`` takes it.
        folders: Further folders of cards.

    Raises:
        InputError: No model, an unknown one, a file that is no answer or chose none, or an unknown addition.
    """
    catalogue = load_catalogue(folders)
    kinds = parse_additions(add)
    named = [run for name in names for run in _runs(name, catalogue)]
    library = Library(
        catalogue=catalogue,
        sources=read_all_sources(folders),
        training_sets=load_training_sets(all_files(folders)),
        recipes=load_recipes(),
    )
    notices = (*catalogue.notices, *(told for run in named for told in _refused(run, kinds)))
    return Result(citations_of([_with_additions(run, kinds) for run in named], library), notices=notices)


def _runs(name: str, catalogue: Catalogue) -> Iterator[CitedRun]:
    if Path(name).suffix != ANSWER or catalogue.named(name) is not None:
        yield CitedRun(card=catalogue.find(name))
        return
    answer = read_answer(Path(name).expanduser())
    here = ((answer.candidates, answer.choice),)
    found = False
    for candidates, choice in [(one.candidates, one.choice) for one in answer.hardware] or here:
        for candidate in candidates:
            if candidate.model == choice:
                found, settings = True, candidate.settings
                yield CitedRun(
                    card=catalogue.find(candidate.model),
                    driver=None if settings is None else settings.driver,
                    additions=() if settings is None else settings.additions,
                )
    if not found:
        raise InputError(f"{name} chose no model.", hint="Name models instead: mlipguide cite MODEL…")


def _with_additions(run: CitedRun, kinds: Sequence[AdditionKind]) -> CitedRun:
    wanted = [kind for kind in kinds if kind not in {one.kind for one in run.additions}]
    return replace(run, additions=(*run.additions, *additions_of(run.card, wanted)))


def _refused(run: CitedRun, kinds: Sequence[AdditionKind]) -> Iterator[Notice]:
    for one in refusals(run.card, kinds):
        words = refusal_words(one.kind, one.level_of_theory, one.sources, is_held=one.is_held)
        yield Notice("not_added", f"{run.card.name}: {words}")
