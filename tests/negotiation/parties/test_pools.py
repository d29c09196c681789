"""Pools: whatever divides them, they are never promised twice; runs are functions of scenario and seed; idle agents change nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from agents.negotiation.parties.pools.member import MemberAgent
from scenarios.errors import ScenarioError
from sim.clock import ControlPhase
from sim.mesh import Mesh
from tests.negotiation.parties.markets import BAD, MECHANISMS, TROUBLE, UNARRANGED, asked_for, in_use, lived, market

ARRANGED = tuple(by for by in MECHANISMS if by not in UNARRANGED)
S = 1_000_000_000


def watched(plane: ControlPlane, every_ns: int) -> list[tuple[int, int, int]]:
    """(time, units in use by leases, units asked for) so often, at the end of what happens at each instant."""
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        seen.append((plane.clock.now_ns, in_use(plane), asked_for(plane)))
        plane.clock.after(every_ns, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(every_ns, ControlPhase.WAKE, "~watch", look)
    return seen


@pytest.mark.parametrize("by", ARRANGED)
def test_never_more_is_in_use_than_there_is(by: str) -> None:
    """Under loss, doubles, reordering, wrong clocks, a crash of the auctioneer and of a member, and a partition."""
    world = market(f"negotiations.pods.pool.by={by}", BAD, TROUBLE)
    mesh = Mesh(world, 3)
    plane = ControlPlane(mesh)
    seen = watched(plane, 17_000_000)
    mesh.advance(world.duration)
    assert max(used for _, used, _ in seen) <= 12
    assert max(asked for *_, asked in seen) <= 12
    assert len({asked for *_, asked in seen}) > 2  # something was divided, again and again


@settings(max_examples=12, deadline=None)
@given(by=st.sampled_from(ARRANGED), seed=st.integers(0, 10_000), loss=st.integers(0, 60), doubles=st.integers(0, 60),
       latency=st.sampled_from(["0s", "5ms", "{exponential: 300ms}", "{lognormal: {mean: 900ms, cv: 2}}"]),
       skew=st.sampled_from(["0s", "50ms", "900ms"]), crash_s=st.integers(1, 20), lasting_s=st.integers(1, 9))  # fmt: skip
def test_leases_are_safe_whatever_happens(by: str, seed: int, loss: int, doubles: int, latency: str, skew: str, crash_s: int,
                                          lasting_s: int) -> None:  # fmt: skip
    """Property: at every look, leases in use and pods asked for are within the capacity."""
    world = market(f"negotiations.pods.pool.by={by}",
                   f"control_network={{latency: {latency}, loss: {loss}%, duplicates: {doubles}%, clock_skew: {skew}}}",
                   f"faults={{dead: {{at: {crash_s}s, for: {lasting_s}s, agent_crash: {{agent: pods}}}}}}")  # fmt: skip
    mesh = Mesh(world, seed)
    plane = ControlPlane(mesh)
    seen = watched(plane, 97_000_000)
    mesh.advance(world.duration)
    assert max(used for _, used, _ in seen) <= 12
    assert max(asked for *_, asked in seen) <= 12


@pytest.mark.parametrize("by", UNARRANGED)
def test_a_quota_is_kept(by: str) -> None:
    """Whoever comes first: together never more than there is."""
    world = market(f"negotiations.pods.pool.by={by}")
    mesh = Mesh(world, 3)
    plane = ControlPlane(mesh)
    seen = watched(plane, 97_000_000)
    mesh.advance(world.duration)
    assert max(asked for *_, asked in seen) == 12
    assert seen[-1][2] > 4  # nobody falls back: there are no leases


@pytest.mark.parametrize("by", MECHANISMS)
def test_both_engines_are_alike(by: str) -> None:
    """Traces, decisions and messages."""
    world = market(f"negotiations.pods.pool.by={by}", "duration=14s", *([BAD, TROUBLE] if by not in UNARRANGED else []))
    (fast, one), (reference, other) = lived(world, 5, "fast"), lived(world, 5, "reference")
    assert fast.plane.digest() == reference.plane.digest()
    assert one.decisions == other.decisions
    assert one.network.log == other.network.log


def test_a_run_does_not_depend_on_hashes(tmp_path: Path) -> None:
    """Another PYTHONHASHSEED, another thread count: the same digest, decisions and messages."""
    script = tmp_path / "lives.py"
    script.write_text(
        "import hashlib\n"
        "from tests.negotiation.parties.markets import BAD, MECHANISMS, lived, market\n"
        "for by in MECHANISMS:\n"
        "    mesh, plane = lived(market(f'negotiations.pods.pool.by={by}', 'duration=9s', BAD), 5)\n"
        "    told = hashlib.sha256(repr([plane.decisions, plane.network.log]).encode()).hexdigest()\n"
        "    print(by, mesh.plane.digest(), told)\n"
    )
    told = []
    for seed, threads in (("0", "1"), ("4242", "2")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(Path.cwd())}
        done = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, check=True)
        told.append(done.stdout)
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == len(MECHANISMS)


def test_an_idle_agent_changes_nothing() -> None:
    """Somebody who joins the network, listens and wakes without doing anything."""
    world = market(BAD)
    quiet, _ = lived(world)
    mesh = Mesh(world, 1)
    plane = ControlPlane(mesh)
    plane.network.join("a stranger", lambda _: None)

    def wake() -> None:
        plane.clock.after(333_000_000, ControlPhase.WAKE, "a stranger", wake)

    wake()
    mesh.advance(world.duration)
    assert mesh.plane.digest() == quiet.plane.digest()


def test_what_no_view_shows_changes_no_decision() -> None:
    """The queue that a pod's work waits in, and how long it is served, are hidden: only rates are scraped here."""
    shown, hidden = market("negotiations.pods.pool.by=vcg"), market("negotiations.pods.pool.by=vcg", "services.left.queue.size=9")
    (one, before), (other, after) = lived(shown), lived(hidden)
    assert one.plane.digest() != other.plane.digest()
    assert before.decisions == after.decisions


