"""Every shipped scenario gives the answer it promises, whatever the seed."""

from __future__ import annotations

import pytest

from scenarios.load import load, shipped
from tests.scenarios.answers import answers

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", shipped())
def test_the_expected_answer_is_found(name, seed):
    """Each assertion of `expect` is met."""
    found = answers(load(name), seed)
    assert [(one["expect"], one["measured"]) for one in found if not one["met"]] == []
