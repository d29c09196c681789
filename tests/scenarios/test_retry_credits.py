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
