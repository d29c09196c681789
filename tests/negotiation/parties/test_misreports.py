"""Lies: wherever somebody is asked it may say what is not so; where nobody asks a lie is refused, for it would change nothing."""

from __future__ import annotations

import json

import pytest

from agents.negotiation.parties.flows.class_agent import ClassAgent
from agents.negotiation.parties.zones.crossing import Crossing
from agents.negotiation.parties.zones.net import BargainingZone
from agents.negotiation.parties.zones.zone import ZoneAgent
from scenarios.errors import ScenarioError
from scenarios.schema.scenario import Scenario
from tests.negotiation.parties.chains import bargained
from tests.negotiation.parties.crossings import crossing, zones
from tests.negotiation.parties.markets import lived, market

POOL, SPILL, CREDITS = "negotiations.pods.pool", "negotiations.crossing.spill", "negotiations.relief.credits"
FLOWS = ("dual", "{bundles: {step: 5/s}}")
LIES = ("worth", "rate")
STEADY = ("workload.many.arrivals={poisson: 200/s}", "workload.some.arrivals={poisson: 120/s}", "duration=16s")


def flows(by: str, *changes: str) -> Scenario:
    """The market, where flow is bargained for and both classes want more than there is."""
    return market(f"{POOL}.by={by}", *STEADY, *changes)


def had(world: Scenario) -> dict[str, tuple[float, float]]:
    """By class, requests a second of its leases on average, and what it has paid."""
    _, plane = lived(world)
    found = {}
    for name, party in plane.parties.items():
        if isinstance(party, ClassAgent):
            leased = [one.after for one in plane.decisions if one.agent == name and one.reason.startswith("lease until")]
            found[name] = sum(leased) / len(leased), party.paid
    return found


@pytest.mark.parametrize("by", FLOWS)
@pytest.mark.parametrize("what", LIES)
def test_a_class_that_says_more_gets_more_and_pays_more(by: str, what: str) -> None:
    """Of worth and of rate, and the other class gets less."""
    truth, lie = had(flows(by)), had(flows(by, f"{POOL}.misreport={{many: {{{what}: 3}}}}"))
    assert lie["many"][0] > truth["many"][0] and lie["many"][1] > truth["many"][1]
    assert lie["some"][0] < truth["some"][0]


@pytest.mark.parametrize("by", FLOWS)
@pytest.mark.parametrize("what", LIES)
def test_a_class_that_says_nothing_is_worth_anything_gets_nothing_beyond_the_floor(by: str, what: str) -> None:
    """A factor of 0: as a class would speak that has no demand, or no worth."""
    assert had(flows(by, f"{POOL}.misreport={{many: {{{what}: 0}}}}"))["many"][0] < 0.05 * had(flows(by))["many"][0]


def taken(world: Scenario) -> dict[str, int]:
    """By zone, percents that others' callers were told to send there, summed over decisions."""
    _, plane = lived(world)
    agents = [one.name for one in plane.parties.values() if isinstance(one, ZoneAgent)]
    return {name: sum(one.after for one in plane.decisions if one.service == name and one.agent != name) for name in agents}


def test_a_zone_that_says_it_is_busy_is_left_alone_and_takes_the_room_of_others() -> None:
    """Contract net: it offers none, and leases what others could spare, so that it is there for nobody."""
    truth, lie = taken(crossing()), taken(crossing(f"{SPILL}.misreport={{west: {{rate: 9}}}}"))
    assert truth["api@west"] > 0 == lie["api@west"]
    assert truth["api@middle"] > 0 == lie["api@middle"]


def test_a_zone_that_says_its_callers_are_dear_asks_more() -> None:
    """What its callers would risk is told times the factor; the way costs what it costs."""
    def asked(*changes: str) -> list[float]:
        _, plane = lived(crossing("duration=8s", *changes))
        first = next(one for one in plane.network.log if one.sender == "api@west" and one.performative == "propose")
        return [price for _, price in json.loads(first.content)["slices"]]

    world = crossing()
    spill = world.negotiations["crossing"].spill
    assert spill is not None
    way = Crossing(world, spill).prices("east")["west"]
    truth, lie = asked(), asked(f"{SPILL}.misreport={{west: {{worth: 10}}}}")
    assert [price - way for price in lie] == pytest.approx([10 * (price - way) for price in truth], abs=1e-7)
    assert max(truth) > way


def test_a_zone_that_calls_for_more_than_it_needs_holds_more() -> None:
    """And pays for what others would risk by it; its callers go where they need to, and no further."""
    def held(*changes: str) -> int:
        _, plane = lived(crossing("duration=8s", *changes))
        east = zones(plane)["east"]
        assert isinstance(east, BargainingZone)
        return sum(one.usable(east.now_ns) for one in east.holdings.values())

    assert held(f"{SPILL}.misreport={{east: {{rate: 2}}}}") > held() > 0


def test_one_zone_that_gossips_of_a_crowd_keeps_all_at_home() -> None:
    """Everybody believes that all are busier than they are."""
    truth, lie = taken(crossing(by="gossip")), taken(crossing(f"{SPILL}.misreport={{west: {{rate: 30}}}}", by="gossip"))
    assert sum(lie.values()) < sum(truth.values())


