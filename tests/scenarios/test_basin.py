"""The frontier of a metastable failure: on one side of it the mesh comes back when its fault is over, on the other it never does.

What is derived, and then held against runs on both sides (oracles.py has the formulas):

- A queue longer than the clients' patience answers nobody in time, so every request makes all its tries. The outage stays
  when ρ·tries > 1, whatever the wait between them: back-off delays work and saves none.
- Envoy's retry budget counts retries in flight against tries in flight. That is not a share of the rate: of 50 % it makes
  1.8 tries where a budget of the rate would make 1.5, and of any share the less, the longer retries wait, since one that
  waits holds a place. At the limit it makes slightly fewer than the formula has, for the limit is rounded down.
- A queue no longer than timeout x capacity holds nobody for longer than anybody waits, so it always comes back. A somewhat longer
  one may still be lucky: what comes back as a retry comes a timeout later, and until then the queue may have drained.
"""

from __future__ import annotations

import pytest

from scenarios.load import load
from tests.scenarios.answers import answers
from tests.theory import oracles

CAPACITY, TIMEOUT_MS = 1000, 100.0  # per second
OUTAGE = load("basin")
ROUTE = "routes.jobs -> station"
BUDGETS = [(0.1, 25), (0.2, 25), (0.5, 25), (0.2, 500), (0.5, 500)]  # share, and the upper end of the back-off in ms


def ends_well(seed: int, rho: float, size: int = 2000, budget: float | None = None, back_off: int = 25, minutes: int = 5) -> bool:
    """Whether the mesh is well in the last quarter of its life; anything between well and down is refused."""
    bound = f"{back_off}ms"
    world = OUTAGE.with_(**{
        "workload.jobs.load": rho * CAPACITY / 500, "services.station.queue.size": size, "duration": f"{minutes}m",
        f"{ROUTE}.retries.retry_back_off": {"base_interval": bound, "max_interval": bound},
        f"{ROUTE}.retries.retry_budget": None if budget is None else {"budget_percent": budget},
        "expect": [{"good": ">= 0%", "from": f"{minutes * 45}s"}],
    })  # fmt: skip
    (found,) = answers(world, seed)
    assert not 0.1 < found["measured"] < 0.9, "this run has not decided yet"
    return bool(found["measured"] > 0.5)


def budget_frontier(budget: float, back_off: int) -> float:
    """The ρ at which a budget lets just as much through as is served; waits are uniform from nothing to `back_off`."""
    return oracles.down_frontier(oracles.budget_tries(budget, back_off / 2 / TIMEOUT_MS))


@pytest.mark.parametrize("back_off", [25, 500])
def test_without_a_budget_the_frontier_is_one_over_tries(back_off):
    """ρ = 1/3 within 5 %: a load that capacity exceeds three times over is safe, and waiting longer between tries is no help."""
    assert oracles.down_frontier(3) == pytest.approx(1 / 3)
    assert ends_well(1, 0.95 / 3, back_off=back_off)
    assert not ends_well(1, 1.05 / 3, back_off=back_off)


@pytest.mark.parametrize(("budget", "back_off"), BUDGETS)
def test_a_budget_moves_the_frontier(budget, back_off):
    """Within 5 % of where a limit on what is in flight puts it."""
    frontier = budget_frontier(budget, back_off)
    assert ends_well(1, 0.95 * frontier, budget=budget, back_off=back_off)
    assert not ends_well(1, 1.05 * frontier, budget=budget, back_off=back_off)


def test_a_budget_of_what_is_in_flight_is_none_of_the_rate():
    """Between the two frontiers the mesh does what the one in flight says: the rate's would be 2/3 at 50 %, and 5/6 at 20 %."""
    assert budget_frontier(0.5, 25) < 0.62 < 1 / 1.5
    assert not ends_well(1, 0.62, budget=0.5)
    assert 1 / 1.2 < 0.9 < budget_frontier(0.2, 500)
    assert ends_well(1, 0.9, budget=0.2, back_off=500)
    assert not ends_well(1, 0.9, budget=0.2)


@pytest.mark.parametrize("rho", [0.4, 0.6, 0.8])
def test_a_queue_shorter_than_patience_comes_back(rho):
    """100 ms x 1,000/s are 100 jobs; 80 come back, 400 do not."""
    assert ends_well(1, rho, size=80)
    assert not ends_well(1, rho, size=400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize(("budget", "back_off"), [(None, 25), (None, 500), *BUDGETS])
def test_the_whole_frontier(budget, back_off, seed):
    """2 % below comes back, 2 % above does not; a budget of 50 %, whose limit breathes with what is in flight, 4 %."""
    frontier = oracles.down_frontier(3) if budget is None else budget_frontier(budget, back_off)
    margin = 0.04 if budget == 0.5 else 0.02
    for step in (1, 2, 4):
        assert ends_well(seed, (1 - step * margin) * frontier, budget=budget, back_off=back_off, minutes=20)
        assert not ends_well(seed, (1 + step * margin) * frontier, budget=budget, back_off=back_off, minutes=20)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("rho", [0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_every_queue_shorter_than_patience_comes_back(rho, seed):
    """At any load up to 90 %; four times as long it never does."""
    assert all(ends_well(seed, rho, size=size) for size in (20, 50, 80, 100))
    assert not ends_well(seed, rho, size=400)
