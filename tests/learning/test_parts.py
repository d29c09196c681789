"""What environments are made of: features, actions, guards and rewards."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.learning.observing import FRAMES, Frames
from agents.learning.playing import begun, played
from agents.learning.reward import Weights
from agents.learning.scaling.actions import ACTION_SETS, COUNTS, DELTA, MULTIPLES, MULTIPLIER, REPLICAS, TARGET
from agents.learning.scaling.features import FEATURES, SCALING
from agents.learning.scaling.guard import Guard
from agents.learning.scaling.measuring import Measured
from agents.learning.scaling.reward import reward_of
from agents.learning.scaling.sight import Looking, Sight
from agents.learning.tasks import SCALE_V0, Episode
from agents.learning.watched import Watched
from agents.policy import PodView, View
from scenarios.load import load
from sim.platform.metrics import Series

TICK_NS = 15_000_000_000
WATCHED = Watched(Series("requests_per_second", "service", "a"), Series("concurrency", "service", "a"),
                  Series("latency_p95", "service", "a"), {Series("latency_p99", "workload", "w"): 0.5})  # fmt: skip


def sight(asked: int = 4, proposed: int = 4, usage: int | None = 500, age: int = 0, rate: float | None = 40.0) -> Sight:
    """One look at four pods that request a core each."""
    now_ns = 100 * TICK_NS
    pods = tuple(PodView(f"a-{n}", "Running", n, 1000, is_ready=True, usage_millicores=usage, sampled_ns=now_ns - age * TICK_NS)
                 for n in range(4))  # fmt: skip
    values = {} if rate is None else {WATCHED.rate: round(rate * 1000)}
    return Looking(WATCHED, TICK_NS).look(View(now_ns, "a", asked, 1000, pods, values_milli=values), proposed)


def test_features_say_what_they_are() -> None:
    """Each with a unit, bounds and a query of its own; readings lie within them whatever is seen."""
    assert len({feature.name for feature in FEATURES}) == len(FEATURES) and all(feature.unit and feature.query for feature in FEATURES)
    assert len(SCALING.low) == len(SCALING.high) == FRAMES * len(FEATURES) and (SCALING.low < SCALING.high).all()
    seen = dict(zip((feature.name for feature in FEATURES), Frames(SCALING).take(sight()).tolist(), strict=False))
    assert seen["utilization"] == 0.5 and seen["asked"] == 2 and seen["ready"] == 1 and seen["starting"] == 0
    assert seen["proposal"] == 0 and seen["rate"] == pytest.approx(math.log2(11)) and seen["age"] == 0 and seen["growth"] == 0
    assert dict(zip(seen, Frames(SCALING).take(sight(usage=None, rate=None)).tolist(), strict=False))["utilization"] == 0


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10**9), st.integers(0, 99), st.floats(0, 1e9))
def test_readings_stay_within_their_bounds(asked: int, proposed: int, usage: int, age: int, rate: float) -> None:
    """However strange the figures are."""
    seen = Frames(SCALING).take(sight(asked, proposed, usage, age, rate))
    assert ((seen >= SCALING.low) & (seen <= SCALING.high)).all()


def test_frames_are_the_last_looks() -> None:
    """The newest first, the first one repeated until there are enough."""
    frames, width = Frames(SCALING), len(FEATURES)
    first = frames.take(sight(asked=2))
    assert (first.reshape(FRAMES, width) == first[:width]).all()
    second = frames.take(sight(asked=8)).reshape(FRAMES, width)
    assert second[0][1] == 3 and (second[1:, 1] == 1).all()


def test_actions_are_what_they_say() -> None:
    """Worked by hand; a multiple of one pod is not always one pod."""
    assert MULTIPLIER.pods(sight(proposed=10)).tolist() == [7, 8, 9, 10, 11, 13, 15, 20]
    assert MULTIPLIER.pods(sight(proposed=1)).tolist() == [0, 0, 0, 1, 2, 2, 2, 2]
    assert MULTIPLIER.follows is not None and MULTIPLES[MULTIPLIER.follows] == 1
    assert DELTA.pods(sight()).tolist() == [0, 2, 3, 4, 5, 6, 8]
    assert TARGET.pods(sight()).tolist() == [5, 4, 4, 3, 3, 3]  # 2 cores in use
    assert REPLICAS.pods(sight())[0] == 1
    assert all(one.mask(one.pods(sight()), 1, 40).any() for one in ACTION_SETS.values())
    assert MULTIPLIER.mask(MULTIPLIER.pods(sight(proposed=30)), 1, 40).tolist() == [True] * 6 + [False] * 2
    assert MULTIPLIER.mask(MULTIPLIER.pods(sight(proposed=60)), 1, 40).tolist() == [n == MULTIPLIER.follows for n in range(8)]
    assert REPLICAS.mask(REPLICAS.pods(sight()), 5, 5).tolist() == [count == 4 for count in COUNTS]


def test_the_guard_holds() -> None:
    """Bounds, leaps, and figures that are old; the rule itself may leap."""
    guard = Guard(2, 12)
    assert guard.passed(5, sight()) == (5, "")
    assert guard.passed(40, sight()) == (8, "40 is too far in one step: 8")
    assert guard.passed(0, sight()) == (2, "0 is too far in one step: 2")
    assert guard.passed(11, sight(proposed=11)) == (11, "")
    assert guard.passed(40, sight(proposed=40)) == (12, "40 is out of 2..12: 12")
    assert guard.passed(9, sight(proposed=5, age=6)) == (5, "stale metrics: the rule decides")


@given(st.integers(0, 400), st.integers(0, 100), st.integers(0, 100), st.integers(0, 9))
def test_nothing_passes_the_guard_that_must_not(pods: int, asked: int, proposed: int, age: int) -> None:
    """Within the bounds, and no further up than twice what is asked for or what the rule asks for."""
    passed, _ = Guard(2, 50).passed(pods, sight(asked, proposed, age=age))
    assert 2 <= passed <= 50 and passed <= max(2, 2 * max(1, asked), proposed)


def tick(**changed: object) -> Measured:
    """A tick of two services and one class, in which all is well, and a pod is idle."""
    plain = Measured(0, TICK_NS, np.array([1000]), np.array([0]), np.array([0.5]), np.array([10, 30]), np.array([2, 3]), np.array([0, 0]),
                     np.array([2.0, 2.0]))  # fmt: skip
    return dataclasses.replace(plain, **changed)  # type: ignore[arg-type]  # fields by name


def test_a_reward_by_hand() -> None:
    """Terms as the formula has them, and who is to blame."""
    assert reward_of(tick(), Weights()).terms == {"slo": 0, "drop": 0, "cost": 0.5 * 5 / 4, "churn": 0}
    late = reward_of(tick(lateness=np.array([3.0]), failed=np.array([10]), moved=np.array([1, 0])), Weights())
    assert late.terms == pytest.approx({"slo": 4 * math.log(3), "drop": 0.08, "cost": 0.625, "churn": 0.05 / 2 / 2}) and late.violated == 1
    assert late.shares == pytest.approx([-math.log(3) - 0.02 - 0.25 - 0.0125, -3 * math.log(3) - 0.06 - 0.375])
    gone = reward_of(tick(lateness=np.array([math.inf])), Weights())
    assert gone.terms["slo"] == pytest.approx(4 * math.log(10))


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=2), st.floats(0, 1e3), st.integers(0, 1000),
       st.lists(st.integers(0, 50), min_size=2, max_size=2))  # fmt: skip
def test_shares_sum_to_the_reward(waiting: list[int], late: float, failed: int, pods: list[int]) -> None:
    """Whatever happened; and worse is never better paid."""
    one = tick(waiting_ns=np.array(waiting), lateness=np.array([late]), failed=np.array([failed]), pods=np.array(pods))
    found = reward_of(one, Weights())
    assert found.shares.sum() == pytest.approx(found.total)
    worse = reward_of(dataclasses.replace(one, failed=one.failed + 1, lateness=one.lateness + 1), Weights())
    assert worse.total < found.total


def test_who_sheds_work_saves_nothing() -> None:
    """The cost is against what was offered, whoever was served: half the pods and all late is worse than all pods."""
    world = load("learning_to_scale", ["duration=6m", "workload.shoppers.load=1.5"])
    totals = {}
    for action in (0, 3):
        play = begun(Episode(world, 1, SCALE_V0))
        totals[action] = 0.0
        while not play.is_over:
            totals[action] += played(play, np.full(len(play.rows), action)).total
    assert totals[0] < totals[3]
