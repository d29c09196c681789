"""Episodes out of a longer day: each begins at a minute of its own, with the clock, the faults and the rules' memory of the whole day."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.errors import ScenarioError
from scenarios.load import loads
from scenarios.rates import Piece, pieces
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S, format_duration
from scenarios.schema.workload import RateShape
from scenarios.writing import as_data, yaml_of
from sim.draws import Seed, family_key

MINUTE_NS = 60 * NS_PER_S
LEAD_NS = 5 * MINUTE_NS  # of the day before a window, in which rules decide and pods come to what they find


def window_of(world: Scenario, seed: Seed, span_ns: int) -> Scenario:
    """A stretch of a world, its minute drawn from the seed of demand: nobody is asked before, and until LEAD_NS before nobody calls.

    Recorded arrivals and closed populations are there all the time. Raises ScenarioError where the world is too short.
    """
    places = (world.duration - world.warmup - span_ns) // MINUTE_NS + 1
    if places < 1:
        raise ScenarioError(f"duration: windows of {format_duration(span_ns)} after a warm-up of {format_duration(world.warmup)} do not "
                            f"fit into {format_duration(world.duration)}; take fewer ticks, or a longer world")  # fmt: skip
    random = np.random.default_rng(family_key(seed, "workload", "window"))
    start_ns = world.warmup + int(random.integers(places)) * MINUTE_NS
    data = as_data(world) | {"warmup": format_duration(start_ns), "duration": format_duration(start_ns + span_ns)}
    data.pop("expect", None)  # it speaks of the whole day
    quiet_ns = start_ns - LEAD_NS
    if quiet_ns > 0:
        data["workload"] = {name: one | {"arrivals": _quiet(world, name, quiet_ns, start_ns + span_ns) or one["arrivals"]}
                            for name, one in data["workload"].items()}  # fmt: skip
    return loads(yaml_of(data))


def _quiet(world: Scenario, name: str, until_ns: int, end_ns: int) -> dict[str, Any] | None:
    """The same arrivals, none of them before; None where they follow no rate."""
    arrivals = world.workload[name].arrivals
    shape = arrivals.poisson or arrivals.constant
    return None if shape is None else {arrivals.kind: {"pieces": {"points": _points(shape, until_ns, end_ns)}}}


def _points(shape: RateShape, since_ns: int, end_ns: int) -> list[list[str]]:
    kept = [piece for piece in pieces(shape, 1.0, end_ns) if piece.end_ns > since_ns]
    corners = [(0, 0.0), (since_ns, 0.0)]
    for piece in kept:
        begin_ns = max(piece.start_ns, since_ns)
        corners += [(begin_ns, _at(piece, begin_ns)), (piece.end_ns, piece.rate_end)]
    return [[format_duration(at_ns), f"{rate!r}/s"] for at_ns, rate in corners]


def _at(piece: Piece, time_ns: int) -> float:
    share = (time_ns - piece.start_ns) / (piece.end_ns - piece.start_ns)
    return piece.rate_start + (piece.rate_end - piece.rate_start) * share
