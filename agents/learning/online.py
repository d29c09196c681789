"""A policy that goes on learning while it serves: from the one run there is, without lanes beside it and without a second try.

On real callers it tries nothing. From what it sees it keeps an account of what requests cost, and when they have come to cost another
amount, it learns in its head: in a fluid of the world it was trained in, with the works it now sees, from the weights it began the day with
(Dyna, Sutton 1991: a model from experience, and learning in the model). What it learned decides only where it is clearly paid more there,
on episodes that it did not learn in, else it goes on learning; and it is dropped where it is then paid less on real callers than the
policy as it was is expected to be. (A fluid expects too little of who is overloaded: this is a guard against disaster, no more.)

To let PPO go on with real callers was tried, and did harm (`shift_day`, one day, three settings: -2.00 to -2.08 a tick after the shift,
where the policy as it was came to -1.81): what it tries lasts a tick, and a pod takes longer than that to start, so that trying costs
and teaches nothing. So did hill climbing with blocks of five minutes (-1.52 to -3.40): what differs between them is
mostly the hour.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.judging import Decides, scores
from agents.learning.lane_processes import lanes_of
from agents.learning.playing import Play, played
from agents.learning.scaling.works import Works, changes_of
from agents.learning.tasks import Task
from agents.learning.training import Recipe, Trainer
from scenarios.errors import ScenarioError
from scenarios.load import load

AS_IT_WAS, TRAINED_ANEW = "as it was", "trained anew"
TRIED_ON = range(930_001, 930_009)  # seeds of imagined episodes that no leg draws
CLEAR = 2.0  # standard errors
Seconds = NDArray[np.float64]  # (rows,) CPU of a request


@dataclass(frozen=True)
class Caution:
    """How a policy is let learn on the only world there is."""

    window: int = 20  # ticks over which it is seen what requests cost
    drift: float = 0.15  # share by which that has to differ, of any service
    delay: int = 20  # ticks that learning takes, before what was learned decides
    hour: int = 240  # ticks after which it is asked what real callers made of it
    steps: int = 40_000  # decisions of single rows that are imagined
    lanes: int = 8
    rate: float = 2e-3


@dataclass(frozen=True)
class Tick:
    """What a tick came to, and by whom."""

    reward: float
    violation: float
    pods: float
    policy: str


@dataclass(frozen=True)
class Lesson:
    """What was learned in the head."""

    seconds: Seconds  # that requests were seen to cost
    growth: tuple[float, ...]  # against the first window of the day
    state: bytes
    decides: Decides
    gain: float  # of a tick, imagined
    expected: float  # of a tick, imagined, of the policy as it was
    is_better: bool

    def as_json(self) -> dict[str, Any]:
        """Without its weights."""
        return {"growth": list(self.growth), "gain": self.gain, "expected": self.expected, "is_better": self.is_better}


class Online:
    """One policy in one world that has just begun, to its end."""

    def __init__(self, play: Play, learned_in: Task, state: bytes, recipe: Recipe, seed: int, caution: Caution) -> None:
        """`learned_in` is the world that it was trained in, `state` its weights. Raises WeightsError, and ScenarioError."""
        self.caution, self.drops = caution, 0
        self.lessons: list[Lesson] = []
        self.state, self._first, self._draft = state, state, state
        self._play, self._seed = play, seed
        self._recipe = replace(recipe, task=learned_in.changed(fidelity="fluid"), steps=caution.steps, lanes=caution.lanes, jobs=1,
                               rate=caution.rate)  # fmt: skip
        self._as_it_was = self._decides = frozen(self._recipe, state)
        self._works, self._suspects = Works(caution.window), False
        self._usual: Seconds | None = None  # what requests cost in the first window of the day
        self._known: Seconds | None = None  # and in the world that it knows how to serve
        self._pending: tuple[int, Lesson] | None = None  # tick, and what was begun to be learned then
        self._since, self._rewards = 0, deque[float](maxlen=caution.hour)

    def ticks(self) -> Iterator[Tick]:
        """Decide and learn."""
        for number in self._numbers():
            self._works.look(self._play.observations)
            yield (tick := self._tick())
            self._rewards.append(tick.reward)
            self._see(number)
            if self._pending is not None and number - self._pending[0] == self.caution.delay:
                self._take(self._pending[1], number)
            if self._is_worse(number):
                self.state, self._decides, self.drops = self._first, self._as_it_was, self.drops + 1

    def _see(self, number: int) -> None:
        """Learn where requests have come to cost another amount, as a second window, begun after the change, says again."""
        seconds = self._works.seconds
        if seconds is None or self._pending is not None:
            return
        if self._usual is None or self._known is None:
            self._usual = self._known = seconds
        elif not differ(seconds, self._known, self.caution.drift):
            self._suspects = False
        elif not self._suspects:
            self._suspects = True
            self._works.forget()
        else:
            self._suspects = False
            self._pending = number, self._lesson(seconds, seconds / self._usual)

    def _take(self, lesson: Lesson, number: int) -> None:
        self._pending, self._since = None, number
        self._rewards.clear()
        self.lessons.append(lesson)
        self._draft = lesson.state
        if lesson.is_better:
            self.state, self._decides, self._known = lesson.state, lesson.decides, lesson.seconds

    def _is_worse(self, number: int) -> bool:
        """Whether real callers made less of what was learned than the policy as it was is expected to come to."""
        is_due = self.state != self._first and number - self._since >= self.caution.hour
        return is_due and float(np.mean(self._rewards)) < self.lessons[-1].expected

    def _numbers(self) -> Iterator[int]:
        number = 0
        while not self._play.is_over:
            yield number
            number += 1

    def _tick(self) -> Tick:
        reward = played(self._play, self._decides(self._play.observations, self._play.masks))
        return Tick(reward.total, reward.violated, reward.facts["cost"], AS_IT_WAS if self.state == self._first else TRAINED_ANEW)

    def _lesson(self, seconds: Seconds, growth: Seconds) -> Lesson:
        """Learn in the head, where works are so many times what they were; what was too little the last time is gone on with."""
        task = self._recipe.task
        imagined = replace(task, added=(*task.added, *changes_of(load(task.scenario), self._play.rows, growth.tolist())))
        trainer = Trainer(replace(self._recipe, task=imagined), self._seed + 1000 * len(self.lessons))
        trainer.start(self._draft)
        while trainer.done < trainer.legs:
            trainer.leg()
        trainer.close()
        before, after = (np.array([one.reward for one in scores(imagined, TRIED_ON, way)]) for way in (self._decides, trainer.decides))
        expected = float(np.mean([one.reward for one in scores(imagined, TRIED_ON, self._as_it_was)]))
        return Lesson(seconds, tuple(growth.round(3).tolist()), trainer.state(""), trainer.decides, float((after - before).mean()),
                      expected, clearly_more(after - before))  # fmt: skip


def refuse(learned_in: Task, rows: Sequence[str]) -> None:
    """Raises ScenarioError where nobody can learn in the head: a fluid stands for the chair scaling alone, and not for every world."""
    known = lanes_of(learned_in.changed(fidelity="fluid"), 1, 1).shape.rows
    if tuple(rows) != known:
        raise ScenarioError(f"services: the policy was trained where {', '.join(known)} are scaled, and thinks of that world when it "
                            f"learns on; here are {', '.join(rows)}")  # fmt: skip


def frozen(recipe: Recipe, state: bytes) -> Decides:
    """What a policy does that learns nothing. Raises WeightsError, and ScenarioError where nobody can sit in the world."""
    trainer = Trainer(replace(recipe, steps=1, lanes=1, jobs=1), 1)
    trainer.start(state)
    trainer.close()
    return trainer.decides


def differ(seconds: Seconds, known: Seconds, share: float) -> bool:
    """Whether any of them is so much more or less."""
    return bool(np.abs(np.log(seconds / known)).max() > math.log1p(share))


def clearly_more(differences: Sequence[float] | NDArray[np.float64]) -> bool:
    """Whether their mean is above nothing by more than chance explains."""
    return bool(np.mean(differences) > CLEAR * np.std(differences, ddof=1) / math.sqrt(len(differences)) + 1e-9)
