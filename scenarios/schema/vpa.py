"""Kubernetes' Vertical Pod Autoscaler for CPU, spelled as Kubernetes and its flags spell it."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import HOUR_NS, NS_PER_S, Duration, MilliCores, Percent, Share
from scenarios.schema.words import Whole

_TIGHT, _ROOMY = "agents.tight.sizing.vpa", "agents.roomy.sizing.vpa"
_QUICK = {"recommender_interval": "1s", "confidence_interval_cpu": "2s"}
_LOW = _QUICK | {"updater_interval": "2s", "recommendation_lower_bound_cpu_percentile": "0%", "target_cpu_percentile": "10%"}
_UPDATER = ("minReplicas", "updater_interval", "eviction_tolerance", "pod_update_threshold",
            "in_recommendation_bounds_eviction_lifetime_threshold")  # fmt: skip


class Vpa(Part):
    """A VerticalPodAutoscaler, with the flags of its recommender and its updater. It knows CPU."""

    updateMode: Literal["Off", "Initial", "Recreate"] = field(
        "Recreate", says="only tell, size new pods, or evict pods too so that new ones take their place",
        seen=Witness("sizing", _TIGHT, (_QUICK | {"updateMode": "Recreate", "updater_interval": "2s"}, _QUICK | {"updateMode": "Initial"})))
    minReplicas: Whole = field(
        2, says="pods that must be there for any to be evicted", ge=1, le=100_000,
        seen=Witness("sizing", f"{_TIGHT}.minReplicas", (2, 9)))
    minAllowed: MilliCores | None = field(
        None, says="cpu request at least",
        seen=Witness("sizing", f"{_ROOMY}.minAllowed", ("100m", "900m")))
    maxAllowed: MilliCores | None = field(
        None, says="cpu request at most",
        seen=Witness("sizing", f"{_TIGHT}.maxAllowed", (3, "300m")))
    controlledValues: Literal["RequestsAndLimits", "RequestsOnly"] = field(
        "RequestsAndLimits", says="whether a limit grows and shrinks in proportion to the request",
        seen=Witness("sizing", f"{_TIGHT}.controlledValues", ("RequestsAndLimits", "RequestsOnly")))
    target_cpu_percentile: Share = field(
        0.9, says="--target-cpu-percentile: share of the usage that the request covers",
        seen=Witness("sizing", f"{_ROOMY}.target_cpu_percentile", ("90%", "50%")))
    recommendation_lower_bound_cpu_percentile: Share = field(
        0.5, says="of the lower bound, below which pods are evicted",
        seen=Witness("sizing", f"{_TIGHT}.recommendation_lower_bound_cpu_percentile", ("50%", "0%")))
    recommendation_upper_bound_cpu_percentile: Share = field(
        0.95, says="of the upper bound, above which pods are evicted",
        seen=Witness("sizing", _ROOMY, (_LOW | {"recommendation_upper_bound_cpu_percentile": "10%"}, _LOW)))
    recommendation_margin_fraction: Percent = field(
        0.15, says="--recommendation-margin-fraction: added to the usage",
        seen=Witness("sizing", f"{_TIGHT}.recommendation_margin_fraction", ("15%", "80%")))
    pod_recommendation_min_cpu: MilliCores = field(
        25, says="--pod-recommendation-min-cpu-millicores: never less than this",
        seen=Witness("sizing", f"{_ROOMY}.pod_recommendation_min_cpu", ("25m", "800m")))
    cpu_histogram_decay_half_life: Duration = field(
        24 * HOUR_NS, says="--cpu-histogram-decay-half-life: after which a sample weighs half", gt=0,
        seen=Witness("sizing", f"{_ROOMY}.cpu_histogram_decay_half_life", ("24h", "500ms")))
    confidence_interval_cpu: Duration = field(
        24 * HOUR_NS, says="--confidence-interval-cpu: history of which the upper bound is twice its percentile", gt=0,
        seen=Witness("sizing", f"{_ROOMY}.confidence_interval_cpu", ("2s", "24h")))
    recommender_interval: Duration = field(
        60 * NS_PER_S, says="--recommender-interval", gt=0,
        seen=Witness("sizing", f"{_TIGHT}.recommender_interval", ("1s", "5s")))
    updater_interval: Duration = field(
        60 * NS_PER_S, says="--updater-interval", gt=0,
        seen=Witness("sizing", f"{_TIGHT}.updater_interval", ("2s", "6s")))
    eviction_tolerance: Share = field(
        0.5, says="--eviction-tolerance: share of the pods that may be missing",
        seen=Witness("sizing", f"{_TIGHT}.eviction_tolerance", ("50%", "0%")))
    pod_update_threshold: Percent = field(
        0.1, says="--pod-update-threshold: a pod within the bounds is evicted if its request is this far from the target",
        seen=Witness("sizing", f"{_ROOMY}.pod_update_threshold", ("10%", "900%")))
    in_recommendation_bounds_eviction_lifetime_threshold: Duration = field(
        12 * HOUR_NS, says="and it is this old",
        seen=Witness("sizing", f"{_ROOMY}.in_recommendation_bounds_eviction_lifetime_threshold", ("3s", "12h")))

    @model_validator(mode="after")
    def _in_order(self) -> Vpa:
        if self.minAllowed is not None and self.maxAllowed is not None and self.minAllowed > self.maxAllowed:
            raise ValueError(f"minAllowed ({self.minAllowed}m) is more than maxAllowed ({self.maxAllowed}m)")
        idle = {"Off": (*_UPDATER, "controlledValues"), "Initial": _UPDATER, "Recreate": ()}[self.updateMode]
        if told := [name for name in idle if name in self.model_fields_set]:
            raise ValueError(f"{told[0]} means nothing with updateMode {self.updateMode}, under which no pod is "
                             f"{'changed' if told[0] == 'controlledValues' else 'evicted'}; leave it out")  # fmt: skip
        lower, upper = self.recommendation_lower_bound_cpu_percentile, self.recommendation_upper_bound_cpu_percentile
        if not lower <= self.target_cpu_percentile <= upper:
            raise ValueError(f"percentiles are out of order: the lower bound's is {lower:.4g}, the target's "
                             f"{self.target_cpu_percentile:.4g} and the upper bound's {upper:.4g}")  # fmt: skip
        return self
