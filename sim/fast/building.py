"""The state of a new world, and more room where a growing one needs it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from scenarios.schema.programs import CacheSettings, LockSettings
from scenarios.schema.routing import ResolvedRoute
from sim import settings
from sim.draws import Seed, family_key, indexed_key
from sim.fast import key_records as kr
from sim.fast import state as st
from sim.fast.compiling import kernels
from sim.fast.database_tables import replicated, with_more_frames
from sim.fast.frames import pair_hash, pair_key
from sim.fast.hash_tables import key_space
from sim.fast.host_records import HOST_SET
from sim.fast.lodging import locate, new_host_set, no_hosts
from sim.fast.pod_records import CHAIN, CHAINS_PER_POD, POD
from sim.fast.tables import TableMaker, rows
from sim.laws import balancing, budgeting, digesting
from sim.laws.grading import parts
from sim.laws.hedging import TWIN_PICKS
from sim.laws.injecting import abort_outcome
from sim.laws.localities import LEVELS
from sim.laws.measuring import BUCKETS
from sim.laws.retrying import mask_of
from sim.layout import Layout
from sim.records import CONNECTION, CPU, GATE, GUARD, LEVEL, QUEUE, RETRY_METER, SPAN

VIEW_KINDS = {"caller": st.CALLER, "zone": st.ZONE, "service": st.SERVICE}


def initial_state(maker: TableMaker, seed: Seed, span_share: float, span_tail: bool, record: bool) -> st.State:
    """A world at time 0, without pods. Adds the workloads' and routes' needs to the tables."""
    layout = maker.layout
    views, host_sets, localities = (list[dict[str, int]]() for _ in range(3))  # the latter of these views
    workloads = _workloads(maker, seed)
    near_rings = len(maker.delays)
    routes = [_route(maker, layout, i, seed) | _views(layout, i, seed, views, host_sets, localities) for i in range(len(layout.routes))]
    outside = [{"workload": w, "good_ns": layout.good_ns(w)} for w in range(len(workloads))]
    intervals = [*map(vars, layout.intervals), *outside]
    lane = _new_lane(maker, routes)
    lane[0]["span_share"], lane[0]["span_tail"], lane[0]["recording"] = span_share, span_tail, record
    lane[0]["near_rings"], lane[0]["localities"] = near_rings, len(localities)
    users = sum(int(w.get("users", 0)) for w in workloads)
    stores = _Stores()
    caches, locks = _caches(layout, stores), _locks(layout, stores)
    size = 1 << (64 * int(lane[0]["margin"]) - 1).bit_length()  # so that room is looked at once in thirty steps or more
    rings = rows(st.RING, [{"time_ns": st.NEVER, "first": r * size, "mask": size - 1} for r in range(len(maker.delays))])
    return st.State(
        lane=lane,
        frames=_freed(st.empty(st.FRAME, size), lane[0], "next", "free"),
        extras=st.empty(st.EXTRA, size),
        fresh=st.empty(st.EVENT, size + users + len(workloads)),
        heap=_never(st.empty(st.EVENT, size + users + len(workloads))),
        rings=rings,
        ring_events=st.empty(st.EVENT, len(maker.delays), size),
        pods=st.empty(POD, 4),
        queues=st.empty(QUEUE, 8),
        chains=st.empty(CHAIN, 4 * CHAINS_PER_POD),
        guards=st.empty(GUARD, 4), cpus=st.empty(CPU, 4),
        ready=np.zeros((len(layout.lists), 4), dtype=np.int32),
        services=rows(st.SERVICE_LIST, [_list(i, name, seed) for i, (name, _) in enumerate(layout.lists)]),
        views=rows(st.VIEW, views),
        gates=st.empty(GATE, 4),
        cells=np.zeros(4, dtype=np.int64),
        meters=st.empty(RETRY_METER, max(1, len(views))),
        slots=np.zeros((max(1, len(views)), budgeting.SLOTS), dtype=np.int64),
        tried=np.zeros((size, lane[0]["tries"]), dtype=np.int32),
        host_sets=rows(HOST_SET, host_sets),
        localities=rows(HOST_SET, localities), levels=st.empty(LEVEL, LEVELS * max(1, len(localities))),
        connections=st.empty(CONNECTION, 4),
        pairs=st.empty(st.PAIR, 4 * size),
        routes=rows(st.ROUTE, routes),
        network=st.empty(st.LINK, len(layout.zones) ** 2),
        workloads=rows(st.WORKLOAD, workloads),
        intervals=rows(st.TALLIED_INTERVAL, intervals),
        histogram=np.zeros((len(intervals) + len(layout.services), BUCKETS), dtype=np.int64),
        counted=np.zeros(st.COUNTED, dtype=np.int64),
        digest=np.array(digesting.start(), dtype=np.uint64),
        starts=np.zeros(size, dtype=np.int32),
        wakes=np.zeros(size, dtype=np.int32),
        blocks=_freed(st.empty(kr.BLOCK, size), lane[0], "outer", "blocks_free"),
        caches=rows(kr.CACHE_STEP, caches),
        stores=rows(kr.STORE, [{"oldest": -1, "newest": -1}] * stores.of_services),
        cached=_freed(st.empty(kr.CACHED, size), lane[0], "newer", "cached_free"),
        lookup=st.empty(st.PAIR, 4 * size),
        locks=rows(kr.LOCK_STEP, locks),
        **replicated(maker, lane[0], users, size),
        rows=st.empty(st.ROW, 8 * size if record else 1),
        spans=st.empty(SPAN, size),
        **no_hosts(),
    )


def _new_lane(maker: TableMaker, routes: list[dict[str, Any]]) -> st.Array:
    """What the kernel knows of a whole world, before anything has happened."""
    layout, lane = maker.layout, st.empty(st.LANE, 1)
    races = max((1 + int(route["num_retries"]) for route in routes if route["special"] & st.HEDGED), default=0)
    probing = [route.lb_policy.prequal for route in layout.routes]
    probes = max((math.ceil(policy.r_probe) for policy in probing if policy is not None), default=0)
    lane[0]["margin"], lane[0]["races"] = maker.margin + races + probes, max(1, races)
    lane[0]["tries"] = max((1 + route["num_retries"] for route in routes if route["special"] & st.PICKS_AGAIN), default=1)
    lane[0]["tied"] = any(route["special"] & st.TIED for route in routes)
    lane[0]["keyed"], lane[0]["graded"] = any(op["code"] > st.END for op in maker.ops), layout.is_graded
    lane[0]["near"], lane[0]["far"], lane[0]["soonest_far"] = maker.near, maker.far, len(maker.delays) - 1
    lane[0]["zones"], lane[0]["arrived_ns"], lane[0]["unwritten"] = len(layout.zones), -1, -1
    return lane


def _list(index: int, name: str, seed: Seed) -> dict[str, int]:
    """Of pods of a service; there are none yet."""
    return {"first": 4 * index, "key": family_key(seed, "service", name)}


def _route(maker: TableMaker, layout: Layout, index: int, seed: Seed) -> dict[str, Any]:
    policy = layout.routes[index]
    key = family_key(seed, "route", policy.name)
    row: dict[str, Any] = {
        "key": key,
        "callee": layout.list_of(policy),
        "policy": balancing.POLICIES[policy.lb_policy.kind], "memory": st.HOSTS if layout.keeps_hosts(policy) else st.NO_PODS,
        "choices": policy.lb_policy.least_request.choice_count if policy.lb_policy.least_request else 1,
        "timeout_ns": policy.timeout_ns, "per_try_timeout_ns": policy.per_try_timeout_ns,
        "expiry_ring": maker.ring(policy.timeout_ns), "alarm_ring": maker.ring(policy.per_try_timeout_ns),
        "request_bytes": policy.request_bytes, "response_bytes": policy.response_bytes,
    }  # fmt: skip
    return row | _retries(policy) | _budget(policy) | _fault(policy) | _hedges(maker, policy) | {"special": _special(policy)}


def _special(policy: ResolvedRoute) -> int:
    """What is seldom asked of a route, as bits."""
    retries = policy.retries
    return sum(bit for bit, holds in (
        (st.PICKS_AGAIN, retries and retries.retry_host_predicate), (st.CANCELS, policy.cancel),
        (st.METERED, retries and (retries.tower_budget or retries.retry_throttling)), (st.PROPAGATES, policy.propagate_deadline),
        (st.ADMITS, policy.admission_control), (st.GATED, policy.is_gated), (st.FAULTY, policy.fault),
        (st.HEDGED, policy.hedge_policy), (st.DELAYED_HEDGES, policy.hedge_policy and policy.hedge_policy.hedging_delay),
        (st.TIED | st.PICKS_AGAIN, policy.hedge_policy and policy.hedge_policy.tied),
    ) if holds)  # fmt: skip


def _views(
    layout: Layout, index: int, seed: Seed, views: list[dict[str, int]], host_sets: list[dict[str, int]],
    localities: list[dict[str, int]],
) -> dict[str, int]:
    policy = layout.routes[index]
    key = family_key(seed, "route", policy.name)
    kind = st.SERVICE if policy.caller in layout.workloads else VIEW_KINDS[policy.view]
    if kind == st.CALLER:
        return {"view_kind": kind, "first_view": layout.own_routes[policy.caller].index(index)}
    first = len(views)
    viewers = len(layout.zones) if kind == st.ZONE else 1
    views += [{"key": indexed_key(key, viewer), "version": -1} for viewer in range(viewers)]
    for viewer in range(viewers):
        place, seen = locate(layout, index, viewer if kind == st.ZONE else _zone_of(layout, policy.caller), len(localities))
        host_sets.append(new_host_set(layout, index, viewer, 0) | place)
        localities += seen
    return {"view_kind": kind, "first_view": first}


def _zone_of(layout: Layout, caller: str) -> int:
    """Where a workload is; -1: nowhere."""
    zone = layout.scenario.workload[caller].zone if caller in layout.workloads else None
    return -1 if zone is None else layout.zones.index(zone)


def _retries(policy: ResolvedRoute) -> dict[str, Any]:
    retries = policy.retries
    if retries is None:
        return {"num_retries": 0}
    base, most = retries.retry_back_off.base_interval, retries.retry_back_off.max_interval
    jitter = retries.retry_back_off.jitter
    return {
        "num_retries": retries.num_retries, "retry_mask": mask_of(retries.retry_on), "jitter": -1.0 if jitter is None else jitter,
        "back_off_ns": base, "back_off_max_ns": 10 * base if most is None else most,
        "picks_again": retries.host_selection_retry_max_attempts,
    }  # fmt: skip


def _budget(policy: ResolvedRoute) -> dict[str, Any]:
    """What limits retries: a share of what is in flight, a number, or a budget that remembers."""
    retries = policy.retries
    if retries is not None and retries.retry_budget is not None:
        budget = retries.retry_budget
        return {"budget": budget.budget_percent, "budget_least": budget.min_retry_concurrency}
    if retries is not None and retries.max_retries is not None:
        return {"budget": 0.0, "budget_least": retries.max_retries}
    row: dict[str, Any] = {"budget": -1.0}
    if retries is not None and retries.tower_budget is not None:
        tower = retries.tower_budget
        cost = budgeting.withdrawal_amount(tower.retry_percent)
        row |= {"meter": budgeting.TOWER, "meter_gain": budgeting.deposit_amount(tower.retry_percent), "meter_cost": cost,
                "meter_reserve": tower.min_per_sec * (tower.ttl // 1_000_000_000) * cost,
                "meter_window_ns": tower.ttl // budgeting.SLOTS}  # fmt: skip
    if retries is not None and retries.retry_throttling is not None:
        tokens = retries.retry_throttling
        row |= {"meter": budgeting.TOKENS, "meter_gain": round(budgeting.TOKEN * tokens.token_ratio),
                "meter_reserve": budgeting.TOKEN * tokens.max_tokens}  # fmt: skip
    return row


def _fault(policy: ResolvedRoute) -> dict[str, Any]:
    """What is injected into a route's calls."""
    row: dict[str, Any] = {}
    if policy.fault is not None and policy.fault.delay is not None:
        row |= {"delayed_share": policy.fault.delay.percentage, "delay_ns": policy.fault.delay.fixed_delay}
    if policy.fault is not None and policy.fault.abort is not None:
        abort = policy.fault.abort
        row |= {"aborted_share": abort.percentage, "abort_outcome": abort_outcome(abort.http_status)}
    return row


