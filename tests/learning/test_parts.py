"""What environments are made of: features, actions, guards and rewards."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling.minds.hpa import HpaPolicy
from agents.autoscaling.minds.trend import TrendPolicy
from agents.learning.fluid import rule
from agents.learning.observing import FRAMES, Frames
from agents.learning.playing import begun, played
from agents.learning.reward import Weights
from agents.learning.scaling.actions import ACTION_SETS, COUNTS, DELTA, MULTIPLES, MULTIPLIER, REPLICAS, TARGET
from agents.learning.scaling.features import FEATURES, SCALING
from agents.learning.scaling.guard import Guard
from agents.learning.scaling.measuring import Measured
from agents.learning.scaling.reward import reward_of
from agents.learning.scaling.ruling import Ruling, as_if
from agents.learning.scaling.sight import Looking, Sight
from agents.learning.tasks import SCALE_V0, Episode
from agents.learning.watched import Watched
from agents.policy import PodView, Policy, View, asking_for
from scenarios.load import load
from scenarios.schema.hpa import Hpa
from scenarios.schema.planning import Trend
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


def serving(pods: int, usage: int, now_ns: int) -> tuple[PodView, ...]:
    """Pods that have long been ready and use so much of a core each."""
    return tuple(PodView(f"a-{n}", "Running", n, 1000, "z", 0, is_ready=True, ready_changed_ns=0, usage_millicores=usage,
                         sampled_ns=now_ns, window_ns=TICK_NS) for n in range(pods))  # fmt: skip


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
    """Worked by hand; multiples are rounded as a rule would, and pods that are all busy are not made fewer than the rule wants."""
    assert MULTIPLIER.pods(sight(proposed=10)).tolist() == [7, 8, 9, 10, 11, 12, 15, 20]
    assert MULTIPLIER.pods(sight(proposed=10, usage=960)).tolist() == [10, 10, 10, 10, 11, 12, 15, 20]
    assert MULTIPLIER.pods(sight(proposed=10, usage=None)).tolist() == [7, 8, 9, 10, 11, 12, 15, 20]
    assert MULTIPLIER.pods(sight(proposed=3)).tolist() == [2, 3, 3, 3, 3, 4, 4, 6]
    assert MULTIPLIER.pods(sight(proposed=2)).tolist() == [2, 2, 2, 2, 2, 2, 3, 4]
    assert MULTIPLIER.pods(sight(proposed=1)).tolist() == [1, 1, 1, 1, 1, 1, 1, 2]
    assert MULTIPLIER.follows is not None and MULTIPLES[MULTIPLIER.follows] == 1
    assert DELTA.pods(sight()).tolist() == [0, 2, 3, 4, 5, 6, 8]
    assert TARGET.pods(sight()).tolist() == [5, 4, 4, 3, 3, 3]  # 2 cores in use
    assert REPLICAS.pods(sight())[0] == 1
    assert all(one.mask(one.pods(sight()), 1, 40).any() for one in ACTION_SETS.values())
    assert MULTIPLIER.mask(MULTIPLIER.pods(sight(proposed=30)), 1, 40).tolist() == [True] * 6 + [False] * 2
    assert MULTIPLIER.mask(MULTIPLIER.pods(sight(proposed=60)), 1, 40).tolist() == [n == MULTIPLIER.follows for n in range(8)]
    assert REPLICAS.mask(REPLICAS.pods(sight()), 5, 5).tolist() == [count == 4 for count in COUNTS]


@given(st.sampled_from(MULTIPLES), st.integers(1, 40), st.integers(200, 12_000), st.booleans())
def test_a_multiple_of_a_rule_is_what_it_says(times: float, pods: int, load_millicores: int, trends: bool) -> None:
    """Taken at every look, of an HPA on half of the CPU or of a trend: so many times the pods that keep the target, for ever."""
    if trends:
        ruled: Policy = TrendPolicy(Trend.model_validate({"averageValue": 10, "min": 1, "max": 200}), "a")
    else:
        ruled = HpaPolicy(Hpa.model_validate({"target_cpu": "50%", "min": 1, "max": 200}), "a")
    ruling, place, needed = Ruling(ruled), MULTIPLES.index(times), load_millicores / 500
    for tick in range(40, 120):
        now_ns = tick * TICK_NS
        ready = serving(pods, min(1000, load_millicores // pods), now_ns)
        view = View(now_ns, "a", pods, 1000, ready, values_milli={WATCHED.rate: load_millicores * 20})
        verdict, wanted = ruling.rule_on(view)
        assert verdict.commands == asking_for(wanted, view)
        pods = max(1, int(MULTIPLIER.pods(Looking(WATCHED, TICK_NS).look(view, wanted))[place]))
    assert times * needed / 1.13 - 1.5 <= pods <= times * math.ceil(1.13 * needed) + 1 or pods == 1


def test_a_rule_remembers_what_it_asked_for_itself() -> None:
    """Its limits count its own steps, not those that a policy made of them."""
    ruling, asked = Ruling(HpaPolicy(Hpa.model_validate({"target_cpu": "50%", "min": 1, "max": 100}), "a")), []
    for tick in range(40, 44):
        view = View(tick * TICK_NS, "a", 30 if tick > 40 else 4, 1000, serving(30, 1000, tick * TICK_NS))
        asked.append(ruling.rule_on(view)[1])
    assert asked == [8, 16, 32, 60]


def test_what_a_rule_would_see() -> None:
    """As many pods as it asked for, the same part of them ready, and the same CPU in all; a fluid's rule is shown the same."""
    ready = tuple(PodView(f"a-{n}", "Running", n, 1000, is_ready=True, usage_millicores=300 + 10 * n) for n in range(6))
    others = (PodView("b", "Pending", 6, 1000), PodView("c", "Pending", 7, 1000),
              PodView("d", "Running", 8, 1000, is_ready=True, is_terminating=True))  # fmt: skip
    view = View(0, "a", 8, 1000, (*ready, *others))
    assert as_if(view, 8) is view
    for replicas, part in ((4, 3), (16, 12), (1, 1)):
        seen = as_if(view, replicas)
        counted = [pod for pod in seen.pods if pod.is_ready and not pod.is_terminating]
        assert (seen.replicas, len(counted), len(seen.pods)) == (replicas, part, replicas + 1)
        assert sum(pod.usage_millicores or 0 for pod in counted) == pytest.approx(1950, rel=0.15)
        fluid = rule.as_if(rule.Shown(np.zeros(1), np.array([1950.0]), np.array([1000.0]), np.array([6]), np.array([2])),
                           np.array([8]), np.array([replicas]))  # fmt: skip
        assert (fluid.counted.tolist(), fluid.unready.tolist()) == ([part], [replicas - part])


