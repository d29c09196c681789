"""Which numbers of a recipe are best: Optuna looks for them in short trainings, before any seed begins.

A trial is one training of a tenth of a seed's decisions, from which the last policy is judged on episodes that neither training nor
validation has: a rate of learning has then fallen to nothing as it will at the end. The first trial is the recipe as it stands, so that
what is taken is no worse there. The same rewards lead to the same trials: who was stopped is replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.learning.judging import scores_in
from parley.errors import UsageError
from parley.training.plans import Plan
from parley.training.trainers import Room, trainer_of
from parley.tuning.dimensions import Goal, dimensions_of
from parley.tuning.search import Search

if TYPE_CHECKING:
    from agents.learning.training import Trainer

Trial = dict[str, Any]  # `numbers` of the recipe by name, and the `reward` they came to
TUNED = {
    "ppo": {"rate": "0.0001..0.003:log", "entropy": "0.0003..0.01:log", "batch": "180..1440:log", "epochs": "2..10", "gamma": "0.9..0.99"},
    "dqn": {"rate": "0.0001..0.003:log", "gamma": "0.9..0.99"},
}
SHARE = 10  # of a seed's decisions one trial has a part like this
SEED = 0  # that no policy has
EPISODES = range(950_001, 950_009)
GOAL = Goal("reward", is_larger_better=True, bounds=())


def trials_of(plan: Plan, known: Sequence[Trial], begins: Callable[[Trainer], None], room: Room) -> Iterator[Trial]:
    """Those that are not known yet, each as soon as it is done; none follows once it is stopped.

    `begins` is told of each trainer, before it learns. Raises ExtraMissing where Optuna is not installed, and UsageError where trials
    that are known were proposed by another version of it.
    """
    if not plan.tune:
        return
    search = Search(dimensions_of(TUNED[plan.algorithm]), GOAL, SEED)
    for nth in range(plan.tune):
        proposal = search.ask()[0] if nth else None
        numbers = as_it_stands(plan) if proposal is None else dict(proposal.params)
        if nth < len(known):
            reward = _known(known[nth], numbers)
        else:
            found = _rewarded(plan, nth, numbers, begins, room)
            if found is None:
                return
            yield {"numbers": numbers, "reward": (reward := found)}
        if proposal is None:
            search.know(numbers, reward)
        else:
            search.tell(proposal, reward, ())


def require_rate(plan: Plan) -> None:
    """Raises UsageError where the first trial would be none of those that are looked among."""
    low, high = (float(end) for end in TUNED[plan.algorithm]["rate"].removesuffix(":log").split(".."))
    if plan.tune and not low <= plan.rate <= high:
        raise UsageError(f"--tune looks for a rate from {low:g} to {high:g}, beginning with what is given: {plan.rate:g} is none of them")


def as_it_stands(plan: Plan) -> dict[str, Any]:
    """The numbers of the recipe that nobody has tuned."""
    trainer = trainer_of(plan, SEED, 1)
    trainer.close()
    return {name: getattr(trainer.recipe, name) for name in TUNED[plan.algorithm]}


def best_of(trials: Sequence[Trial]) -> dict[str, Any]:
    """The numbers that did best; none where there was no trial."""
    return dict(max(trials, key=lambda one: float(one["reward"]))["numbers"]) if trials else {}


def short(plan: Plan) -> Plan:
    """One trial of it."""
    return replace(plan, steps=max(1, plan.steps // SHARE))


def _rewarded(plan: Plan, nth: int, numbers: Mapping[str, Any], begins: Callable[[Trainer], None], room: Room) -> float | None:
    trainer = trainer_of(short(plan), SEED, room.jobs, numbers)
    try:
        begins(trainer)
        whole = trainer.legs * trainer.leg_steps
        while trainer.done < trainer.legs:
            if room.is_stopped:
                return None
            trainer.leg(room.heard(nth * whole, plan.tune * whole))
        return float(np.mean([one.reward for one in scores_in(room.court, EPISODES, trainer.decides)]))
    finally:
        trainer.close()


def _known(trial: Trial, numbers: Mapping[str, Any]) -> float:
    if trial["numbers"] != numbers:
        raise UsageError("its trials were proposed by another version of Optuna, and do not go on the same; begin anew")
    return float(trial["reward"])
