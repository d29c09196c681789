"""A caller whose pods come and go: what all of them together may send stays within its lease."""

from __future__ import annotations

import pytest

from agents.control_plane import ControlPlane
from agents.negotiation.parties.chains.legs import MICRO
from agents.negotiation.parties.chains.spending import BURST_MIN
from scenarios.schema.units import NS_PER_S
from sim.clock import ControlPhase
from sim.mesh import Mesh
from sim.reference.engine import ReferencePlane
from tests.negotiation.parties.chains import bargained, callers, lived

S = 1_000_000_000
SLOW_ROUNDS = ("negotiations.relief.every=5s", "negotiations.relief.lease=12s", "duration=14s")
GROWING = "agents={middle: {scaling: {hpa: {target_cpu: 20%, min: 1, max: 6, sync_period: 1s, downscale_stabilization: 2s}}}}"
SIZED = "services.middle.resources={requests: {cpu: 1, memory: 1Gi}}"


def watched(plane: ControlPlane) -> list[tuple[int, float, int]]:
    """Every 50 ms: pods of the caller that serve, first tries a second that their buckets let through, credits of the legs from it."""
    mesh, seen = plane.mesh, list[tuple[int, float, int]]()
    assert isinstance(mesh.plane, ReferencePlane), "whose routes can be read"
    reference = mesh.plane

    def look() -> None:
        pods = sum(pod.looks_ready or pod.phase.value == "draining" for pod in mesh.cluster.pods("middle"))
        routes, through, held = {route.policy.name: route.policy for route in reference.routes}, 0.0, 0
        for party, one in callers(plane):
            limit = routes[one.leg.name].local_rate_limit
            if one.leg.caller == "middle" and limit is not None:
                bucket = limit.token_bucket
                rate = pods * bucket.tokens_per_fill * NS_PER_S / bucket.fill_interval
                through += rate * (1 + one.retries(party.now_ns)) / one.leg.per_pod * MICRO
                held += one.credits(party.now_ns)
        seen.append((pods, through, held))
        plane.clock.after(50_000_000, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(50_000_000, ControlPhase.WAKE, "~watch", look)
    return seen


@pytest.mark.parametrize("by", ["credits", "proportional", "planner"])
def test_pods_that_come_between_rounds_share_the_lease(by: str) -> None:
    """Each has a bucket of its own, as Envoy's local rate limit is; a new one makes all the others' smaller."""
    world = bargained(by, *SLOW_ROUNDS, GROWING, SIZED)
    mesh = Mesh(world, 2, "reference")
    plane = ControlPlane(mesh)
    seen = watched(plane)
    mesh.advance(world.duration)
    assert len({pods for pods, _, _ in seen}) > 2
    assert max(through / held for _, through, held in seen) <= 1 + 1e-5


@pytest.mark.parametrize("by", ["credits", "proportional", "planner"])
@pytest.mark.parametrize(("pods", "buyers"), [(2, "2/s"), (8, "2/s"), (20, "20/s")])
def test_a_caller_with_many_pods_and_slow_classes_is_not_shut_out(by: str, pods: int, buyers: str) -> None:
    """What fits goes in, however thin it is spread over buckets: one token a fill at least, and a few at once."""
    world = bargained(by, f"services.edge.replicas={pods}", f"workload.buyers.arrivals={{poisson: {buyers}}}",
                      "workload.visitors.arrivals={poisson: 20/s}", "duration=60s")  # fmt: skip
    mesh, _ = lived(world)
    seen = mesh.plane.observe().workloads
    assert (seen["good"] >= 0.98 * seen["offered"]).all()


def test_buckets_are_of_nothing_only_where_nothing_may_be_sent() -> None:
    """Twenty pods send one token a fill each of a floor of 4/s; with no floor, and before the first lease, they send none."""
    told = {}
    for floor in ("10%", "0%"):
        world = bargained("credits", "services.edge.replicas=20", f"negotiations.relief.credits.floor={floor}", "duration=3ms")
        mesh, plane = lived(world, engine="reference")
        assert isinstance(mesh.plane, ReferencePlane)
        legs = {one.leg.name for _, one in callers(plane) if one.leg.caller == "edge"}
        limits = [route.policy.local_rate_limit for route in mesh.plane.routes if route.policy.name in legs]
        told[floor] = {(limit.token_bucket.tokens_per_fill, limit.token_bucket.max_tokens) for limit in limits if limit is not None}
    assert told == {"10%": {(1, BURST_MIN)}, "0%": {(0, 0)}}


def test_both_engines_are_alike_where_callers_scale() -> None:
    """Traces, decisions and messages."""
    world = bargained("credits", *SLOW_ROUNDS, GROWING, SIZED)
    (fast, one), (reference, other) = lived(world, 5, "fast"), lived(world, 5, "reference")
    assert fast.plane.digest() == reference.plane.digest()
    assert one.decisions == other.decisions and one.network.log == other.network.log
    assert [told for told in one.decisions if "shares its lease" in told.reason]