def _hedges(maker: TableMaker, policy: ResolvedRoute) -> dict[str, Any]:
    """Of a route that hedges after a delay: what takes the place of its retries."""
    hedging = policy.hedge_policy
    if hedging is None or hedging.hedging_delay is None:
        return {}
    delay = hedging.hedging_delay
    return {"num_retries": hedging.max_attempts - 1, "retry_mask": mask_of(hedging.non_fatal), "per_try_timeout_ns": delay,
            "alarm_ring": maker.ring(delay), "picks_again": TWIN_PICKS if hedging.tied else 0}  # fmt: skip


def needs_features(layout: Layout, state: st.State) -> bool:
    """Whether a world needs the full set of kernels: some route, step or pod asks for what the core leaves out."""
    routes, lane = state.routes, state.lane[0]
    if routes["special"].any() or (routes["memory"] == st.HOSTS).any() or lane["keyed"] or lane["graded"]:
        return True
    if (state.workloads["size"] >= 0).any():
        return True
    return any(
        spec.is_gated or not settings.is_plain(spec.queue) or spec.resources.cpu_model != "fcfs" or spec.shedding is not None
        for spec in layout.scenario.services.values())


class _Stores:
    """Numbers of stores, each with keys of its own: counted apart in services and in the pods of each."""

    def __init__(self) -> None:
        self._of_pods, self.of_services = Counter[int](), 0

    def number(self, service: int, scope: str) -> int:
        """That of one more."""
        if scope == "pod":
            self._of_pods[service] += 1
            return self._of_pods[service] - 1
        self.of_services += 1
        return self.of_services - 1


