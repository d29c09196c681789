"""Flow follows pods: what is leased to classes is served by pods that members keep to, whoever is cut off or dead."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from agents.negotiation.parties.flows.class_agent import MILLI, ClassAgent, whole_tokens
from agents.negotiation.parties.flows.flow_pool import FlowPool
from agents.negotiation.parties.pools.member import MemberAgent
from sim.clock import ControlPhase
from sim.mesh import Mesh
from tests.negotiation.parties.markets import lived, market

FLOWS = ("dual", "planner", "{bundles: {step: 5/s}}")
S, MS = 1_000_000_000, 1_000_000
FULL = ("workload.many.arrivals={poisson: 100/s}", "workload.some.arrivals={poisson: 60/s}", "duration=30s")
LATE = 200 * MS  # after a round has begun: by then everybody has heard


def beyond(plane: ControlPlane, by_floors: dict[str, float]) -> float:
    """Pods that leased flow takes beyond those that members keep to: the worst member's."""
    classes = [one for one in plane.parties.values() if isinstance(one, ClassAgent)]
    rates = {one.name: one.holding.usable(one.now_ns) / MILLI if one.holding.lease else by_floors[one.name] for one in classes}
    members = [one for one in plane.parties.values() if isinstance(one, MemberAgent)]
    return max(sum(rates[one.name] * one.flow.pods.get(member.name, 0.0) for one in classes) -
               (member.trade.described.floor + member.holding.usable(member.now_ns) // member.trade.described.units)
               for member in members)  # fmt: skip


def worst(*changes: str) -> tuple[float, ControlPlane]:
    """Of a whole run, from the first lease of flow on."""
    world = market(*changes)
    mesh = Mesh(world, 3)
    plane = ControlPlane(mesh)
    floors = {one.name: one.floor_rate for one in plane.parties.values() if isinstance(one, ClassAgent)}
    seen: list[float] = []

    def look() -> None:
        if plane.clock.now_ns % (2 * S) >= LATE and plane.clock.now_ns > 4 * S:
            seen.append(beyond(plane, floors))
        plane.clock.after(97 * MS, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(97 * MS, ControlPhase.WAKE, "~watch", look)
    mesh.advance(world.duration)
    return max(seen), plane


@pytest.mark.parametrize("fault", [
    "{at: 6s, for: 14s, control_partition: {agents: [left]}}", "{at: 6s, for: 14s, control_partition: {agents: [right]}}",
    "{at: 1s, for: 14s, control_partition: {agents: [left, right]}}", "{at: 6s, for: 9s, agent_crash: {agent: left}}"])  # fmt: skip
@pytest.mark.parametrize("by", FLOWS)
def test_flow_is_never_more_than_pods_that_are_kept_serve(by: str, fault: str) -> None:
    """A member does not hear of its leases: first it keeps what it has, then its floor, and so does the flow."""
    most, plane = worst(f"negotiations.pods.pool.by={by}", f"faults={{cut: {fault}}}", *FULL)
    assert most <= 1e-6
    leased = {one.name: one.holding.usable(one.now_ns) for one in plane.parties.values() if isinstance(one, ClassAgent)}
    assert min(leased.values()) > 50 * MILLI  # all is well again


@pytest.mark.parametrize("by", FLOWS)
def test_flow_ends_with_the_leases_of_the_pods_it_takes(by: str) -> None:
    """A member that is cut off lets go of its pods in the middle of a round: nobody sends to them until the next one begins."""
    most, _ = worst(f"negotiations.pods.pool.by={by}", "negotiations.pods.lease=5100ms", *FULL,
                    "faults={cut: {at: 6s, for: 14s, control_partition: {agents: [left]}}}")  # fmt: skip
    assert most <= 1e-6


@given(rate=st.floats(0, 1000), fill_ns=st.integers(1_000_000, 60 * S))
def test_whole_tokens_let_in_what_is_leased_and_less_than_a_token_more(rate: float, fill_ns: int) -> None:
    """J7: whatever the rate and the fill."""
    tokens, exact = whole_tokens(rate, fill_ns), rate * fill_ns / S
    assert exact - 1e-6 <= tokens < exact + 1


def test_without_a_lease_there_are_no_tokens_and_a_float_is_no_reason_for_one_more() -> None:
    """0 stays 0; three tenths of 10/s are three tokens."""
    assert (whole_tokens(0.0, S), whole_tokens(0.1 + 0.2, 10 * S), whole_tokens(0.001, S)) == (0, 3, 1)


@pytest.mark.parametrize(("rate", "fill"), [("0.35/s", "1s"), ("4/s", "100ms")])
@pytest.mark.parametrize("by", FLOWS)
def test_a_slow_class_is_not_shut_out(by: str, rate: str, fill: str) -> None:
    """Where less than half a token a fill is leased: most are let in, but for those that come close upon each other."""
    gate = f"routes.many -> left.local_rate_limit.token_bucket.fill_interval={fill}"
    mesh, plane = lived(market(f"negotiations.pods.pool.by={by}", f"workload.many.arrivals={{poisson: {rate}}}", gate,
                               "telemetry.scrape_interval=15s", "duration=120s"))  # fmt: skip
    seen = plane.mesh.plane.observe(live=True).intervals[0]
    assert seen["offered"] > 0 and seen["good"] >= 0.6 * seen["offered"]
    assert mesh.clock.now_ns == 120 * S


@pytest.mark.parametrize("by", FLOWS)
def test_growth_is_not_a_round_late(by: str) -> None:
    """Where nobody is cut off: soon after pods are granted the whole flow is."""
    world = market(f"negotiations.pods.pool.by={by}", "workload.many.arrivals={poisson: {step: {base: 40/s, to: 130/s, at: 9s}}}",
                   "workload.some.arrivals={poisson: 20/s}")  # fmt: skip
    _, plane = lived(world)
    told = [(one.time_ns, one.after) for one in plane.decisions if one.agent == "many" and one.reason.startswith("lease until")]
    first = min(time_ns for time_ns, tokens in told if tokens > 100)
    assert 10 * S < first < 12 * S + LATE  # of the round that has seen the step


@pytest.mark.parametrize("by", FLOWS)
def test_a_class_is_told_twice_a_round_at_most(by: str) -> None:
    """Of less at once, of the rest when members have confirmed: with the same end as their leases."""
    mesh, plane = lived(market(f"negotiations.pods.pool.by={by}", *FULL), 3)
    pool = plane.parties["pods"]
    assert isinstance(pool, FlowPool) and pool.office is not None
    told = [row for row in plane.network.log if "/flow/" in row.conversation_id and row.sender == "pods"]
    assert len(told) <= 2 * 2 * len(pool.rounds.all)
    leases = [one.holding.lease for one in plane.parties.values() if isinstance(one, ClassAgent | MemberAgent)]
    assert len({lease.expires_ns for lease in leases if lease is not None}) == 1 and None not in leases
    assert math.isclose(mesh.clock.now_ns, 30 * S)


@pytest.mark.parametrize("by", FLOWS)
def test_no_class_is_told_of_what_is_over(by: str) -> None:
    """Members that are cut off until their leases end: classes fall to what floors serve, once, and are granted nothing that has ended."""
    cut = "faults={cut: {at: 6s, for: 14s, control_partition: {agents: [left, right]}}}"
    _, plane = lived(market(f"negotiations.pods.pool.by={by}", "negotiations.pods.lease=6010ms", "control_network={latency: 20ms}", cut))
    for agent in ("many", "some"):
        mine = [one for one in plane.decisions if one.agent == agent]
        ends = [float(one.reason.removeprefix("lease until ").split("s:")[0]) * S for one in mine if one.reason.startswith("lease until")]
        times = [one.time_ns for one in mine if one.reason.startswith("lease until")]
        assert ends and all(end > time_ns for end, time_ns in zip(ends, times, strict=True))


@pytest.mark.parametrize("by", FLOWS)
def test_nothing_is_decided_before_anything_is_seen(by: str) -> None:
    """Telemetry that is six seconds late: until then flow and pods stay as the file has them."""
    _, plane = lived(market(f"negotiations.pods.pool.by={by}", "telemetry.delivery_lag=6s", "duration=12s"))
    assert {one.agent for one in plane.decisions} >= {"many", "some"}
    assert all(one.time_ns >= 6 * S for one in plane.decisions if one.agent in ("many", "some"))
