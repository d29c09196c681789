"""What a cold cache does to the database behind it, and what coalescing makes of that."""

from __future__ import annotations

import pytest

from scenarios.checking import check
from scenarios.load import load
from tests.scenarios.answers import answers

UNCOALESCED = "services.cache.endpoints.get.0.cache.coalesce=false"


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_without_coalescing_the_stampede_never_ends(seed):
    """Good before the restart; from ten seconds after it to the end between two thirds and nine tenths."""
    before, _, after = answers(load("cache_restart", [UNCOALESCED]), seed)
    assert before["met"]
    assert 0.65 < after["measured"] < 0.9


def test_check_foresees_it():
    """`parley check` warns of the database while caches are cold, and finds nothing wrong once they are full."""
    report = check("cache_restart")
    (database,) = (load for load in report.services if load.service == "database")
    assert database.utilization < 0.1
    assert [warning for warning in report.warnings if warning.startswith("services.database: while caches are cold")]
