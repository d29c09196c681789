"""Fairness: Jain's index between 1/n and 1, and who has least of its claim."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.negotiation.mechanisms.fairness import jain, worst_off

SHARES = st.lists(st.floats(0, 1e6), min_size=1, max_size=20)


def test_by_hand() -> None:
    """(1 + 2 + 3)^2 / (3 * 14) = 6/7; all to one of four is 1/4; nothing to anybody is even."""
    assert jain([1, 2, 3]) == pytest.approx(6 / 7)
    assert jain([0, 5, 0, 0]) == 0.25
    assert jain([0, 0]) == 1


@given(SHARES)
def test_between_one_nth_and_one(shares: list[float]) -> None:
    """The bounds of the index."""
    assert 1 / len(shares) - 1e-12 <= jain(shares) <= 1 + 1e-12


@given(SHARES, st.floats(0.01, 100))
def test_units_do_not_matter(shares: list[float], scale: float) -> None:
    """The same in requests a second and in thousands of them."""
    assume(min(shares) > 1e-6)
    assert jain([share * scale for share in shares]) == pytest.approx(jain(shares))


@given(st.lists(st.floats(1, 1e3), min_size=2, max_size=10), st.floats(0, 1))
def test_from_the_rich_to_the_poor_is_fairer(shares: list[float], part: float) -> None:
    """Handing part of the difference over never lowers the index (Dalton's principle)."""
    poorest, richest = min(range(len(shares)), key=shares.__getitem__), max(range(len(shares)), key=shares.__getitem__)
    moved, before = part * (shares[richest] - shares[poorest]), jain(shares)
    shares[poorest] += moved
    shares[richest] -= moved
    assert jain(shares) >= before - 1e-12


def test_who_is_worst_off() -> None:
    """b has a third of its claim; who claims nothing has no complaint; equals by name."""
    assert worst_off({"a": 2, "b": 1, "c": 0}, {"a": 4, "b": 3, "c": 0}) == ("b", 1 / 3)
    assert worst_off({"b": 1, "a": 1}, {"b": 2, "a": 2}) == ("a", 0.5)
    assert worst_off({"a": 0}, {"a": 0}) == ("", 1.0)


@pytest.mark.parametrize("shares", [[], [-1.0], [float("nan")]])
def test_nonsense_is_refused(shares: list[float]) -> None:
    """No share, a negative one, or none at all."""
    with pytest.raises(ValueError, match="share"):
        jain(shares)
