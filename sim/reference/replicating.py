"""Databases: who may write, what a standby has, and what dies with a primary (U1 to U8)."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from scenarios.schema.replicating import Replication
from sim.draws import LAG, indexed_key
from sim.laws.grading import graded, parts
from sim.laws.replicating import EVERY, LOCAL, MODES, commit_wait_ns, has_arrived
from sim.records import REPLICATION_TALLY
from sim.reference.life import Strand, Try
from sim.sampling import sample_ns

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane
    from sim.reference.pod import Pod

Process = Generator[simpy.Event, Any, Any]
Tally = REPLICATION_TALLY.make_class()


class Database:
    """A service with a primary and standbys."""

    def __init__(self, plane: ReferencePlane, spec: Replication, key: int, service: int) -> None:
        self.plane, self.spec, self.key = plane, spec, key
        self.mode, self.tally = MODES[spec.synchronous_commit], Tally()
        _, self.standbys, _ = (plane.ready[i] for i in plane.layout.role_lists(service))
        self.primary: Pod | None = None
        self.primaries = 0  # so far
        self.unsent: deque[int] = deque()  # when the commits were that would be lost if the primary died now

    def promote(self, pod: Pod) -> None:
        """U1: a pod is the primary from now on."""
        if pod is not self.primary:
            self.primary = pod
            self.tally.promotions += self.primaries > 0
            self.primaries += 1
            self.unsent.clear()

    def demote(self, pod: Pod) -> None:
        """U9: the primary has sent all it committed, and takes no more writes."""
        if pod is self.primary:
            self.primary = None
            self.unsent.clear()

    def lose(self, pod: Pod) -> None:
        """U8: a pod dies; of a primary's commits those that the next one has not got are lost, if there is a next one."""
        if pod is self.primary:
            self._forget_sent()
            self.tally.lost_writes += len(self.unsent) if self.standbys else 0
            self.unsent.clear()

    def begin(self, strand: Strand, writes: bool) -> bool:
        """U6, U3: a visit begins; whether it may. A read of a standby sees what that has got."""
        visit, now, tally = strand.visit, self.plane.now_ns, self.tally
        assert visit is not None
        if visit.pod is self.primary:
            return True
        if writes:
            tally.refused_writes += 1
            return False
        lag_ns = sample_ns(self.spec.lag, visit.key, LAG)
        tally.standby_reads += 1
        tally.behind_ns += lag_ns
        committed_ns = strand.request.wrote.get(self.key)
        if committed_ns is not None and not has_arrived(committed_ns, lag_ns, now):
            tally.stale_reads += 1
            strand.quality = graded(strand.quality, parts(self.spec.stale_quality))
        return True

    def commit(self, strand: Strand) -> int:
        """U5, U6: a write is committed; how long it then waits for standbys; -1: not at all."""
        visit, now = strand.visit, self.plane.now_ns
        assert visit is not None
        self.tally.commits += 1
        if self.mode != EVERY:
            strand.request.wrote[self.key] = now
        if self.mode == LOCAL and visit.pod is self.primary:
            self._forget_sent()
            self.unsent.append(now)
        return self._wait_ns(visit)

    def _wait_ns(self, visit: Try) -> int:
        lags = [sample_ns(self.spec.lag, indexed_key(visit.key, i), LAG) for i in range(len(self.standbys))]
        if self.mode == LOCAL or not lags:
            return -1
        wait_ns = commit_wait_ns(self.mode, min(lags), max(lags))
        self.tally.waited_ns += wait_ns
        return wait_ns

    def _forget_sent(self) -> None:
        """By the lag of the standby that would take over, which is drawn anew for every primary."""
        lag_ns = sample_ns(self.spec.lag, indexed_key(self.key, self.primaries), LAG)
        while self.unsent and has_arrived(self.unsent[0], lag_ns, self.plane.now_ns):
            self.unsent.popleft()
