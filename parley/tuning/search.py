"""Where to look next: Optuna's tree-structured Parzen estimator, seeded, in memory; the one door to optuna.

The same answers to the same proposals lead to the same next proposal; so a search that was interrupted is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parley.tuning.dimensions import Dimension, Goal
from scenarios.errors import ExtraMissing


class Search:
    """Proposes values, and learns what came of them."""

    def __init__(self, dimensions: Sequence[Dimension], goal: Goal, seed: int) -> None:
        """Raises ExtraMissing where Optuna is not installed."""
        optuna = require_optuna()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._dimensions = dimensions
        self._distributions = {one.path: _distribution(optuna.distributions, one) for one in dimensions}
        sampler = optuna.samplers.TPESampler(seed=seed % 2**32)
        self._study = optuna.create_study(sampler=sampler, direction="maximize" if goal.is_larger_better else "minimize")
        self._failed, self._finished = optuna.trial.TrialState.FAIL, optuna.trial.create_trial

    def ask(self) -> tuple[Any, tuple[str, ...]]:
        """(a trial to tell of, what to change)."""
        trial = self._study.ask(self._distributions)
        return trial, tuple(one.change(trial.params[one.path]) for one in self._dimensions)

    def tell(self, trial: Any, value: float | None, violations: Sequence[float]) -> None:
        """What came of it; None where there is no figure."""
        for nth, violation in enumerate(violations):
            trial.set_constraint(f"bound {nth}", violation)
        if value is None:
            self._study.tell(trial, state=self._failed)
        else:
            self._study.tell(trial, value)

    def know(self, values: Mapping[str, Any], value: float) -> None:
        """What came of values, by path, that somebody else proposed."""
        self._study.add_trial(self._finished(params=dict(values), distributions=self._distributions, value=value))


def require_optuna() -> Any:
    """The library. Raises ExtraMissing where it is not installed."""
    try:
        import optuna
    except ImportError as fault:
        raise ExtraMissing.of("tuning", "tune", fault) from None
    return optuna


def _distribution(kinds: Any, one: Dimension) -> Any:
    if one.choices:
        return kinds.CategoricalDistribution(one.choices)
    if one.is_whole and one.step is not None:
        return kinds.IntDistribution(int(one.low), int(one.high), log=one.is_log, step=int(one.step))
    return kinds.FloatDistribution(float(one.low), float(one.high), log=one.is_log, step=None if one.step is None else float(one.step))
