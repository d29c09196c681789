"""Baselines: whoever knows more is paid more, in every frozen task; else its world or its reward would teach something else."""

from __future__ import annotations

import numpy as np
import pytest

from agents.learning.baselines import Standing
from agents.learning.judging import baseline_scores, scores
from agents.learning.tasks import TASKS
from agents.learning.training import Recipe, Trainer
from scenarios.errors import ScenarioError

EPISODES = range(700_001, 700_004)
LONG = ("Bid-v0", "Scale-v0", "Rightsize-v0")  # a minute each
COMPARED = {name: task for name, task in TASKS.items() if task.baselines}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in COMPARED])
def test_baselines_come_in_their_order(name: str) -> None:
    """The oracle before all good ones, these before all naive ones, and who is silly last: means over the same episodes."""
    task, means = COMPARED[name], dict[Standing, list[float]]()
    for baseline, one in task.baselines.items():
        found = baseline_scores(task, baseline, EPISODES)
        assert [score.seed for score in found] == list(EPISODES)
        means.setdefault(one.standing, []).append(float(np.mean([score.reward for score in found])))
    assert set(means) == set(Standing)
    for worse, better in ((Standing.SILLY, Standing.NAIVE), (Standing.NAIVE, Standing.GOOD), (Standing.GOOD, Standing.ORACLE)):
        assert max(means[worse]) < min(means[better]), f"{worse.name} {means[worse]}, {better.name} {means[better]}"


@pytest.mark.parametrize("name", COMPARED)
def test_a_baseline_is_judged_as_a_policy_is(name: str) -> None:
    """Who always does the same: alone, and in lanes."""
    task = COMPARED[name].changed(ticks=6)
    follows = task.action_set.follows
    action = 1 if follows is None else follows
    lanes = scores(task, EPISODES, lambda rows, _: np.full(len(rows), action, dtype=np.int64))
    alike = {"Route-v0": "equal", "Balance-v0": "least_request", "Discover-v0": "whole_registry", "Breaker-v0": "timeouts",
             "Rightsize-v0": "vpa", "Bid-v0": "truthful", "Scale-v0": "calibrated hpa"}[name]  # fmt: skip
    assert baseline_scores(task, alike, EPISODES) == lanes


@pytest.mark.parametrize("name", TASKS)
def test_a_policy_is_trained_in_it(name: str) -> None:
    """A few thousand decisions: legs end, and what is learned is finite and within the actions there are."""
    task = TASKS[name].changed(ticks=24)
    trainer = Trainer(Recipe(task, steps=2_000, lanes=2, jobs=1, rollout=24), seed=1)
    try:
        done = trainer.leg()
        seen, masks = trainer.env.reset(), trainer.env.action_masks()
        chosen = trainer.decides(seen, masks)
    finally:
        trainer.close()
    assert done.steps == 2 * 24 * trainer.env.rows and np.isfinite([done.reward, done.violation]).all()
    assert masks[np.arange(len(chosen)), chosen].all()


def test_a_name_that_nobody_bears() -> None:
    """With the nearest."""
    with pytest.raises(ScenarioError, match=r"baseline: 'orakel' is not one of oracle, .*; did you mean 'oracle'"):
        TASKS["Route-v0"].under("orakel")
    assert all(not one.changes for one in TASKS["Balance-v0"].changed(scenario="learning_to_discover").baselines.values())
