"""What may refuse a try before it leaves its caller, or at a pod's door, and what learns from results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.schema.breaking import CircuitBreaker
from scenarios.schema.concurrency import ConcurrencyLimit
from scenarios.schema.limiting import AdaptiveConcurrency, AdmissionControl, LocalRateLimit, TokenBucket
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.topology import Service
from sim.laws.adapting import SAMPLE_CELLS, adapt_by_time, begin_adapting, learn_time
from sim.laws.admitting import BUCKET_NS, denial_probability, is_admitted_success, is_busy_enough, is_denied
from sim.laws.breaking import breaker_cells, has_room, learn_result, permits_call, release_permit
from sim.laws.concurrency import is_drop, learn_sample, lets_in, shift_busy
from sim.laws.limiting import change_rate, full_credit, take_token
from sim.laws.retrying import CANCELLED, LIMITED, OK, OVERFLOW, REJECTED
from sim.laws.throttling import STRETCHES, is_accepted, is_throttled, rejection_probability, stretch_of
from sim.laws.windowing import cells_of_time, move_on, note_now
from sim.records import BREAKER_RULE, CONCURRENCY_RULE, GATE, LIMIT_RULE
from sim.settings import limit_fields

if TYPE_CHECKING:
    from sim.reference.life import Try

Gate, BreakerRule, ConcurrencyRule = GATE.make_class(), BREAKER_RULE.make_class(), CONCURRENCY_RULE.make_class()
LimitRule = LIMIT_RULE.make_class()


class Bucket:
    """W1: a token bucket, full at first."""

    def __init__(self, limit: LocalRateLimit) -> None:
        self.rule: TokenBucket = limit.token_bucket
        self.gate = Gate(credit=self.full)

    @property
    def full(self) -> int:
        """Its credit when it is full."""
        return full_credit(self.rule.max_tokens, self.rule.fill_interval, self.rule.tokens_per_fill)

    def become(self, limit: LocalRateLimit, now_ns: int) -> None:
        """W11: from now on it is filled otherwise."""
        full, per_fill = self.full, self.rule.tokens_per_fill
        self.rule = limit.token_bucket
        change_rate(self.gate, full, per_fill, self.full, now_ns)

    def take(self, now_ns: int) -> bool:
        """Whether there was a token."""
        return take_token(self.gate, self.full, self.rule.fill_interval, self.rule.tokens_per_fill, now_ns)


class Throttle:
    """W2: a client that holds back what its backend would refuse."""

    def __init__(self, k: float, window_ns: int) -> None:
        self.k, self.window_ns = k, window_ns
        self.cells = [0] * cells_of_time(STRETCHES)

    def lets_go(self, key: int, now_ns: int) -> bool:
        """Judge a try by those before it, and count it."""
        stretch = stretch_of(now_ns, self.window_ns)
        move_on(self.cells, 0, STRETCHES, stretch)
        probability = rejection_probability(self.cells[0], self.cells[1], self.k)
        note_now(self.cells, 0, STRETCHES, stretch, 1, 0, 0)
        return not is_throttled(key, probability)

    def learn(self, outcome: int, now_ns: int) -> None:
        """A try that went is over."""
        if is_accepted(outcome):
            note_now(self.cells, 0, STRETCHES, stretch_of(now_ns, self.window_ns), 0, 1, 0)


class Admission:
    """W10: a proxy that turns calls away once too few succeed."""

    def __init__(self, spec: AdmissionControl) -> None:
        self.spec, self.parts = spec, spec.sampling_window // BUCKET_NS
        self.cells = [0] * cells_of_time(self.parts)

    def lets_go(self, key: int, now_ns: int) -> bool:
        """Judge a call by those that ended before."""
        move_on(self.cells, 0, self.parts, now_ns // BUCKET_NS)
        requests, successes, spec = self.cells[0], self.cells[1], self.spec
        if not is_busy_enough(requests, self.parts, spec.rps_threshold):
            return True
        return not is_denied(key, denial_probability(
            requests, successes, spec.sr_threshold, spec.aggression, spec.max_rejection_probability))

    def learn(self, outcome: int, now_ns: int) -> None:
        """A call that was let go is over."""
        note_now(self.cells, 0, self.parts, now_ns // BUCKET_NS, 1, int(is_admitted_success(outcome)), 0)


class Breaker:
    """X2, X3: resilience4j's circuit breaker."""

    def __init__(self, spec: CircuitBreaker) -> None:
        size, is_timed = spec.slidingWindowSize, spec.slidingWindowType == "TIME_BASED"
        self.rule = BreakerRule(
            size=size, cells=breaker_cells(size, is_timed), is_timed=int(is_timed),
            is_automatic=int(spec.automaticTransitionFromOpenToHalfOpenEnabled), minimum=spec.minimumNumberOfCalls,
            failure_rate=spec.failureRateThreshold, slow_rate=spec.slowCallRateThreshold,
            slow_ns=spec.slowCallDurationThreshold, wait_ns=spec.waitDurationInOpenState,
            permitted=spec.permittedNumberOfCallsInHalfOpenState, half_open_ns=spec.maxWaitDurationInHalfOpenState,
        )  # fmt: skip
        self.gate = Gate(permits=self.rule.permitted)
        self.cells = [0] * self.rule.cells

    def lets_go(self, now_ns: int) -> bool:
        """Whether a call may go."""
        return permits_call(self.gate, self.cells, self.rule, now_ns)

    def learn(self, outcome: int, lasted_ns: int, now_ns: int) -> None:
        """A call that went is over, or its caller is gone (CANCELLED)."""
        if outcome == CANCELLED:
            release_permit(self.gate, self.cells, self.rule, now_ns)
        else:
            slow = lasted_ns > self.rule.slow_ns
            learn_result(self.gate, self.cells, self.rule, now_ns, int(outcome != OK), int(slow))


