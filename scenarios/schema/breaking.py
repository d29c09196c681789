"""Circuit breakers: Envoy's thresholds in Envoy's words, resilience4j's CircuitBreaker in its own."""

from __future__ import annotations

from typing import Literal

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Whole

_SECOND = 1_000_000_000
REQUESTS_MAX = 2**32 - 1  # as Envoy counts them


class CircuitBreakers(Part):
    """Envoy's `circuit_breakers`: bounds on what one caller's view of a route has under way. Nothing opens or closes."""

    max_requests: Whole = field(
        1024, says="tries under way at most; one more is refused at once, and not tried again", ge=0, le=REQUESTS_MAX,
        seen=Witness("gates", "routes.front -> stock.circuit_breakers.max_requests", (3, 1)))


class CircuitBreaker(Part):
    """resilience4j's CircuitBreaker: it opens when too many of the last calls failed or were slow."""

    failureRateThreshold: Share = field(
        0.5, says="share of failed calls at which it opens", gt=0,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.failureRateThreshold", ("50%", "100%")))
    slowCallRateThreshold: Share = field(
        1.0, says="share of slow calls at which it opens", gt=0,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.slowCallRateThreshold", ("50%", "10%")))
    slowCallDurationThreshold: Duration = field(
        60 * _SECOND, says="a call that lasts longer is slow", gt=0,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.slowCallDurationThreshold", ("12ms", "3ms")))
    minimumNumberOfCalls: Whole = field(
        100, says="calls in the window before anything is judged; never more than a window of calls holds", ge=1, le=10_000,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.minimumNumberOfCalls", (4, 8)))
    slidingWindowType: Literal["COUNT_BASED", "TIME_BASED"] = field(
        "COUNT_BASED", says="whether the window holds the last calls, or the last whole seconds",
        seen=Witness("gates", "routes.front -> price.circuit_breaker.slidingWindowType", ("COUNT_BASED", "TIME_BASED")))
    slidingWindowSize: Whole = field(
        100, says="calls, or seconds", ge=1, le=10_000,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.slidingWindowSize", (8, 4)))
    waitDurationInOpenState: Duration = field(
        60 * _SECOND, says="how long it refuses all calls; the next one after that finds it half open", gt=0,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.waitDurationInOpenState", ("15ms", "300ms")))
    permittedNumberOfCallsInHalfOpenState: Whole = field(
        10, says="calls it lets go half open, whose results decide", ge=1, le=10_000,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.permittedNumberOfCallsInHalfOpenState", (2, 5)))
    maxWaitDurationInHalfOpenState: Duration = field(
        0, says="half open for so long, it opens again; 0 is for ever",
        seen=Witness("gates", "routes.front -> price.circuit_breaker.maxWaitDurationInHalfOpenState", ("10ms", "2ms")))
    automaticTransitionFromOpenToHalfOpenEnabled: bool = field(
        False, says="whether it becomes half open when its wait is over, and not when a call asks", strict=True,
        seen=Witness("gates", "routes.front -> price.circuit_breaker.automaticTransitionFromOpenToHalfOpenEnabled", (False, True)))
