"""B25: subsets of pods."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from sim.draws import indexed_key
from sim.laws.subsetting import subset_round, subset_start, subset_word

ADDRESSES = [indexed_key(5, n) for n in range(300)]


def of_the_book(backends: list[int], client: int, size: int) -> list[int]:
    """Beyer et al., Site Reliability Engineering, chapter 20: deterministic subsetting, as its listing has it."""
    parts = len(backends) // size
    order = backends[:]
    random.Random(client // parts).shuffle(order)
    return order[client % parts * size :][:size]


@pytest.mark.parametrize(("n", "size"), [(12, 3), (300, 10), (10, 3), (7, 7)])
def test_rounds_and_parts(n, size):
    """B25: the book's example has 12 backends, 10 clients and a size of 3: rounds of four clients, who take 0-2, 3-5, 6-8, 9-11."""
    parts = [(subset_round(client, n, size), subset_start(client, n, size)) for client in range(2 * (n // size))]
    assert parts == [(turn, size * part) for turn in range(2) for part in range(n // size)]
    for client, (turn, start) in enumerate(parts):
        order = list(range(n))
        random.Random(turn).shuffle(order)
        assert order[start : start + size] == of_the_book(list(range(n)), client, size)


def test_clients_spread_evenly():
    """B25: dealt out, 300 clients with 10 of 300 pods each give every pod exactly 10; at random about √10 more or less."""
    dealt, drawn = Counter[int](), Counter[int]()
    for client in range(300):
        key, start = indexed_key(1, subset_round(client, 300, 10)), subset_start(client, 300, 10)
        dealt.update(sorted(range(300), key=lambda pod: subset_word(key, ADDRESSES[pod]))[start : start + 10])
        drawn.update(sorted(range(300), key=lambda pod: subset_word(indexed_key(2, client), ADDRESSES[pod]))[:10])
    assert set(dealt.values()) == {10}
    spread = np.std([drawn[pod] for pod in range(300)])
    assert spread == pytest.approx(np.sqrt(10 * 29 / 30), rel=0.2)


def test_orders_are_alike():
    """B25: each of three pods comes first as often as any other."""
    first = Counter(min(range(3), key=lambda pod: subset_word(indexed_key(3, view), ADDRESSES[pod])) for view in range(6000))
    assert stats.chisquare(list(first.values())).pvalue > 1e-6
