"""How a caller picks a pod. Names as Envoy spells them."""

from __future__ import annotations

from typing import ClassVar

from scenarios.schema.hashing import Maglev, RingHash
from scenarios.schema.informed import C3, Prequal, WeightedRoundRobin
from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Whole

_WARM = "routes.users -> warm.lb_policy.round_robin.slow_start_config"


class SlowStart(Part):
    """A pod that is new weighs little at first, and more from moment to moment until the window is over."""

    slow_start_window: Duration = field(
        says="how long a pod counts as new", ge=1_000_000,
        seen=Witness("warming", f"{_WARM}.slow_start_window", ("1s", "10s")))
    aggression: float = field(
        1.0, says="its share of its weight is (age/window)^(1/aggression): above 1 it grows fast first", gt=0.0, le=100.0,
        seen=Witness("warming", f"{_WARM}.aggression", (1.0, 4.0)))
    min_weight_percent: Share = field(
        0.1, says="its share of its weight at least", gt=0,
        seen=Witness("warming", f"{_WARM}.min_weight_percent", ("10%", "90%")))


class RoundRobin(Part):
    """One after the other, or by weight where weights differ."""

    slow_start_config: SlowStart | None = field(
        None, says="new pods get fewer calls for a while; none by default",
        seen=Witness("warming", "routes.users -> warm.lb_policy.round_robin", ({"slow_start_config": {"slow_start_window": "1s"}}, {})))


class LeastRequest(Part):
    """Of a few pods drawn at random, the one with the fewest requests in flight as this caller sees it."""

    choice_count: Whole = field(
        2, says="pods drawn, with replacement", ge=1, le=100,
        seen=Witness("mesh", "routes.users -> front.lb_policy.least_request.choice_count", (2, 5)))
    active_request_bias: float = field(
        1.0, says="among pods of unequal weight: weight over (requests in flight + 1) to this power", ge=0.0, le=100.0,
        seen=Witness("hosts", "routes.users -> heavy.lb_policy.least_request.active_request_bias", (1.0, 0.0)))
    slow_start_config: SlowStart | None = field(
        None, says="new pods get fewer calls for a while; none by default",
        seen=Witness("warming", "routes.users -> least.lb_policy.least_request.slow_start_config", ({"slow_start_window": "1s"}, None)))


class PeakEwma(Part):
    """Linkerd's: of two distinct pods the one whose recent worst latency, times its requests in flight, is less."""

    decay: Duration = field(
        10_000_000_000, says="time in which a past peak falls to 1/e", gt=0,
        seen=Witness("hosts", "routes.users -> plain.lb_policy.peak_ewma.decay", ("10s", "10ms")))
    default_rtt: Duration = field(
        30_000_000, says="latency assumed of a pod not asked yet", gt=0,
        seen=Witness("hosts", "routes.users -> plain.lb_policy.peak_ewma.default_rtt", ("30ms", "1ms")))


class LbPolicy(OneOf):
    """How a caller picks a pod."""

    named: ClassVar[bool] = True
    random: Plain | None = field(
        None, says="every ready pod alike",
        seen=Witness("mesh", "routes.users -> front.lb_policy", ("random", "round_robin")))
    round_robin: RoundRobin | None = field(
        None, says="one after the other",
        seen=Witness("mesh", "routes.users -> front.lb_policy", ("round_robin", "least_request")))
    least_request: LeastRequest | None = field(
        None, says="the least busy of choice_count drawn",
        seen=Witness("mesh", "routes.users -> front.lb_policy", ("least_request", "random")))
    peak_ewma: PeakEwma | None = field(
        None, says="the quicker of two, by peaks of latency that fade; sees no weights",
        seen=Witness("hosts", "routes.users -> plain.lb_policy", ("peak_ewma", "least_request")))
    ring_hash: RingHash | None = field(
        None, says="the pod whose entry on a ring comes next after the call's hash; see hash_policy",
        seen=Witness("hashing", "routes.users -> ring.lb_policy", ("ring_hash", "maglev")))
    maglev: Maglev | None = field(
        None, says="the pod in the slot of the call's hash; see hash_policy",
        seen=Witness("hashing", "routes.users -> maglev.lb_policy", ("maglev", "ring_hash")))
    weighted_round_robin: WeightedRoundRobin | None = field(
        None, says="one after the other, by the weights that pods report",
        seen=Witness("probing", "routes.users -> weighted.lb_policy", ("weighted_round_robin", "round_robin")))
    prequal: Prequal | None = field(
        None, says="the quickest of those probed that are not hot",
        seen=Witness("probing", "routes.users -> probed.lb_policy", ("prequal", "random")))
    c3: C3 | None = field(
        None, says="the least score of response time and queue, as pods report them",
        seen=Witness("probing", "routes.users -> scored.lb_policy", ("c3", "random")))
    join_shortest_queue: Plain | None = field(
        None, says="the pod with the fewest calls inside or on their way: nobody knows that, so it is a bound to compare with",
        seen=Witness("probing", "routes.users -> known.lb_policy", ("join_shortest_queue", "random")))
    least_work: Plain | None = field(
        None, says="the pod with the least work left: nobody knows that, so it is a bound to compare with",
        seen=Witness("probing", "routes.users -> known.lb_policy", ("least_work", "join_shortest_queue")))

    @property
    def is_hashing(self) -> bool:
        """Whether a call's hash decides."""
        return self.ring_hash is not None or self.maglev is not None

    @property
    def sees_weights(self) -> bool:
        """Whether pods of unequal weight are unequal to it."""
        return self.is_hashing or self.round_robin is not None or self.least_request is not None

    @property
    def slow_start(self) -> SlowStart | None:
        """What holds new pods back."""
        policy = self.round_robin or self.least_request
        return policy.slow_start_config if policy is not None else None
