"""Calls that go in circles: a figure for each, against eigenvalues computed elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.schema.calls import Site
from scenarios.schema.cycles import _growth, circling, endless


def site(caller: str, callee: str, expected: float, certain: bool = False, only_on_failure: bool = False) -> Site:
    return Site(caller, callee, expected, certain, only_on_failure, ("services", caller))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 7).flatmap(lambda n: st.lists(st.lists(st.floats(0, 1.5), min_size=n, max_size=n), min_size=n, max_size=n)))
def test_growth_is_the_spectral_radius(rows: list[list[float]]) -> None:
    """The same as LAPACK's, for groups in which everybody reaches everybody."""
    names = [f"e{i}" for i in range(len(rows))]
    matrix = np.array(rows) + np.roll(np.eye(len(rows)), 1, axis=1) * 0.1
    left = {a: {b: float(w) for b, w in zip(names, row, strict=True) if w > 0} for a, row in zip(names, matrix, strict=True)}
    assert _growth(left, names) == pytest.approx(max(abs(np.linalg.eigvals(matrix))), rel=1e-4)


@pytest.mark.parametrize("length", [1, 2, 9, 60])
@pytest.mark.parametrize(("weight", "wrong"), [(0.98, False), (1.0, True), (1.02, True)])
def test_a_ring_dies_out_below_one(length: int, weight: float, wrong: bool) -> None:
    """However long it is, the threshold is exact."""
    ring = [site(f"e{i}", f"e{(i + 1) % length}", weight) for i in range(length)]
    assert bool(list(endless(ring))) is wrong


def test_growth_counts_across_unequal_calls() -> None:
    """Two calls there and 0.6 back: sqrt(1.2) a step."""
    (mistake,) = endless([site("a", "b", 2.0), site("b", "a", 0.6)])
    assert "among a and b: each visit leads to 1.095 more on average" in mistake.rule


def test_a_certain_circle_shows_its_way() -> None:
    """Named from call to call, and once."""
    (mistake,) = endless([site("x", "a", 1, True), site("a", "b", 1, True), site("b", "c", 3, True), site("c", "a", 1, True)])
    assert mistake.rule.endswith("a -> b -> c -> a")


def test_fallbacks_count_only_when_nothing_else_is_wrong() -> None:
    """As if every call failed."""
    (mistake,) = endless([site("a", "b", 1, True), site("b", "a", 1, True, True)])
    assert "when calls fail and fallbacks are taken" in mistake.rule


def test_what_leads_nowhere_is_taken_away() -> None:
    """A tree has no circle; what leads into a circle stays."""
    assert circling({"a": {"b": 1, "c": 1}, "b": {"c": 1}}) == {}
    assert set(circling({"a": {"b": 1}, "b": {"b": 0.5, "c": 1}})) == {"a", "b"}


def test_a_crowd_that_all_reach_each_other_is_refused() -> None:
    """Its figure would take too long."""
    ring = [site(f"e{i}", f"e{(i + 1) % 501}", 0.1) for i in range(501)]
    (mistake,) = endless(ring)
    assert "is one of 501 endpoints that all reach each other; 500 at most" in mistake.rule
