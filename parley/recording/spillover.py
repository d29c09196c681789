"""What spreading traffic over zones came to in a run: what was forgone, what left a zone and was paid for, how restless weights were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agents.control_plane import ControlPlane
from agents.decision import Decision
from parley.recording.bargaining import worths
from scenarios.schema.spilling import SPILL_MINDS
from scenarios.schema.units import NS_PER_S
from sim.plane import Records

MINUTE_NS = 60 * NS_PER_S


def spillover_of(plane: ControlPlane, measured: Records, routes: Records) -> dict[str, Any]:
    """The part `spill` of summary.json, all of it since the warm-up.

    `measured` are the tallies of all classes since then, `routes` those of the run.

    forgone: what the answers that were not good would have been worth; egress: price of the data that left a
    zone on the way to the services whose traffic is spread; both in currency. moved_per_minute: percents by which weights of
    zones were changed, ups and downs, of all callers together.
    """
    world = plane.mesh.scenario
    services = {one.spill.service for one in world.negotiations.values() if one.spill is not None}
    layout, worth = plane.mesh.plane.layout, worths(world)
    since = [0] * len(layout.routes) if plane.warm is None else (routes["egress_bytes"] - plane.warm.egress_bytes).tolist()
    crossed = sum(count for count, route in zip(since, layout.routes, strict=True) if route.callee in services)
    measured_ns = plane.mesh.now_ns - world.warmup
    forgone = sum(worth[name] * int(measured["offered"][i] - measured["good"][i]) for i, name in enumerate(world.workload)) / 1000
    return {
        "forgone": forgone, "egress": crossed / 1e9 * world.network.egress,
        "moved_per_minute": moved(one for one in plane.decisions if one.time_ns >= world.warmup) * MINUTE_NS / measured_ns
                            if measured_ns > 0 else 0.0,
    }  # fmt: skip


def moved(decisions: Iterable[Decision]) -> int:
    """Percents by which weights of zones were changed: 20 from one to another are 40."""
    return sum(abs(one.after - one.before) for one in decisions if one.applied and one.mind in SPILL_MINDS)
