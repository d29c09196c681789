"""The caller's side of a leg: what it holds, and the bucket and the retry budget by which its proxies keep to that."""

from __future__ import annotations

from agents.negotiation.leases import Holding, Lease
from agents.negotiation.messages import Content
from agents.negotiation.parties.chains.legs import Leg
from agents.negotiation.parties.party import Surroundings
from scenarios.schema.units import NS_PER_S
from sim.commands import RateLimited, RetriesBudgeted

BURST_NS = 500_000_000  # so much of a rate may come at once
BURST_MIN = 10  # tokens, and at least so many: arrivals are Poisson, and a bucket of one to five refuses many of a rate that fits it


class Spending:
    """Keeps a leg to its lease. Without one it may send first tries at its floor's rate, and nothing again.

    First tries come to `rate`, with their retries to all that the floor and the lease are for. A route has a bucket for each
    of its caller's views, as a pod has in Envoy's local rate limit, and each gets the same part, rounded down to whole tokens a
    fill: but to one at least, or a slow class with many pods were shut out. That is when they may send more than they hold.
    """

    def __init__(self, leg: Leg, skew_ns: int, around: Surroundings) -> None:
        self.leg, self._around = leg, around
        self.holding = Holding(leg.name, skew_ns)
        self._retries = 0.0  # for each first try, as the lease says
        self._shared_by = 0  # buckets that the rate was divided among last

    def take(self, content: Content) -> bool:
        """Keep to a lease, unless a newer one was seen; whether it is kept to."""
        kept = self.holding.take(Lease(self.leg.name, content["amount"], content["token"], content["expires_ns"]))
        if kept:
            self._retries = float(content["retries"])
        return kept

    def credits(self, now_ns: int) -> int:
        """What it may use now, its floor included."""
        return self.leg.floor + self.holding.usable(now_ns)

    def rate(self, now_ns: int) -> float:
        """First tries a second that may be sent now."""
        return self.leg.rate(self.credits(now_ns)) / (1 + self.retries(now_ns))

    def retries(self, now_ns: int) -> float:
        """Retries for a first try that may be sent now, at most."""
        return self._retries if self.holding.usable(now_ns) else 0.0

    def obey(self, now_ns: int) -> tuple[int, bool]:
        """Tell the caller's proxies; (tokens a fill for each, whether that changed anything)."""
        leg = self.leg
        assert leg.route.local_rate_limit is not None, "the rules of a scenario see to it"
        fill_ns = leg.route.local_rate_limit.token_bucket.fill_interval
        self._shared_by = self._buckets()
        rate = self.rate(now_ns)
        tokens = max(1, int(rate / self._shared_by * fill_ns / NS_PER_S)) if rate > 0 else 0
        most = max(BURST_MIN, tokens * BURST_NS // fill_ns) if tokens else 0
        changed = self._around.carry_out(RateLimited(leg.name, tokens, most))
        if leg.retries:
            changed |= self._around.carry_out(RetriesBudgeted(leg.name, leg.budget(self.retries(now_ns))))
        return tokens, changed

    @property
    def is_shared_by_more(self) -> bool:
        """Whether there are more buckets than the rate was divided among last."""
        return self._buckets() > self._shared_by

    def _buckets(self) -> int:
        """How many share the rate: pods that are to come count already, and those that go still do."""
        mesh, leg = self._around.mesh, self.leg
        if leg.caller not in mesh.scenario.services or leg.route.view == "service":
            return 1
        if leg.route.view == "zone":
            return len(mesh.scenario.cluster.zones)
        return max(1, mesh.cluster.replicas(leg.caller), len(mesh.cluster.pods(leg.caller)))