def _caches(layout: Layout, stores: _Stores) -> list[dict[str, Any]]:
    """Every cache step as a row."""
    made = []
    for place in layout.caches:
        spec = place.spec
        made.append(_keys(spec, stores.number(place.service, spec.scope)) | {
            "capacity": -1 if spec.capacity is None else spec.capacity,
            "ttl_ns": spec.ttl or 0, "stale_ns": spec.stale_if_error or 0, "stale_quality": parts(spec.stale_quality),
            "is_lru": spec.policy == "lru", "coalesces": spec.coalesce,
        })  # fmt: skip
    return made


def _locks(layout: Layout, stores: _Stores) -> list[dict[str, Any]]:
    """Every lock step as a row; those of one key space have one store."""
    numbers = [stores.number(space.service, space.scope) for space in layout.spaces]
    return [_keys(place.spec, numbers[place.space]) for place in layout.locks]


def _keys(spec: CacheSettings | LockSettings, store: int) -> dict[str, Any]:
    """Which keys a step asks for."""
    return key_space(spec.keys, spec.header_name) | {"store": store, "of_pod": spec.scope == "pod"}


def _workloads(maker: TableMaker, seed: Seed) -> list[dict[str, Any]]:
    """Every class of requests as a row."""
    made: list[dict[str, Any]] = []
    users = 0
    for name in maker.layout.workloads:
        row = dict(maker.workload(name, maker.layout.scenario.workload[name]))
        made.append(row | {"key": family_key(seed, "workload", name), "first_user": users})
        users += int(row.get("users", 0))
    return made


