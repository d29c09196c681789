"""What agents cannot see moves none of them, and who does nothing moves nobody: under every mechanism, on a bad network."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from agents.negotiation.messages import Message, Performative
from agents.policy import Needs, Verdict, View
from scenarios.schema.scenario import Scenario
from sim.clock import ControlPhase
from sim.commands import Command
from sim.mesh import Mesh
from tests.negotiation.parties import chains, crossings
from tests.negotiation.parties.markets import BAD, MECHANISMS, TROUBLE, UNARRANGED, lived, market

SHORT = "duration=11s"
HIDDEN = {  # of how services do; rates, which are all that is scraped here, are of what arrives at them
    "what waits": ["services.left.queue.size=9", "services.right.queue.size=3"],
    "in which order it is served": ["services.left.queue.discipline=lifo"],
    "how long each takes": ["services.left.endpoints.run=[{work: {lognormal: {mean: 40ms, cv: 2}}}]"],
    "how quick pods are": ["faults.weak={at: 2s, for: 6s, slow: {service: left, fraction: 50%, factor: 6}}"],
    "who fails": ["faults.bad={at: 3s, for: 3s, errors: {service: right, rate: 40%}}"],
}


def conditions(by: str) -> list[str]:
    """A mechanism, and what makes its life hard; who asks the platform only has no messages to lose."""
    return [f"negotiations.pods.pool.by={by}", SHORT, *([BAD, TROUBLE] if by not in UNARRANGED else [])]


@dataclass
class Idle:
    """A mind that looks and does nothing."""

    cadence_ns: int = 700_000_000
    mind: str = "idle"
    needs: Needs = field(default_factory=lambda: Needs(pods=True))

    def decide(self, _: View) -> Verdict | None:
        """Nothing."""
        return None

    def carried_out(self, _: Command, __: View) -> None:
        """Nothing was."""


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("by", MECHANISMS)
def test_what_no_view_shows_moves_nobody(by: str, hidden: list[str]) -> None:
    """The mesh lives another life; decisions and messages are the same to the last figure."""
    (one, before), (other, after) = lived(market(*conditions(by)), 4), lived(market(*conditions(by), *hidden), 4)
    assert one.plane.digest() != other.plane.digest()
    assert before.decisions == after.decisions and before.decisions
    assert before.network.log == after.network.log


@settings(max_examples=15, deadline=None)
@given(by=st.sampled_from(MECHANISMS), seed=st.integers(0, 10_000), at_ms=st.integers(0, 9_000), lasting_ms=st.integers(1, 5_000),
       share=st.integers(1, 100), factor=st.integers(2, 50), size=st.integers(1, 30), cv=st.floats(0.1, 3.0))  # fmt: skip
def test_whatever_is_hidden_moves_nobody(by: str, seed: int, at_ms: int, lasting_ms: int, share: int, factor: int, size: int,
                                         cv: float) -> None:  # fmt: skip
    """Property: any pods slow for any while, queues of any length, and works of any spread."""
    mechanism = [f"negotiations.pods.pool.by={by}", SHORT]
    hidden = [f"faults.weak={{at: {at_ms}ms, for: {lasting_ms}ms, slow: {{service: left, fraction: {share}%, factor: {factor}}}}}",
              f"services.right.queue.size={size}",
              f"services.left.endpoints.run=[{{work: {{lognormal: {{mean: 40ms, cv: {cv}}}}}}}]"]  # fmt: skip
    (_, before), (_, after) = lived(market(*mechanism), seed), lived(market(*mechanism, *hidden), seed)
    assert (before.decisions, before.network.log) == (after.decisions, after.network.log)


def crowded(world: Scenario, seed: int, service: str) -> ControlPlane:
    """A run with a mind that only looks at a service, two strangers who talk with each other, and one who listens."""
    crowd = ControlPlane(Mesh(world, seed), {service: Idle()})
    for name in ("aaa", "zzz", "listener"):
        crowd.network.join(name, lambda _: None)

    def talk() -> None:
        for sender, receiver in (("aaa", "zzz"), ("zzz", "aaa")):
            said = Message(Performative.INFORM, sender, receiver, "small-talk", "pods/1.1", {"said": crowd.mesh.now_ns})
            crowd.network.post(said)
        crowd.clock.after(333_000_000, ControlPhase.WAKE, "aaa", talk)

    crowd.clock.after(1, ControlPhase.WAKE, "aaa", talk)
    crowd.mesh.advance(world.duration)
    return crowd


@pytest.mark.parametrize(("world", "service"), [
    *((market(*conditions(by)), "left") for by in MECHANISMS),
    *((crossings.crossing(SHORT, crossings.BAD, by=by), "api") for by in crossings.ARRANGED),
    *((chains.bargained(by, SHORT, chains.BAD, chains.trouble(by)), "end") for by in chains.MECHANISMS),
], ids=[*MECHANISMS, *(f"zones: {by}" for by in crossings.ARRANGED), *(f"chains: {by}" for by in chains.MECHANISMS)])  # fmt: skip
def test_idle_agents_change_nothing(world: Scenario, service: str) -> None:
    """Digest, decisions and messages stay, under whatever is bargained by."""
    alone, plane = lived(world, 4)
    crowd = crowded(world, 4, service)
    assert crowd.mesh.plane.digest() == alone.plane.digest()
    assert crowd.decisions == plane.decisions
    assert [row for row in crowd.network.log if row.protocol != "small-talk"] == plane.network.log
    assert len(crowd.network.log) > len(plane.network.log)


@settings(max_examples=20, deadline=None)
@given(by=st.sampled_from([*crossings.ARRANGED, *chains.MECHANISMS]), seed=st.integers(0, 10_000), at_ms=st.integers(0, 9_999),
       share=st.integers(1, 100), factor=st.integers(2, 50), zones=st.booleans())  # fmt: skip
def test_nobody_knows_before_the_next_scrape(by: str, seed: int, at_ms: int, share: int, factor: int, zones: bool) -> None:
    """Property: retries and spilled traffic show how pods do, and no sooner than they are scraped. Zones and chains."""
    is_crossing = by in crossings.ARRANGED and (zones or by not in chains.MECHANISMS)
    service = "api" if is_crossing else "end"
    weak = f"faults.weak={{at: {at_ms}ms, for: 2s, slow: {{service: {service}, fraction: {share}%, factor: {factor}}}}}"
    told_ns = (at_ms // 1000 + 1) * 10**9
    runs = []
    for change in ([], [weak]):
        world = crossings.crossing(SHORT, *change, by=by) if is_crossing else chains.bargained(by, SHORT, *change)
        plane = ControlPlane(Mesh(world, seed))
        plane.mesh.advance(told_ns)
        runs.append(plane)
    assert runs[0].decisions == runs[1].decisions
    assert runs[0].network.log == runs[1].network.log


def test_and_no_longer() -> None:
    """Once it was scraped, a chain whose end is slow bargains otherwise: the property above is not empty."""
    weak = "faults.weak={at: 2500ms, for: 4s, slow: {service: end, fraction: 100%, factor: 10}}"
    (_, well), (_, ill) = (lived(chains.bargained("proportional", SHORT, *more), 4) for more in ([], [weak]))
    parted = min(one.time_ns for one, other in zip(well.decisions, ill.decisions, strict=False) if one != other)
    assert parted >= 3 * 10**9
