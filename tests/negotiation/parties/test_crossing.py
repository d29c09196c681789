"""What zones know of each other, what a planner makes of it, and what selfish play would come to."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.equilibria import is_equilibrium
from agents.negotiation.parties.valuing import Outlook
from agents.negotiation.parties.zones.crossing import Crossing, percents
from agents.negotiation.parties.zones.game import SpillGame, game_at, mmck
from agents.negotiation.parties.zones.plan import planned
from scenarios.load import load
from tests.negotiation.parties.crossings import crossing

S = 1_000_000_000


def known(*changes: str) -> Crossing:
    """What is known of the crossing of tests/house/worlds, changed."""
    world = crossing(*changes)
    spill = world.negotiations["crossing"].spill
    assert spill is not None
    return Crossing(world, spill)


def test_a_way_costs_its_data_and_its_length() -> None:
    """A thousand requests of 10 kB at 0.02 per GB, and twice 3.5 ms more at 0.1 a second."""
    own = known()
    assert own.prices("east") == pytest.approx({"east": 0.0, "middle": 0.0002 + 0.0007, "west": 0.0002 + 0.0007})


def test_faults_that_last_are_geography() -> None:
    """A link that is slow from the beginning to the end makes the way dearer, both ways; one that ends does not."""
    far = "far: {at: 0s, latency: {between: [east, west], added: 50ms}}"
    ill = "ill: {at: 0s, for: 9s, latency: {between: [east, middle], added: 1s}}"
    own = known(f"faults={{{far}, {ill}}}")
    assert own.detour_s("east", "west") == pytest.approx(0.107)
    assert own.detour_s("west", "east") == pytest.approx(0.107)
    assert own.detour_s("east", "middle") == pytest.approx(0.007)


def test_worth_is_that_of_its_callers() -> None:
    """The mean over what the file offers; a zone without callers counts as 1."""
    own = known("negotiations.crossing.spill.worth={easterners: 5}")
    assert [own.worth(zone) for zone in own.zones] == [5.0, 1.0, 1.0]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_percents_make_a_hundred(flows: list[float]) -> None:
    """Whatever flows; none where nothing does, and none to where nothing flows."""
    found = percents({str(place): flow for place, flow in enumerate(flows)})
    assert sum(found.values()) == (100 if any(flows) else 0)
    assert not any(found[str(place)] for place, flow in enumerate(flows) if flow == 0)


rates = st.fixed_dictionaries({zone: st.floats(0, 300) for zone in ("east", "middle", "west")})


@settings(max_examples=60, deadline=None)
@given(rates=rates, capacities=rates, spread=st.floats(0, 0.5))
def test_a_plan_sends_nothing_where_there_is_no_room(rates: dict[str, float], capacities: dict[str, float], spread: float) -> None:
    """All that comes goes somewhere; what comes from abroad fits; who has enough for all that may come sends nothing away."""
    own = known()
    flows = planned(own, {zone: Outlook(rate, spread * rate) for zone, rate in rates.items()}, capacities)
    for zone, rate in rates.items():
        assert sum(flows[zone].values()) == pytest.approx(rate, abs=0.01 * rate + 1e-6)
        assert sum(flows[other][zone] for other in rates if other != zone) <= capacities[zone] + 1e-6
        if rate * (1 + 4 * spread) < capacities[zone] and all(capacities[other] >= rates[other] * (1 + 4 * spread) for other in rates):
            assert flows[zone][zone] == pytest.approx(rate, abs=1e-6)


def test_a_plan_is_the_transport_problem_s() -> None:
    """With certain demand, no division in steps of 10/s is cheaper: calls from the east push those of the middle on to the west."""
    own = known("faults={far: {at: 0s, latency: {between: [east, west], added: 50ms}}}")
    demand, capacities = {"east": 100.0, "middle": 20.0, "west": 20.0}, {"east": 60.0, "middle": 50.0, "west": 50.0}
    flows = planned(own, {zone: Outlook(rate) for zone, rate in demand.items()}, capacities)
    assert flows["east"] == pytest.approx({"east": 60.0, "middle": 40.0, "west": 0.0})
    assert flows["middle"] == pytest.approx({"east": 0.0, "middle": 10.0, "west": 10.0})
    ways = [(zone, other) for zone, other in itertools.product(own.zones, own.zones) if zone != other]
    prices = {way: own.prices(way[0])[way[1]] for way in ways}
    cost = sum(prices[zone, other] * flows[zone][other] for zone, other in ways)
    for sizes in itertools.product(*(range(0, int(min(demand[zone], 40)) + 1, 10) for zone, _ in ways)):
        sent = dict(zip(ways, sizes, strict=True))
        comes = {zone: demand[zone] + sum(size * ((way[1] == zone) - (way[0] == zone)) for way, size in sent.items()) for zone in own.zones}
        leaves = {zone: sum(size for way, size in sent.items() if way[0] == zone) for zone in own.zones}
        if all(comes[zone] <= capacities[zone] and leaves[zone] <= demand[zone] for zone in own.zones):
            assert cost <= sum(prices[way] * size for way, size in sent.items()) + 1e-9


@pytest.mark.parametrize(("load", "places"), [(0.5, 1), (0.5, 5), (1.0, 5), (3.0, 5), (0.9, 21)])
def test_one_server_is_as_the_books_say(load: float, places: int) -> None:
    """M/M/1/K in closed form (Kleinrock, Queueing Systems I, 3.6)."""
    weights = [load**count for count in range(places + 1)]
    lost = weights[-1] / sum(weights)
    inside = sum(count * weight for count, weight in enumerate(weights)) / sum(weights)
    assert mmck(load * 50, 50.0, 1, places) == pytest.approx((inside / (load * 50 * (1 - lost)), lost))


def test_no_place_to_wait_is_erlang_s_loss() -> None:
    """M/M/c/c: Erlang B, and who is let in is served at once."""
    terms = [4.0**count / math.factorial(count) for count in range(6)]
    assert mmck(40.0, 10.0, 5, 5) == pytest.approx((0.1, terms[-1] / sum(terms)))


def test_a_flood_is_turned_away() -> None:
    """A thousand times what a queue of 1000 can serve: no overflow, and a share of 1 - 1/1000 is lost."""
    time_s, lost = mmck(50_000.0, 50.0, 1, 1001)
    assert lost == pytest.approx(0.999)
    assert time_s == pytest.approx(1001 / 50, rel=0.01)


def test_selfish_zones_stay_at_home_while_there_is_enough() -> None:
    """Where ways cost and nobody has too much, the one equilibrium that is found is the optimum: anarchy costs nothing."""
    game = game_at(load("spill_over_zones"), "crossing", 30 * S, 110 * S)
    found = game.anarchy()
    assert all(play.is_equilibrium for play in found.plays)
    assert all(play.profile[zone] == found.least[zone] for play in found.plays for zone in game.strategies)
    assert found.price == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["spill_over_zones", "follow_the_sun"])
def test_the_price_of_anarchy_is_of_verified_equilibria(name: str) -> None:
    """In the crowd, or at noon in Europe: best responses end, each end is verified, and the worst costs at least the optimum."""
    start, end = {"spill_over_zones": (160, 230), "follow_the_sun": (180, 300)}[name]
    game = game_at(load(name), "crossing", start * S, end * S)
    found = game.anarchy()
    settled = [play for play in found.plays if play.is_equilibrium]
    assert settled
    assert all(is_equilibrium(game.strategies, game.cost, play.profile) for play in settled)
    assert found.price is not None
    assert 1.0 <= found.price < 3
    assert found.price == pytest.approx(max(game.social_cost(play.profile) for play in settled) / found.least_cost)


def test_costs_are_those_of_the_flows() -> None:
    """All stay, and each pays its own queue; where no pod is ready all is lost."""
    game = SpillGame(known(), {"east": 40.0, "middle": 0.0, "west": 20.0}, {"east": 2, "middle": 0, "west": 2}, step=50)
    stays = {"east": "100/0/0", "west": "0/0/100"}
    time_s, lost = mmck(20.0, 50.0, 1, 9)
    assert game.cost("east", stays) == pytest.approx(3.6 * 40 * (0.1 * time_s * (1 - lost) + lost))
    lost_all = 3.6 * 40 * (game.crossing.prices("east")["middle"] + 1)
    assert game.cost("east", {"east": "0/100/0", "west": "0/0/100"}) == pytest.approx(lost_all)
    assert set(game.strategies) == {"east", "west"}


def test_what_cannot_be_tried_is_refused() -> None:
    """Steps that do not make 100, more profiles than can be looked at, and a negotiation about something else."""
    own, rates = known(), dict.fromkeys(("east", "middle", "west"), 10.0)
    with pytest.raises(ValueError, match="does not divide 100"):
        SpillGame(own, rates, {}, step=30)
    with pytest.raises(ValueError, match="take a larger step than 5"):
        SpillGame(own, rates, {}, step=5).least_cost()
    with pytest.raises(ValueError, match="negotiation pods"):
        game_at(load("capacity_market"), "pods", 0, S)