def _freed(rows: np.ndarray[Any, Any], lane: Any, link: str, free: str, first: int = 0) -> np.ndarray[Any, Any]:
    """Rows from `first` on become a list of free ones, by `link`, in front of those free already, which begin at `free`."""
    n = len(rows)
    if n > first:
        rows[link][first:] = np.arange(first + 1, n + 1)
        rows[link][n - 1] = lane[free] if first else -1
        lane[free], lane[f"{free}_count"] = first, lane[f"{free}_count"] + n - first
    return rows


def _never(events: np.ndarray[Any, Any], first: int = 0) -> np.ndarray[Any, Any]:
    """Events from `first` on are not there."""
    events["time_ns"][first:] = st.NEVER
    return events


def grown(state: st.State, extra: int = 0) -> st.State:
    """The state with twice the room wherever a step and `extra` events might not fit; the very same where all fits."""
    lane = state.lane[0]
    need = int(lane["margin"]) + extra
    events = 2 * need + int(lane["fresh"])
    changes: dict[str, Any] = {}
    if lane["free_count"] < need:
        changes["frames"] = _freed(doubled(state.frames), lane, "next", "free", len(state.frames))
        changes["extras"], changes["tried"] = doubled(state.extras), doubled(state.tried)
        if lane["writing"]:
            changes["wrote"] = with_more_frames(state.wrote, len(state.frames))
    if events > len(state.fresh):
        changes["fresh"] = doubled(state.fresh)
    if lane["heap_size"] + events + st.HEAP_MARGIN > len(state.heap):
        changes["heap"] = _never(doubled(state.heap), len(state.heap))
    if 2 * (lane["pairs"] + need) > len(state.pairs):
        changes["pairs"] = _rehashed(state.pairs)
    if lane["keyed"]:
        changes |= _more_values(state, need)
        if 2 * (lane["commits"] + need) > len(state.commits):
            changes["commits"] = doubled(state.commits)
    for name, tail in (("starts", "starts_tail"), ("wakes", "wakes_tail")):
        if lane[tail] + need > len(getattr(state, name)):
            changes[name] = doubled(getattr(state, name))
    if len(state.spans) - lane["spans"] < need:
        changes["spans"] = doubled(state.spans)
    if lane["recording"] and (len(state.rows) - lane["rows"]) // 8 < need:
        changes["rows"] = doubled(state.rows)
    if (state.rings["tail"] - state.rings["head"] + need > state.rings["mask"]).any():
        changes["ring_events"] = _wider_rings(state)
    return state._replace(**changes) if changes else state


