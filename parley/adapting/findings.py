"""What the days came to: before and after the world was another one, and against the policy as it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parley.adapting.adapting import Adaptation
from parley.adapting.days import FROZEN, LEARNER
from parley.statistics.intervals import Difference, difference
from parley.wording import number, signed

LATE = 4  # the last 1 / LATE of the ticks after the shift


@dataclass(frozen=True)
class Lived:
    """Of one who is compared, means of a tick over all days."""

    who: str
    before: float  # reward
    after: float
    late: float
    missed: float  # after: share of objectives
    pods: float  # after
    against: tuple[Difference, Difference, Difference] | None  # the policy as it was: before, after, late; None of itself


def lived(found: Adaptation) -> list[Lived]:
    """Of all who are compared; nothing where no day is over for all of them."""
    if not found.whole:
        return []
    frozen = _stretches(found, FROZEN)
    made = []
    for who in found.plan.who:
        rewards = _stretches(found, who)
        before, after, late = (float(one.mean()) for one in rewards)
        missed, pods = (float(found.ticks(who, name)[:, found.shift :].mean()) for name in ("violation", "pods"))
        against = [difference(list(one), list(other), same_seeds=True) for one, other in zip(frozen, rewards, strict=True)]
        made.append(Lived(who, before, after, late, missed, pods, None if who == FROZEN else (against[0], against[1], against[2])))
    return made


def sentence(found: Adaptation) -> str:
    """What came of learning on."""
    mine = next((one.against for one in lived(found) if one.who == LEARNER), None)
    if mine is None:
        return "no day is over yet"
    if len(found.whole) < 2:
        return "one day says little: with two there is an interval"
    before, after, late = mine
    return (f"a policy that learns on is paid {_told(before)} a tick before the shift, {_told(after)} after it, {_told(late)} in its "
            f"last quarter, against itself as it was: {_verdict(before, after, late)}")  # fmt: skip


def learned(found: Adaptation) -> str:
    """How often something was learned in a day, and what became of it."""
    lessons = [found.lessons(seed) for seed in found.whole]
    taken = [one for of_day in lessons for one in of_day if one["is_better"]]
    return f"in {len(lessons)} days the learner learned anew {sum(map(len, lessons))} times, and what it learned decided {len(taken)} times"


def _told(one: Difference) -> str:
    return f"{signed(one.difference)} ± {number(one.half_width, 2)}"


def _verdict(before: Difference, after: Difference, late: Difference) -> str:
    if after.is_clear and after.difference > 0:
        price = ", at a price before" if before.is_clear and before.difference < 0 else ""
        return f"learning on is worth it here{price}"
    if late.is_clear and late.difference > 0:
        return "it gets there late, and the day as a whole does not show it"
    if after.is_clear:
        return "what it tries costs more here than it learns"
    return "nothing that is clear"


def _stretches(found: Adaptation, who: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(seeds,) mean rewards before the shift, after it, and of the last part after it."""
    rewards, shift = found.ticks(who, "reward"), found.shift
    late = rewards.shape[1] - max(1, (rewards.shape[1] - shift) // LATE)
    before = rewards[:, :shift] if shift else rewards[:, :1]
    return before.mean(axis=1), rewards[:, shift:].mean(axis=1), rewards[:, late:].mean(axis=1)
