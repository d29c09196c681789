"""The Vertical Pod Autoscaler in an agent's chair: recommender, updater, and the size that new pods get."""

from __future__ import annotations

from agents.autoscaling import vpa
from agents.policy import Alternating, Needs, Verdict, View
from scenarios.schema.vpa import Vpa
from sim.commands import Command, Evict, Resize


class VpaPolicy(Alternating):
    """Looks at the pods' CPU, recommends a request, gives it to new pods, and evicts those that are too far from it."""

    mind = "vpa"
    needs = Needs()

    def __init__(self, described: Vpa) -> None:
        self._mode, self._scales_limits = described.updateMode, described.controlledValues == "RequestsAndLimits"
        self.flags, self.updater = recommender_of(described), updater_of(described)
        self._recommends_ns, self._updates_ns = described.recommender_interval, described.updater_interval
        super().__init__(self._recommends_ns, self._updates_ns)
        self.usage = vpa.nothing_seen(described.cpu_histogram_decay_half_life)
        self.advice: vpa.Recommendation | None = None
        self._sampled_ns: dict[int, int] = {}  # of each pod, by its order, the last sample

    def decide(self, view: View) -> Verdict | None:
        """A new recommendation, an update, both, or neither, by the time."""
        recommends, updates = view.now_ns % self._recommends_ns == 0, view.now_ns % self._updates_ns == 0
        commands: list[Command] = []
        if recommends:
            self._look(view)
            commands += self._resized(view)
        going = self._going(view) if updates else []
        commands += [Evict(view.service, pod.order) for pod in going]
        if not recommends and not commands:
            return None
        told = "no samples" if self.advice is None else str(self.advice)
        if self._mode == "Off":
            told += ", only told: updateMode Off"
        sizes = ", ".join(f"{pod.request}m" for pod in going)
        told += f", evicts {len(going)} of {len(view.pods)} pods ({sizes})" if going else ""
        return Verdict(told, tuple(commands), None if self.advice is None else self.advice.target, view.request_millicores or 0)

    def _look(self, view: View) -> None:
        for pod in view.pods:
            if pod.usage_millicores is not None and self._sampled_ns.get(pod.order, -1) < pod.sampled_ns:
                self._sampled_ns[pod.order] = pod.sampled_ns
                self.usage = vpa.sampled(self.usage, pod.usage_millicores, pod.sampled_ns)
        self.advice = vpa.recommended(self.flags, self.usage)

    def _resized(self, view: View) -> list[Command]:
        request = view.request_millicores
        if self.advice is None or self._mode == "Off" or request is None or request == self.advice.target:
            return []
        assert view.file_request_millicores is not None
        limit = view.file_limit_millicores
        if self._scales_limits:
            limit = vpa.limit_for(limit, view.file_request_millicores, self.advice.target)
        return [Resize(view.service, self.advice.target, limit)]

    def _going(self, view: View) -> list[vpa.SizedPod]:
        if self.advice is None or self._mode != "Recreate":
            return []
        pods = [vpa.SizedPod(pod.order, pod.request_millicores or 0, pod.start_ns) for pod in view.pods if not pod.is_terminating]
        return vpa.evicted(self.updater, vpa.due(self.updater, self.advice, pods, view.now_ns), pods, view.replicas)

    def carried_out(self, command: Command, view: View) -> None:
        """Nothing to remember."""


def recommender_of(described: Vpa) -> vpa.Recommender:
    """The schema's words as the recommender has them."""
    return vpa.Recommender(
        target_percentile=described.target_cpu_percentile,
        lower_percentile=described.recommendation_lower_bound_cpu_percentile,
        upper_percentile=described.recommendation_upper_bound_cpu_percentile,
        margin=described.recommendation_margin_fraction,
        least_millicores=described.pod_recommendation_min_cpu,
        confidence_interval_ns=described.confidence_interval_cpu,
        min_allowed=described.minAllowed or 0,
        max_allowed=described.maxAllowed or vpa.AMOUNT_MAX,
    )


def updater_of(described: Vpa) -> vpa.Updater:
    """And as the updater has them."""
    return vpa.Updater(
        min_replicas=described.minReplicas,
        eviction_tolerance=described.eviction_tolerance,
        update_threshold=described.pod_update_threshold,
        lifetime_ns=described.in_recommendation_bounds_eviction_lifetime_threshold,
    )
