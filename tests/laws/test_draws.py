"""D1 to D3: the generator's published answers, addresses that never meet, and draws that look like chance.

Statistical tests have fixed seeds and fail, on a sound generator, once in a million: ALARM is that probability.
"""

from __future__ import annotations

from itertools import accumulate, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import draws
from sim.draws import GOLDEN, bits, child_key, family_key, indexed_key, mix, name_hash, pick, unit
from sim.words import M64, unsigned

ALARM = 1e-6
words = st.integers(0, M64)

ANSWERS = {  # SplitMix64 as published: Steele, Lea and Flood 2014, Vigna's splitmix64.c
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F],
    1234567: [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
}


def unmix(z: int) -> int:
    """The finalizer backwards."""
    z = _unshift(z, 31) * pow(0x94D049BB133111EB, -1, 1 << 64) & M64
    z = _unshift(z, 27) * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & M64
    return _unshift(z, 30)


def _unshift(z: int, by: int) -> int:
    found = z
    for _ in range(64 // by):
        found = z ^ (found >> by)
    return found


@pytest.mark.parametrize("seed", ANSWERS)
def test_known_answers(seed):
    """D1: the finalizer over the golden sequence is SplitMix64's output."""
    assert [mix((seed + (k + 1) * GOLDEN) & M64) for k in range(len(ANSWERS[seed]))] == ANSWERS[seed]


@pytest.mark.parametrize("seed", ANSWERS)
def test_bits_are_the_published_sequence(seed):
    """D2: bits(key, stream, k) is output k of the generator whose seed is mix(key ^ stream)."""
    stream = 0x0123456789ABCDEF
    assert [bits(unmix(seed) ^ stream, stream, k) for k in range(len(ANSWERS[seed]))] == ANSWERS[seed]


@given(words)
def test_mix_is_a_bijection(z):
    """D1: it can be undone, so no two words meet."""
    assert unmix(mix(z)) == z == mix(unmix(z))


@given(st.integers(-(1 << 70), 1 << 70))
def test_unsigned(value):
    """D2: the value modulo 2^64."""
    assert unsigned(value) == value % (1 << 64)


@pytest.mark.parametrize(("word", "expected"), [(0, 0.0), (M64, 1 - 2**-53), (1 << 63, 0.5), (1 << 11, 2**-53), ((1 << 11) - 1, 0.0)])
def test_unit_takes_the_upper_53_bits(word, expected):
    """D2: a double in [0, 1), every one of them a multiple of 2^-53."""
    key = unmix((unmix(word) - GOLDEN) & M64)
    assert bits(key, 0, 0) == word
    assert unit(key, 0, 0) == expected


@given(st.integers(1, 1 << 40))
def test_pick_stays_below(n):
    """D2: not even the largest draw picks the n-th of n."""
    assert pick(0.0, n) == 0
    assert pick(1 - 2**-53, n) == n - 1


# -- addresses ---------------------------------------------------------------------------------------------------------

steps = st.tuples(st.integers(0, (1 << 20) - 1), st.integers(0, (1 << 24) - 1), st.integers(0, (1 << 20) - 1))


@given(words, steps, steps)
def test_children_never_share_a_key(parent, one, other):
    """D3: (step, branch, attempt) of one parent can be read back from the key, so they are injective."""
    assert (child_key(parent, *one) == child_key(parent, *other)) == (one == other)
    word = unmix(child_key(parent, *one)) ^ mix(parent ^ GOLDEN)
    assert (word >> 44, (word >> 20) & 0xFFFFFF, word & 0xFFFFF) == one


@given(words, words, steps)
def test_parents_never_share_a_child(one, other, step):
    """D3: the same step of two parents has two keys."""
    assert (child_key(one, *step) == child_key(other, *step)) == (one == other)


@given(words, st.integers(0, M64), st.integers(0, M64))
def test_indexed_keys(base, one, other):
    """D3: the n-th of a family; injective in n."""
    assert (indexed_key(base, one) == indexed_key(base, other)) == (one == other)
    assert unmix(indexed_key(base, one)) ^ mix(base) == one


def test_a_tree_of_keys_has_no_twins():
    """D3: 60,000 keys of a program four calls deep, none twice."""
    keys = [1]
    level = [1]
    for _ in range(4):
        level = [child_key(parent, *at) for parent in level for at in product(range(4), range(2), range(2))][:15_000]
        keys += level
    assert len(set(keys)) == len(keys)


def test_families_go_by_name():
    """D3: seed, family and name each matter, and the name is hashed as BLAKE2b has it."""
    assert name_hash("") == int.from_bytes(bytes.fromhex("e4a6a0577479b2b4"), "little")
    keys = {family_key(seed, family, name) for seed, family, name in product((0, 1, 2**63), ("workload", "service"), ("a", "b"))}
    assert len(keys) == 12


def test_streams_are_apart():
    """D2: every stream has its own address, positive and below 2^63, so that compiled code sees one type."""
    streams = [value for name, value in vars(draws).items() if name.isupper() and isinstance(value, int) and value > 1 << 32]
    streams = [value for value in streams if value not in (M64, GOLDEN)]
    assert len(set(streams)) == len(streams) >= 12
    assert all(0 < value < 1 << 63 for value in streams)


# -- chance -----------------------------------------------------------------------------------------------------------

N = 20_000
REQUESTS = [indexed_key(family_key(1, "workload", "w"), n) for n in range(N)]
SERIES = {
    "by k": np.array([unit(1, draws.WORK, k) for k in range(N)]),
    "by request": np.array([unit(key, draws.WORK, 0) for key in REQUESTS]),
    "by seed": np.array([unit(family_key(seed, "workload", "w"), draws.WORK, 0) for seed in range(N)]),
    "by stream": np.array([unit(1, stream, 0) for stream in range(N)]),
    "by attempt": np.array([unit(child_key(1, 0, 0, attempt), draws.PICK, 0) for attempt in range(N)]),
    "by branch": np.array([unit(child_key(1, 0, branch, 0), draws.PICK, 0) for branch in range(N)]),
    "by step": np.array([unit(child_key(1, step, 0, 0), draws.PICK, 0) for step in range(N)]),
    "down a chain": np.array([unit(key, draws.WORK, 0) for key in accumulate(range(N), lambda key, _: child_key(key, 3, 0, 0))]),
}


@pytest.mark.parametrize("series", SERIES)
def test_uniform(series):
    """D2: however addresses go on, draws fill [0, 1) evenly: Kolmogorov-Smirnov, and chi-square over 256 cells."""
    u = SERIES[series]
    assert stats.kstest(u, "uniform").pvalue > ALARM
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > ALARM


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("lag", [1, 2, 16, 17])
def test_no_serial_correlation(series, lag):
    """D2: neighbours know nothing of each other: the correlation of n pairs is normal with deviation 1/sqrt(n)."""
    u = SERIES[series]
    correlation = np.corrcoef(u[:-lag], u[lag:])[0, 1]
    assert abs(correlation) * np.sqrt(N - lag) < stats.norm.isf(ALARM / 2)


@pytest.mark.parametrize("series", SERIES)
def test_pairs_fill_the_square(series):
    """D2: successive pairs are even over 32 x 32 cells."""
    u = (SERIES[series] * 32).astype(int)
    assert stats.chisquare(np.bincount(u[::2] * 32 + u[1::2], minlength=1024)).pvalue > ALARM


@pytest.mark.parametrize(("one", "other"), [("WORK", "PICK"), ("OUTWARD", "BACKWARD"), ("ARRIVAL", "ENTRY"), ("BACK_OFF", "FAULT")])
def test_streams_of_one_key_are_independent(one, other):
    """D2: two streams of the same 20,000 keys, crossed in a 16 x 16 table."""
    a, b = ([int(16 * unit(key, getattr(draws, stream), 0)) for key in REQUESTS] for stream in (one, other))
    table = np.zeros((16, 16))
    np.add.at(table, (a, b), 1)
    assert stats.chi2_contingency(table).pvalue > ALARM


def test_every_bit_is_fair_and_moves():
    """D2: each of 64 bits is set half of the time, and flips half of the time when one bit of the key does."""
    words_ = np.array([bits(key, draws.WORK, 0) for key in REQUESTS[:4000]], dtype=np.uint64)
    flipped = np.array([bits(key ^ (1 << (n % 64)), draws.WORK, 0) for n, key in enumerate(REQUESTS[:4000])], dtype=np.uint64)
    for sample in (words_, words_ ^ flipped):
        ones = np.array([int(((sample >> np.uint64(bit)) & np.uint64(1)).sum()) for bit in range(64)])
        assert np.abs(ones - 2000).max() < stats.norm.isf(ALARM / 2 / 64) * np.sqrt(1000)
