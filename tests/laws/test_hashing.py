"""B10 to B14: rings, Maglev's table, bounded loads."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from scenarios.schema.balancing import LbPolicy
from sim.draws import indexed_key
from sim.laws import hashing
from sim.records import FILLER
from sim.reference.hashing import Slots, table_of
from sim.words import M64

Filler = FILLER.make_class()
WORDS = [hashing.hashed(indexed_key(11, n)) for n in range(20_000)]


def hosts(*weights: int) -> tuple[tuple[int, int, int], ...]:
    """Pods 0, 1, ... of these weights."""
    return tuple((number, indexed_key(7, number), weight) for number, weight in enumerate(weights))


def table(kind: str, of: tuple[tuple[int, int, int], ...], **settings: int) -> Slots:
    """The ring or table of some hosts."""
    return table_of(LbPolicy.model_validate({kind: settings}), of)


@pytest.mark.parametrize(
    ("weights", "minimum", "maximum", "entries"),
    [
        ((1, 1, 1, 1, 1, 1), 12, 8 << 20, (2,) * 6),  # Envoy's ring_hash_lb_test.cc: Basic, 6 hosts x 2
        ((1, 1), 3, 8 << 20, (2, 2)),  # UnevenHosts: rounded up to a whole number for each
        ((3, 2), 3, 8 << 20, (3, 2)),  # HostWeightedTinyRing, 3:2 and a third at 1
        ((1, 2, 3), 6, 8 << 20, (1, 2, 3)),
        ((1, 2, 3), 1024, 8 << 20, (171, 342, 513)),  # HostWeightedLargeRing
        ((1, 2, 3), 3, 3, (1, 1, 1)),  # no more than the maximum: 0.5, 1 and 1.5 by their running sum
        ((6, 1, 1), 2, 2, (2, 0, 0)),  # LopsidedWeightSmallScale: the small ones have none
    ],
)
def test_ring_sizes(weights, minimum, maximum, entries):
    """B11: entries by host, from Envoy's own tests and by hand."""
    ring = table("ring_hash", hosts(*weights), minimum_ring_size=minimum, maximum_ring_size=maximum)
    assert tuple(Counter(ring.owners)[i] for i in range(len(weights))) == entries
    assert list(ring.marks) == sorted(ring.marks)


def test_ring_look_up():
    """B11: the first entry at or after the word, around; again the next ones, whosever they are."""
    marks = [10, 20, 20, 30]
    looked = [hashing.ring_entry(marks, 0, 4, word) for word in (0, 10, 11, 20, 21, 30, 31, M64)]
    assert looked == [0, 0, 1, 1, 3, 3, 0, 0]
    assert hashing.ring_entry([99, *marks], 1, 4, 20) == 1
    assert [hashing.later_entry(3, again, 4) for again in range(5)] == [3, 0, 1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "settings", "without", "share"),
    [
        ("ring_hash", {"minimum_ring_size": 1000}, {"minimum_ring_size": 900}, 0.0),
        ("ring_hash", {}, {}, 1 - 103 / 114),  # each has ⌈1024/10⌉ entries, and ⌈1024/9⌉ without the one: new ones catch words
        ("maglev", {}, {}, 0.003),
    ],
)
def test_few_keys_move(kind, settings, without, share):
    """B11, B12: when one of 10 pods leaves, its keys go elsewhere; of the others' none where they keep their entries."""
    of = hosts(*[1] * 10)
    whole, rest = table(kind, of, **settings), table(kind, of[:4] + of[5:], **without)
    names = [*range(4), *range(5, 10)]
    before, after = [whole.owner(word, 0) for word in WORDS], [names[rest.owner(word, 0)] for word in WORDS]
    moved = np.mean([a != b for a, b in zip(before, after, strict=True) if a != 4])
    assert moved == pytest.approx(share, abs=0.02 if share else 0)


@pytest.mark.parametrize(("kind", "spread"), [("ring_hash", 0.35), ("maglev", 0.05)])
def test_evenness(kind, spread):
    """B11, B12: shares of 10 pods; Maglev's are far more even (Eisenbud et al., figure 12), a ring's entries about 1/√102 each."""
    shares = np.bincount([table(kind, hosts(*[1] * 10)).owner(word, 0) for word in WORDS]) / len(WORDS)
    assert np.ptp(shares) * 10 < 2 * spread


# Worked by hand after the paper's table 1: permutations of seven slots for three hosts, of (offset, skip) (3, 4), (0, 2), (3, 1).
PAPER = ((3, 4), (0, 2), (3, 1))


