"""Credits along a chain: never more is promised than there are pods for; what is left without a lease; who is shed first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from agents.negotiation.parties.chains.chain import CalleeAgent
from agents.negotiation.parties.chains.legs import MICRO, legs
from scenarios.errors import ScenarioError
from sim.mesh import Mesh
from tests.negotiation.parties.chains import (
    BAD,
    MECHANISMS,
    bargained,
    callers,
    chain,
    lived,
    promised,
    trouble,
    watched,
)

S = 1_000_000_000
CAPACITY = int(2 * 0.9 * MICRO)  # of each service: two pods, of which 90 % are granted
HASHED = """
import hashlib
from tests.negotiation.parties.chains import BAD, MECHANISMS, bargained, lived, trouble
for by in MECHANISMS:
    mesh, plane = lived(bargained(by, BAD, trouble(by), "duration=8s"), 5)
    print(by, mesh.plane.digest(), hashlib.sha256(repr([plane.decisions, plane.network.log]).encode()).hexdigest())
"""


@pytest.mark.parametrize("by", MECHANISMS)
def test_never_more_is_promised_than_there_is(by: str) -> None:
    """Under loss, doubles, reordering, wrong clocks, crashes on both sides, and a cut: as promised, and as proxies have it."""
    world = bargained(by, BAD, trouble(by))
    mesh = Mesh(world, 3, "reference")
    plane = ControlPlane(mesh)
    seen = watched(plane, 23_000_000)
    mesh.advance(world.duration)
    assert max(max(used.values()) for used, _ in seen) <= CAPACITY
    assert max(max(used.values()) for _, used in seen) <= CAPACITY * (1 + 1e-5)  # shares of retries are told to a millionth
    assert len({one.after for one in plane.decisions if "-> end." in one.service}) > 3  # it was divided, again and again


@settings(max_examples=15, deadline=None)
@given(by=st.sampled_from(MECHANISMS), seed=st.integers(0, 10_000), loss=st.integers(0, 60), doubles=st.integers(0, 60),
       latency=st.sampled_from(["0s", "5ms", "{exponential: 100ms}", "{lognormal: {mean: 400ms, cv: 2}}"]),
       skew=st.sampled_from(["0s", "20ms", "400ms"]), struck=st.sampled_from(["edge", "buyers", "first"]),
       crash_s=st.integers(1, 8), lasting_s=st.integers(1, 5))  # fmt: skip
def test_credits_are_safe_whatever_happens(by: str, seed: int, loss: int, doubles: int, latency: str, skew: str, struck: str,
                                           crash_s: int, lasting_s: int) -> None:  # fmt: skip
    """Property: at every look, what callers may use of a service is within its pods."""
    first = "relief" if "planner" in by else "end"
    dead = first if struck == "first" else struck
    world = bargained(by, "duration=11s",
                      f"control_network={{latency: {latency}, loss: {loss}%, duplicates: {doubles}%, clock_skew: {skew}}}",
                      f"faults={{dead: {{at: {crash_s}s, for: {lasting_s}s, agent_crash: {{agent: {dead}}}}}}}")  # fmt: skip
    mesh = Mesh(world, seed)
    plane = ControlPlane(mesh)
    seen: list[dict[str, int]] = []
    while mesh.now_ns < world.duration:
        mesh.advance(mesh.now_ns + 47_000_000)
        seen.append(promised(plane))
    assert max(max(used.values()) for used in seen) <= CAPACITY


def test_without_a_lease_a_caller_keeps_to_its_floor() -> None:
    """Who grants dies for good: leases end, first tries go on at the floor's rate, and nothing is tried again."""
    mesh, plane = lived(chain("faults={dead: {at: 5s, agent_crash: {agent: end}}}"), engine="reference")
    for party, one in callers(plane):
        if one.leg.callee == "end":
            assert one.credits(party.now_ns) == one.leg.floor == CAPACITY // 20  # a tenth, for two routes
            assert one.retries(party.now_ns) == 0
    over = [one for one in plane.decisions if "lease is over" in one.reason]
    assert {one.agent for one in over} == {"middle"}
    assert all(7 * S <= one.time_ns <= 8 * S for one in over)  # the last was granted after 4 s, for 3 s
    assert mesh.plane.observe().workloads["good"].sum() > 0


def test_what_is_over_is_granted_to_others() -> None:
    """A caller is cut off: its leases end, and what it had goes to the other class."""
    _, plane = lived(chain("negotiations.relief.credits.services=[edge]", "faults={deaf: {at: 5s, control_partition: {agents: [buyers]}}}",
                           "workload.visitors.arrivals.poisson.step.to=4000/s"))  # fmt: skip
    rates = {one.leg.caller: one.credits(party.now_ns) for party, one in callers(plane)}
    assert rates["buyers"] == CAPACITY // 20
    assert rates["visitors"] > 0.9 * (CAPACITY - CAPACITY // 20)


def test_a_restarted_service_waits_for_the_leases_it_has_forgotten() -> None:
    """Its ledger is a new epoch's: nothing is granted before the old leases are over."""
    _, plane = lived(chain("faults={dead: {at: 5s, for: 1s, agent_crash: {agent: end}}}"))
    granted = [one.time_ns for one in plane.decisions if "-> end." in one.service and "lease until" in one.reason]
    assert not [time_ns for time_ns in granted if 5 * S < time_ns < 9 * S]
    assert [time_ns for time_ns in granted if time_ns >= 9 * S]


@pytest.mark.parametrize("by", MECHANISMS)
def test_both_engines_are_alike(by: str) -> None:
    """Traces, decisions and messages."""
    world = bargained(by, BAD, trouble(by), "duration=10s")
    (fast, one), (reference, other) = lived(world, 5, "fast"), lived(world, 5, "reference")
    assert fast.plane.digest() == reference.plane.digest()
    assert one.decisions == other.decisions
    assert one.network.log == other.network.log


def test_a_run_does_not_depend_on_hashes(tmp_path: Path) -> None:
    """Another PYTHONHASHSEED: the same digest, decisions and messages."""
    script = tmp_path / "lives.py"
    script.write_text(HASHED)
    told = []
    for seed in ("0", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())}
        told.append(subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, check=True).stdout)
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == len(MECHANISMS)


