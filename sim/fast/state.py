"""What the kernel remembers of a world: record arrays, and the tables made from its scenario."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.fast.database_records import COMMITTED, DATABASE
from sim.fast.gate_records import GATE_RULE
from sim.fast.host_records import BALANCER, HASH_TABLE, HOST, HOST_SET
from sim.fast.key_records import BLOCK, CACHE_STEP, CACHED, LOCK_STEP, STORE
from sim.fast.pod_records import CACHE_LINE, CHAIN, POD
from sim.records import (
    BALANCER_PROBE,
    CONNECTION,
    CPU,
    FILLER,
    GATE,
    GUARD,
    INTERVAL,
    LEVEL,
    POOL_RULE,
    QUEUE,
    REPORT,
    REQUEST_TALLY,
    RETRY_METER,
    ROUTE_TALLY,
    SAMPLE,
    SEGMENT,
    SPAN,
    Record,
)

Array = np.ndarray[Any, Any]

COUNTED = 64

FRAME = Record("Frame", (  # one strand of program: a client, a visit (its main strand), or a branch; four cache lines
    # what every event of a strand looks at
    ("key", "u8"),  # of the request (client) or of the try (visit)
    ("request_number", "i8"),
    ("word", "i8"),  # of its trace rows, without their kind (T1)
    ("gen", "i4"),  # grows with every wait begun or ended, never reset: stale events and answers show
    ("pc", "i4"),  # place in the program
    ("visit", "i4"),  # frame of the visit; -1 for a client
    ("request", "i4"),  # frame of the client
    ("pod", "i4"),  # -1: none
    ("zone", "i4"),  # visit: zone it was called from; -1 next to every pod
    ("parent", "i4"),  # visit: the strand that called; branch: the strand that forked
    ("parent_gen", "i4"),  # the parent's `gen` while it waits for this one
    ("route", "i4"),
    ("viewer", "i4"),  # visit: the view it was sent by
    # its time in a pod
    ("lasts_ns", "i8"),  # demand while it waits for a core, duration once at work
    ("work_began_ns", "i8"),  # of the work in progress
    ("delivered_ns", "i8"),
    ("started_ns", "i8"),
    ("worked_ns", "i8"),
    ("lap", "i4"),  # pass of the enclosing fallbacks (D3)
    ("at_work", "i4"),  # IDLE, AT_WORK, WAITS_FOR_CORE, WAITS_FOR_WORKER
    ("slow_core", "i2"),  # 1 while at work on the pod's fractional core
    ("is_shed", "i2"),  # 1 from being dropped from the queue for a core on (Q8)
    ("inside", "i2"),  # visit: 1 from entering the pod to the answer; client: 1 while it waits
    ("served", "i2"),  # as the pod saw it
    ("number", "i4"),  # call number in the request
    ("epoch", "i4"),  # grows with every call begun or ended, never reset
    # its calls
    ("trying", "i4"),  # which try it is at
    ("repetition", "i4"),  # of the call step under way
    ("backing_off", "i4"),  # 1 while it waits to try again, HELD_UP by an injected delay
    ("joining", "i4"),  # 1 while it waits for branches, QUEUED or DROPPED
    ("child", "i4"),  # the try it waits for; -1 if none, RACE if it may be several
    ("next", "i4"),  # in a queue, or in the list of free frames
    ("kind", "i4"),  # FREE, CLIENT, VISIT, BRANCH, OPENING, PROBE
    ("refs", "i4"),  # what still needs this frame
    ("sampled", "i4"),  # client: LEFT, KEPT or UNDECIDED; visit: 1 where it has a span, 2 once that is over
    ("result", "i4"),  # of the last call this strand made
    ("next_call", "i4"),  # client: the next number to give
    ("sent_ns", "i8"),  # client: when the request arrived; visit: only where sampled
    ("alarm_place", "i4"),  # of the try's timeout in its ring
    ("expiry_place", "i4"),  # and of the call's
    # what is seldom asked for
    ("needed", "i4"),  # join: successes still needed
    ("spare", "i4"),  # join: failures still bearable
    ("is_dying", "i2"),  # visit: 1 while its pod is taken down
    ("outcome", "i2"),  # of a sampled visit, as the caller saw it
    ("workload", "i4"),  # client: class of the request
    ("user", "i4"),  # client: which user
    ("iteration", "i4"),  # client: the request's number within its workload or user
    ("interval", "i4"),  # client: where it is counted
    ("parent_call", "i4"),  # of a sampled visit: number of the visit that called; -1 for a client
    ("endpoint", "i4"),  # of a sampled visit, as all that follow
    ("attempt", "i4"),  # which try it is
    ("ended_ns", "i8"),
    ("returned_ns", "i8"),
    ("held_first", "i4"),  # undecided client: its tries that are over, linked by `next`; -1: none
    ("held_last", "i4"),
), itemsize=4 * CACHE_LINE)  # fmt: skip
FREE, CLIENT, VISIT, BRANCH, OPENING, PROBE = range(6)  # the last are a connection being opened, and a balancer's probe
IDLE, AT_WORK, WAITS_FOR_CORE, WAITS_FOR_WORKER = range(4)
EXTRA = Record("Extra", (  # what only some features use of a frame: the one of the same place
    ("ends_ns", "i8"),  # of a strand's call whose route propagates deadlines: when it ends whatever comes; NEVER
    ("left_ns", "i8"),  # of a try over such a route: what its caller had left when it was sent; NEVER
    ("asked_ns", "i8"),  # visit by a gated route: when its gates were asked
    ("joined_ns", "i8"),  # when it began to wait in a queue that is not plain
    ("patience_ns", "i8"),  # and how long it may
    ("finish_ns", "f8"),  # virtual time at which its work is over, where works share cores
    ("gates", "i4"),  # those that wait for its result, and how it stands with its pool: the bits below
    ("previous", "i4"),  # in a chain that is linked both ways
    ("first", "i4"),  # of a visit that may be cancelled: its branches, linked by number; -1: none
    ("last", "i4"),
    ("branches", "i4"),  # how many they are
    ("before", "i4"),  # of such a branch; or of a visit that waits for a connection: who does so before it, -1: nobody
    ("after", "i4"),
    ("block", "i4"),  # the innermost block the strand is in, and one; 0: none
    ("told", "i4"),  # what became of the turn it waited for
    ("live", "i4"),  # of a try by a route that hedges: 1 while its caller waits for it
    ("attempt", "i4"),  # and which it is
    ("live_next", "i4"),  # the one that left after it; -1: none
    ("live_first", "i4"),  # of a strand whose call hedges: its tries, in the order they left; -1: none
    ("live_last", "i4"),
    ("twin", "i4"),  # of a try by a route that ties: the frame of the other; -1: there is none
    ("twin_number", "i4"),  # and its call number
    ("present", "i4"),  # of a visit whose pod limits by priority: how many were inside when it was let in
    ("is_admitted", "i4"),  # of a strand whose call goes by a route with admission control: 1 where it was let go
    ("is_outrun", "i4"),  # of a try by a route that ties: 1 where word of its twin was at its pod before it
    ("quality", "i4"),  # of what it has so far, or of a visit's answer, where the world grades (E2)
    ("host", "i8"),  # visit: serial number of its pod among its view's hosts, where those are remembered
    ("lent_ns", "i8"),  # and when it was sent
    ("connected", "i4"),  # visit by a pool: the pod of its connection
    ("opened_ns", "i8"),  # when that was opened
    ("uses", "i8"),  # and what it had carried before
    ("queued_ns", "i8"),  # of a strand that waits for a lock: since when
    ("reported", "f8"),  # visit: what its answer tells of its pod: a weight, or a time of service
    ("met", "i4"),  # others in its pod when it came
    ("left_behind", "i4"),  # and when it was answered
), itemsize=4 * CACHE_LINE)  # fmt: skip
IN_BOUND, IN_THROTTLE, IN_BREAKER, IN_POOL, WAITS, TURNED_BACK = 1, 2, 4, 8, 16, 32
PARKED = -2  # in place of a pod: the try waits
LEFT, KEPT, UNDECIDED = range(3)  # what becomes of a client's spans

QUEUED, DROPPED = 2, 3  # in `joining`: it waits for a turn, or was dropped from a queue
HELD_UP = 2  # in `backing_off`
RACE = -2  # in `child`: tries of a call that hedges
TOLD_DONE, TOLD_STALE, TOLD_FAILED, TOLD_HANDED = range(4)

DONE, PAUSED, FULL, TOO_MANY, STUCK = range(5)  # why a call of the kernel came back
NEVER = (1 << 63) - 1  # the time of an event that is not there
HEAP_MARGIN = 4  # so many such behind the last
EVENT = Record("Event", (("time_ns", "i8"), ("rank", "i8"), ("what", "i8")))  # what: gen or epoch << 32 | frame
CANCELLED = -1  # in place of what an event is about
RING = Record("Ring", (
    ("time_ns", "i8"),  # of its first event, or NEVER
    ("rank", "i8"),
    ("first", "i8"),  # place of its events
    ("head", "i8"),
    ("tail", "i8"),
    ("mask", "i8"),
))  # fmt: skip

VIEW = Record("View", (("key", "u8"), ("active", "i8"), ("retrying", "i8"), ("turn", "i8"), ("version", "i8"),
                        ("gate", "i8")))  # its gate, where its route has some
PAIR = Record("Pair", (("key", "i8"), ("count", "i8")))  # tries in flight by (view, pod); key 0: empty

LINK = Record("Link", (("opens_ns", "i8"), ("added_ns", "i8"), ("loss", "f8")))  # from zone to zone: all 0 while it is well

ROUTE = Record("Route", (  # what every try touches comes first
    *ROUTE_TALLY.only("attempts", "in_flight", "succeeded"),
    ("callee", "i4"),
    ("policy", "i4"),
    ("memory", "i4"),  # what its views remember of pods: NO_PODS, PAIRS (tries in flight), HOSTS
    ("choices", "i4"),
    ("view_kind", "i4"),  # CALLER, ZONE, SERVICE
    ("first_view", "i4"),  # place among a caller pod's views, or the first shared view
    ("num_retries", "i4"),
    ("special", "i4"),  # what is seldom asked of a route: any of the bits below
    ("timeout_ns", "i8"),
    ("per_try_timeout_ns", "i8"),
    *ROUTE_TALLY.only("failed", "retries", "orphans", "timed_out", "refused_retries", "egress_bytes"),
    ("key", "u8"),
    ("back_off_ns", "i8"),
    ("back_off_max_ns", "i8"),
    ("request_bytes", "i8"),
    ("response_bytes", "i8"),
    ("budget", "f8"),  # share of tries in flight; negative: none
    ("budget_least", "i8"),
    ("retry_mask", "i4"),
    ("expiry_ring", "i4"),  # -1: the heap
    ("alarm_ring", "i4"),
    # what is seldom asked for
    ("jitter", "f8"),  # of the back-off; negative: full
    ("picks_again", "i4"),  # how often a retry picks another pod
    ("meter", "i4"),  # NO_METER, TOWER, TOKENS: the budget that remembers
    ("meter_gain", "i8"),  # tower: a deposit · tokens: won by a success, in thousandths
    ("meter_cost", "i8"),  # tower: a withdrawal
    ("meter_reserve", "i8"),  # tower: what needs no deposit · tokens: at most, in thousandths
    ("meter_window_ns", "i8"),  # tower: of a slot
    *ROUTE_TALLY.only("cancelled", "refused"),
    ("delayed_share", "f8"),  # of calls that its fault delays
    ("delay_ns", "i8"),
    ("aborted_share", "f8"),
    ("abort_outcome", "i4"),
), itemsize=5 * CACHE_LINE)  # fmt: skip
CALLER, ZONE, SERVICE = range(3)
NO_PODS, PAIRS, HOSTS = range(3)
PICKS_AGAIN, METERED, CANCELS, PROPAGATES, GATED, FAULTY, HEDGED, DELAYED_HEDGES, TIED, ADMITS = (1 << i for i in range(10))  # in `special`

WORKLOAD = Record("Workload", (
    ("key", "u8"),
    ("upcoming", "u8"),  # key of the request that comes next, where nobody waits for the end of another
    ("first", "i8"),  # segment, or timestamp
    ("last", "i8"),
    ("at", "i8"),  # the segment or timestamp it is at
    ("used", "f8"),  # area of that segment that has passed
    ("spawn", "f8"),
    ("kind", "i4"),  # POISSON, EVEN, TIMES, USERS
    ("ring", "i4"),  # of its arrivals; -1: the heap
    ("entries", "i4"),  # first of its entries
    ("entry_count", "i4"),
    ("start_entry", "i4"),  # first request of a session; -1: from the mix
    ("session", "i4"),  # requests in a session; 0: no sessions
    ("think", "i4"),
    ("pause", "i4"),
    ("users", "i4"),
    ("zone", "i4"),  # -1: next to every pod
    ("priority", "i4"),  # 0 matters most
    ("first_user", "i4"),  # among the users of all workloads
    ("size", "i4"),  # distribution of its requests' sizes; -1: all are alike
))  # fmt: skip
POISSON, EVEN, TIMES, USERS = range(4)

TALLIED_INTERVAL = Record("TalliedInterval", (*REQUEST_TALLY.fields, *INTERVAL.fields))
SERVICE_LIST = Record("ServiceList", (("first", "i8"), ("count", "i8"), ("version", "i8"), ("key", "u8")))  # its ready pods

OP = Record("Op", (
    ("code", "i4"),
    ("step", "i4"),  # its number in the program (D3)
    ("a", "i4"),  # WORK, PAUSE: distribution · CALL: route · FORK, WAY: first link · LAP, RUNG: the call · CACHE, LOCK, BEGIN: which
    ("b", "i4"),  # WORK: 1: sized · CALL: endpoint · FORK, WAY: how many · CACHE: where a miss begins · RUNG: ppm · BEGIN: 1, it writes
    ("c", "i4"),  # CALL: repeat · FORK: successes needed · CACHE: where a hit begins; -1: nowhere · RUNG: where it begins
    ("d", "i4"),  # CALL: FAIL, IGNORE or where the fallback, or the first rung, begins
    ("next", "i4"),  # RUNG: the rung below; -1: none
))  # fmt: skip
WORK, PAUSE, CALL, FORK, WAY, LAP, END, CACHE, FILLED, RUNG, HELD, LOCK, FREED, BEGIN, COMMIT = range(15)  # from CACHE on: see enclosing.py
FAIL, IGNORE = -1, -2

ENTRY = Record("Entry", (("bound", "f8"), ("pc", "i4"), ("endpoint", "i4")))
DISTRIBUTION = Record("Distribution", (
    ("mean", "f8"),  # ns; uniform: low
    ("spread", "f8"),  # lognormal: sigma · gamma: shape · pareto: alpha · uniform: high
    ("constant_ns", "i8"),
    ("kind", "i4"),
    ("first", "i4"),  # mixture: first component
    ("count", "i4"),
    ("ring", "i4"),  # constant latencies: their ring; -1: the heap
    ("bound", "f8"),  # component: cumulative weight
))  # fmt: skip
CONSTANT, EXPONENTIAL, LOGNORMAL, GAMMA, PARETO, UNIFORM, MIXTURE = range(7)

ROW = Record("Row", (("time_ns", "i8"), ("request", "i8"), ("word", "i8"), ("value", "i8")))  # word: see T1
LANE = Record("Lane", (
    ("now_ns", "i8"),
    ("requests", "i8"),
    ("free", "i8"),  # first free frame
    ("free_count", "i8"),
    ("heap_size", "i8"),
    ("hole", "i8"),  # 1 where the heap's first event has been taken and its place not yet filled
    ("fresh", "i8"),  # events that have no place in the agenda yet
    ("pairs", "i8"),  # entries in use
    ("gates", "i8"),  # in use
    ("cells", "i8"),  # in use
    ("connections", "i8"),  # in use
    ("soonest", "i8"),  # the ring whose first event comes before those of the others
    ("soonest_near", "i8"),  # of the first rings
    ("soonest_far", "i8"),  # and of the others, which hold timeouts
    ("near_rings", "i8"),  # how many are the first
    ("instant", "i8"),  # 1 where an event of this very instant waits apart
    ("instant_rank", "i8"),
    ("instant_what", "i8"),
    ("counted", "i8"),  # how many
    ("strands", "i8"),  # in the two queues that follow
    ("starts_head", "i8"),  # strands to start within this event
    ("starts_tail", "i8"),
    ("wakes_head", "i8"),  # strands to wake within this event, after the starts
    ("wakes_tail", "i8"),
    ("rows", "i8"),  # recorded and not yet taken
    ("spans", "i8"),
    ("recording", "i8"),
    ("span_share", "f8"),
    ("span_tail", "i8"),  # 1 where requests are decided when they are over
    ("unwritten", "i8"),  # first of the held tries whose spans are to be written before the next event; -1: none
    ("keyed", "i8"),  # 1 where strands may be in blocks
    ("graded", "i8"),  # 1 where answers may be of a lower quality
    ("indexed", "i8"),  # entries in use
    ("cached_free", "i8"),  # first free value
    ("cached_free_count", "i8"),
    ("blocks_free", "i8"),  # first free block
    ("blocks_free_count", "i8"),
    ("margin", "i8"),  # frames, events and rows one step of the loop may create: the widest fork, and some
    ("near", "i8"),  # distribution of the latency within a zone
    ("far", "i8"),  # and between zones
    ("races", "i8"),  # tries of one call under way at most
    ("tied", "i8"),  # 1 where tries may know of each other
    ("tries", "i8"),  # places of `tried` for one frame
    ("zones", "i8"),
    ("localities", "i8"),  # in use
    ("is_ill", "i8"),  # 1 while some link is
    ("arrived_ns", "i8"),  # when the last request came
    ("crowd", "i8"),  # how many came before it at that instant
    ("stopped", "i8"),  # TOO_MANY, STUCK, or FULL while held spans are to be written
    ("culprit", "i8"),  # number of the request that made too many calls
    ("users", "i8"),  # of all workloads
    ("writing", "i8"),  # words of `wrote` for one client: one, and one for each database; 0: there are none
    ("commits", "i8"),  # noted
))  # fmt: skip


class State(NamedTuple):
    """What changes: the arrays of one world."""

    lane: Array  # (1,) LANE
    frames: Array  # (frames,) FRAME
    extras: Array  # (frames,) EXTRA
    fresh: Array  # (events,) EVENT, for the heap
    heap: Array  # (events,) EVENT; NEVER behind the last
    rings: Array  # (rings,) RING
    ring_events: Array  # (rings, events) EVENT
    pods: Array  # (pods,) POD
    queues: Array  # (2 * pods,) QUEUE, for a core and for a worker
    chains: Array  # (CHAINS_PER_POD * pods,) CHAIN
    guards: Array  # (pods,) GUARD
    cpus: Array  # (pods,) CPU
    ready: Array  # (services, pods) int32, pods that take new calls, oldest first
    services: Array  # (services,) SERVICE_LIST
    views: Array  # (views,) VIEW
    gates: Array  # (gates,) GATE
    cells: Array  # (cells,) int64, windows of gates
    meters: Array  # (views,) RETRY_METER
    slots: Array  # (views, SLOTS) int64, of the meters
    tried: Array  # (frames, tries) int32, pods of the tries of a call under way, where retries avoid them
    host_sets: Array  # (views,) HOST_SET
    hosts: Array  # (rows,) HOST
    localities: Array  # (views * (zones + 1),) HOST_SET, of views whose hosts are told apart by zone
    levels: Array  # (views * LEVELS,) LEVEL, of these views
    hash_tables: Array  # (tables,) HASH_TABLE
    owners: Array  # (entries,) int32, places among the hosts that are picked from
    marks: Array  # (entries,) uint64, where a ring's entries lie
    fillers: Array  # (pods,) FILLER, while a table is made
    reports: Array  # (pods,) REPORT
    samples: Array  # (pods that report * SAMPLES,) SAMPLE
    probes: Array  # (views that probe * their pools,) BALANCER_PROBE
    rifs: Array  # (views that probe * 2 RIFS,) int32
    loads: Array  # (pods,) int64, while one is picked by them
    connections: Array  # (connections,) CONNECTION, those of each pool that are free, as a ring
    pairs: Array  # (2^k,) PAIR
    routes: Array  # (routes,) ROUTE
    network: Array  # (zones * zones,) LINK, by source, then target
    workloads: Array  # (workloads,) WORKLOAD
    intervals: Array  # (intervals + workloads,) TALLIED_INTERVAL; the first of every class, and last what is outside of it
    histogram: Array  # (intervals + workloads + services, BUCKETS) int64
    counted: Array  # (COUNTED,) int64, places in the histogram that are to grow by one
    digest: Array  # (2,) uint64
    starts: Array  # (strands,) int32, to start within this event
    wakes: Array  # (strands,) int32, to wake within this event
    blocks: Array  # (blocks,) BLOCK
    caches: Array  # (cache steps,) CACHE_STEP
    stores: Array  # (stores,) STORE: of whole services, then of each pod
    cached: Array  # (values,) CACHED, of all stores
    lookup: Array  # (2^k,) PAIR: values and turns by store and key
    locks: Array  # (lock steps,) LOCK_STEP
    databases: Array  # (services with replication,) DATABASE
    wrote: Array  # (users and then frames, `writing`) int64: whose this is (0: the user's), when he last wrote to each database; -1: never
    commits: Array  # (commits,) COMMITTED, those that may be lost with their primary
    rows: Array  # (rows,) ROW
    spans: Array  # (spans,) SPAN


class Tables(NamedTuple):
    """What no event changes; forks share it."""

    ops: Array  # (ops,) OP
    links: Array  # (links,) int32, where branches and options begin
    bounds: Array  # (links,) float64, cumulative probabilities of options
    first_op: Array  # (endpoints,) int32
    entries: Array  # (entries,) ENTRY
    distributions: Array  # (distributions,) DISTRIBUTION
    segments: Array  # (segments,) SEGMENT
    times: Array  # (times,) int64 ns
    gate_rules: Array  # (routes + services,) GATE_RULE
    balancers: Array  # (routes,) BALANCER
    host_weights: Array  # (weights,) int64, of pods by number, of routes that have their own
    pool_rules: Array  # (routes,) POOL_RULE


def empty(record: Record, *shape: int) -> Array:
    """Records, all zero."""
    return zeros(record.dtype, *shape)


def zeros(dtype: np.dtype[Any], *shape: int) -> Array:
    """As of NumPy, and beginning at a cache line."""
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    fitting: Array = room[first : first + size].view(dtype).reshape(shape)
    return fitting


def copied(array: Array, *shape: int) -> Array:
    """A copy, of a larger shape if one is given, byte by byte: NumPy copies records field by field."""
    copy, given = zeros(array.dtype, *(shape or array.shape)), array.view(np.uint8)
    copy.view(np.uint8)[tuple(map(slice, given.shape))] = given
    return copy


FIELDS: dict[str, np.dtype[Any]] = {  # element types of State, then of Tables, in the order of a book
    "lane": LANE.dtype, "frames": FRAME.dtype, "extras": EXTRA.dtype, "fresh": EVENT.dtype,
    "heap": EVENT.dtype, "rings": RING.dtype, "ring_events": EVENT.dtype,
    "pods": POD.dtype, "queues": QUEUE.dtype, "chains": CHAIN.dtype, "guards": GUARD.dtype, "cpus": CPU.dtype,
    "ready": np.dtype("i4"), "services": SERVICE_LIST.dtype, "views": VIEW.dtype,
    "gates": GATE.dtype, "cells": np.dtype("i8"),
    "meters": RETRY_METER.dtype, "slots": np.dtype("i8"), "tried": np.dtype("i4"),
    "host_sets": HOST_SET.dtype, "hosts": HOST.dtype, "localities": HOST_SET.dtype, "levels": LEVEL.dtype,
    "hash_tables": HASH_TABLE.dtype, "owners": np.dtype("i4"), "marks": np.dtype("u8"), "fillers": FILLER.dtype,
    "reports": REPORT.dtype, "samples": SAMPLE.dtype, "probes": BALANCER_PROBE.dtype, "rifs": np.dtype("i4"), "loads": np.dtype("i8"),
    "connections": CONNECTION.dtype,
    "pairs": PAIR.dtype, "routes": ROUTE.dtype, "network": LINK.dtype, "workloads": WORKLOAD.dtype, "intervals": TALLIED_INTERVAL.dtype,
    "histogram": np.dtype("i8"), "counted": np.dtype("i8"), "digest": np.dtype("u8"), "starts": np.dtype("i4"), "wakes": np.dtype("i4"),
    "blocks": BLOCK.dtype, "caches": CACHE_STEP.dtype, "stores": STORE.dtype, "cached": CACHED.dtype, "lookup": PAIR.dtype,
    "locks": LOCK_STEP.dtype, "databases": DATABASE.dtype, "wrote": np.dtype("i8"), "commits": COMMITTED.dtype,
    "rows": ROW.dtype, "spans": SPAN.dtype,
    "ops": OP.dtype, "links": np.dtype("i4"), "bounds": np.dtype("f8"), "first_op": np.dtype("i4"),
    "entries": ENTRY.dtype, "distributions": DISTRIBUTION.dtype, "segments": SEGMENT.dtype, "times": np.dtype("i8"),
    "gate_rules": GATE_RULE.dtype,
    "balancers": BALANCER.dtype, "host_weights": np.dtype("i8"), "pool_rules": POOL_RULE.dtype,
}  # fmt: skip


def book(state: State, tables: Tables) -> Array:
    """Address and length of every array, as kernels read them: (2 * fields,) int64."""
    arrays = [*state, *tables]
    assert list(FIELDS) == [*State._fields, *Tables._fields]
    assert all(array.flags.c_contiguous for array in arrays)
    return np.array([word for array in arrays for word in (array.ctypes.data, array.size)], dtype=np.int64)
