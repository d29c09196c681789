"""Gates as tables: the rules of routes and services, and room for what their gates remember."""

from __future__ import annotations

from typing import Any

from scenarios.schema.breaking import CircuitBreaker
from scenarios.schema.limiting import AdaptiveConcurrency, AdmissionControl, LocalRateLimit
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.topology import Service
from sim.fast import state as st
from sim.fast.pool_tables import free_places
from sim.laws.adapting import SAMPLE_CELLS
from sim.laws.admitting import BUCKET_NS
from sim.laws.breaking import breaker_cells
from sim.laws.limiting import full_credit
from sim.laws.throttling import STRETCHES
from sim.laws.windowing import cells_of_time
from sim.layout import Layout
from sim.settings import limit_fields


def gate_rules(layout: Layout) -> list[dict[str, Any]]:
    """A row for every route, then one for every service."""
    services = layout.scenario.services.values()
    return [*map(_of_route, layout.routes), *map(_of_service, services)]


def _of_service(spec: Service) -> dict[str, Any]:
    limits = _concurrency(spec.adaptive_concurrency) | limit_fields(spec.concurrency_limit)
    return {"bound": -1} | bucket_fields(spec.local_rate_limit) | limits


def _of_route(policy: ResolvedRoute) -> dict[str, Any]:
    row: dict[str, Any] = {"bound": policy.circuit_breakers.max_requests if policy.circuit_breakers else -1}
    if policy.adaptive_throttling is not None:
        row |= {"k": policy.adaptive_throttling.k, "throttle_ns": policy.adaptive_throttling.window}
    return row | bucket_fields(policy.local_rate_limit) | _breaker(policy.circuit_breaker) | _admission(policy.admission_control)


def _admission(spec: AdmissionControl | None) -> dict[str, Any]:
    if spec is None:
        return {}
    return {"admission_parts": spec.sampling_window // BUCKET_NS, "sr_threshold": spec.sr_threshold, "rps_threshold": spec.rps_threshold,
            "aggression": spec.aggression, "most_denied": spec.max_rejection_probability}  # fmt: skip


def bucket_fields(limit: LocalRateLimit | None) -> dict[str, int]:
    """The token bucket of a rule."""
    if limit is None:
        return {}
    bucket = limit.token_bucket
    full = full_credit(bucket.max_tokens, bucket.fill_interval, bucket.tokens_per_fill)
    return {"full": full, "token_ns": bucket.fill_interval, "per_fill": bucket.tokens_per_fill}


def _breaker(spec: CircuitBreaker | None) -> dict[str, Any]:
    if spec is None:
        return {}
    is_timed = spec.slidingWindowType == "TIME_BASED"
    return {
        "size": spec.slidingWindowSize, "cells": breaker_cells(spec.slidingWindowSize, is_timed), "is_timed": is_timed,
        "is_automatic": spec.automaticTransitionFromOpenToHalfOpenEnabled,
        "minimum": spec.minimumNumberOfCalls, "failure_rate": spec.failureRateThreshold,
        "slow_rate": spec.slowCallRateThreshold, "slow_ns": spec.slowCallDurationThreshold,
        "wait_ns": spec.waitDurationInOpenState, "permitted": spec.permittedNumberOfCallsInHalfOpenState,
        "half_open_ns": spec.maxWaitDurationInHalfOpenState,
    }  # fmt: skip


def _concurrency(spec: AdaptiveConcurrency | None) -> dict[str, Any]:
    if spec is None:
        return {}
    limits, minimum = spec.concurrency_limit_params, spec.min_rtt_calc_params
    return {
        "least": minimum.min_concurrency, "most": limits.max_concurrency_limit,
        "percentile": spec.sample_aggregate_percentile, "update_every_ns": limits.concurrency_update_interval,
        "interval_ns": minimum.interval or 0, "fixed_ns": minimum.fixed_value or 0,
        "jitter": minimum.jitter, "request_count": minimum.request_count, "buffer": minimum.buffer,
    }  # fmt: skip


def with_gate(state: st.State, rule: Any, places: int = 0) -> tuple[st.State, int]:
    """The state with one more gate, as it is when nobody has asked it, and room for its free connections; and its place."""
    lane = state.lane[0]
    first = int(lane["connections"])
    if first + places > len(state.connections):
        state = state._replace(connections=st.copied(state.connections, 2 * (first + places)))
    lane["connections"] = first + places
    gate, cell = int(lane["gates"]), int(lane["cells"])
    throttle = cell + int(rule["cells"])
    admission = throttle + (cells_of_time(STRETCHES) if rule["k"] > 0.0 else 0)
    samples = admission + (cells_of_time(int(rule["admission_parts"])) if rule["admission_parts"] > 0 else 0)
    end = samples + (SAMPLE_CELLS if rule["least"] > 0 else 0)
    if gate == len(state.gates):
        state = state._replace(gates=st.copied(state.gates, 2 * gate))
    if end > len(state.cells):
        state = state._replace(cells=st.copied(state.cells, 2 * end))
    new = state.gates[gate]
    new["credit"], new["permits"] = rule["full"], rule["permitted"]
    new["window"], new["throttle"], new["admission"], new["samples"] = cell, throttle, admission, samples
    new["first_place"], new["head"] = first, -1
    lane["gates"], lane["cells"] = gate + 1, end
    return state, gate


def with_shared_gates(state: st.State, tables: st.Tables, zones: int) -> st.State:
    """The state with the gates of views that clients, zones and services use."""
    for r in range(len(state.routes)):
        route = state.routes[r]
        if route["special"] & st.GATED and route["view_kind"] != st.CALLER:
            for view in range(zones if route["view_kind"] == st.ZONE else 1):
                state, gate = with_gate(state, tables.gate_rules[r], free_places(tables.pool_rules[r]))
                state.views[route["first_view"] + view]["gate"] = gate
    return state
