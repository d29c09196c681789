"""Balancers that are told, or ask, how pods fare: gRPC's weights, Prequal's probes, C3. Names as their makers have them."""

from __future__ import annotations

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Number
from scenarios.schema.words import Whole

_WEIGHTS, _PREQUAL, _C3 = (f"routes.users -> {callee}.lb_policy.{policy}" for callee, policy in (
    ("weighted", "weighted_round_robin"), ("probed", "prequal"), ("scored", "c3")))  # fmt: skip


class WeightedRoundRobin(Part):
    """gRPC's (A58): in turn, by the weights that pods report: answers a second over utilization."""

    blackout_period: Duration = field(
        10_000_000_000, says="from a pod's first report on its weight is not used for so long", ge=0,
        seen=Witness("probing", f"{_WEIGHTS}.blackout_period", ("500ms", "3s")))
    weight_expiration_period: Duration = field(
        180_000_000_000, says="a weight older than this is not used", gt=0,
        seen=Witness("probing", f"{_WEIGHTS}.weight_expiration_period", ("3m", "2ms")))
    weight_update_period: Duration = field(
        1_000_000_000, says="how often a caller looks at what was reported", ge=1_000_000,
        seen=Witness("probing", f"{_WEIGHTS}.weight_update_period", ("100ms", "1s")))
    error_utilization_penalty: Number = field(
        1.0, says="what a share of failures adds to the utilization", ge=0, le=1000,
        seen=Witness("probing", f"{_WEIGHTS}.error_utilization_penalty", (1.0, 0.0)))


class Prequal(Part):
    """Google's (NSDI 2024): probes tell requests in flight and latency; of pods that are not hot the quickest is picked."""

    r_probe: Number = field(
        3.0, says="probes sent with every call, for the calls after it; need not be whole", gt=0, le=16,
        seen=Witness("probing", f"{_PREQUAL}.r_probe", (3.0, 1.5)))
    r_remove: Number = field(
        1.0, says="probes forgotten with every call, the oldest and the worst in turn; need not be whole", ge=0, le=16,
        seen=Witness("probing", f"{_PREQUAL}.r_remove", (1.0, 0.25)))
    q_rif: Number = field(
        0.84, says="a pod with more in flight than this quantile of what probes told is hot", ge=0, le=1,
        seen=Witness("probing", f"{_PREQUAL}.q_rif", (0.84, 0.0)))
    pool_size: Whole = field(
        16, says="probes a caller remembers", ge=2, le=64,
        seen=Witness("probing", f"{_PREQUAL}.pool_size", (6, 3)))
    max_age: Duration = field(
        1_000_000_000, says="for how long at most", gt=0,
        seen=Witness("probing", f"{_PREQUAL}.max_age", ("1s", "5ms")))
    delta: Number = field(
        1.0, says="how many more times than the pool can bear a probe is used", ge=0, le=1000,
        seen=Witness("probing", f"{_PREQUAL}.delta", (1.0, 0.0)))
    probe_timeout: Duration = field(
        3_000_000, says="a probe that takes longer tells nothing", gt=0,
        seen=Witness("probing", f"{_PREQUAL}.probe_timeout", ("3ms", "1ms")))


class C3(Part):
    """C3's ranking of replicas (NSDI 2015): response time, and a cubic penalty on queues; without its rate control."""

    clients: Whole = field(
        1, says="how many callers share the pods: each takes the others to have as many calls in flight as itself", ge=1, le=1_000_000,
        seen=Witness("probing", f"{_C3}.clients", (1, 20)))
    smoothing: Number = field(
        0.9, says="what a mean keeps of itself at every answer", ge=0, lt=1,
        seen=Witness("probing", f"{_C3}.smoothing", (0.9, 0.1)))
