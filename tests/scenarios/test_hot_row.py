"""What one hot row lets through, whatever stands in front of it, and what splitting it makes of that."""

from __future__ import annotations

import pytest

from scenarios.checking import check
from scenarios.errors import ScenarioError
from scenarios.load import load
from tests.scenarios.answers import answers, lived
from tests.worlds import world

ONE_ROW = "services.shop.endpoints.order.1.lock.keys.uniform=1"
SEEDS = range(1, 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_sixteen_rows_do(seed):
    """The file's own answer, for every seed."""
    assert all(answer["met"] for answer in answers(load("hot_row"), seed))


@pytest.mark.parametrize("replicas", [3, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_one_row_is_one_server(replicas, seed):
    """A write and two hops take 4 + 2 x 0.3 ms on average, so one row is held 1/4.6 ms times a second, by 3 pods or by 12."""
    world = load("hot_row", [ONE_ROW, f"services.shop.replicas={replicas}"])
    mesh = lived(world, seed)
    (tally,) = mesh.plane.observe().locks
    assert int(tally["taken"]) / 40 == pytest.approx(1 / 0.0046, rel=0.03)  # 8,700 holds of cv 0.87: 3 standard errors
    assert answers(world, seed)[0]["measured"] < 0.05


def test_check_foresees_it():
    """`parley check` warns of one row, and not of sixteen."""
    found = [[one for one in check(load("hot_row", sets)).warnings if "hottest key" in one] for sets in ([ONE_ROW], [])]
    assert [len(one) for one in found] == [1, 0]


@pytest.mark.parametrize(("second", "rule"), [
    ("{name: row, keys: {uniform: 2}, steps: [{wait: 1ms}]}", "buy.0.lock.steps.0.lock.name = 'row' is that of a lock around it"),
    ("{name: row, keys: {uniform: 2}, scope: pod, steps: [{wait: 1ms}]}", "scope = 'pod' is 'pod', but another lock 'row' of a is not"),
    ("{name: row, keys: {uniform: 2}, steps: []}", "buy.0.lock.steps.0.lock.steps"),
])  # fmt: skip
def test_what_cannot_be_locked(second, rule):
    """A key cannot be taken by who holds it; steps that share keys share their scope; something is done while a key is held."""
    with pytest.raises(ScenarioError) as caught:
        world(f"services: {{a: {{endpoints: {{buy: [{{lock: {{name: row, keys: {{uniform: 1}}, steps: [{{lock: {second}}}]}}}}]}}}}}}\n"
              "workload: {w: {entry: a.buy, arrivals: {constant: 1/s}}}")  # fmt: skip
    assert rule in str(caught.value)
