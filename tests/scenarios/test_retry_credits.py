"""Who drops what first along a chain that is short at its end: what `retry_credits` answers, and where credits lose."""

from __future__ import annotations

from functools import cache

import pytest

from scenarios.load import load
from tests.negotiation.parties.measuring_chains import WORLDS, Outcome, outcome
from tests.scenarios.answers import answers


@cache
def found(by: str, world: str = "the crowd") -> Outcome:
    """One run of a mechanism; the same is run once."""
    return outcome(by, WORLDS[world], 1)


@pytest.mark.parametrize("seed", [1, 2])
def test_credits_keep_its_answer(seed: int) -> None:
    """Buyers hardly notice, the stock is kept busy for somebody, and all is well after the crowd."""
    assert all(one["met"] for one in answers(load("retry_credits"), seed))


def test_without_credits_retries_multiply_and_it_never_comes_back() -> None:
    """Five tries at the stock for a request, five of six of its visits for nobody, and nothing is good after the crowd."""
    outage = found("none")
    assert outage.tries > 5
    assert outage.wasted_stock > 0.8
    assert outage.wasted_orders > 0.9
    after = load("retry_credits", ["negotiations.relief.credits.by=none"]).with_(expect=[{"good": "< 1%", "from": "165s"}])
    assert [one["met"] for one in answers(after)] == [True]


def test_best_effort_goes_first_only_where_somebody_says_so() -> None:
    """By proportion buyers lose a fifth; by priority or worth next to nothing, for a tenth of the visitors."""
    assert found("proportional").buyers_good < 0.85
    assert min(found(by).buyers_good for by in ("strict_priority", "credits", "planner")) > 0.985
    assert found("credits").visitors_good > 0.44


def test_scarcity_that_is_passed_on_is_met_at_the_entry() -> None:
    """As much is answered whether it is passed on or not: what it saves is the work of the services before."""
    alone, passed = found("{credits: {passes_on: false}}"), found("credits")
    assert passed.good_per_s == pytest.approx(alone.good_per_s, rel=0.03)
    assert alone.wasted_edge > 0.35
    assert passed.wasted_edge < 0.03


def test_credits_lose_where_tries_fail_and_nothing_is_short() -> None:
    """One try in twenty fails: who reserves capacity for first tries tries fewer of them again."""
    world = "no crowd, one try in twenty fails"
    assert found("none", world).good_per_s - found("credits", world).good_per_s > 1


def test_credits_lose_where_nobody_can_speak() -> None:
    """Floors are a tenth of the pods: a minute without messages and without need costs a fifth of four minutes."""
    world = "no crowd, no message arrives from second 75 to 135"
    assert found("none", world).buyers_good > 0.999
    assert found("credits", world).buyers_good < 0.82


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_gate_by_hand_is_as_good_as_its_numbers(seed: int) -> None:
    """At 80 % of what the stock can serve it does as well as credits; at 90 % it falls over, and nobody had told it of more buyers."""
    by_hand, bargained = (outcome(by, (), seed) for by in ("gate at 80 %", "credits"))
    assert by_hand.buyers_good > 0.999
    assert bargained.visitors_good > by_hand.visitors_good > 0.45
    assert outcome("gate at 90 %", (), seed).buyers_good < 0.5
    crowded = WORLDS["the crowd, and 90 buyers a second"]
    assert outcome("gate at 80 %", crowded, seed).buyers_good < 0.3
    assert outcome("credits", crowded, seed).buyers_good > 0.995


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_envoy_has_without_agents(seed: int) -> None:
    """Budgets alone leave two fifths of buyers without an answer; with a short queue by priority they do as well as credits, or nearly."""
    assert outcome("retry budgets of 20 %", (), seed).buyers_good < 0.6
    queue, bargained = (outcome(by, (), seed) for by in ("short queue by priority, budgets", "credits"))
    assert 0.97 < queue.buyers_good < bargained.buyers_good
    assert queue.visitors_good > bargained.visitors_good + 0.02
    all_three = outcome("short queue, budgets, gate at 90 %", (), seed)
    assert all_three.buyers_good > bargained.buyers_good and all_three.visitors_good > bargained.visitors_good
    crowded = WORLDS["the crowd, and 90 buyers a second"]
    assert outcome("retry budgets of 20 %", crowded, seed).buyers_good < 0.3
    assert 0.92 < outcome("short queue by priority, budgets", crowded, seed).buyers_good < 0.94
