"""What bidding is made of: multiples, guards, features and rewards; and that bids are multiplied, and nothing else."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.learning.bidding.actions import MULTIPLES
from agents.learning.bidding.bidders import auction
from agents.learning.bidding.features import BIDDING
from agents.learning.bidding.guard import Guard
from agents.learning.bidding.measuring import Measured
from agents.learning.bidding.reward import reward_of
from agents.learning.bidding.sight import Sight, flow_worths
from agents.learning.playing import Play, begun, played
from agents.learning.reward import Weights
from agents.learning.tasks import TASKS
from agents.negotiation.parties.flows.class_agent import ClassAgent
from agents.negotiation.parties.pools.member import MemberAgent
from agents.negotiation.parties.valuing import Outlook
from scenarios.errors import ScenarioError
from scenarios.load import load
from sim.platform.metrics import Series

TASK = TASKS["Bid-v0"]
LATE = Series("latency_p95", "workload", "buyers")


def sight(**changed: Any) -> Sight:
    """Who holds three of twenty units, which cost four an hour each, and would have seven at the least price of one."""
    plain = Sight((15.0, 31.0), [0, 16, 28, 36, 40, 42, 43.5, 44.6, 45.5], 1.0, 3, 20, 12.0, 0.5, {LATE: 2.0}, 1.5, 0.0)
    return dataclasses.replace(plain, **changed)


def test_features_by_hand() -> None:
    """A fourth unit is worth four times the least price."""
    seen = BIDDING.newest(BIDDING.frame(sight()))
    assert (seen["rate"], seen["growth"], seen["held"], seen["short"]) == (5, 1, pytest.approx(0.15), 1)
    assert (seen["marginal"], seen["paid"], seen["ready"], seen["lateness"], seen["age"]) == (2, 2, 0.5, 1, 0)
    assert seen["multiple"] == pytest.approx(math.log2(1.5))
    unknown = BIDDING.newest(BIDDING.frame(sight(worths=None, ready=None, lateness={})))
    assert (unknown["short"], unknown["marginal"], unknown["ready"], unknown["lateness"]) == (0, 0, 1, 0)


@given(st.lists(st.floats(0, 1e12), min_size=2, max_size=30), st.integers(0, 10**6), st.floats(0, 1e12), st.floats(0, 1e9),
       st.floats(1e-9, 1e9))  # fmt: skip
def test_readings_stay_within_their_bounds(worths: list[float], held: int, paid: float, rate: float, late: float) -> None:
    """However strange the figures are."""
    seen = BIDDING.frame(sight(worths=worths, held=held, paid=paid, rates=(rate, 0.0), lateness={LATE: late}))
    assert ((seen >= BIDDING.low[: len(BIDDING)]) & (seen <= BIDDING.high[: len(BIDDING)])).all()


def test_the_guard_holds() -> None:
    """A multiple at most doubles or halves from round to round; the truth is told on old figures."""
    guard = Guard()
    assert guard.passed(3.0, 1.5, 0) == (3.0, "") and guard.passed(3.0, 0.5, 0) == (1.0, "x3 is too far in one step: x1")
    assert guard.passed(0.5, 3.0, 0) == (1.5, "x0.5 is too far in one step: x1.5") and guard.passed(3.0, 3.0, 9)[0] == 1.0


def tick(**changed: Any) -> Measured:
    """A tick of an hour, of two classes and three bidders, of whom the last serves both."""
    plain = Measured(0, 3600 * 10**9, np.array([1000, 2000]), np.array([0, 0]), np.array([0.5, 0.5]),
                     np.array([[0.5, 0, 0.5], [0, 0.75, 0.25]]), np.array([2, 2]))  # fmt: skip
    return dataclasses.replace(plain, **changed)


def test_a_reward_by_hand() -> None:
    """Buyers' answers are worth three, visitors' one: 5 an hour together; each class's trouble is shared by those who bid for it."""
    worth, still, weights = np.array([3.0, 1.0]), np.zeros(3), Weights()
    assert reward_of(tick(), still, 1.0, worth, weights).terms == pytest.approx({"slo": 0, "drop": 0, "cost": 0.5 * 4 / 5, "churn": 0})
    bad = reward_of(tick(lateness=np.array([2.0, 0.5]), failed=np.array([0, 500])), np.array([1.0, 0, 0]), 1.0, worth, weights)
    slo, drop = 4 * 0.6 * math.log(2), 8 * 0.5 / 5
    assert bad.terms == pytest.approx({"slo": slo, "drop": drop, "cost": 0.4, "churn": 0.05 / 3})
    each = 0.4 / 3
    assert bad.shares == pytest.approx([-slo / 2 - each - 0.05 / 3, -0.75 * drop - each, -slo / 2 - 0.25 * drop - each])
    assert bad.shares.sum() == pytest.approx(bad.total)


def test_bids_are_multiplied_and_nothing_else() -> None:
    """A member's bids double; what more is worth to it, as its features tell, does not; the truth is told before the first action."""
    play = begun(TASK.drawn(np.random.default_rng(1), {}))
    party = play.drive.plane.parties["pay"]
    assert isinstance(party, MemberAgent)
    truth = party.worths(8)
    played(play, np.full(len(play.rows), MULTIPLES.index(2.0)))
    bids, rate = party.worths(8), party.outlook()
    party.eagerness = 1.0
    again = party.worths(8)
    assert truth is not None and bids is not None and again is not None and rate is not None
    assert bids == pytest.approx([2 * worth for worth in again]) and max(again) > 0
    assert [decision.mind for decision in play.drive.plane.decisions].count("policy") == len(play.rows)


def test_classes_bid_for_flow() -> None:
    """Under bundles rows are classes of requests, and a class's proposals are what is multiplied."""
    world = load("learning_to_bid", ["negotiations.pods.pool.by={bundles: {step: 10/s}}"])
    play = begun(TASK.changed(scenario=world).drawn(np.random.default_rng(1), {}))
    assert play.rows == ("buyers", "visitors")
    party = play.drive.plane.parties["buyers"]
    assert isinstance(party, ClassAgent)
    call = {"step": 10.0}
    truth = party.bid(call, 0)
    party.eagerness = 3.0
    tripled = party.bid(call, 0)
    assert truth is not None and tripled is not None and tripled["values"] == pytest.approx([3 * one for one in truth["values"]], abs=1e-6)
    assert not math.isnan(played(play, np.array([3, 2])).total)
    assert flow_worths(Outlook.known(0.0), 1.0, 0.1, 2) == [0, 0, 0, 0]


def test_who_may_not_bid() -> None:
    """Where nobody is asked what more is worth, all that may be chosen is the truth; where there is no pool, nobody sits."""
    play = begun(TASK.under("clairvoyant").drawn(np.random.default_rng(1), {}))
    assert play.masks.sum() == len(play.rows) and play.masks[:, MULTIPLES.index(1.0)].all()
    with pytest.raises(ScenarioError, match="there is no pool here"):
        auction(load("hello_mesh"))
    with pytest.raises(ScenarioError, match="asked when a round begins"):
        TASK.changed(every_ns=10**9).seats(load("learning_to_bid"))


def test_own_shares_are_of_own_classes() -> None:
    """Who serves visitors alone has no share in what buyers bear."""
    play = Play(TASK.drawn(np.random.default_rng(1), {}))
    owns = auction(play.episode.world).bidders
    assert {name: sorted(asked) for name, asked in owns.items()} == {
        "cart": ["buyers"], "catalog": ["visitors"], "front": ["buyers", "visitors"], "pay": ["buyers"], "recommend": ["visitors"]}