class Concurrency:
    """W3: how many a pod lets in at once, from what it takes to answer."""

    def __init__(self, spec: AdaptiveConcurrency, key: int) -> None:
        limits, minimum = spec.concurrency_limit_params, spec.min_rtt_calc_params
        self.rule = ConcurrencyRule(
            least=minimum.min_concurrency, most=limits.max_concurrency_limit, percentile=spec.sample_aggregate_percentile,
            update_every_ns=limits.concurrency_update_interval, interval_ns=minimum.interval or 0,
            jitter=minimum.jitter, request_count=minimum.request_count, buffer=minimum.buffer,
            fixed_ns=minimum.fixed_value or 0,
        )  # fmt: skip
        self.gate = Gate(key=key)
        self.cells = [0] * SAMPLE_CELLS

    def lets_in(self, present: int, now_ns: int) -> bool:
        """Whether one more may come in besides those present."""
        if self.gate.limit == 0:
            begin_adapting(self.gate, self.cells, self.rule, now_ns)
        adapt_by_time(self.gate, self.cells, self.rule, now_ns)
        return has_room(present, self.gate.limit)

    def learn(self, came_ns: int, now_ns: int) -> None:
        """A call that was let in is answered."""
        learn_time(self.gate, self.cells, self.rule, came_ns, now_ns)


class Limit:
    """W5 to W9: how many a pod lets in at once, learned from every answer."""

    def __init__(self, spec: ConcurrencyLimit, key: int) -> None:
        self.rule, self.gate = LimitRule(**limit_fields(spec)), Gate(key=key)

    def lets_in(self, one: Try, present: int, priority: int) -> bool:
        """Whether a try may come in besides those present."""
        if not lets_in(self.gate, self.rule, present, priority):
            return False
        shift_busy(self.gate, priority, 1)
        one.present = present + 1
        return True

    def learn(self, one: Try, priority: int, outcome: int, now_ns: int) -> None:
        """A try that was let in is over."""
        shift_busy(self.gate, priority, -1)
        learn_sample(self.gate, self.rule, now_ns - one.delivered_ns, one.present, is_drop(outcome))


class Door:
    """The gates at a pod's door, in the order in which they are asked."""

    def __init__(self, spec: Service, key: int) -> None:
        self.limit = Limit(spec.concurrency_limit, key) if spec.concurrency_limit else None
        self.bucket = Bucket(spec.local_rate_limit) if spec.local_rate_limit else None
        self.concurrency = Concurrency(spec.adaptive_concurrency, key) if spec.adaptive_concurrency else None

    def ask(self, one: Try, present: int, priority: int, now_ns: int) -> int:
        """OK, which is noted, or the outcome a call has at once."""
        if self.bucket and not self.bucket.take(now_ns):
            return LIMITED
        if self.concurrency and not self.concurrency.lets_in(present, now_ns):
            return REJECTED
        if self.limit and not self.limit.lets_in(one, present, priority):
            return REJECTED
        one.passed.add("door")
        return OK

    def learn(self, one: Try, priority: int, outcome: int, now_ns: int) -> None:
        """A call that was let in is answered, well or not, or was called off."""
        if self.concurrency and outcome != CANCELLED:
            self.concurrency.learn(one.delivered_ns, now_ns)
        if self.limit:
            self.limit.learn(one, priority, outcome, now_ns)


class Gates:
    """The gates of a route as one view remembers them, in the order in which they are asked."""

    def __init__(self, policy: ResolvedRoute) -> None:
        limit, throttling, breaker = policy.local_rate_limit, policy.adaptive_throttling, policy.circuit_breaker
        self.bucket = Bucket(limit) if limit else None
        self.throttle = Throttle(throttling.k, throttling.window) if throttling else None
        self.breaker = Breaker(breaker) if breaker else None
        self.admission = Admission(policy.admission_control) if policy.admission_control else None  # asked for whole calls
        self.bound = policy.circuit_breakers.max_requests if policy.circuit_breakers else None
        self.in_flight = 0  # tries that the bound let go, and that are not over

    def ask(self, key: int, attempt: int, now_ns: int) -> tuple[int, set[str]]:
        """OK or the outcome the try has at once, and those gates that let it go and wait for its result."""
        passed: set[str] = set()
        if self.bucket and attempt == 0 and not self.bucket.take(now_ns):
            return LIMITED, passed
        if self.throttle:
            if not self.throttle.lets_go(key, now_ns):
                return LIMITED, passed
            passed.add("throttle")
        if self.breaker:
            if not self.breaker.lets_go(now_ns):
                return OVERFLOW, passed
            passed.add("breaker")
        if self.bound is not None:
            if not has_room(self.in_flight, self.bound):
                return OVERFLOW, passed
            self.in_flight += 1
            passed.add("bound")
        return OK, passed

    def limit(self, policy: ResolvedRoute, now_ns: int) -> None:
        """W11: the route has another rate limit from now on."""
        assert self.bucket is not None and policy.local_rate_limit is not None
        self.bucket.become(policy.local_rate_limit, now_ns)

    def learn(self, passed: set[str], outcome: int, lasted_ns: int, now_ns: int) -> None:
        """A try is over for its caller; CANCELLED: nobody was left to see a result."""
        if "bound" in passed:
            self.in_flight -= 1
        if self.throttle and "throttle" in passed:
            self.throttle.learn(outcome, now_ns)
        if self.breaker and "breaker" in passed:
            self.breaker.learn(outcome, lasted_ns, now_ns)