def test_members_fall_back_to_their_floor_when_nobody_renews() -> None:
    """The auctioneer dies for good: leases end, floors stay."""
    world = market("faults={dead: {at: 5s, agent_crash: {agent: pods}}}", "negotiations.pods.pool.members.left.floor=2")
    mesh, plane = lived(world)
    assert {name: mesh.cluster.replicas(name) for name in ("left", "right")} == {"left": 2, "right": 1}
    over = [one for one in plane.decisions if "lease is over" in one.reason]
    assert {one.service for one in over} == {"left", "right"}
    assert all(10 * S <= one.time_ns <= 13 * S for one in over)  # the last lease was granted at 4 s, for 7 s


def test_a_restarted_auctioneer_waits_for_the_leases_it_has_forgotten() -> None:
    """Its ledger is a new epoch's: nothing is granted before the old leases are over."""
    world = market("faults={dead: {at: 5s, for: 1s, agent_crash: {agent: pods}}}")
    _, plane = lived(world)
    granted = [one.time_ns for one in plane.decisions if "lease of" in one.reason]
    assert not [time_ns for time_ns in granted if 5 * S < time_ns < 13 * S]
    assert [time_ns for time_ns in granted if time_ns >= 13 * S]


def test_who_bids_pays_and_a_purse_bounds_it() -> None:
    """Under VCG the scarce side pays; a poor member wins less."""
    scarce = ("negotiations.pods.pool.capacity=7",)
    _, plane = lived(market(*scarce))
    assert sum(plane.paid.values()) > 0
    _, poor = lived(market(*scarce, "negotiations.pods.pool.members.left.budget=1/h"))
    rich, lean = (sum(one.after for one in of.decisions if one.service == "left") for of in (plane, poor))
    assert lean < rich
    assert poor.paid["left"] < plane.paid["left"]


@pytest.mark.parametrize("by", ["vcg", "uniform_price", "{english_clock: {increment: 5/h}}"])
def test_nobody_pays_more_than_a_purse_ever_held(by: str) -> None:
    """However often a round asks: the full purse of the beginning, and what the budget brought since."""
    world = market("negotiations.pods.pool.capacity=7", f"negotiations.pods.pool.by={by}",
                   "negotiations.pods.pool.members.left.budget=60/h")  # fmt: skip
    _, plane = lived(world)
    assert 0 < plane.paid["left"] <= 60 * (20 * 2 + 24) / 3600


def test_members_are_agents_of_mesa() -> None:
    """Registry and AgentSet work as Mesa's users expect."""
    _, plane = lived(market("duration=3s"))
    members = plane.agents.select(agent_type=MemberAgent)
    assert sorted(members.get("name")) == ["left", "right"]
    assert all(count >= 1 for count in members.map(lambda one: plane.mesh.cluster.replicas(one.name)))


