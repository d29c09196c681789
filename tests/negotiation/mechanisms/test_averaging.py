"""Averages without a centre: gossip keeps the sum and shrinks the error by the second eigenvalue; push-sum loses no mass to loss."""

from __future__ import annotations

import math
import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.averaging import (
    PushSum,
    gossiped,
    holding,
    mass_in_all,
    metropolis,
    push_sum_round,
    pushed,
    second_eigenvalue,
    told,
)

VALUES = st.floats(-1e3, 1e3)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, float]]:
    """A connected graph of up to eight parties, and the value of each."""
    n = draw(st.integers(2, 8))
    seed, chords = draw(st.integers(0, 10_000)), draw(st.integers(0, n))
    graph = nx.random_labeled_tree(n, seed=seed)
    rng = random.Random(seed)
    graph.add_edges_from(rng.sample(range(n), 2) for _ in range(chords))
    near = {f"p{i}": [f"p{j}" for j in graph.neighbors(i)] for i in graph.nodes}
    return near, {name: draw(VALUES) for name in near}


def error(values: dict[str, float], mean: float) -> float:
    """The Euclidean distance from everybody's knowing the mean."""
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values.values()))


def test_weights_by_hand() -> None:
    """A path a - b - c: degrees 1, 2, 1, so 1/3 along both links, and the rest stays. Its eigenvalues are 1, 2/3 and 0."""
    weights = metropolis({"a": ["b"], "b": ["a", "c"], "c": ["b"]})
    assert weights["b"] == pytest.approx({"b": 1 / 3, "a": 1 / 3, "c": 1 / 3})
    assert weights["a"] == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert second_eigenvalue(weights) == pytest.approx(2 / 3)
    assert gossiped({"a": 3.0, "b": 0.0, "c": 0.0}, weights) == pytest.approx({"a": 2.0, "b": 1.0, "c": 0.0})


@settings(deadline=None)
@given(worlds())
def test_weights_are_doubly_stochastic(world) -> None:
    """Rows and columns add up to 1, nothing is negative, and what one takes of another the other takes of it."""
    weights = metropolis(world[0])
    for name, row in weights.items():
        assert math.fsum(row.values()) == pytest.approx(1) == math.fsum(other.get(name, 0.0) for other in weights.values())
        assert all(weight >= 0 and weights[other][name] == weight for other, weight in row.items())


@settings(deadline=None)
@given(worlds())
def test_gossip_keeps_the_sum_and_forgets_the_rest(world) -> None:
    """The sum never changes, and after t rounds the error is at most the second eigenvalue to the t times the first."""
    near, values = world
    weights = metropolis(near)
    mean, rate, now = math.fsum(values.values()) / len(values), second_eigenvalue(weights), values
    for t in range(1, 21):
        now = gossiped(now, weights)
        assert math.fsum(now.values()) == pytest.approx(mean * len(values), abs=1e-8)
        assert error(now, mean) <= rate**t * error(values, mean) + 1e-8


def test_what_is_not_connected_never_agrees() -> None:
    """Two islands: the second eigenvalue is 1."""
    assert second_eigenvalue(metropolis({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]})) == pytest.approx(1)
    assert second_eigenvalue(metropolis({"a": []})) == 0


def test_one_way_links_are_refused() -> None:
    """Gossip's weights need both to know of each other."""
    with pytest.raises(ValueError, match=r"'b' is a neighbour of 'a', but not the other way round: use push-sum"):
        metropolis({"a": ["b"], "b": []})


def test_gossip_loses_mass_where_one_message_is_lost() -> None:
    """Why there is push-sum: one party misses a round's value, keeps its own instead, and the sum is another for ever."""
    weights = metropolis({"a": ["b"], "b": ["a"]})
    heard = gossiped({"a": 4.0, "b": 0.0}, weights)["a"]
    missed = {"a": heard, "b": 0.0}  # what a sent never came
    assert sum(missed.values()) != 4.0


def test_push_sum_by_hand() -> None:
    """a holds 4 of weight 1 and pushes half to b, which is lost; of what is left it pushes half again: b then gets both parts."""
    once = push_sum_round({"a": holding(4.0), "b": holding(0.0)}, {"a": ["b"], "b": []}, lost=[("a", "b")])
    assert (once["a"].mass, once["b"].mass) == ((2.0, 0.5), (0.0, 1.0))
    assert mass_in_all(once) == (4.0, 2.0)
    twice = push_sum_round(once, {"a": ["b"], "b": []})
    assert (twice["a"].mass, twice["b"].mass) == ((1.0, 0.25), (3.0, 1.75))


@settings(deadline=None)
@given(worlds(), st.data())
def test_push_sum_loses_no_mass(world, data) -> None:
    """Whatever is lost in whichever round: what is held and what is owed add up to what there was, and every weight is above 0."""
    near, values = world
    parties = {name: holding(value) for name, value in values.items()}
    links = [(sender, receiver) for sender in near for receiver in near[sender]]
    for _ in range(10):
        lost = data.draw(st.lists(st.sampled_from(links), unique=True))
        parties = push_sum_round(parties, near, lost)
        assert mass_in_all(parties) == pytest.approx((math.fsum(values.values()), len(values)), abs=1e-8)
        assert all(party.mass[1] > 0 for party in parties.values())


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(0, 1000))
def test_push_sum_finds_the_mean_though_a_third_is_lost(world, seed: int) -> None:
    """After 400 rounds everybody's estimate is the mean, on any connected graph of eight."""
    near, values = world
    rng, parties = random.Random(seed), {name: holding(value) for name, value in values.items()}
    for _ in range(400):
        lost = [(sender, receiver) for sender in near for receiver in near[sender] if rng.random() < 1 / 3]
        parties = push_sum_round(parties, near, lost)
    mean = math.fsum(values.values()) / len(values)
    assert all(party.estimate == pytest.approx(mean, abs=1e-3) for party in parties.values())


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=6), st.data())
def test_copies_and_messages_that_were_overtaken_change_nothing(values: list[float], data) -> None:
    """Totals may come twice and in any order: once the newest has come, the receiver holds what was sent, no more and no less."""
    sender, receiver = holding(values[0]), holding(0.0)
    totals = []
    for value in values:
        sender = pushed(PushSum((sender.mass[0] + value, sender.mass[1] + 1), sender.sent, sender.received), ["b"])
        totals.append(sender.sent["b"])
    order = data.draw(st.permutations([*totals, *totals]))
    for total in order:
        receiver = told(receiver, "a", total)
    assert receiver.mass == pytest.approx((totals[-1][0], 1 + totals[-1][1]), abs=1e-9)
    assert told(receiver, "a", totals[0]) is receiver