def filled(size: int, moves: tuple[tuple[int, int], ...], shares: tuple[float, ...]) -> list[int]:
    """The table of hosts whose permutations begin and go on so."""
    fillers = [Filler(host=i, place=place, skip=skip, share=share)
               for i, ((place, skip), share) in enumerate(zip(moves, shares, strict=True))]  # fmt: skip
    owners = [-5] * (size + 2)
    hashing.fill_maglev(owners, 1, size, fillers, len(fillers), max(shares))
    assert owners[0] == owners[-1] == -5
    return owners[1:-1]


def test_the_papers_table():
    """B12: Eisenbud et al. 2016, table 1: with B1 the look-up table is B1 B0 B1 B0 B2 B2 B0, without it B0 B0 B0 B0 B2 B2 B2."""
    assert filled(7, PAPER, (1 / 3,) * 3) == [1, 0, 1, 0, 2, 2, 0]
    assert filled(7, (PAPER[0], PAPER[2]), (0.5, 0.5)) == [0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("weights", "counts"),
    [((1, 1), (9, 8)), ((1, 2), (6, 11)), ((1, 3), (4, 13)), ((127, 1), (16, 1)), ((1, 1, 1, 1, 1, 1), (3, 3, 3, 3, 3, 2))],
)
def test_slots_by_weight(weights, counts):
    """B12: of 17 slots, as in Envoy's maglev_lb_test.cc (LocalityWeightedSameLocalityWeights: 6 and 11)."""
    owners = table("maglev", hosts(*weights), table_size=17).owners
    assert tuple(Counter(owners)[i] for i in range(len(weights))) == pytest.approx(counts, abs=1)
    assert sum(Counter(owners).values()) == 17


def test_the_order_of_hosts_makes_no_table():
    """B12: pods are taken in order of their numbers, however they are listed."""
    of = hosts(1, 2, 1, 5)
    shuffled = (of[2], of[0], of[3], of[1])
    plain, other = table("maglev", of, table_size=251), table("maglev", shuffled, table_size=251)
    assert [of[i] for i in plain.owners] == [shuffled[i] for i in other.owners]


def test_slots_are_even_and_repeats_are_elsewhere():
    """B12: words fall on slots alike; picked again, a word falls anywhere."""
    slots = [hashing.maglev_slot(word, 13) for word in WORDS]
    assert slots[:50] == [word % 13 for word in WORDS[:50]]
    assert stats.chisquare(np.bincount(slots)).pvalue > 1e-6
    again = [hashing.maglev_slot(hashing.maglev_word(word, 1), 13) for word in WORDS]
    assert hashing.maglev_word(5, 0) == 5
    assert hashing.maglev_word(0, 1) == M64 - 1 + 1
    assert np.mean(np.array(slots) == np.array(again)) < 0.2


def test_permutations_meet_every_slot():
    """B12: from any beginning by any skip, for a prime number of slots."""
    for n in range(50):
        address = indexed_key(3, n)
        place, skip = hashing.maglev_place(address, 11), hashing.maglev_skip(address, 11)
        assert 1 <= skip <= 10
        assert {(place + k * skip) % 11 for k in range(11)} == set(range(11))


@pytest.mark.parametrize(
    ("active", "factor", "share", "slots"),
    [(0, 125, 0.25, 1), (3, 125, 0.25, 2), (9, 125, 0.1, 2), (99, 100, 0.1, 10), (99, 120, 0.1, 12), (0, 100, 0.001, 1), (7, 150, 0.5, 6)],
)
def test_bounded_slots(active, factor, share, slots):
    """B13: by hand: ⌈⌈1.25 · 4⌉ / 4⌉ = 2 of four hosts with three in flight; one at least."""
    assert hashing.bounded_slots(active, factor, share) == slots
    assert hashing.overload(slots, slots) <= 1.0 < hashing.overload(slots + 1, slots)


def test_the_order_of_others_is_a_shuffle():
    """B13: every host once, in an order that is the word's own; each order of three is as likely as any other."""
    orders = Counter()
    for word in WORDS:
        places = [0, 1, 2]
        for i in range(3):
            j = hashing.shuffled_place(word, i, 3)
            places[i], places[j] = places[j], places[i]
        orders[tuple(places)] += 1
    assert len(orders) == 6
    assert stats.chisquare(list(orders.values())).pvalue > 1e-6


def test_marks_and_words_are_of_families_of_their_own():
    """B10, B11: a pod's marks differ from each other, and a key hashes alike for whoever asks."""
    assert len({hashing.ring_mark(indexed_key(1, pod), n) for pod in range(50) for n in range(100)}) == 5000
    assert hashing.hashed(42) == hashing.ring_mark(42, 0)
    assert hashing.entries_up_to(3.2) == 4
