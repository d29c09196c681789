"""The records both engines keep, each field with its type and meaning.

The fast engine lays a record out as a NumPy structured array, the reference engine as objects with the same fields;
laws read `records[i].field` and fit both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Record:
    """A layout: field names with NumPy type codes, in order; `itemsize` bytes, or as many as they need."""

    name: str
    fields: tuple[tuple[str, str], ...]
    itemsize: int = 0

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The layout as an aligned structured dtype; made once, for a new mesh asks for it fifty times."""
        tight = np.dtype(list(self.fields), align=True)
        if self.itemsize == 0:
            return tight
        places: Any = tight.fields
        layout: Any = {name: places[name][:2] for name, _ in self.fields}
        return np.dtype({"names": list(layout), "formats": [kind for kind, _ in layout.values()],
                         "offsets": [place for _, place in layout.values()], "itemsize": self.itemsize},
                        align=True)  # fmt: skip

    def only(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Some of the fields, in this order."""
        types = dict(self.fields)
        return tuple((name, types[name]) for name in names)

    def make_class(self) -> type[Any]:
        """A class with these fields as slots, all zero at first; keyword arguments set some."""
        names = tuple(name for name, _ in self.fields)

        def __init__(self: Any, **values: Any) -> None:
            for name in names:
                setattr(self, name, values.pop(name, 0))
            assert not values, f"no such fields: {sorted(values)}"

        return type(self.name, (), {"__slots__": names, "__init__": __init__, "__doc__": f"A {self.name} record."})

    def gather(self, objects: list[Any]) -> np.ndarray[Any, Any]:
        """Objects of `make_class` as a structured array of shape (len(objects),)."""
        rows = [tuple(getattr(one, name) for name, _ in self.fields) for one in objects]
        return np.array(rows, dtype=self.dtype)


POD_TALLY = Record("PodTally", (
    ("present", "i8"),  # visits in the pod now
    ("waiting", "i8"),  # of them or their branches: waiting for a worker or a core
    ("working", "i8"),  # cores at work now; strands at work where they share cores (ps, cfs)
    ("slow_working", "i8"),  # of them the fractional core: 0 or 1
    ("stalled", "i8"),  # strands at work that get nothing from the CPU now (ps, cfs)
    ("present_area_ns", "i8"),  # integral of `present` over time (Q2)
    ("waiting_area_ns", "i8"),  # integral of `waiting`
    ("working_area_ns", "i8"),  # integral of `working`
    ("slow_area_ns", "i8"),  # integral of `slow_working`
    ("stalled_area_ns", "i8"),  # integral of `stalled`
    ("visits", "i8"),  # visits that entered
    ("succeeded", "i8"),  # visits that ended well
    ("failed", "i8"),  # visits that ended in failure
    ("lost", "i8"),  # visits that died with the pod
    ("cancelled", "i8"),  # visits that their callers cancelled
    ("rejected", "i8"),  # calls turned away at the door
    ("shed", "i8"),  # visits dropped from a queue
    ("throttled", "i8"),  # periods in which the CPU's quota was used up (cfs)
    ("inside_ns", "i8"),  # time that visits which left had spent inside
    ("served_ns", "i8"),  # time at work that was finished
    ("lost_ns", "i8"),  # time at work that was lost with the pod, or cancelled
    ("refused", "i8"),  # tries that came when it was gone
))  # fmt: skip

RETRY_METER = Record("RetryMeter", (  # what a view remembers for a budget of its retries (R7, R8)
    ("since_ns", "i8"),  # tower: when the last slot was closed
    ("slot", "i8"),  # the one that is closed next
    ("written", "i8"),  # paid in less taken out since then
    ("spent", "i8"),  # gRPC: tokens gone, in thousandths
))  # fmt: skip

AREAS = {"present": "present_area_ns", "waiting": "waiting_area_ns", "working": "working_area_ns",
         "slow_working": "slow_area_ns", "stalled": "stalled_area_ns"}  # fmt: skip

QUEUE = Record("Queue", (  # where strands of a pod wait for a core, or visits for a worker
    ("discipline", "i8"),
    ("threshold", "i8"),  # adaptive_lifo: so many left behind make the newest come first
    ("max_wait_ns", "i8"),
    ("drops_expired", "i8"),  # 1: who is past its deadline is dropped
    ("control", "i8"),
    ("target_ns", "i8"),  # of CoDel, as all that follow
    ("interval_ns", "i8"),
    ("length", "i8"),  # how many wait
    ("crowded_ns", "i8"),  # since when somebody has waited all the time
    ("first_above_ns", "i8"),  # when the wait will have been above the target for an interval; 0: it is not
    ("drop_next_ns", "i8"),
    ("drops", "i8"),  # of this spell of dropping, as the control law counts them
    ("last_drops", "i8"),  # what it began with
    ("dropping", "i8"),
    ("moves", "i8"),  # 1 where the next drop's time is to be set
))  # fmt: skip

GUARD = Record("Guard", (  # what a door that sheds by priority goes by
    ("start", "f8"),
    ("full", "f8"),
    ("window_ns", "f8"),
    ("capacity", "f8"),  # cores or workers
    ("utilization", "f8"),
    ("seen_busy_ns", "i8"),
    ("seen_ns", "i8"),
))  # fmt: skip

CPU = Record("Cpu", (  # what those at work in a pod share
    ("model", "i8"),
    ("millicores", "i8"),
    ("working", "i8"),  # who shares it
    ("quota_ns", "i8"),  # cfs: CPU time in a period
    ("left_ns", "i8"),  # of it; below zero what was overdrawn
    ("period_end_ns", "i8"),
    ("is_throttled", "i8"),
    ("virtual_ns", "f8"),  # what each of those at work has got since the pod was last idle
    ("updated_ns", "i8"),  # when that was reckoned
))  # fmt: skip

ROUTE_TALLY = Record("RouteTally", (
    ("attempts", "i8"),  # tries sent
    ("retries", "i8"),  # of them after a failure
    ("succeeded", "i8"),  # tries answered well to a caller that still waited
    ("failed", "i8"),  # tries that ended otherwise
    ("cancelled", "i8"),  # tries given up that a cancel stopped before they were answered
    ("in_flight", "i8"),  # tries whose caller still waits
    ("orphans", "i8"),  # tries given up whose answer has not come yet
    ("timed_out", "i8"),  # tries given up
    ("refused_retries", "i8"),  # retries the budget did not allow
    ("refused", "i8"),  # tries a gate did not let go: breaker, rate limit, throttle
    ("egress_bytes", "i8"),  # data that crossed a zone's border
))  # fmt: skip

GATE = Record("Gate", (  # what a view remembers of the gates of its route, or a pod of those at its door
    ("key", "u8"),  # of the pod whose door it is
    ("in_flight", "i8"),  # tries that its breakers' bound let go, and that are not over
    ("credit", "i8"),  # of its bucket: tokens x fill interval
    ("filled_ns", "i8"),  # when that was so
    ("since_ns", "i8"),  # when its breaker came into its state
    ("state", "i4"),  # CLOSED, OPEN, HALF_OPEN
    ("permits", "i4"),  # calls it may still let go half open
    ("window", "i8"),  # first cell of its breaker's window
    ("throttle", "i8"),  # first cell of its throttle's window
    ("admission", "i8"),  # first cell of its admission control's window
    ("samples", "i8"),  # first cell of the times it adapts to
    ("limit", "i8"),  # visits it lets in at once; 0: it has not begun
    ("kept_limit", "i8"),  # the limit for after the measurement of the minimum under way; 0: none is
    ("min_rtt_ns", "i8"),
    ("epoch_ns", "i8"),  # when the last such measurement began
    ("measure_ns", "i8"),  # when the next one does
    ("update_ns", "i8"),  # when the limit is next updated
    ("at_least", "i8"),  # updates in a row that left it at the least
    ("measured", "i8"),  # minima measured
    ("estimate", "f8"),  # of a limit that learns from every answer
    ("long_ns", "f8"),  # Gradient2: long average of times to answer
    ("long_sum_ns", "f8"),  # and of the first of them
    ("long_count", "i8"),
    ("probes", "i8"),  # Vegas: samples since the time without load was taken anew
    ("critical_busy", "i8"),  # inside, by priority
    ("degraded_busy", "i8"),
    ("best_effort_busy", "i8"),
    ("bulk_busy", "i8"),
    ("first_place", "i8"),  # of its pool's free connections, a ring
    ("bottom", "i8"),  # place in that ring of the one that has been free longest
    ("free", "i8"),  # connections nobody uses
    ("places", "i8"),  # taken: connections, those being opened too, or places of its bulkhead
    ("opening", "i8"),  # connections being opened
    ("waiting", "i8"),  # tries that wait for one
    ("head", "i4"),  # the first of them; -1: none
    ("tail", "i4"),  # meant only where there are some
    ("is_closed", "i8"),  # 1: its pod is dead
))  # fmt: skip

POOL_RULE = Record("PoolRule", (  # a connection pool, or a bulkhead, which is one without connections
    ("most", "i8"),  # places; 0: there is neither
    ("pending", "i8"),  # tries that may wait
    ("wait_ns", "i8"),  # and how long; 0: for ever
    ("connects", "i4"),  # 1: a place is a connection
    ("connect", "i4"),  # distribution of the time to open one
    ("idle_ns", "i8"),  # free for so long, it is closed; 0: never
    ("life_ns", "i8"),  # as it is at this age; 0: never
    ("uses", "i8"),  # or after so many tries; 0: never
))  # fmt: skip

CONNECTION = Record("Connection", (  # a free one
    ("pod", "i8"),
    ("opened_ns", "i8"),
    ("uses", "i8"),  # tries it has carried
    ("freed_ns", "i8"),
))  # fmt: skip

BREAKER_RULE = Record("BreakerRule", (  # a breaker that opens
    ("size", "i8"),  # of its window: calls, or seconds; 0: there is no breaker
    ("cells", "i8"),  # whole numbers that window takes
    ("is_timed", "i4"),  # 1: seconds
    ("is_automatic", "i4"),  # 1: it becomes half open by itself
    ("minimum", "i8"),  # calls before anything is judged
    ("failure_rate", "f8"),  # 0 ... 1
    ("slow_rate", "f8"),
    ("slow_ns", "i8"),  # what lasts longer is slow
    ("wait_ns", "i8"),  # open
    ("permitted", "i8"),  # calls half open
    ("half_open_ns", "i8"),  # half open at most; 0: for ever
))  # fmt: skip

CONCURRENCY_RULE = Record("ConcurrencyRule", (  # adaptive concurrency
    ("least", "i8"),  # min_concurrency; 0: it does not adapt
    ("most", "i8"),
    ("percentile", "f8"),  # of times, 0 ... 1
    ("update_every_ns", "i8"),
    ("interval_ns", "i8"),  # between measurements of the minimum
    ("jitter", "f8"),  # at most so much of the interval more
    ("request_count", "i8"),  # answers a measurement takes
    ("buffer", "f8"),  # share by which times may exceed the minimum
    ("fixed_ns", "i8"),  # the minimum, where it is given; 0: it is measured
))  # fmt: skip

LIMIT_RULE = Record("LimitRule", (  # a limit that learns from every answer
    ("limiter", "i4"),  # UNLIMITED, AIMD, VEGAS, GRADIENT2
    ("initial", "i8"),
    ("floor", "i8"),
    ("ceiling", "i8"),
    ("ratio", "f8"),  # AIMD: what is left after a drop
    ("drop_ns", "i8"),  # AIMD: what takes longer is one
    ("smoothing", "f8"),
    ("tolerance", "f8"),  # Gradient2: how much longer than the long average is well
    ("headroom", "f8"),  # Gradient2: queueSize
    ("long_window", "i8"),  # Gradient2: samples of the long average
    ("probe_every", "f8"),  # Vegas: limits
    ("critical_share", "f8"),  # of the limit, by priority; -1: not named
    ("degraded_share", "f8"),
    ("best_effort_share", "f8"),
    ("bulk_share", "f8"),
))  # fmt: skip

REQUEST_TALLY = Record("RequestTally", (
    ("offered", "i8"),  # requests that came
    ("succeeded", "i8"),  # answered well
    ("good", "i8"),  # answered well and within the SLO's latency
    ("failed", "i8"),  # answered otherwise or not at all
    ("timed_out", "i8"),  # of the failed: given up by the client
    ("rejected", "i8"),  # of the failed: turned away at the entry
    ("latency_ns", "i8"),  # sum over the succeeded
    ("quality_ppm", "i8"),  # sum over the succeeded, in a world that grades its answers (E3); else 0
))  # fmt: skip

CACHE_TALLY = Record("CacheTally", (
    ("hits", "i8"),  # look-ups of a fresh value
    ("misses", "i8"),  # look-ups that set out to fill
    ("coalesced", "i8"),  # look-ups that waited for another's fill
    ("fills", "i8"),  # values that came in
    ("evicted", "i8"),  # values that had to go for others
    ("stale", "i8"),  # look-ups that went on with a value past its time
))  # fmt: skip

LOCK_TALLY = Record("LockTally", (
    ("taken", "i8"),  # times a key was taken
    ("waits", "i8"),  # times somebody found it held, and waited
    ("waited_ns", "i8"),  # how long those waited who got it
))  # fmt: skip

REPLICATION_TALLY = Record("ReplicationTally", (
    ("commits", "i8"),  # writes that were committed
    ("lost_writes", "i8"),  # of them those that no standby had when their primary died
    ("refused_writes", "i8"),  # writes that met a pod which was not the primary
    ("waited_ns", "i8"),  # how long commits were to wait for standbys
    ("standby_reads", "i8"),  # reads that began on a standby
    ("stale_reads", "i8"),  # of them without the reader's own last write
    ("behind_ns", "i8"),  # by how much those standbys were behind
    ("promotions", "i8"),  # pods that took over from another
))  # fmt: skip

INTERVAL = Record("Interval", (
    ("workload", "i8"),  # whose requests are measured
    ("start_ns", "i8"),  # requests that arrived in [start, end)
    ("end_ns", "i8"),
    ("good_ns", "i8"),  # latency up to which an answer is good
))  # fmt: skip

SEGMENT = Record("Segment", (
    ("start_ns", "i8"),
    ("end_ns", "i8"),
    ("rate_start", "f8"),  # events per second at the start
    ("rate_end", "f8"),  # and at the end; straight in between
))  # fmt: skip

SPAN = Record("Span", (
    ("request", "i8"),  # number of the request
    ("call", "i8"),  # number of the try within the request
    ("parent", "i8"),  # call of the visit that made it; -1 for the client
    ("route", "i4"),
    ("endpoint", "i4"),  # index among all endpoints
    ("pod", "i4"),  # -1 where no pod was ready
    ("attempt", "i4"),  # 0 for the first try
    ("outcome", "i4"),  # as its caller saw it
    ("served", "i4"),  # as the pod saw it
    ("sent_ns", "i8"),
    ("delivered_ns", "i8"),  # -1: not yet
    ("started_ns", "i8"),  # first work; -1: none
    ("ended_ns", "i8"),  # the pod's answer; -1: not yet
    ("returned_ns", "i8"),  # the caller's answer or giving up; -1: not yet
    ("worked_ns", "i8"),  # time at work
))  # fmt: skip

HOST = Record("Host", (  # a pod as one view knows it
    ("serial", "i8"),  # which of the view's hosts, ever: they stand in its order
    ("pod", "i4"),
    ("weight", "i4"),
    ("active", "i8"),  # tries the view waits for
    ("since_ns", "i8"),  # when it was new to the view (B15)
    ("deadline", "f8"),  # in the view's schedule (B7)
    ("turn", "i8"),  # and which of those with that deadline
    ("rtt_ns", "f8"),  # peak estimate (B9)
    ("updated_ns", "i8"),  # when that was last looked at, or a weight reported
    ("reporting_ns", "i8"),  # since when it reports (B16, B22); -1: it does not
    ("reported", "f8"),  # its weight · its mean time of service, ns
    ("queue", "f8"),  # mean of the visits it had left
    ("total", "i8"),  # tries that ended since the last sweep (O6)
    ("succeeded", "i8"),
    ("local_total", "i8"),  # and those of the local kind, where they are told apart
    ("local_succeeded", "i8"),
    ("run_5xx", "i8"),  # failures in a row (O1)
    ("run_gateway", "i8"),
    ("run_local", "i8"),
    ("is_ejected", "i8"),
    ("multiplier", "i8"),  # of the base ejection time (O4)
    ("jitter_ns", "i8"),  # of this ejection
    ("ejected_ns", "i8"),  # when
    ("unejected_ns", "i8"),  # when it last returned; -1: never
))  # fmt: skip

HOST_SET = Record("HostSet", (  # of one view
    ("version", "i8"),  # of the list of ready pods that its hosts were made from; -1: none
    ("serials", "i8"),  # given to hosts so far
    ("changes", "i8"),  # how often the hosts it chooses among have changed
    ("is_stale", "i8"),  # 1 where they are to be found anew
    ("is_met", "i8"),  # 1 where it has met whom it is to send to; of one zone: where its pods are among them
    ("is_scheduled", "i8"),  # 1 where they take turns by weight
    ("place", "i8"),  # of the rotation
    ("reached", "f8"),  # deadline of the last host picked by weight
    ("turns", "i8"),  # given in the schedule so far
    ("ejected", "i8"),  # hosts out of service
    ("ejections", "i8"),  # since it began
    ("dice", "i8"),  # thrown so far
    ("next_sweep_ns", "i8"),
    ("began_ns", "i8"),  # when the view did
    ("viewer", "i8"),  # whose it is: number of a pod, or place of a zone
    ("weights", "f8"),  # of the hosts it picks from, together
    ("update_ns", "i8"),  # when it next looks at what weights were reported
    ("queries", "i8"),  # picks by probes
    ("removed", "i8"),  # probes, the oldest and the worst in turn
    ("probes", "i8"),  # in its pool
    ("rifs", "i8"),  # seen so far
    # where hosts are told apart by zone (Z1 to Z11)
    ("zone", "i8"),  # that the view sees them from; -1: none
    ("near_share", "i8"),  # tries in ten thousand that stay there (Z10); -1: zones do not matter now
    ("callers_version", "i8"),  # of the list of ready pods of the caller that this was reckoned from
    # of the hosts of one zone, which are a set of their own
    ("level", "i8"),  # that they belong to (Z1); -1: to none
    ("group", "i8"),  # which share of `distribute` they are part of (Z8); -1: none
    ("group_weight", "i8"),  # of that share
    ("hosts", "i8"),
    ("healthy", "i8"),  # in service
    ("callers", "i8"),  # pods of the caller in that zone
    ("weight", "i8"),  # sum of their hosts' weights
    ("share", "f8"),  # weight that counts (Z6)
    ("deadline", "f8"),  # in the schedule of their level (Z7)
    ("turn", "i8"),
    ("residual", "i8"),  # what the zone can take from others, in ten thousandths (Z11)
))  # fmt: skip

LEVEL = Record("Level", (  # of hosts that take over from those of the level before
    ("hosts", "i8"),
    ("healthy", "i8"),  # in service
    ("load", "i8"),  # percent of the tries (Z3)
    ("panics", "i8"),  # 1 where all its hosts are picked from (Z4)
    ("reached", "f8"),  # deadline of the locality picked last
    ("turns", "i8"),  # given in its schedule so far
))  # fmt: skip

REPORT = Record("Report", (  # what a pod measures of itself
    ("since_ns", "i8"),  # when it last did
    ("busy_ns", "i8"),  # integral of its busy cores then
    ("finished", "i8"),  # visits that were over then
    ("failed", "i8"),
    ("qps", "f8"),
    ("utilization", "f8"),
    ("eps", "f8"),
    ("capacity", "f8"),  # cores or workers
    ("sampled", "i8"),  # latencies noted so far
    ("first", "i8"),  # of its samples
))  # fmt: skip
SAMPLE = Record("Sample", (("rif", "i8"), ("latency_ns", "i8")))  # a visit that is over: others in the pod when it came

BALANCER_PROBE = Record("BalancerProbe", (  # in a view's pool, the oldest first
    ("serial", "i8"),  # of its host
    ("rif", "i8"),
    ("latency_ns", "i8"),
    ("received_ns", "i8"),
    ("uses", "i8"),  # left
))  # fmt: skip

FILLER = Record("Filler", (  # a host whose entries are put into a ring or table
    ("host", "i8"),  # its place among those that are picked from
    ("number", "i8"),  # of its pod
    ("address", "u8"),
    ("share", "f8"),  # of all weights
    ("target", "f8"),  # Maglev's: when it moves next
    ("place", "i8"),  # the slot it looks at next
    ("skip", "i8"),
))  # fmt: skip
