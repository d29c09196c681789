"""Whoever silences a tool says which complaint and why; the number only falls."""

from __future__ import annotations

import pytest

from tests.house import suppressions
from tests.house.sources import everything, planted


def test_every_suppression_has_code_and_reason():
    """In the four floors and in the tests."""
    assert suppressions.unexplained(everything()) == []


def test_suppressions_are_few():
    """The ratchet."""
    assert suppressions.count(everything()) <= suppressions.SUPPRESSIONS_MAX


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: E501",
        "# noqa: E501  # short",
        "# type: ignore",
        "# type: ignore[misc]",
        "# type: ignore  # a reason of some length",
        "# ruff: noqa: E501  # a reason of some length",
        "# mypy: ignore-errors",
    ],
)
def test_a_bare_suppression_is_named(comment):
    """Without code, without reason, or for a whole file."""
    assert len(suppressions.unexplained([planted("sim.a", f"x = 1  {comment}")])) == 1


@pytest.mark.parametrize(
    "comment", ["# noqa: E501, B018  # a table row", "# type: ignore[misc]  # Mesa ships no types", "# why, not what"]
)
def test_a_reasoned_suppression_passes(comment):
    """Code and reason, and plain comments."""
    assert suppressions.unexplained([planted("sim.a", f"x = 1  {comment}")]) == []


def test_words_inside_strings_are_not_suppressions():
    """Only comments count."""
    assert suppressions.count([planted("sim.a", 'x = "# noqa"')]) == 0