def _more_values(state: st.State, need: int) -> dict[str, Any]:
    """Room for so many more blocks, values and keys, where there is not."""
    lane, changes = state.lane[0], dict[str, Any]()
    for name, link in (("blocks", "outer"), ("cached", "newer")):
        if lane[f"{name}_free_count"] < need:
            rows = getattr(state, name)
            changes[name] = _freed(doubled(rows), lane, link, f"{name}_free", len(rows))
    if 2 * (lane["indexed"] + need) > len(state.lookup):
        changes["lookup"] = st.empty(st.PAIR, 2 * len(state.lookup))
        kernels(True).rehash(*(table.view(np.int64).reshape(-1, 2) for table in (state.lookup, changes["lookup"])))
    return changes


def with_more_pods(state: st.State) -> st.State:
    """The state with room for twice as many pods."""
    return state._replace(**{name: doubled(getattr(state, name)) for name in (
        "pods", "queues", "chains", "guards", "cpus", "reports", "loads")})  # fmt: skip


def doubled(array: np.ndarray[Any, Any], axis: int = 0) -> np.ndarray[Any, Any]:
    """The array with as many zeros again along an axis."""
    return st.copied(array, *(size * (1 + (i == axis)) for i, size in enumerate(array.shape)))


def _rehashed(pairs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wider = np.zeros(2 * len(pairs), dtype=pairs.dtype)
    for pair in pairs[pairs["key"] != 0]:
        _enter(wider, int(pair["key"]), int(pair["count"]))
    return wider


def _enter(pairs: np.ndarray[Any, Any], key: int, count: int) -> None:
    mask = len(pairs) - 1
    slot = pair_hash(key) & mask
    while pairs[slot]["key"] != 0:
        slot = (slot + 1) & mask
    pairs[slot] = (key, count)


def with_pairs(state: st.State, counts: Mapping[tuple[int, int], int]) -> st.State:
    """The state with tries in flight by (view, pod) that were not counted yet."""
    for (view, pod), count in counts.items():
        lane = state.lane[0]
        if 2 * (lane["pairs"] + 1) > len(state.pairs):
            state = state._replace(pairs=_rehashed(state.pairs))
        _enter(state.pairs, pair_key(view, pod), count)
        lane["pairs"] += 1
    return state


def with_views(state: st.State) -> st.State:
    """The state with twice the room for views, and for what they remember."""
    return state._replace(**{name: doubled(getattr(state, name)) for name in ("views", "host_sets", "meters", "slots")})


def _wider_rings(state: st.State) -> np.ndarray[Any, Any]:
    old_mask = state.ring_events.shape[1] - 1
    wider = doubled(state.ring_events, 1)
    for r, ring in enumerate(state.rings):
        places = np.arange(ring["head"], ring["tail"])
        wider[r][places & (2 * old_mask + 1)] = state.ring_events[r][places & old_mask]
    state.rings["mask"] = 2 * old_mask + 1
    state.rings["first"] *= 2
    return wider
