"""Rules are measured as policies are: whoever follows a rule comes to what the rule comes to, to the last digit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from agents.learning.judging import following, scores
from agents.learning.reward import Weights
from agents.learning.tasks import SCALE_V0, Task
from agents.learning.watching import watched
from scenarios.load import load

TICK_NS = 15_000_000_000
SHORT = Task(SCALE_V0.scenario, ticks=9, varied={"workload.shoppers.load": SCALE_V0.varied["workload.shoppers.load"]})


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_rule_is_measured_as_who_follows_it(engine: str) -> None:
    """The same terms, violations, pods and moves, on both engines."""
    task = SHORT if engine == "fast" else dataclasses.replace(SHORT, ticks=2)
    follow = following(task)
    assert follow is not None
    (guided,) = scores(task, [7], follow)
    episode = task.drawn(np.random.default_rng(7), {})
    alone = watched(episode, dict.fromkeys(episode.world.services, 1), TICK_NS, engine)
    assert dataclasses.replace(alone, seed=7) == guided


def test_ticks_are_counted_from_the_warmup_to_the_end() -> None:
    """A world that ends between two ticks is measured up to there; one whose warm-up ends between two from the next on."""
    for changes, ticks in ((["duration=100s"], 3), (["duration=2m", "warmup=70s"], 3)):
        world = load(SCALE_V0.scenario, changes)
        seen: list[float] = []
        episode = dataclasses.replace(SHORT.drawn(np.random.default_rng(1), {}), world=world)
        score = watched(episode, {"front": 1}, TICK_NS)
        seen.append(score.pods)
        assert score.pods >= 1 and score.terms["cost"] > 0
        shorter = dataclasses.replace(episode, task=dataclasses.replace(SHORT, ticks=ticks))
        assert watched(shorter, {"front": 1}, TICK_NS) == score, "no more ticks than there are"


def test_only_those_who_count_cost() -> None:
    """Pods of other services are somebody else's; weights of one leave terms as they are."""
    episode = SHORT.drawn(np.random.default_rng(2), {})
    one = watched(episode, {"front": 1}, TICK_NS)
    two = watched(episode, {"front": 1, "memory": 1}, TICK_NS)
    assert one.pods < two.pods
    bare = dataclasses.replace(episode, task=dataclasses.replace(SHORT, weights=Weights(1, 1, 1, 1)))
    plain = watched(bare, {"front": 1}, TICK_NS)
    assert one.reward == pytest.approx(-(4 * plain.terms["slo"] + 8 * plain.terms["drop"] + 0.5 * plain.terms["cost"]
                                         + 0.05 * plain.terms["churn"]))  # fmt: skip
