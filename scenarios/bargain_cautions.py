"""Warnings about what is bargained for: clocks too slow for what they sell, and gates too coarse for what is leased."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scenarios.flow import Flow
from scenarios.saturation import capacity_per_pod
from scenarios.schema.negotiating import CLOCK_CALLS_MAX, FLOW_MECHANISMS, Negotiation, Pool
from scenarios.schema.units import NS_PER_S, format_duration
from scenarios.worth import mean_worth, visits_by_service

CALLS_DEADLINES = 1.5  # for how many deadlines an English clock goes on calling
TOKENS_FEW = 5  # in a fill: whole tokens miss a rate by up to one of them


def bargain_cautions(flow: Flow) -> Iterator[str]:
    """Of each pool in the order of the file."""
    for name, described in flow.world.negotiations.items():
        if described.pool is not None:
            yield from _slow_clock(flow, name, described, described.pool)
            yield from _coarse_gates(flow, name, described.pool)


def _slow_clock(flow: Flow, name: str, described: Negotiation, pool: Pool) -> Iterator[str]:
    """From its first price a clock may have to rise to what the first pod is worth to whoever needs it most."""
    if pool.by.english_clock is None:
        return
    mean, worths = flow.visits(), list[float]()
    for service, member in pool.members.items():
        per_pod = capacity_per_pod(flow, service, mean) * pool.target_utilization
        worth = 3.6 * mean_worth(flow, service, pool.worth) * member.misreport / member.units
        worths.append(worth * per_pod if math.isfinite(per_pod) else 0.0)
    there_and_back_ns = 2 * flow.world.control_network.latency.mean_ns
    fit = min(CLOCK_CALLS_MAX, CALLS_DEADLINES * described.deadline / there_and_back_ns if there_and_back_ns else math.inf)
    steps = (max(worths) - pool.price) / pool.by.english_clock.increment
    if steps > fit:
        yield (f"negotiations.{name}.pool.by.english_clock.increment: a unit may be worth {max(worths):.4g}/h, {steps:,.0f} calls away, "
               f"and about {fit:,.0f} fit into a round; what is there is then rationed at the last price")  # fmt: skip


def _coarse_gates(flow: Flow, name: str, pool: Pool) -> Iterator[str]:
    """A lease of flow sets buckets in whole tokens, rounded up."""
    if pool.by.kind not in FLOW_MECHANISMS:
        return
    for (caller, callee), route in flow.routes.items():
        if route.local_rate_limit is None or caller not in flow.world.workload:
            continue
        fill = route.local_rate_limit.token_bucket.fill_interval
        offered = flow.asked(caller, callee) * fill / NS_PER_S
        if 0 < offered < TOKENS_FEW and not visits_by_service(flow, caller).keys().isdisjoint(pool.members):
            yield (f"routes.{route.name}.local_rate_limit.token_bucket.fill_interval: {caller} offers {offered:.3g} requests "
                   f"in {format_duration(fill)}, and {name} leases whole tokens a fill, rounded up; a longer one is closer")  # fmt: skip
