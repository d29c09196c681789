"""Zones that spill over: no promise beyond what is spare, weights that make 100, home when leases end, and the same run everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from agents.negotiation.messages import Content
from agents.negotiation.parties.zones.net import BargainingZone
from parley.recording.spillover import moved
from scenarios.errors import ScenarioError
from scenarios.schema.localities import fits
from scenarios.schema.units import HOUR_NS
from sim.clock import ControlPhase
from sim.mesh import Mesh
from tests.negotiation.parties.crossings import ARRANGED, BAD, MECHANISMS, TROUBLE, crossing, in_use, lived, zones

S = 1_000_000_000
TICK = 17_000_000
SLOW = "control_network={latency: {exponential: 80ms}}"


def promised_at_most(world_changes: tuple[str, ...], seed: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Lives a world and checks every grant and, at every tick, every taker; how many leases were granted."""
    spares: dict[str, list[tuple[int, int]]] = {}  # by taker: when it granted, and what it could spare then
    grant = BargainingZone._granted

    def granted(self: BargainingZone, caller: str, award: Content, now_ns: int) -> Content | None:
        assert self.ledger is not None
        before = self.ledger.live(now_ns)
        lease = grant(self, caller, award, now_ns)
        if lease is not None:
            assert self.ledger.live(now_ns) <= max(before, self.spare)
            spares.setdefault(self.name, []).append((int(self.clock.now_ns), self.spare))
        return lease

    monkeypatch.setattr(BargainingZone, "_granted", granted)
    world = crossing(*world_changes)
    mesh = Mesh(world, seed)
    plane = ControlPlane(mesh)
    long_ns = world.negotiations["crossing"].lease + 2 * world.control_network.clock_skew

    def look() -> None:
        for taker in ("api@east", "api@middle", "api@west"):
            newest = [spare for at_ns, spare in spares.get(taker, ()) if at_ns >= plane.clock.now_ns - long_ns]
            assert in_use(plane, taker) <= max(newest, default=0)
        plane.clock.after(TICK, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(TICK, ControlPhase.WAKE, "~watch", look)
    mesh.advance(world.duration)
    return sum(map(len, spares.values()))


def test_no_zone_promises_more_than_it_can_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under loss, doubles, reordering, wrong clocks, crashes of a taker and of a caller, a partition and blind scrapes."""
    assert promised_at_most((BAD, TROUBLE), 3, monkeypatch) > 2


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), loss=st.integers(0, 60), doubles=st.integers(0, 60),
       latency=st.sampled_from(["0s", "5ms", "{exponential: 300ms}", "{lognormal: {mean: 900ms, cv: 2}}"]),
       skew=st.sampled_from(["0s", "50ms", "900ms"]), crash_s=st.integers(1, 20), lasting_s=st.integers(1, 9),
       who=st.sampled_from(["east", "middle", "west"]))  # fmt: skip
def test_promises_are_kept_whatever_happens(seed: int, loss: int, doubles: int, latency: str, skew: str, crash_s: int, lasting_s: int,
                                            who: str) -> None:  # fmt: skip
    """Property: at every tick, what others may send to a zone was spare when it was promised, and leases that end are used no more."""
    with pytest.MonkeyPatch.context() as patch:
        promised_at_most(
            (f"control_network={{latency: {latency}, loss: {loss}%, duplicates: {doubles}%, clock_skew: {skew}}}",
             f"faults={{dead: {{at: {crash_s}s, for: {lasting_s}s, agent_crash: {{agent: api@{who}}}}}}}"), seed, patch)  # fmt: skip


@pytest.mark.parametrize("by", ARRANGED)
def test_weights_make_a_hundred(by: str) -> None:
    """Of every zone at every time, whatever goes wrong; and callers were told just what the agent believes."""
    mesh, plane = lived(crossing(BAD, TROUBLE, by=by), 3)
    now: dict[str, dict[str, int]] = {one.name: one.at_home() for one in zones(plane).values()}
    times = sorted({one.time_ns for one in plane.decisions})
    for time_ns in times:
        for one in plane.decisions:
            if one.time_ns == time_ns:
                zone = one.service.split("@")[1]
                assert now[one.agent][zone] == one.before
                now[one.agent][zone] = one.after
        assert all(sum(shares.values()) == 100 and min(shares.values()) >= 0 for shares in now.values())
    assert times and now == {one.name: one.shares for one in zones(plane).values()}
    for zone, one in zones(plane).items():
        setting = mesh.plane.layout.routes[mesh.plane.layout.route_named(next(iter(one.crossing.routes[zone])))].locality_lb_setting
        assert setting is not None
        rule = next(rule for rule in setting.distribute if fits(rule.source, zone, zone))
        told = {place.split("/", maxsplit=1)[0]: percent for place, percent in rule.target.items()}
        assert told == {to: part for to, part in one.shares.items() if part}


def test_a_zone_uses_no_more_than_its_leases() -> None:
    """Percents of the rate it sees are rounded down to what it may use."""
    world = crossing(BAD)
    mesh = Mesh(world, 5)
    plane = ControlPlane(mesh)
    seen: list[int] = []

    def look() -> None:
        for one in zones(plane).values():
            assert isinstance(one, BargainingZone)
            for peer, other in one.peers.items():
                used, usable = one.shares[other] * (one.told_rate or 0.0) / 100, one.holdings[peer].usable(one.now_ns) / 1000
                assert used <= usable + 1e-6
                seen.append(one.shares[other])
        plane.clock.after(TICK, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(TICK, ControlPhase.WAKE, "~watch", look)
    mesh.advance(world.duration)
    assert max(seen) > 10


@pytest.mark.parametrize("by", ["contract_net", "planner"])
def test_what_went_away_comes_home_when_nobody_is_heard(by: str) -> None:
    """A partition of the control network at the height of the crowd: leases end, calls come home, and nothing is promised anew."""
    cut = "faults={cut: {at: 8s, control_partition: {agents: [api@east]}}}"
    _, plane = lived(crossing(cut, "workload.easterners.arrivals.poisson.flash_crowd.hold=30s", by=by))
    mine = [one for one in plane.decisions if one.agent == "api@east" and one.service == "api@east"]
    assert [one for one in mine if one.time_ns < 8 * S and one.after < 80]
    assert mine[-1].after == 100
    assert 9 * S < mine[-1].time_ns <= 8 * S + 5 * S  # with the last lease, which was granted before the cut
    assert "is over" in mine[-1].reason
    _, whole = lived(crossing("workload.easterners.arrivals.poisson.flash_crowd.hold=30s", by=by))
    assert zones(whole)["east"].shares["east"] < 90


def test_a_restarted_taker_grants_nothing_before_all_it_may_have_granted_is_over() -> None:
    """Its ledger is a new epoch's."""
    dead = "faults={dead: {at: 9s, for: 1s, agent_crash: {agent: api@west}}, gone: {at: 1s, agent_crash: {agent: api@middle}}}"
    _, plane = lived(crossing(dead, "workload.easterners.arrivals.poisson.flash_crowd.hold=30s"))
    taken = [one.time_ns for one in plane.decisions if one.reason.startswith("west takes")]
    assert [time_ns for time_ns in taken if time_ns < 9 * S]
    assert not [time_ns for time_ns in taken if 9.1 * S < time_ns < 15 * S]
    assert [time_ns for time_ns in taken if time_ns >= 15 * S]


@pytest.mark.parametrize("by", MECHANISMS)
def test_both_engines_are_alike(by: str) -> None:
    """Traces, decisions and messages."""
    dead = "faults={dead: {at: 6s, for: 4s, agent_crash: {agent: api@west}}}"
    world = crossing("duration=14s", BAD, *([dead] if by != "stay" else []), by=by)
    (fast, one), (reference, other) = lived(world, 5, "fast"), lived(world, 5, "reference")
    assert fast.plane.digest() == reference.plane.digest()
    assert one.decisions == other.decisions
    assert one.network.log == other.network.log


def test_a_run_does_not_depend_on_hashes(tmp_path: Path) -> None:
    """Another PYTHONHASHSEED, another thread count: the same digest, decisions and messages."""
    script = tmp_path / "lives.py"
    script.write_text(
        "import hashlib\n"
        "from tests.negotiation.parties.crossings import BAD, MECHANISMS, crossing, lived\n"
        "for by in MECHANISMS:\n"
        "    mesh, plane = lived(crossing('duration=9s', BAD, by=by), 5)\n"
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


def test_nobody_is_there_under_stay() -> None:
    """No agent, no message, no decision: calls go as the file says."""
    _, plane = lived(crossing(by="stay"))
    assert not plane.parties
    assert not plane.decisions
    assert not plane.network.log


@pytest.mark.parametrize("by", ["contract_net", "gossip", "planner", "proportional"])
def test_what_no_view_shows_changes_no_decision(by: str) -> None:
    """How long a pod's queue is, is hidden: only rates are scraped here, of callers who do not retry."""
    (one, before), (other, after) = lived(crossing(by=by)), lived(crossing("services.api.queue.size=2", by=by))
    assert one.plane.digest() != other.plane.digest()
    assert before.decisions == after.decisions


def test_a_zone_does_not_see_the_callers_of_another() -> None:
    """More of them elsewhere change nothing for a zone that has too little itself to ask anybody, and is asked by nobody."""
    quiet = "workload.middlers.arrivals.poisson.flash_crowd.peak=31/s", "workload.easterners.arrivals.poisson.flash_crowd.peak=41/s"
    _, plane = lived(crossing(*quiet))
    _, other = lived(crossing(*quiet, "workload.westerners.arrivals.poisson=35/s"))
    assert plane.decisions == other.decisions == []


def test_who_asks_nobody_runs_with_the_herd() -> None:
    """Selfish zones all go where it looked empty, and on to the next: more than ten times the movement of a bargain, and more is lost."""
    (mesh, herd), (bargained, bargain) = lived(crossing(by="selfish")), lived(crossing())
    assert moved(herd.decisions) > 10 * moved(bargain.decisions)
    assert good(mesh) < good(bargained)


def good(mesh: Mesh) -> int:
    """Good answers of a run."""
    seen = mesh.plane.observe(live=True)
    return int(seen.workloads["good"].sum())


def test_gossip_tells_everybody_how_busy_all_are() -> None:
    """Within a percent, and although messages are lost: 300 ms after a round has begun all estimates are of load over capacity."""
    world = crossing("control_network={latency: 5ms, loss: 20%}", by="gossip")
    _, plane = lived(world)
    told = [one.reason for one in plane.decisions if one.agent == "api@east" and 9 * S < one.time_ns < 12 * S]
    busy = [int(reason.split("all together are ")[1].split(" %")[0]) for reason in told]
    # of the 150 + 30 + 25 a second that come then nine in ten ask for api, whose 6 pods are counted on for 45/s each
    assert busy
    assert all(55 <= percent <= 82 for percent in busy)


def test_who_is_asked_is_paid() -> None:
    """What others risk has a price: who has too much pays it, who has enough does not."""
    _, plane = lived(crossing("negotiations.crossing.spill.worth={easterners: 50, middlers: 50, westerners: 50}"))
    assert plane.paid["api@east"] > 0
    assert plane.paid["api@west"] == 0


def test_a_zone_pays_for_what_it_is_leased(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two zones are offered the same room: who is left less of it than he was awarded pays less in proportion."""
    less: list[tuple[float, float]] = []
    take = BargainingZone._take

    def noted(self: BargainingZone, peer: str, content: Content) -> None:
        before = self.paid
        take(self, peer, content)
        if self.paid > before and content["amount"] < self._won[peer]:
            whole = self._due[peer] * self.described.every / HOUR_NS
            less.append((self.paid - before, whole * content["amount"] / self._won[peer]))

    monkeypatch.setattr(BargainingZone, "_take", noted)
    for seed in (1, 2):
        lived(crossing("duration=60s", "workload.westerners.arrivals={poisson: 150/s}", SLOW), seed)
    assert less and all(paid == pytest.approx(due) for paid, due in less)


def test_bargains_are_rounds_that_settle() -> None:
    """Each call is a round; the first lease of it came back within two deadlines."""
    _, plane = lived(crossing())
    settled = [one.settled_ns - one.began_ns for one in plane.rounds if one.settled_ns is not None]
    assert settled
    assert max(settled) <= S


@pytest.mark.parametrize(("change", "told"), [
    ("workload.westerners.zone=null", "is nowhere; give it a zone"),
    ("negotiations.crossing.spill.service=apo", "did you mean 'api'?"),
    ("negotiations.crossing.spill.worth={easterner: 1}", "did you mean 'easterners'?"),
    ("negotiations.crossing.spill.by=contract_ned", "did you mean 'contract_net'?"),
    ("routes.defaults.locality_lb_setting=null", "spread no calls of easterners -> api by weights"),
    ("faults={dead: {at: 1s, agent_crash: {agent: api@wast}}}", "did you mean 'api@west'?"),
    ("services.echo.endpoints.get=[{call: api.get}]", "is called by service echo, too"),
    ("negotiations.again={every: 2s, deadline: 500ms, lease: 5s, spill: {service: api, by: stay}}", "has its traffic spread already by"),
    ("control_network.clock_skew=3s", "is over before anybody may use it"),
    ("workload.westerners.mix={echo.get: 1}", None),
    ("workload={easterners: {entry: echo.get, zone: east, arrivals: {poisson: 1/s}}}", "is called by nobody"),
    ("cluster={zones: [east]}", "has nowhere to spill to"),
])  # fmt: skip
def test_mistakes_are_told(change: str, told: str | None) -> None:
    """Place, value, rule and the nearest right name."""
    if told is None:
        crossing(change)
        return
    with pytest.raises(ScenarioError) as error:
        crossing(change)
    assert told in str(error.value)