def test_a_class_without_a_lease_sends_what_the_floors_can_serve() -> None:
    """J6, J7: two floors of one pod each, 25/s and 20/s at nine tenths, in whole tokens, rounded up."""
    world = market("negotiations.pods.pool.by=dual", "faults={dead: {at: 5s, agent_crash: {agent: pods}}}")
    _, plane = lived(world)
    over = {one.agent: one.after for one in plane.decisions if "lease is over" in one.reason and one.agent in ("many", "some")}
    assert over == {"many": 23, "some": 18}


def test_two_causes_keep_an_agent_dead_until_both_are_over() -> None:
    """The end of one does not end the other."""
    world = market("faults={one: {at: 5s, for: 3s, agent_crash: {agent: pods}}, two: {at: 6s, for: 6s, agent_crash: {agent: pods}}}")
    _, plane = lived(world)
    assert not [one for one in plane.rounds if 5 * S <= one.began_ns < 12 * S]
    assert [one for one in plane.rounds if one.began_ns >= 12 * S]


def test_concession_goes_on_after_the_notary_was_away() -> None:
    """He asks at other times than before, and members still know what they agreed on."""
    world = market("negotiations.pods.pool.by=concession", "duration=40s",
                   "faults={dead: {at: 5s, for: 2500ms, agent_crash: {agent: pods}}}")  # fmt: skip
    _, plane = lived(world)
    assert [one for one in plane.decisions if one.time_ns > 30 * S and "lease of" in one.reason]


@pytest.mark.parametrize(("change", "told"), [
    ("negotiations.pods.pool.capacity=3", "less than the 4 units that the replicas of its members take"),
    ("negotiations.pods.pool.members={lef: {}, right: {}}", "did you mean 'left'?"),
    ("negotiations.pods.pool.worth={man: 2}", "did you mean 'many'?"),
    ("negotiations.pods.every=1s", "every must be at least twice the deadline"),
    ("negotiations.pods.lease=2s", "lease must be longer than every"),
    ("negotiations.pods.pool.members.left.priority=3", "has no effect under vcg"),
    ("negotiations.pods.pool.by=vgc", "did you mean 'vcg'?"),
    ("agents={left: {scaling: {hpa: {target_cpu: 50%, max: 4}}}}", "has its pods decided by hpa, too"),
    ("faults={dead: {at: 1s, agent_crash: {agent: podz}}}", "did you mean 'pods'?"),
    ("negotiations={a: {pool: &one {capacity: 9, members: {left: {}, right: {}}, by: dual}}, b: {pool: *one}}",
     "has many for an agent, who bargains in a already"),
    ("negotiations.pods.pool.members.left.floor=3", "more than the 2 replicas that left begins with"),
])  # fmt: skip
def test_mistakes_are_told(change: str, told: str) -> None:
    """Place, value, rule and the nearest right name."""
    with pytest.raises(ScenarioError) as error:
        market(change)
    assert told in str(error.value)


@pytest.mark.parametrize("by", ["dual", "planner", "{bundles: {step: 5/s}}"])
def test_a_pool_that_is_back_grants_no_flow_before_it_may_grant_pods(by: str) -> None:
    """Until all it had promised is over."""
    world = market(f"negotiations.pods.pool.by={by}", "faults={dead: {at: 5s, for: 1s, agent_crash: {agent: pods}}}")
    _, plane = lived(world)
    told = [one.time_ns for one in plane.decisions if one.agent in ("many", "some") and one.reason.startswith("lease until")]
    assert not [time_ns for time_ns in told if 6 * S <= time_ns < 13 * S]
    assert [time_ns for time_ns in told if time_ns >= 13 * S]


@pytest.mark.parametrize("by", ["dual", "{bundles: {step: 5/s}}"])
def test_who_is_cut_off_keeps_the_pods_of_its_flow_as_long_as_the_flow(by: str) -> None:
    """A gate that is open leads to pods that are there."""
    world = market(f"negotiations.pods.pool.by={by}", "negotiations.pods.lease=12s",
                   "faults={deaf: {at: 3s, control_partition: {agents: [many]}}}")  # fmt: skip
    _, plane = lived(world)
    pods = [(one.time_ns, one.after) for one in plane.decisions if one.agent == "left"]
    first = max(count for time_ns, count in pods if time_ns < 3 * S)
    after = [count for time_ns, count in pods if 3 * S < time_ns < 13 * S]
    assert first > 3 and after and min(after) >= first
