"""``mlipguide explore``: a question that is changed again and again, each time answered as ``recommend`` answers.

Nothing is measured for it. What files and programs say is asked once, in a look; measuring ends the look.
"""

from __future__ import annotations

import gc
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from mlipguide.advice.scaling import scaling_of
from mlipguide.advice.why import why
from mlipguide.candidates.preparation import find_given_weights
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands import calls
from mlipguide.commands.calls import Way
from mlipguide.commands.know.models import show_model
from mlipguide.commands.recommend import Considered
from mlipguide.core.errors import InputError, MlipguideError
from mlipguide.core.look import Look, within
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.advice.reasons import ModelReasons
from mlipguide.records.advice.scaling import ModelScaling
from mlipguide.records.models.model_listings import ModelDetails
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.option import words_of
from mlipguide.records.requests.recommend import ExploreRequest, RecommendRequest
from mlipguide.store import measurements as store

FIRST_PRESET = "silicon"
"""Stands for a structure where none was given."""


class Exploration:
    """The question, and the latest answer.

    Attributes:
        asked: What the answer is of; before the first answer, what is to be asked first.
        answer: None until something could be answered.

    Args:
        asked: What to begin with.
        way: Who is asked and told while calculators of the user's own are taken.

    Raises:
        MlipguideError: The task file or a calculator cannot be used, or labels are to be evaluated.
    """

    def __init__(self, asked: ExploreRequest, way: Way | None = None) -> None:
        way = way or Way()
        question = calls.with_own(calls.with_config(asked.question), way)
        if question.labels is not None:
            raise InputError(
                f"--labels {question.labels}: errors on labels are found by running models, and explore runs none.",
                hint="Run mlipguide evaluate on them first: explore uses what it found.",
                option="--labels",
            )
        find_given_weights(load_catalogue(), calls.parse_weights(question.weights), way.consent)  # who is asked once
        self.notices: tuple[Notice, ...] = ()
        if question.structure is None and question.preset is None:
            question = replace(question, preset=FIRST_PRESET)
            self.notices = (Notice("assumed", f"No structure was given: this is the preset {FIRST_PRESET}."),)
        self.asked: RecommendRequest = replace(question, config=None)
        self.answer: Considered | None = None
        self._look = Look()
        self._lock = Lock()

    def ask(self, asked: RecommendRequest) -> MlipguideError | None:
        """Answer a question; where it cannot be, return why, and the question and the answer before it stay."""
        try:
            with self._lock, within(self._look):
                answer = calls.consider(asked, Way())
        except MlipguideError as error:
            return error
        if self.answer is None:
            # Cards, records and fits stay: looking through them for garbage takes as long as an answer.
            gc.collect()
            gc.freeze()
        self.asked, self.answer = asked, answer
        return None

    def measure(self, way: Way) -> MlipguideError | None:
        """Time what is missing for the question as ``recommend`` does, then answer it anew.

        Raises:
            KeyboardInterrupt: Ctrl-C, before anything was measured.
        """
        failed = None
        try:
            calls.recommend(replace(self.asked, measure=True), way)
        except MlipguideError as error:
            failed = error
        finally:
            self._look = Look()
        return self.ask(self.asked) or failed

    def write(self, path: Path, way: Way) -> Result[Recommendation]:
        """Write the script of the production run that the answer is of.

        Raises:
            MlipguideError: It cannot be written, or does not run ten steps.
        """
        return calls.recommend(replace(self.asked, write=path), way)

    @property
    def command(self) -> str:
        """The command line that gives the answer."""
        return shlex.join(["mlipguide", "recommend", *words_of(self.asked)])

    def details(self, model: str) -> ModelDetails:
        """Return the card of a model, and what is known of it here.

        Raises:
            InputError: There is no such model.
        """
        machine = self._known.result.data.machine
        with self._lock, within(self._look):
            return show_model(model, probe=lambda: machine).data

    def reasons(self, model: str) -> tuple[ModelReasons, ...]:
        """Return why a model got its verdict.

        Raises:
            InputError: It was not considered.
        """
        with self._lock, within(self._look):
            return why(self._known.result.data, model)

    def scalings(self, models: Sequence[str]) -> tuple[ModelScaling, ...]:
        """Return how the time of a step of models grows, on the first of the hardware that was asked about."""
        answer, facts = self._known.result.data, self._known.facts[0]
        with self._lock, within(self._look):
            found = () if answer.hardware else store.find(answer.machine.fingerprint).measurements
        return tuple(scaling_of(model, facts, answer.task, found) for model in models)

    @property
    def _known(self) -> Considered:
        assert self.answer is not None
        return self.answer
