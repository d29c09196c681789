"""What the kernel remembers of a pod, and the chains of those who wait in it or share its CPU."""

from __future__ import annotations

from sim.laws.queueing import LEVELS
from sim.records import POD_TALLY, Record

CACHE_LINE = 64

POD = Record("Pod", (  # what every visit touches comes first
    *POD_TALLY.only("present", "working", "waiting", "present_area_ns", "working_area_ns", "waiting_area_ns", "visits",
                    "succeeded", "inside_ns", "served_ns"),
    ("error_rate", "f8"),
    ("service", "i4"),
    ("zone", "i4"),
    ("is_gone", "i1"),
    ("is_threaded", "i1"),
    ("is_gated", "i1"),  # what its door does: GATES, REPORTS
    ("is_guarded", "i1"),  # 1 where its door sheds by priority
    ("is_lined", "i1"),  # 1 where its queues are not plain
    ("is_shared", "i1"),  # 1 where works share its cores
    ("slow_core", "i2"),  # milli-cores of the fractional core; 0: none
    ("gate", "i4"),  # of its door
    ("cores", "i4"),  # how many may work at once
    ("size", "i4"),  # of the queue; -1: no limit
    ("queue_head", "i4"),  # strands that wait for a core; -1: none
    ("queue_tail", "i4"),  # meant only where there are some
    ("queue_length", "i4"),
    *POD_TALLY.only("slow_working", "slow_area_ns", "failed", "lost", "cancelled", "rejected", "lost_ns"),
    ("slowdown", "f8"),
    ("number", "i4"),
    ("is_ready", "i4"),
    ("workers", "i4"),
    ("held", "i4"),  # workers taken (thread model)
    ("door_head", "i4"),  # visits that wait for a worker; -1: none
    ("door_tail", "i4"),  # meant only where there are some
    ("door_length", "i4"),
    ("views", "i4"),  # its first view
    ("stores", "i4"),  # its first store of values
    ("weight", "i4"),  # as balancers see it
    ("listed", "i8"),  # version of the list of ready pods since which it is there, or NEVER
    ("listed_ns", "i8"),  # and when
    ("connections", "i4"),  # open to it
    ("most_connections", "i4"),  # -1: no limit
    ("awaited", "i4"),  # the strand whose event is the next change of a shared CPU; -1: none
    *POD_TALLY.only("shed", "stalled", "stalled_area_ns", "throttled", "refused"),
), itemsize=5 * CACHE_LINE)  # fmt: skip
GATES, REPORTS = 1, 2  # it has gates; the pod tells of itself
CHAIN = Record("Chain", (("head", "i4"), ("tail", "i4")))
CHAINS_PER_POD = 2 * LEVELS + 1  # each priority of the queue for a core, of the door's, and those who share the CPU
