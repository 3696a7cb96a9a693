"""Run the trials of a study, and read them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError, TrainingDivergedError
from robustbert.records import Metric
from robustbert.seeds import derive_seed
from robustbert.tuning.search_space import MODEL
from robustbert.tuning.trial_result import TrialResult, TrialStatus
from robustbert.tuning.trial_scores import Evaluate, FailedTrialError, TrialScore

if TYPE_CHECKING:
    import optuna

    from robustbert.tuning.tune_options import TuneOptions

# Names of what is stored with a trial.
_SETTINGS, _SCORE, _FAILURE = "settings", "score", "failure"
# Trials before the first that can be pruned, and the first evaluation at which one can be.
_UNPRUNED_TRIALS, _FIRST_PRUNED_EVALUATION = 5, 2


def run_trials(
    study: optuna.Study,
    options: TuneOptions,
    evaluate: Evaluate,
    on_trial: Callable[[TrialResult], None] = lambda _: None,
) -> None:
    """Run trials until there are as many as the options say, or the time is over.

    The first ones train each model with its default settings, or those of the space that are
    nearest to them. Each trial has a sampler of its own, seeded by its number, so that a resumed
    study has the same trials as an uninterrupted one.

    Args:
        study: the study; trials that it has already are kept.
        options: what is searched for.
        evaluate: trains and measures a model.
        on_trial: called with each finished trial.
    """
    import optuna

    end = None if options.timeout is None else time.monotonic() + options.timeout
    study.pruner = _pruner(options)
    while (done := len(_finished(study))) < options.trials:
        if end is not None and time.monotonic() >= end:
            return
        study.sampler = optuna.samplers.TPESampler(seed=derive_seed(options.seed, "tune", done))
        if done < len(options.models) and not _is_waiting(study):
            first = {MODEL: options.models[done]} if len(options.models) > 1 else {}
            study.enqueue_trial(first | options.space.nearest_to_defaults())
        _run_trial(study, study.ask(), options, evaluate)
        on_trial(read_trials(study)[-1])


def read_trials(study: optuna.Study) -> list[TrialResult]:
    """The finished trials of a study, in order; interrupted ones are left out.

    Raises:
        InputError: a trial is not one of robustbert.
    """
    return [_result(number, trial) for number, trial in enumerate(_finished(study), start=1)]


def importances(study: optuna.Study, options: TuneOptions) -> dict[str, dict[str, float]]:
    """The importance of each setting for each accuracy, by fANOVA (Hutter et al. 2014).

    Shares of the variance that a random forest explains, which sum to 1; the most important first.
    Nothing with fewer than 4 complete trials, or if all have the same accuracy.
    """
    import optuna
    from optuna.importance import FanovaImportanceEvaluator

    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    found: dict[str, dict[str, float]] = {}
    for index, metric in enumerate(options.metrics):
        values = {trial.values[index] for trial in complete}
        if len(complete) < 4 or len(values) < 2:
            continue
        found[metric] = optuna.importance.get_param_importances(
            study,
            evaluator=FanovaImportanceEvaluator(seed=options.seed),
            target=lambda trial, index=index: trial.values[index],  # type: ignore[misc]
        )
    return found


def _pruner(options: TuneOptions) -> optuna.pruners.BasePruner:
    """Stop trainings whose validation accuracy is below that of others at the same evaluation.

    For the accuracy itself, below the median. It only hints at the accuracy under attack, for which
    the lowest quarter is stopped. optuna prunes no studies of two objectives.
    """
    import optuna

    if options.objective == "both":
        return optuna.pruners.NopPruner()
    kept = 50.0 if options.objective == "clean" else 75.0
    return optuna.pruners.PercentilePruner(
        kept, n_startup_trials=_UNPRUNED_TRIALS, n_warmup_steps=_FIRST_PRUNED_EVALUATION
    )


def _run_trial(
    study: optuna.Study, trial: optuna.Trial, options: TuneOptions, evaluate: Evaluate
) -> None:
    """Run one trial and store its result; one that is interrupted has none."""
    import optuna

    model = options.models[0]
    if len(options.models) > 1:
        model = trial.suggest_categorical(MODEL, options.models)
    settings = options.space.suggest(trial)
    trial.set_user_attr(_SETTINGS, {MODEL: model, **settings})

    def on_accuracy(number: int, accuracy: float, is_last: bool) -> None:
        if options.objective == "both":  # optuna takes no values of such trials before the end
            return
        trial.report(accuracy, number)
        if not is_last and trial.should_prune():
            raise optuna.TrialPruned

    try:
        score = evaluate(model, options.config(settings), on_accuracy)
    except optuna.TrialPruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    except (TrainingDivergedError, FailedTrialError) as error:
        trial.set_user_attr(_FAILURE, str(error))
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        trial.set_user_attr(_SCORE, _stored(score))
        values = {"clean": score.clean, "attacked": score.attacked}
        study.tell(trial, [_value(values[metric]) for metric in options.metrics])


def _value(metric: Metric | None) -> float:
    assert metric is not None
    assert metric.value is not None
    return metric.value


def _stored(score: TrialScore) -> dict[str, Any]:
    found = asdict(score)
    for name in ("clean", "attacked"):
        metric = getattr(score, name)
        found[name] = None if metric is None else metric.model_dump()
    return found


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that count: complete, pruned, or failed for a reason of their own."""
    from optuna.trial import TrialState

    done = study.get_trials(
        deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    )
    return [
        trial for trial in done if trial.state != TrialState.FAIL or _FAILURE in trial.user_attrs
    ]


def _is_waiting(study: optuna.Study) -> bool:
    from optuna.trial import TrialState

    return bool(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))


def _result(number: int, trial: optuna.trial.FrozenTrial) -> TrialResult:
    from optuna.trial import TrialState

    names: Mapping[TrialState, TrialStatus] = {
        TrialState.COMPLETE: "complete",
        TrialState.PRUNED: "pruned",
        TrialState.FAIL: "failed",
    }
    try:
        settings = dict(trial.user_attrs[_SETTINGS])
        score = trial.user_attrs[_SCORE] if trial.state == TrialState.COMPLETE else {}
        metrics = {
            name: Metric.model_validate(score[name]) if score.get(name) else None
            for name in ("clean", "attacked")
        }
        return TrialResult(
            number,
            names[trial.state],
            str(settings.pop(MODEL)),
            settings,
            **metrics,
            evaluations=tuple(value for _, value in sorted(trial.intermediate_values.items())),
            seconds=score.get("seconds"),
            failure=trial.user_attrs.get(_FAILURE),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"trial {number} of the study is not one of robustbert tune ({error!r:.80}); choose "
            "another output folder"
        ) from error
