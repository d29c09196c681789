"""Draws of balancers that hash, are told, ask or know; and what of them does not go together is taken away."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scenarios.schema.balancing import LbPolicy
from tests.identity.enclosing import headers, keys

SIMPLE = ("random", "round_robin", "least_request")
slow_starts = st.builds(
    lambda window, aggression, least: {"slow_start_window": window, "aggression": aggression, "min_weight_percent": least},
    st.sampled_from(["1ms", "10ms", "200ms"]), st.sampled_from([1.0, 0.5, 3.0]), st.sampled_from(["10%", "100%", "1%"]))  # fmt: skip
factors = st.sampled_from([None, 100, 125, 300])
rings = st.builds(
    lambda least, more, factor: {"minimum_ring_size": least, "maximum_ring_size": least + more, "hash_balance_factor": factor},
    st.sampled_from([1, 5, 64]), st.sampled_from([0, 1, 1000]), factors)  # fmt: skip
tables = st.builds(lambda size, factor: {"table_size": size, "hash_balance_factor": factor}, st.sampled_from([2, 5, 13, 251]), factors)
weights = st.builds(
    lambda blackout, old, every, penalty: {"blackout_period": blackout, "weight_expiration_period": old, "weight_update_period": every,
                                           "error_utilization_penalty": penalty},
    st.sampled_from(["0s", "5ms"]), st.sampled_from(["3ms", "3m"]), st.sampled_from(["1ms", "20ms"]),
    st.sampled_from([0.0, 1.0]))  # fmt: skip
probes = st.builds(
    lambda r, gone, q, pool, age, delta, patience: {"r_probe": r, "r_remove": gone, "q_rif": q, "pool_size": pool, "max_age": age,
                                                    "delta": delta, "probe_timeout": patience},
    st.sampled_from([0.5, 1.0, 2.7]), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 0.84, 1.0]), st.sampled_from([2, 3, 16]),
    st.sampled_from(["4ms", "1s"]), st.sampled_from([0.0, 1.0]), st.sampled_from(["0.5ms", "3ms", "1s"]))  # fmt: skip
scores = st.builds(lambda n, kept: {"clients": n, "smoothing": kept}, st.sampled_from([1, 3]), st.sampled_from([0.0, 0.9]))
policies = st.one_of(
    st.sampled_from(LbPolicy.alternatives()),
    *(some.map(lambda drawn, kind=kind: {kind: drawn}) for kind, some in (
        ("ring_hash", rings), ("maglev", tables), ("weighted_round_robin", weights), ("prequal", probes), ("c3", scores))),
    slow_starts.map(lambda drawn: {"round_robin": {"slow_start_config": drawn}}),
    slow_starts.map(lambda drawn: {"least_request": {"slow_start_config": drawn}}))  # fmt: skip
subsets = st.sampled_from([None, None, None, 1, 2, {"size": 1, "method": "deterministic"}, {"size": 2, "method": "deterministic"}])
hash_policies = st.one_of(
    st.sampled_from([None, "cookie", "source_ip"]),
    st.tuples(headers, keys).map(lambda drawn: {"header": {"header_name": drawn[0], "values": drawn[1]}}))


@st.composite
def with_balancers(draw: st.DrawFn, world: dict[str, Any]) -> dict[str, Any]:
    """A world whose routes that hash say by what, sometimes, and whose others do not."""
    shares_cores = any(spec.get("resources", {}).get("cpu_model", "fcfs") != "fcfs" for spec in world["services"].values())
    pooled = "connection_pool" in world["routes"]["defaults"]
    for route in world["routes"].values():
        route["subset"] = draw(subsets)
        policy = route["lb_policy"]
        kind = policy if isinstance(policy, str) else next(iter(policy))
        if (kind == "least_work" and shares_cores) or (pooled and (kind not in SIMPLE or "slow_start" in str(policy))):
            route["lb_policy"] = kind = "random"
        if pooled or kind in ("ring_hash", "maglev"):
            route["subset"] = None
        route["hash_policy"] = draw(hash_policies) if kind in ("ring_hash", "maglev") else None
    return world
