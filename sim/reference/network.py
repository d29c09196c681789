"""Messages between caller and pod: how long they take, and what leaves a zone."""

from __future__ import annotations

from sim.commands import LinkChanged
from sim.draws import BACKWARD, CANCEL, LOST_BACKWARD, LOST_CANCEL, LOST_OUTWARD, LOST_TIE, OUTWARD, TIE
from sim.laws.travelling import crossing_ns, retransmission_ns
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
        self.links: dict[tuple[str, str], LinkChanged] = {}  # from zone to zone, those that are not well

    def change(self, link: LinkChanged) -> None:
        """N2, N3: how messages fare from now on from one zone to another. Raises ValueError for an unknown zone."""
        for zone in (link.source, link.target):
            if zone not in self.layout.zones:
                raise ValueError(f"there is no zone {zone}")
        self.links.pop((link.source, link.target), None)
        if not link.is_well:
            self.links[link.source, link.target] = link

    def outward_ns(self, one: Try, now_ns: int) -> int:
        """A try's way to its pod."""
        here = self.caller_zone(one)
        assert one.pod is not None
        if here is None:
            return 0
        return self._carry_ns(one, here, one.pod.zone, now_ns, OUTWARD, LOST_OUTWARD, one.route.policy.request_bytes)

    def backward_ns(self, one: Try, now_ns: int) -> int:
        """Its answer's way back."""
        here = self.caller_zone(one)
        assert one.pod is not None
        if here is None:
            return 0
        return self._carry_ns(one, one.pod.zone, here, now_ns, BACKWARD, LOST_BACKWARD, one.route.policy.response_bytes)

    def cancel_ns(self, one: Try, now_ns: int) -> int:
        """C1: a cancel's way after its try."""
        here = self.caller_zone(one)
        assert one.pod is not None
        if here is None:
            return 0
        return self._way_ns(one.key, here, one.pod.zone, now_ns, CANCEL, LOST_CANCEL)

    def word_ns(self, one: Try, other: Try, now_ns: int) -> int:
        """G7: when word that leaves a try's pod now is at another's."""
        assert one.pod is not None and other.pod is not None
        return now_ns + self._way_ns(one.key, one.pod.zone, other.pod.zone, now_ns, TIE, LOST_TIE)

    def probe_ns(self, key: int, here: int | None, there: int, now_ns: int, *, is_outward: bool) -> int:
        """B18: a balancer's probe's way from a caller's zone to a pod's, or back."""
        if here is None:
            return 0
        if is_outward:
            return self._way_ns(key, here, there, now_ns, OUTWARD, LOST_OUTWARD)
        return self._way_ns(key, there, here, now_ns, BACKWARD, LOST_BACKWARD)

    def _carry_ns(self, one: Try, source: int, target: int, now_ns: int, stream: int, lost: int, size: int) -> int:
        """A message of some bytes, which cost something where they leave a zone."""
        one.route.tally.egress_bytes += size * (source != target)
        return self._way_ns(one.key, source, target, now_ns, stream, lost)

    def _way_ns(self, key: int, source: int, target: int, now_ns: int, stream: int, lost: int) -> int:
        """N1, N2, N3: the time a message takes from zone to zone, over a link that may not be well."""
        latency = sample_ns(self.near if source == target else self.far, key, stream)
        link = self.links.get((self.layout.zones[source], self.layout.zones[target]))
        if link is None:
            return latency
        return crossing_ns(now_ns, latency + retransmission_ns(key, lost, link.loss), link.added_ns, link.opens_ns)

    def caller_zone(self, one: Try) -> int | None:
        """Where a try's caller is; None next to every pod."""
        visit = one.caller.visit
        if visit is not None:
            return visit.pod.zone if visit.pod else None
        zone = self.layout.scenario.workload[self.layout.workloads[one.request.workload]].zone
        return None if zone is None else self.layout.zones.index(zone)
