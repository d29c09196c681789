"""What breaking is made of: settings, guards, features and rewards; and that levers are pulled."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.learning.breaking.actions import CLOSED, FEW, LEVELS, OPEN, PROBE, SWITCH
from agents.learning.breaking.baselines import slowness
from agents.learning.breaking.features import BREAKING
from agents.learning.breaking.guard import OPEN_TICKS, Guard
from agents.learning.breaking.measuring import Measured
from agents.learning.breaking.reward import reward_of
from agents.learning.breaking.seats import guarded, needed
from agents.learning.breaking.sight import Sight
from agents.learning.playing import begun, played
from agents.learning.reward import Weights
from agents.learning.tasks import TASKS
from scenarios.errors import ScenarioError
from scenarios.load import load

S = 1_000_000_000
WORLD = load("learning_to_break")
ROUTE = guarded(WORLD)["page -> offers"]
FIGURES: dict[str, float | None] = {
    "requests_per_second": 120.0, "retries_per_second": 30.0, "failures_per_second": 60.0, "refusals_per_second": 12.0, "in_flight": 31.0,
    "latency_p50": 0.125, "latency_p95": 0.5, "latency_p99": 2.0, "queue_length": 15.0,
}  # fmt: skip


def sight(**changed: Any) -> Sight:
    """A route in trouble, which was well four ticks ago."""
    before = FIGURES | {"latency_p50": 0.0625, "latency_p95": 0.0625, "queue_length": 0.25}
    return Sight(ROUTE, FIGURES | changed.get("figures", {}), before, changed.get("age_ticks", 0.0), changed.get("setting", FEW))


def test_features_by_hand() -> None:
    """Against a timeout of one second, growth against four ticks ago."""
    seen = BREAKING.newest(BREAKING.frame(sight()))
    assert (seen["p50"], seen["p95"], seen["p99"]) == (-3, -1, 1) and (seen["p50_growth"], seen["p95_growth"]) == (1, 3)
    assert seen["queue"] == 4 and seen["queue_growth"] == pytest.approx(math.log2(15)) and seen["in_flight"] == 5
    assert (seen["failures"], seen["retries"], seen["refusals"]) == (0.5, 0.25, pytest.approx(0.1))
    assert (seen["timeout"], seen["bound"], seen["age"]) == (-1, 1 / 16, 0)
    unknown = BREAKING.newest(BREAKING.frame(sight(figures=dict.fromkeys(FIGURES))))
    assert unknown["p99"] == -12 and unknown["failures"] == 0 and unknown["queue_growth"] == 0


@given(st.dictionaries(st.sampled_from(sorted(FIGURES)), st.none() | st.floats(0, 1e12)), st.floats(0, 99))
def test_readings_stay_within_their_bounds(figures: dict[str, float | None], age: float) -> None:
    """However strange the figures are."""
    seen, width = BREAKING.frame(sight(figures=figures, age_ticks=age)), len(BREAKING)
    assert ((seen >= BREAKING.low[:width]) & (seen <= BREAKING.high[:width])).all()


def test_settings_are_parts_of_the_file() -> None:
    """Of 64 calls and a second; one call at least, unless none."""
    assert [one.max_requests(64) for one in LEVELS.settings] == [64, 64, 16, 8, 4, 1, 0]
    assert [one.timeout_ns(S) for one in LEVELS.settings] == [S] + 6 * [S // 2]
    assert PROBE.max_requests(8) == 1 and SWITCH.labels == ("closed", "probe", "open") and LEVELS.follows == SWITCH.follows == 0


def test_the_guard_half_opens() -> None:
    """Never open for more than three decisions, never closed at once, never on old figures, never where an answer is needed."""
    guard = Guard()
    passed = [guard.passed(OPEN, 0)[0] for _ in range(2 * OPEN_TICKS + 2)]
    assert passed == ([OPEN] * OPEN_TICKS + [PROBE]) * 2
    assert guard.passed(OPEN, 0) == (OPEN, "")
    assert guard.passed(CLOSED, 0) == (PROBE, "closed at once: half open first") and guard.passed(CLOSED, 0) == (CLOSED, "")
    assert guard.passed(OPEN, 9) == (CLOSED, "stale metrics: as the file has it")
    assert Guard(is_needed=True).passed(OPEN, 0) == (PROBE, "its callers need an answer: half open")


def test_who_is_guarded() -> None:
    """Calls between services with a timeout and breakers; what has no remedy is never to be shut."""
    assert list(guarded(WORLD)) == ["page -> offers", "page -> reviews", "page -> stock", "reviews -> ratings"]
    assert needed(WORLD) == {"page -> stock"}
    with pytest.raises(ScenarioError, match="no call between services has a timeout and circuit_breakers"):
        guarded(load("hello_mesh"))


def test_the_levers_are_pulled() -> None:
    """What is set is what the data plane knows, in bounds and timeouts; one that is needed is half open at most, and its mask says so."""
    task = TASKS["Breaker-v0"]
    play = begun(task.drawn(np.random.default_rng(1), {}))
    assert play.masks[play.rows.index("page -> stock")].tolist() == [True] * 6 + [False]
    played(play, np.full(len(play.rows), LEVELS.named("open")))
    known = {route.name: route for route in play.drive.mesh.plane.layout.routes}
    breakers = {row: known[row].circuit_breakers for row in play.rows}
    bounds = {row: (one.max_requests, known[row].timeout_ns) for row, one in breakers.items() if one is not None}
    assert bounds == {row: (1 if row == "page -> stock" else 0, S // 2) for row in play.rows}
    assert play.guarded == {"page -> stock": "its callers need an answer: half open"}
    play = begun(task.drawn(np.random.default_rng(1), {}))
    reward = played(play, np.where(play.masks[:, LEVELS.named("open")], LEVELS.named("open"), LEVELS.named("closed")))
    assert play.guarded == {}
    assert reward.facts["cost"] > 0.9 * 2 * reward.facts["offered"], "nobody gets reviews or offers"


def tick(**changed: Any) -> Measured:
    """A tick of one class and two routes, in which all is well."""
    plain = Measured(0, 5 * S, np.array([100]), np.array([0]), np.array([0.5]), np.array([100, 200]), np.array([0, 0]), np.array([10, 30]))
    return dataclasses.replace(plain, **changed)


def test_a_reward_by_hand() -> None:
    """What is missed costs whoever missed it; lateness whoever made callers wait."""
    still, weights = np.array([0, 0]), Weights(cost=3.0)
    assert reward_of(tick(), still, weights).total == 0
    missed = reward_of(tick(missed=np.array([10, 20])), np.array([1, 0]), weights)
    assert missed.terms == pytest.approx({"slo": 0, "drop": 0, "cost": 0.9, "churn": 0.025})
    assert missed.shares == pytest.approx([-0.325, -0.6])
    late = reward_of(tick(lateness=np.array([3.0]), failed=np.array([5])), still, weights)
    assert late.terms == pytest.approx({"slo": 4 * math.log(3), "drop": 0.4, "cost": 0, "churn": 0})
    assert late.shares == pytest.approx([late.total / 4, 3 * late.total / 4]) and late.violated == 1
    worst = reward_of(tick(lateness=np.array([math.inf]), failed=np.array([100])), still, weights)
    assert worst.total < reward_of(tick(lateness=np.array([math.inf]), failed=np.array([90])), still, weights).total


def test_the_oracle_reads_the_faults() -> None:
    """Offers are four times slower from 40 s to 120 s."""
    assert [slowness(WORLD, "offers", at * S, (at + 5) * S) for at in (10, 35, 36, 119, 120)] == [1, 1, 4, 4, 1]
