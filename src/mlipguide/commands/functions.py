"""The commands as functions of Python: ``mlipguide.recommend("LiFePO4.cif", atoms=2000, time="100ps")``.

Their arguments are the options of the command line by the same names, with underscores; a switch such as
``--no-measure`` is ``measure=False``. Quantities are texts with a unit, counts may be numbers, names may be lists,
files may be paths, and a structure may be ``ase.Atoms``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from functools import cache
from importlib import import_module
from typing import Any

from mlipguide.core.errors import did_you_mean
from mlipguide.records.requests.option import NEGATIVE, Field, options_of
from mlipguide.records.requests.values import value_of

REPORTER = "on_progress"


@dataclass(frozen=True, kw_only=True)
class Function:
    """A command in Python; modules are names, for nothing is imported before it is needed.

    Attributes:
        command: The words of the command line.
        request: Module and class of what it is asked.
        answer: Module and class of what its answer holds.
        page: Module and function that lay it out.
    """

    command: str
    request: str
    answer: str
    page: str

    @property
    def options(self) -> dict[str, Field]:
        """Its options by their keywords."""
        return {item.keyword: item for item in options_of(self.asked).values()}

    @property
    def asked(self) -> type:
        """The dataclass of what it is asked."""
        found: type = _found(f"mlipguide.records.requests.{self.request}")
        return found


FUNCTIONS = {
    "recommend": Function(
        command="recommend",
        request="recommend:RecommendRequest",
        answer="mlipguide.records.advice.advice:Recommendation",
        page="recommend_page:recommend_page",
    ),
    "bench": Function(
        command="bench",
        request="measuring:BenchRequest",
        answer="mlipguide.records.timing.bench:BenchData",
        page="bench_page:bench_page",
    ),
    "tune": Function(
        command="tune",
        request="measuring:TuneRequest",
        answer="mlipguide.records.timing.tuning:TuneData",
        page="tune_page:tune_page",
    ),
    "speed": Function(
        command="bench speed",
        request="speed:SpeedRequest",
        answer="mlipguide.records.timing.speed_check:SpeedCheck",
        page="speed_page:speed_page",
    ),
    "check": Function(
        command="check",
        request="measuring:CheckRequest",
        answer="mlipguide.records.timing.comparison:Comparison",
        page="comparison_page:comparison_page",
    ),
    "evaluate": Function(
        command="evaluate",
        request="accuracy:EvaluateRequest",
        answer="mlipguide.records.accuracy.accuracy:Evaluation",
        page="evaluate_page:evaluate_page",
    ),
    "disagree": Function(
        command="disagree",
        request="accuracy:DisagreeRequest",
        answer="mlipguide.records.accuracy.disagreement:Disagreement",
        page="disagree_page:disagree_page",
    ),
    "stability": Function(
        command="stability",
        request="measuring:StabilityRequest",
        answer="mlipguide.records.accuracy.stability:StabilityData",
        page="stability_page:stability_page",
    ),
    "plan": Function(
        command="plan",
        request="measuring:PlanRequest",
        answer="mlipguide.records.advice.plan:HardwarePlan",
        page="plan_page:plan_page",
    ),
    "train_pilot": Function(
        command="train pilot",
        request="training:PilotRequest",
        answer="mlipguide.records.training.pilot:PilotData",
        page="pilot_page:pilot_page",
    ),
    "train_fit": Function(
        command="train fit",
        request="training:FitRequest",
        answer="mlipguide.records.training.fit:FitData",
        page="fit_page:fit_page",
    ),
    "train_finetune": Function(
        command="train fit",
        request="training:FinetuneRequest",
        answer="mlipguide.records.training.fit:FitData",
        page="fit_page:fit_page",
    ),
    "train_distil": Function(
        command="train distil",
        request="training:DistilRequest",
        answer="mlipguide.records.training.distillation:Distillation",
        page="distil_page:distil_page",
    ),
}


@cache
def function(name: str) -> Callable[..., Any]:
    """Return the function of a command, with its signature and its documentation."""
    spec = FUNCTIONS[name]
    signature = signature_of(spec)

    def call(*arguments: Any, **keywords: Any) -> Any:
        return _called(name, signature, arguments, keywords)

    call.__name__ = call.__qualname__ = name
    call.__module__ = "mlipguide"
    call.__doc__ = documentation(name)
    call.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect, help() and notebooks
    return call


def _called(name: str, signature: inspect.Signature, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    from mlipguide.candidates.preparation import Consent
    from mlipguide.commands import calls
    from mlipguide.core.processes import end_all_groups
    from mlipguide.report.notebook import Answer

    spec = FUNCTIONS[name]
    for keyword in keywords:
        if keyword not in signature.parameters:
            known = did_you_mean(keyword.removeprefix("no_"), list(signature.parameters))
            raise TypeError(f"mlipguide.{name}() has no argument '{keyword}'.{known}")
    try:
        given = signature.bind(*arguments, **keywords).arguments
    except TypeError as error:
        raise TypeError(f"mlipguide.{name}(): {error}.") from None
    on_progress = given.pop(REPORTER, None) or (lambda _message, _share: None)
    options = spec.options
    request = spec.asked(
        **{
            options[keyword].name: value_of(options[keyword], value, f"mlipguide.{name}(): '{keyword}'", sign="=")
            for keyword, value in given.items()
        }
    )
    consent = Consent(granted=getattr(request, "yes", False), ask=None)
    try:
        result = getattr(calls, name)(request, calls.Way(consent=consent, on_progress=on_progress))
    except KeyboardInterrupt:
        end_all_groups()
        raise
    return Answer(
        result.data,
        notices=result.notices,
        errors=result.errors,
        exit_code=result.exit_code,
        command=spec.command,
        page=f"mlipguide.report.pages.{spec.page}",
    )


def signature_of(spec: Function) -> inspect.Signature:
    """Return the signature: arguments of the command line may stand by their place, options have their names."""
    kinds = inspect.Parameter
    parameters = [
        kinds(
            keyword,
            kinds.POSITIONAL_OR_KEYWORD if item.option.argument else kinds.KEYWORD_ONLY,
            default=kinds.empty if item.default is MISSING else item.default,
        )
        for keyword, item in spec.options.items()
    ]
    parameters.append(kinds(REPORTER, kinds.KEYWORD_ONLY, default=None))
    return inspect.Signature(sorted(parameters, key=lambda one: one.kind))


def documentation(name: str) -> str:
    """Return what the function does and takes."""
    spec = FUNCTIONS[name]
    calls = import_module("mlipguide.commands.calls")
    lines = [str(getattr(calls, name).__doc__).splitlines()[0], "", "Args:"]
    for keyword, item in spec.options.items():
        negative = item.is_switch and item.flag.startswith(NEGATIVE)
        lines.append(f"    {keyword}: {'False: ' if negative else ''}{item.option.sentence}")
    lines += [
        f"    {REPORTER}: Is told what is being done and the share that is done; nothing is printed.",
        "",
        "Returns:",
        "    The record in ``data``, with ``notices`` and ``errors``; a notebook shows the page of the command.",
        "",
        "Raises:",
        "    MlipguideError: What the command would end with: message, hint and kind.",
    ]
    return "\n".join(lines)


def _found(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
