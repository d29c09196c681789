"""Planners: staffing against Erlang C, forecasts by hand, and what they do in a world."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling.forecasting import HoltWinters, ahead, followed, line_at, season_ago
from agents.autoscaling.lookahead import Offered
from agents.autoscaling.staffing import beta_for, erlang_c, exact_servers_for, servers_for, wait_probability
from agents.control_plane import ControlPlane
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS
from tests.theory import oracles

S = 1_000_000_000


@pytest.mark.parametrize(("beta", "below", "density"), [(0.0, 0.5, 0.398942), (0.5, 0.691462, 0.352065), (1.0, 0.841345, 0.241971),
                                                        (2.0, 0.977250, 0.053991)])  # fmt: skip
def test_halfin_and_whitt_with_a_table_of_the_normal_distribution(beta: float, below: float, density: float) -> None:
    """H19: P(wait) = 1 / (1 + beta Phi(beta) / phi(beta)); 1 at 0, 0.5059 at a half, 0.2234 at one, 0.0269 at two."""
    assert wait_probability(beta) == pytest.approx(1 / (1 + beta * below / density), rel=1e-5)
    assert beta_for(wait_probability(beta)) == pytest.approx(beta, abs=1e-9)


@pytest.mark.parametrize(("load", "servers"), [(6.4, 8), (9.6, 14), (0.5, 1), (95.0, 100), (999.0, 1030)])
def test_erlang_c_is_that_of_the_oracle(load: float, servers: int) -> None:
    """H19: by a recursion here, by another form there."""
    assert erlang_c(servers, load) == pytest.approx(oracles.erlang_c(load, 1.0, servers), rel=1e-9)


@pytest.mark.parametrize("load", [5.0, 20.0, 100.0, 500.0, 2000.0])
@pytest.mark.parametrize("target", [0.5, 0.2, 0.05])
def test_the_square_root_is_within_a_server_of_erlang_c(load: float, target: float) -> None:
    """H19: the rule of Halfin and Whitt is a limit, and very near it from a handful of servers on."""
    exact = exact_servers_for(load, target)
    assert abs(servers_for(load, target) - exact) <= 1
    assert oracles.erlang_c(load, 1.0, exact) <= target
    assert exact - 1 <= load or oracles.erlang_c(load, 1.0, exact - 1) > target


@given(st.floats(0.1, 500), st.floats(0.1, 500), st.floats(0.001, 0.9), st.floats(0.001, 0.9))
def test_more_load_or_less_waiting_never_needs_fewer(one: float, other: float, waits: float, still: float) -> None:
    """H19: servers grow with the load, and shrink with the share that may wait."""
    assert servers_for(min(one, other), waits) <= servers_for(max(one, other), waits)
    assert servers_for(one, max(waits, still)) <= servers_for(one, min(waits, still))


def model(*values: float, period: int = 2) -> HoltWinters:
    """Everything followed at half speed."""
    found = HoltWinters(period, 0.5, 0.5, 0.5)
    for value in values:
        found = followed(found, value)
    return found


def test_holt_winters_by_hand() -> None:
    """H21: 10, 20 give level 15 and season -5, 5; 14 gives level 17, trend 1, season 5, -3; so 23 and 16 are ahead.

    Level: (14 + 5)/2 + (15 + 0)/2. Trend: (17 - 15)/2. Season: (14 - 15)/2 + -5/2.
    """
    begun, on = model(10, 20), model(10, 20, 14)
    assert (begun.level, begun.trend, begun.season) == (15, 0, (-5, 5))
    assert [ahead(begun, steps) for steps in (1, 2, 3)] == [10, 20, 10]
    assert (on.level, on.trend, on.season) == (17, 1, (5, -3))
    assert [ahead(on, steps) for steps in (1, 2, 3)] == [23, 16, 25]
    assert not model(10).is_ready


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=6), st.integers(1, 4), st.integers(1, 12))
def test_a_series_that_only_repeats_is_forecast_exactly(season: list[float], laps: int, steps: int) -> None:
    """H21, H22: by both methods."""
    values = season * laps
    found = model(*values, period=len(season))
    truth = season[(steps - 1) % len(season)]
    assert ahead(found, steps) == pytest.approx(truth, abs=1e-6)
    assert season_ago(values, len(season), steps) == truth


def test_a_season_ago_by_hand() -> None:
    """H22: of 1 2 3 4 with a season of 3, one step ahead is 2, two are 3, three are 4, four are 2 again; of two values nothing."""
    assert [season_ago([1, 2, 3, 4], 3, steps) for steps in (1, 2, 3, 4)] == [2, 3, 4, 2]
    assert season_ago([1, 2], 3, 1) is None


def test_lines_by_hand() -> None:
    """H20: through (0, 1), (1, 3), (2, 5) to 13 at 6; flat through one point; (0, 0), (1, 2), (2, 1): slope 1/2 through the mean."""
    assert line_at([(0, 1), (1, 3), (2, 5)], 6) == 13
    assert line_at([(3, 7)], 9) == 7
    assert line_at([(0, 0), (1, 2), (2, 1)], 3) == 2
    assert line_at([], 3) == 0


SHOP = """
version: 1
name: shop
duration: 20s
services:
  front: {workers: 4, endpoints: {page: [{work: 10ms}, {call: back.run, repeat: 2}]}}
  back: {workers: 4, endpoints: {run: [{work: 20ms}]}}
