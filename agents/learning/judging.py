"""How well a policy does on frozen episodes: the same worlds and seeds for whoever is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.learning.baselines import Decider
from agents.learning.driving import to_the_next_question
from agents.learning.lane_processes import AnyLanes, lanes_of
from agents.learning.playing import Play
from agents.learning.tasks import Task

Decides = Callable[[NDArray[np.float32], NDArray[np.bool_]], NDArray[np.int64]]  # (rows, features), (rows, actions) -> (rows,)


@dataclass(frozen=True)
class Score:
    """Of one episode, means of its ticks."""

    seed: int
    reward: float
    violation: float  # share of classes that missed their objective
    pods: float  # asked for
    churn: float  # pods more or fewer
    terms: Mapping[str, float] = field(default_factory=dict)  # of the reward: what each takes away


class Ticks:
    """Adds up the ticks of one episode."""

    def __init__(self) -> None:
        self._terms: list[Mapping[str, float]] = []
        self._rows: list[tuple[float, float, float]] = []

    def add(self, terms: Mapping[str, float], violation: float, pods: float, churn: float) -> None:
        """One more."""
        self._terms.append(terms)
        self._rows.append((violation, pods, churn))

    def score(self, seed: int) -> Score:
        """Their means."""
        terms = {name: float(np.mean([one[name] for one in self._terms])) for name in self._terms[0]}
        reward = float(np.mean([-sum(one.values()) for one in self._terms]))
        violation, pods, churn = np.mean(self._rows, axis=0).tolist()
        return Score(seed, reward, violation, pods, churn, terms)


def scores(task: Task, seeds: Sequence[int], decides: Decides, jobs: int = 1) -> list[Score]:
    """One episode for every seed, drawn from it. Raises ScenarioError."""
    lanes = lanes_of(task, len(seeds), jobs)
    try:
        return scores_in(lanes, seeds, decides)
    finally:
        lanes.close()


def scores_in(lanes: AnyLanes, seeds: Sequence[int], decides: Decides) -> list[Score]:
    """The same in lanes that are there, as many as seeds."""
    seen = lanes.reset(seeds, once=True)
    ticks = [Ticks() for _ in seeds]
    over = np.zeros(len(seeds), dtype=np.bool_)
    while not over.all():
        masks = lanes.masks
        rows = decides(seen.reshape(-1, seen.shape[-1]), masks.reshape(-1, masks.shape[-1]))
        step = lanes.step(rows.reshape(len(seeds), -1))
        for lane in np.flatnonzero(~over).tolist():
            info = step.infos[lane]
            ticks[lane].add(info["reward_terms"], info["slo_violation"], info["cost"], info["churn"])
        over |= step.ended
        seen = step.observations
    return [mine.score(seed) for seed, mine in zip(seeds, ticks, strict=True)]


def baseline_scores(task: Task, name: str, seeds: Sequence[int]) -> list[Score]:
    """One episode for every seed, drawn from it as for anybody else, in which a baseline decides. Raises ScenarioError."""
    baseline, under = task.baselines.get(name), task.under(name)
    assert baseline is not None, "`under` refuses a name that nobody bears"
    return _scores(under, seeds, baseline.seated)


def own_scores(task: Task, seeds: Sequence[int]) -> list[Score]:
    """The same, where the world's own rule decides."""
    return _scores(task, seeds, None)


def _scores(task: Task, seeds: Sequence[int], seated: Callable[[Play], Decider] | None) -> list[Score]:
    plays = [Play(task.drawn(np.random.default_rng(seed), {})) for seed in seeds]
    deciders = [None if seated is None else seated(play) for play in plays]
    to_the_next_question([play.drive for play in plays])
    for play in plays:
        play.begin()
    ticks = [Ticks() for _ in seeds]
    ahead = list(range(len(seeds)))
    while ahead:
        for lane in ahead:
            decide = deciders[lane]
            plays[lane].act(None if decide is None else decide())
        to_the_next_question([plays[lane].drive for lane in ahead])
        for lane in ahead:
            reward = plays[lane].see()
            ticks[lane].add(reward.terms, reward.violated, reward.facts["cost"], reward.facts["churn"])
        ahead = [lane for lane in ahead if not plays[lane].is_over]
    return [mine.score(seed) for seed, mine in zip(seeds, ticks, strict=True)]


def following(task: Task) -> Decides | None:
    """Who does as the rule; None where no action does."""
    follows = task.action_set.follows
    return None if follows is None else lambda seen, _: np.full(len(seen), follows, dtype=np.int64)