def test_a_caller_that_asks_for_more_gets_more_by_proportion_and_not_by_worth() -> None:
    """At an entry that is short: where wants divide a larger one pays; where worth does, it displaces nobody who is worth more."""
    def got(by: str, *changes: str) -> int:
        short = ("services.edge.replicas=1", "services.edge.workers=1", "services.edge.endpoints.buy.0.work=10ms",
                 "services.edge.endpoints.look.0.work=10ms", "duration=60s")  # fmt: skip
        world = bargained(by, f"{CREDITS}.services=[edge]", *short, *changes)
        return sum(int(lived(world, seed)[0].plane.observe().workloads["good"][1]) for seed in (1, 2, 3))

    lie = f"{CREDITS}.misreport={{visitors: 5}}"
    assert got("proportional", lie) > 1.04 * got("proportional")
    assert got("credits", lie) < 1.03 * got("credits")


@pytest.mark.parametrize("world", [
    *(flows(by, f"{POOL}.misreport={{many: {{worth: 3, rate: 0.5}}}}", "duration=10s") for by in FLOWS),
    *(crossing(f"{SPILL}.misreport={{east: {{rate: 2}}}}", "duration=12s", by=by) for by in ("gossip", "contract_net")),
    bargained("credits", f"{CREDITS}.misreport={{visitors: 3, edge: 2}}", "duration=8s"),
], ids=["dual", "bundles", "gossip", "contract net", "credits"])
def test_both_engines_are_alike_where_somebody_lies(world: Scenario) -> None:
    """Traces, decisions and messages."""
    (fast, one), (reference, other) = lived(world, 5, "fast"), lived(world, 5, "reference")
    assert fast.plane.digest() == reference.plane.digest()
    assert one.decisions == other.decisions and one.network.log == other.network.log


def test_the_truth_is_said_where_the_factor_is_one() -> None:
    """The same trace to the bit, and allowed everywhere: so a contest may have it in its grid."""
    for by in ("dual", "vcg", "planner"):
        plain, told = (lived(market(f"{POOL}.by={by}", "duration=8s", *changes))[0].plane.digest()
                       for changes in ((), (f"{POOL}.misreport={{many: {{worth: 1, rate: 1}}}}",)))  # fmt: skip
        assert plain == told


@pytest.mark.parametrize(("by", "change", "told"), [
    ("vcg", "misreport={many: {worth: 2}}", "under vcg services are asked, not classes: see members.SERVICE.misreport"),
    ("planner", "misreport={many: {worth: 2}}", "has no effect: under planner nobody is asked anything"),
    ("dual", "misreport={man: {worth: 2}}", "did you mean 'many'?"),
    ("dual", "members.left.misreport=2", "under dual nobody asks left; classes are asked: see pool.misreport"),
    ("dual", "members.left.budget=1/h", "under dual no service pays; they do under uniform_price, vcg"),
    *((by, "members.left.budget=1/h", f"has no effect: under {by} no service pays") for by in (
        "concession", "nash", "kalai_smorodinsky", "egalitarian", "proportional", "first_come", "planner")),
])  # fmt: skip
def test_of_a_pool_what_does_nothing_is_refused(by: str, change: str, told: str) -> None:
    """With the place where it would do something."""
    with pytest.raises(ScenarioError) as error:
        market(f"{POOL}.by={by}", f"{POOL}.{change}")
    assert told in str(error.value)


def test_a_class_that_comes_to_no_member_is_not_asked() -> None:
    """So it cannot lie."""
    with pytest.raises(ScenarioError, match="idle comes to no member of the pool, so nobody asks it"):
        market(f"{POOL}.by=dual", "services.lone={endpoints: {run: [{work: 1ms}]}}",
               "workload.idle={entry: lone.run, arrivals: {poisson: 1/s}}", f"{POOL}.misreport={{idle: {{rate: 2}}}}")  # fmt: skip


@pytest.mark.parametrize(("by", "lie", "told"), [
    ("contract_net", "{wst: {rate: 2}}", "did you mean 'west'?"),
    ("gossip", "{west: {worth: 2}}", "zones gossip of rates alone"),
    *((by, "{west: {rate: 2}}", f"under {by} zones say nothing of themselves") for by in ("stay", "proportional", "selfish", "planner")),
])  # fmt: skip
def test_of_zones_what_does_nothing_is_refused(by: str, lie: str, told: str) -> None:
    """Place and rule."""
    with pytest.raises(ScenarioError) as error:
        crossing(f"{SPILL}.misreport={lie}", by=by)
    assert told in str(error.value)


@pytest.mark.parametrize(("by", "lie", "told"), [
    ("credits", "{visitor: 2}", "did you mean 'visitors'?"),
    ("none", "{visitors: 2}", "under none nobody asks visitors what it could use"),
    ("planner", "{visitors: 2}", "under planner nobody asks visitors what it could use"),
    ("credits", "{end: 2}", "calls none of the services that grant credits"),
])  # fmt: skip
def test_of_callers_what_does_nothing_is_refused(by: str, lie: str, told: str) -> None:
    """Place and rule."""
    with pytest.raises(ScenarioError) as error:
        bargained(by, f"{CREDITS}.misreport={lie}")
    assert told in str(error.value)
