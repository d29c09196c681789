"""R1 to R3, R5, R9: conditions, back-off, Envoy's budget, picking again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.draws import BACK_OFF, PICK, indexed_key, unit
from sim.laws.retrying import (
    OUTCOMES,
    RETRY_MASKS,
    another_pick_key,
    back_off_bound_ns,
    back_off_ns,
    is_retriable,
    jittered_back_off_ns,
    retry_allowed,
)

MS = 1_000_000
AGAIN = {  # Envoy's retry_on; no_endpoint and overflow are answered by the caller's own proxy, pending is no outcome yet
    "5xx": {"failed", "rejected", "shed", "timed_out", "lost", "refused"},
    "gateway-error": {"rejected", "shed", "timed_out", "lost", "refused"},
    "reset": {"timed_out", "lost", "refused"},
    "reset-before-request": {"refused"},
    "connect-failure": {"refused"},
    "refused-stream": {"refused"},
    "envoy-ratelimited": {"limited"},
    "cancelled": {"cancelled"},  # gRPC's, by its table of HTTP codes: 429, 502, 503 and 504 are unavailable
    "deadline-exceeded": {"timed_out"},
    "internal": {"failed"},
    "resource-exhausted": {"limited"},
    "unavailable": {"rejected", "shed", "lost", "refused"},
}


@pytest.mark.parametrize("condition", AGAIN)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_retry_on(condition, outcome):
    """R1: each condition against each outcome."""
    assert is_retriable(RETRY_MASKS[condition], OUTCOMES.index(outcome)) == (outcome in AGAIN[condition])


def test_every_condition_is_in_the_table():
    """R1: and what is answered at home is never tried again."""
    assert set(AGAIN) == set(RETRY_MASKS)
    assert not any({"ok", "no_endpoint", "overflow", "pending"} & named for named in AGAIN.values())


def test_conditions_join():
    """R1: several conditions are the union of their failures; none asks for nothing; success is never tried again."""
    both = RETRY_MASKS["reset"] | RETRY_MASKS["gateway-error"]
    assert {name for n, name in enumerate(OUTCOMES) if is_retriable(both, n)} == AGAIN["reset"] | AGAIN["gateway-error"]
    assert not any(is_retriable(0, n) for n in range(len(OUTCOMES)))


@pytest.mark.parametrize(
    ("retry", "bound_ms"), [(1, 25), (2, 50), (3, 100), (4, 200), (5, 250), (6, 250), (60, 250), (100, 250)]
)
def test_back_off_bounds(retry, bound_ms):
    """R2: Envoy's defaults, 25 ms doubling to 250 ms; full jitter, from nothing to just below the bound."""
    assert back_off_ns(25 * MS, 250 * MS, retry, 0.0) == 0
    assert back_off_ns(25 * MS, 250 * MS, retry, 0.5) == bound_ms * MS // 2
    assert back_off_ns(25 * MS, 250 * MS, retry, 1 - 2**-53) == bound_ms * MS - 1


def test_back_off_is_uniform():
    """R2: Kolmogorov-Smirnov on 20,000 draws (alarm 1e-6)."""
    waits = [back_off_ns(25 * MS, 250 * MS, 2, unit(indexed_key(1, n), BACK_OFF, 0)) for n in range(20_000)]
    assert stats.kstest(np.array(waits) / (50 * MS), "uniform").pvalue > 1e-6


@pytest.mark.parametrize(("retry", "bound_ms"), [(1, 100), (2, 200), (3, 400), (4, 500), (99, 500)])
def test_grpc_back_off(retry, bound_ms):
    """R5: gRPC's A6 with 0.1 s, at most 0.5 s: within a fifth of the bound, on both sides, and half the draws below it."""
    assert back_off_bound_ns(100 * MS, 500 * MS, retry) == bound_ms * MS
    waits = [jittered_back_off_ns(100 * MS, 500 * MS, retry, 0.2, u) for u in (0.0, 0.25, 0.5, 1 - 2**-53)]
    assert waits == [bound_ms * MS * share // 10 for share in (8, 9, 10, 12)]


def test_no_jitter():
    """R5: a jitter of nothing waits for the bound itself."""
    assert {jittered_back_off_ns(5, 40, 3, 0.0, u) for u in (0.0, 0.5, 0.999)} == {20}


def test_picking_again():
    """R9: each further pick of a try has draws of its own, as far from one another as those of strangers."""
    keys = [7, *(another_pick_key(7, again) for again in range(1, 10_000))]
    assert len(set(keys)) == 10_000
    assert stats.kstest([unit(key, PICK, 0) for key in keys], "uniform").pvalue > 1e-6


def test_no_back_off():
    """R2: a base of nothing waits for nothing."""
    assert {back_off_ns(0, 0, retry, 0.999) for retry in range(1, 50)} == {0}


@pytest.mark.parametrize(
    ("active", "budget", "least", "limit"),
    [
        (0, 0.2, 3, 3), (14, 0.2, 3, 3), (15, 0.2, 3, 3), (19, 0.2, 3, 3), (20, 0.2, 3, 4), (24, 0.2, 3, 4), (25, 0.2, 3, 5),
        (100, 0.0, 0, 0), (100, 1.0, 0, 100), (4, 0.25, 0, 1), (3, 0.25, 0, 0), (0, 1.0, 0, 0), (10_000, 0.2, 3, 2000),
    ],
)  # fmt: skip
def test_budget(active, budget, least, limit):
    """R3: Envoy's limit is max(floor(share of tries in flight), min_retry_concurrency); below it, and not at it."""
    allowed = [retry_allowed(active, retrying, budget, least) for retrying in range(limit + 2)]
    assert allowed == [True] * limit + [False] * 2


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 100))
def test_a_budget_never_exceeds_its_share(active, retrying, budget, least):
    """R3: one more retry keeps within the greater of the two."""
    if retry_allowed(active, retrying, budget, least):
        assert retrying + 1 <= max(math.floor(budget * active), least)