def test_nobody_is_there_where_nobody_decides() -> None:
    """`none` sends no message, and its trace is that of a file without negotiations."""
    quiet, plane = lived(bargained("none"))
    assert not plane.parties and not plane.network.log
    assert quiet.plane.digest() == lived(chain("negotiations={}"))[0].plane.digest()


def test_retries_are_shed_before_first_tries() -> None:
    """While the end is short of capacity nothing is tried again; where there is room for all, everything may be."""
    _, plane = lived(chain("duration=8s"))
    short = [one for party, one in callers(plane) if one.leg.callee == "end"]
    now_ns = plane.clock.now_ns
    assert sum(one.retries(now_ns) for one in short) < 0.1
    _, calm = lived(chain("services.end.replicas=12", "duration=4s"))
    assert all(one.retries(calm.clock.now_ns) == one.leg.retries for _, one in callers(calm))


def test_what_cannot_be_sent_on_is_not_let_in() -> None:
    """Back-pressure: each leg may send no more than the next, so the end's scarcity is met at the entry."""
    _, plane = lived(chain("duration=8s"))
    rate = {one.leg.name: one.rate(plane.clock.now_ns) for _, one in callers(plane)}
    assert rate["visitors -> edge"] <= rate["edge.look -> middle.read"] * 1.001 <= rate["middle.read -> end.list"] * 1.002
    assert rate["visitors -> edge"] < 50  # of the 90 that come
    assert rate["buyers -> edge"] > 55  # of the 60, who are worth three times as much
    _, alone = lived(bargained("{credits: {passes_on: false}}", "duration=8s"))
    assert {one.leg.name: one.rate(alone.clock.now_ns) for _, one in callers(alone)}["visitors -> edge"] > 500


def test_legs_know_their_classes() -> None:
    """Worth and importance come from who uses a route; what a try leads to further on from the file's calls."""
    world = chain()
    assert world.negotiations["relief"].credits is not None
    known = legs(world, world.negotiations["relief"].credits)
    assert {name: (leg.worth, leg.rank) for name, leg in known.items() if leg.callee == "end"} == {
        "middle.write -> end.take": (3.0, 0), "middle.read -> end.list": (1.0, 2)}  # fmt: skip
    assert known["edge.buy -> middle.write"].feeds == {"middle.write -> end.take": 1.0}
    assert known["middle.write -> end.take"].per_pod == pytest.approx(50)
    assert known["middle.write -> end.take"].retries == 1.0  # half of what is in flight: one for each


def test_agents_are_agents_of_mesa() -> None:
    """Registry and AgentSet work as Mesa's users expect."""
    _, plane = lived(chain("duration=2s"))
    assert sorted(plane.agents.select(agent_type=CalleeAgent).get("name")) == ["edge", "end", "middle"]


@pytest.mark.parametrize(("change", "told"), [
    ("negotiations.relief.credits.services=[edge, midle]", "did you mean 'middle'?"),
    ("negotiations.relief.credits.services=[ende]", "services.0 = 'ende' is not a service; did you mean 'end'?"),
    ("negotiations.relief.credits.services=[end, end]", "names end a second time"),
    ("negotiations.relief.credits.worth={buyer: 2}", "did you mean 'buyers'?"),
    ("negotiations.relief.credits.by=credit", "did you mean 'credits'?"),
    ("negotiations.relief.lease=900ms", "lease must be longer than every"),
    ("routes.defaults.local_rate_limit=null", "is missing on buyers -> edge: credits are kept to by its token bucket"),
    ("routes.'middle.read -> end.list'.retries={num_retries: 2}", "has no retry_budget on middle.read -> end.list"),
    ("routes.'middle.read -> end.list'.retries.retry_budget={budget_percent: 20%}", "allows 3 retries in flight"),
    ("negotiations.spare={pool: {capacity: 9, members: {edge: {}, end: {}}, by: vcg}}",
     "has edge for an agent, who bargains in relief already"),
    ("faults={dead: {at: 1s, agent_crash: {agent: buyer}}}", "did you mean 'buyers'?"),
])  # fmt: skip
def test_mistakes_are_told(change: str, told: str) -> None:
    """Place, value, rule and the nearest right name."""
    with pytest.raises(ScenarioError) as error:
        chain(change)
    assert told in str(error.value)