def test_starts_are_those_that_were_seen() -> None:
    """The fastest of the pods that had to start; not known where all were there from the beginning."""
    def seen(*starts_s: int) -> float:
        pods = tuple(PodView(f"a-{n}", "Running", n, 1000, start_ns=TICK_NS, is_ready=True, ready_changed_ns=TICK_NS + start_s * 10**9)
                     for n, start_s in enumerate(starts_s))  # fmt: skip
        view = View(100 * TICK_NS, "a", 4, 1000, (*pods, PodView("b", "Running", 9, start_ns=0)))
        return SCALING.newest(SCALING.frame(Looking(WATCHED, TICK_NS).look(view, 4)))["startup"]

    assert seen(0, 63, 127) == 6 and seen(0, 0) == seen() == 5.5


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
    """The cost is against what was offered, whoever was served: a pod each and all late is worse than eight each."""
    world = load("learning_to_scale", ["duration=6m", "workload.shoppers.load=1.5"])
    totals, task = {}, SCALE_V0.changed(actions="replicas")
    for action in (COUNTS.index(1), COUNTS.index(8)):
        play = begun(Episode(world, 1, task))
        totals[action] = 0.0
        while not play.is_over:
            totals[action] += played(play, np.full(len(play.rows), action)).total
    assert totals[COUNTS.index(1)] < totals[COUNTS.index(8)]
