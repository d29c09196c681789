"""Rate limits and throttles: how many calls may go, or come in, whatever happens to them."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Number
from scenarios.schema.words import Whole

CREDIT_MAX = 4 * 10**18  # what 64 bits hold


class TokenBucket(Part):
    """Envoy's token bucket: full at first, and refilled all the time; a call takes a token, or is refused."""

    max_tokens: Whole = field(
        says="tokens of a full bucket: the largest burst", ge=1, le=2**32 - 1,
        seen=Witness("gates", "services.stock.local_rate_limit.token_bucket.max_tokens", (6, 2)))
    tokens_per_fill: Whole = field(
        1, says="tokens that come in a fill interval, evenly", ge=1, le=2**32 - 1,
        seen=Witness("gates", "services.stock.local_rate_limit.token_bucket.tokens_per_fill", (4, 2)))
    fill_interval: Duration = field(
        says="in which tokens_per_fill come; 50ms or longer, as Envoy demands", ge=50_000_000,
        seen=Witness("gates", "services.stock.local_rate_limit.token_bucket.fill_interval", ("50ms", "100ms")))

    @model_validator(mode="after")
    def _can_be_counted(self) -> TokenBucket:
        if self.max_tokens * self.fill_interval > CREDIT_MAX:
            raise ValueError("holds more than a clock of nanoseconds can count: max_tokens x fill_interval is over 126 years")
        return self


class LocalRateLimit(Part):
    """Envoy's local rate limit: one bucket for each proxy, which answers 429 (`limited`) when it is empty."""

    token_bucket: TokenBucket = field(
        says="what calls take a token from",
        seen=Witness("gates", "services.stock.local_rate_limit.token_bucket", (
            {"max_tokens": 6, "fill_interval": "50ms"},
            {"max_tokens": 1, "fill_interval": "1s"})))


class AdaptiveThrottling(Part):
    """A client refuses its own tries with probability max(0, (requests - k x accepts) / (requests + 1))."""

    k: Number = field(
        2.0, says="how many tries to let go for each one that the backend takes on", ge=1, le=1000,
        seen=Witness("gates", "routes.users -> front.adaptive_throttling.k", (1.1, 2.0)))
    window: Duration = field(
        120_000_000_000, says="how far back requests and accepts count", ge=1_000_000,
        seen=Witness("gates", "routes.users -> front.adaptive_throttling.window", ("500ms", "100ms")))
