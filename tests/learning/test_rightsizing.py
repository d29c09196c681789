"""What rightsizing is made of: multiples, guards, features and rewards; and that pods are sized."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling.vpa import Recommendation
from agents.learning.playing import begun, played
from agents.learning.reward import Weights
from agents.learning.rightsizing.actions import MULTIPLES, RECOMMENDATION, REQUEST
from agents.learning.rightsizing.features import RIGHTSIZING
from agents.learning.rightsizing.guard import Guard
from agents.learning.rightsizing.measuring import Measured
from agents.learning.rightsizing.reward import reward_of
from agents.learning.rightsizing.sight import Looking, Sight
from agents.learning.tasks import TASKS
from agents.learning.watched import Watched
from agents.policy import PodView, View
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.load import load

TICK_NS = 30_000_000_000
WATCHED = Watched.of(Flow(load("learning_to_size")), "front")


def sight(request: int = 400, target: int | None = 200, usage: int | None = 300, throttled: int = 2500, age: int = 0) -> Sight:
    """One look at four pods, one of which requests twice as much as a new one would."""
    now_ns = 100 * TICK_NS
    pods = tuple(PodView(f"front-{n}", "Running", n, request * (2 if n == 3 else 1), is_ready=True, usage_millicores=usage,
                         sampled_ns=now_ns - age * TICK_NS, values_milli={"throttled_per_second": throttled, "queue_length": 3000})
                 for n in range(4))  # fmt: skip
    view = View(now_ns, "front", 4, request, pods, 800, 1600, values_milli={WATCHED.rate: 28_000})
    return Looking(WATCHED, TICK_NS).look(view, None if target is None else Recommendation(target // 2, target, 4 * target))


def test_features_by_hand() -> None:
    """300 of 400 milli-cores in use, throttled in a quarter of ten periods a second, the VPA would give half."""
    seen = RIGHTSIZING.newest(RIGHTSIZING.frame(sight()))
    assert (seen["usage"], seen["usage_most"], seen["throttled"], seen["waiting"]) == (0.75, 0.75, 0.25, 2)
    assert seen["request"] == pytest.approx(math.log2(400)) and (seen["target"], seen["lower"], seen["upper"]) == (-1, -1, 2)
    assert (seen["ready"], seen["off"], seen["rate"], seen["growth"], seen["age"]) == (1, 0.25, 3, 0, 0)
    unknown = RIGHTSIZING.newest(RIGHTSIZING.frame(sight(target=None, usage=None)))
    assert (unknown["usage"], unknown["target"], unknown["lower"]) == (0, 0, 0)


@given(st.integers(1, 10**7), st.none() | st.integers(1, 10**14), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 99))
def test_readings_stay_within_their_bounds(request: int, target: int | None, usage: int, throttled: int, age: int) -> None:
    """However strange the figures are."""
    seen, width = RIGHTSIZING.frame(sight(request, target, usage, throttled, age)), len(RIGHTSIZING)
    assert ((seen >= RIGHTSIZING.low[:width]) & (seen <= RIGHTSIZING.high[:width])).all()


def test_actions_are_multiples() -> None:
    """Of the recommendation, or of what is requested; what leads out of bounds may not be chosen, but to stay always may."""
    assert [RECOMMENDATION.millicores(n, sight()) for n in range(len(RECOMMENDATION))] == [60, 90, 120, 160, 200, 250, 320, 400]
    assert [REQUEST.millicores(n, sight()) for n in range(len(REQUEST))] == [200, 280, 340, 400, 480, 600, 800]
    assert RECOMMENDATION.mask(sight(), 100, 300).tolist() == [False, False, True, True, True, True, False, False]
    assert RECOMMENDATION.mask(sight(), 900, 999).tolist() == [times == 1 for times in MULTIPLES]
    assert RECOMMENDATION.follows == MULTIPLES.index(1.0) and REQUEST.follows is None and REQUEST.labels[REQUEST.stays] == "x1"


def test_the_guard_holds() -> None:
    """No leaps, no bounds passed, and no policy on old figures."""
    guard = Guard(50, 700)
    assert guard.passed(500, sight()) == (500, "") and guard.passed(60, sight()) == (200, "60m is too far in one step: 200m")
    assert guard.passed(900, sight()) == (700, "900m is too far in one step: 700m")
    assert guard.passed(750, sight()) == (700, "750m is out of 50m..700m: 700m")
    assert guard.passed(500, sight(age=9)) == (200, "stale metrics: the VPA decides")


def tick(**changed: Any) -> Measured:
    """A tick of one class and two services, in which all is well."""
    plain = Measured(0, TICK_NS, np.array([100]), np.array([0]), np.array([0.5]), np.array([10, 30]), np.array([1000, 2000]),
                     np.array([4, 2]), np.array([0, 0]), np.array([500.0, 1000.0]))  # fmt: skip
    return dataclasses.replace(plain, **changed)


def test_a_reward_by_hand() -> None:
    """Milli-cores against those of the work that came; restarts against pods; lateness by who waited or was throttled."""
    weights = Weights(churn=1.0)
    assert reward_of(tick(), weights).terms == pytest.approx({"slo": 0, "drop": 0, "cost": 0.5 * 3000 / 1500, "churn": 0})
    worse = reward_of(tick(restarted=np.array([1, 1]), lateness=np.array([2.0])), weights)
    assert worse.terms == pytest.approx({"slo": 4 * math.log(2), "drop": 0, "cost": 1, "churn": 0.375})
    assert worse.shares == pytest.approx([-math.log(2) - 1 / 3 - 0.125, -3 * math.log(2) - 2 / 3 - 0.25])
    assert worse.shares.sum() == pytest.approx(worse.total) and worse.facts["churn"] == 2 and worse.facts["cost"] == 3000


def test_pods_are_sized() -> None:
    """New pods request what was asked, with a limit in proportion, and old ones go one by one; who follows is the VPA itself."""
    play = begun(TASKS["Rightsize-v0"].drawn(np.random.default_rng(1), {}))
    cluster, before = play.drive.mesh.cluster, {row: play.drive.mesh.cluster.size(row).requests.cpu or 0 for row in play.rows}
    played(play, np.full(len(play.rows), MULTIPLES.index(2.0)))
    for row in play.rows:
        size = cluster.size(row)
        assert size.requests.cpu != before[row] and size.cpu_limit == 2 * (size.requests.cpu or 0)
        assert sum(pod.size == size for pod in cluster.pods(row)) == 1
    for _ in range(4):
        reward = played(play, np.full(len(play.rows), MULTIPLES.index(2.0)))
    assert reward.facts["cost"] > 4 * sum(before.values()) / 2


def test_who_cannot_be_guided_is_told() -> None:
    """A world without a VPA, one whose VPA does two things at two times, and an interval of one's own."""
    task = TASKS["Rightsize-v0"]
    with pytest.raises(ScenarioError, match="no pods are sized here"):
        task.seats(load("hello_mesh"))
    with pytest.raises(ScenarioError, match="its updater_interval differs"):
        task.seats(load("learning_to_size", ["agents.defaults.sizing.vpa.updater_interval=1m"]))
    with pytest.raises(ScenarioError, match="asked when its VPA looks"):
        task.changed(every_ns=TICK_NS).seats(load("learning_to_size"))