workload:
  some: {entry: front.page, arrivals: {poisson: {step: {base: 10/s, to: 50/s, at: 8s, hold: 4s}}}}
  more: {entry: back.run, arrivals: {poisson: {ramp: {from: 0/s, to: 20/s, at: 0s, over: 20s}}}}
"""


@pytest.mark.parametrize(("start_s", "end_s", "most"), [
    (0, 4, (2 * 10 + 4) * 0.02), (0, 8, (2 * 50 + 8) * 0.02), (9, 10, (2 * 50 + 10) * 0.02), (12, 13, (2 * 50 + 12) * 0.02),
    (12.5, 20, (2 * 10 + 20) * 0.02)])  # fmt: skip
def test_what_will_be_offered_by_hand(start_s: float, end_s: float, most: float) -> None:
    """H23: two visits of 20 ms a page, one a direct call; a step counts on both of its sides."""
    assert Offered(loads(SHOP), "back").most(round(start_s * S), round(end_s * S))[0] == pytest.approx(most)


def lived(*changes: str, engine: str = "fast", until: int = 24 * S) -> ControlPlane:
    """The planners' own small world."""
    mesh = Mesh(load(WORLDS / "planners.yaml", list(changes), folder=WORLDS), 1, engine)
    plane = ControlPlane(mesh)
    mesh.advance(until)
    return plane


def test_both_engines_decide_alike() -> None:
    """Every planner, to the last word of its reasons."""
    assert lived(engine="reference").decisions == lived().decisions


def test_a_clairvoyant_decision_says_so() -> None:
    """H23: nobody takes it for a policy; and its pods are ready when the step comes."""
    plane = lived()
    rows = [decision for decision in plane.decisions if decision.mind == "lookahead"]
    assert rows and all(row.reason.startswith("clairvoyant: ") for row in rows)
    first = next(row for row in rows if row.after == math.ceil(90 * 0.04 / 0.7 / 2))
    assert first.time_ns <= 4 * S  # 6 s, less a start-up of 1 s, less an interval


def test_bounds_are_told() -> None:
    """What is wanted is kept within min and max, and the reason says who held it."""
    rows = [row for row in lived("agents.clairvoyant.scaling.lookahead.max=2").decisions if row.mind == "lookahead"]
    assert {row.after for row in rows} == {1, 2} and max(row.recommended or 0 for row in rows) == 3
    assert any(row.reason.endswith("limited to 2 by max") for row in rows)


MISTAKES = [
    ("agents.seasonal.scaling.forecast.season=2500ms", "season is not a whole number of intervals"),
    ("agents.staffed.scaling.staffing.min=9", "min (9) is more than max (8)"),
    ("agents.leaning.scaling.trend.of={workload: slop}", "is not a workload of this world; did you mean 'slope'?"),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_mistakes_are_answered_with_the_rule(change: str, sentence: str) -> None:
    """Combinations that mean nothing, names that are not there."""
    with pytest.raises(ScenarioError) as caught:
        lived(change, until=1)
    assert sentence in str(caught.value)
