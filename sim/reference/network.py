"""Messages between caller and pod: how long they take, and what leaves a zone."""

from __future__ import annotations

from sim.draws import BACKWARD, OUTWARD
from sim.layout import Layout
from sim.reference.life import Try
from sim.sampling import sample_ns


class Network:
    """N1: latency by whether two zones differ; a client without a zone is next to every pod."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        spec = layout.scenario.network
        self.near = spec.same_zone
        self.far = spec.same_zone if spec.cross_zone is None else spec.cross_zone

    def outward_ns(self, one: Try) -> int:
        """A try's way to its pod."""
        return self._latency_ns(one, OUTWARD, one.route.policy.request_bytes)

    def backward_ns(self, one: Try) -> int:
        """Its answer's way back."""
        return self._latency_ns(one, BACKWARD, one.route.policy.response_bytes)

    def _latency_ns(self, one: Try, stream: int, size: int) -> int:
        here = self._caller_zone(one)
        assert one.pod is not None
        if here is None:
            return 0
        if here == one.pod.zone:
            return sample_ns(self.near, one.key, stream)
        one.route.tally.egress_bytes += size
        return sample_ns(self.far, one.key, stream)

    def _caller_zone(self, one: Try) -> int | None:
        visit = one.caller.visit
        if visit is not None:
            return visit.pod.zone if visit.pod else None
        zone = self.layout.scenario.workload[self.layout.workloads[one.request.workload]].zone
        return None if zone is None else self.layout.zones.index(zone)
