"""Every shipped scenario gives the answer it promises, whatever the seed."""

from __future__ import annotations

import pytest

from scenarios.load import load, shipped
from tests.scenarios.answers import answers

SEEDS = range(1, 6)
SAMPLED = {(name, 1 + i % 5) for i, name in enumerate(shipped()) if i % 3 == 0}  # the others are slow, because there are many


@pytest.mark.parametrize(("name", "seed"), [
    pytest.param(name, seed, marks=() if (name, seed) in SAMPLED else pytest.mark.slow) for name in shipped() for seed in SEEDS])
def test_the_expected_answer_is_found(name, seed):
    """Each assertion of `expect` is met."""
    found = answers(load(name), seed)
    assert [(one["expect"], one["measured"]) for one in found if not one["met"]] == []
