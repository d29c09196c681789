"""Rate limits and throttles: how many calls may go, or come in, whatever happens to them."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Number, Percent, Share
from scenarios.schema.words import Whole

_ADAPTIVE = "services.front.adaptive_concurrency"
CREDIT_MAX = 4 * 10**18  # what 64 bits hold
BUCKET_MAX = 2**32 - 1  # tokens, as Envoy counts them


class TokenBucket(Part):
    """Envoy's token bucket: full at first, and refilled all the time; a call takes a token, or is refused."""

    max_tokens: Whole = field(
        says="tokens of a full bucket: the largest burst", ge=1, le=BUCKET_MAX,
        seen=Witness("gates", "services.stock.local_rate_limit.token_bucket.max_tokens", (6, 2)))
    tokens_per_fill: Whole = field(
        1, says="tokens that come in a fill interval, evenly", ge=1, le=BUCKET_MAX,
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
        seen=Witness("gates", "routes.users -> front.adaptive_throttling.k", (2.0, 1.1)))
    window: Duration = field(
        120_000_000_000, says="how far back requests and accepts count", ge=1_000_000,
        seen=Witness("gates", "routes.users -> front.adaptive_throttling.window", ("500ms", "100ms")))


class AdmissionControl(Part):
    """Envoy's admission control: the caller's proxy turns calls away once too few of the latest succeeded."""

    sampling_window: Duration = field(
        30_000_000_000, says="how far back results count, in whole seconds",
        ge=1_000_000_000, le=3_600_000_000_000, multiple_of=1_000_000_000,
        seen=Witness("admission", "routes.users -> front.admission_control.sampling_window", ("1s", "3s")))
    aggression: Number = field(
        1.0, says="the probability is raised to one over this: the greater, the sooner calls are turned away", ge=1, le=1000,
        seen=Witness("admission", "routes.users -> front.admission_control.aggression", (1, 3)))
    sr_threshold: Share = field(
        0.95, says="share of calls that must succeed for none to be turned away", ge=0.01,
        seen=Witness("admission", "routes.users -> front.admission_control.sr_threshold", ("95%", "70%")))
    rps_threshold: Whole = field(
        0, says="calls a second of the window below which none is turned away", ge=0, le=10**9,
        seen=Witness("admission", "routes.users -> front.admission_control.rps_threshold", (0, 60)))
    max_rejection_probability: Share = field(
        0.8, says="never more than this share is turned away",
        seen=Witness("admission", "routes.users -> front.admission_control.max_rejection_probability", ("80%", "10%")))


class ConcurrencyLimitParams(Part):
    """How the limit moves."""

    max_concurrency_limit: Whole = field(
        1000, says="the limit is never higher", ge=1, le=1_000_000,
        seen=Witness("gates", f"{_ADAPTIVE}.concurrency_limit_params.max_concurrency_limit", (1000, 3)))
    concurrency_update_interval: Duration = field(
        says="a new limit so often, from the answers since the last one", gt=0,
        seen=Witness("gates", f"{_ADAPTIVE}.concurrency_limit_params.concurrency_update_interval", ("50ms", "200ms")))


class MinRttCalcParams(Part):
    """How the time to answer an idle pod would take is found: measured now and then with a low limit, or given."""

    interval: Duration | None = field(
        None, says="from the end of one measurement to the next", gt=0,
        seen=Witness("gates", f"{_ADAPTIVE}.min_rtt_calc_params.interval", ("300ms", "900ms")))
    fixed_value: Duration | None = field(
        None, says="in place of measurements", gt=0,
        seen=Witness("gates", "services.price.adaptive_concurrency.min_rtt_calc_params.fixed_value", ("6ms", "1ms")))
    request_count: Whole = field(
        50, says="answers a measurement takes", ge=1, le=1_000_000,
        seen=Witness("gates", f"{_ADAPTIVE}.min_rtt_calc_params.request_count", (10, 50)))
    jitter: Share = field(
        0.15, says="an interval is longer by up to this share, drawn",
        seen=Witness("gates", f"{_ADAPTIVE}.min_rtt_calc_params.jitter", ("15%", "100%")))
    min_concurrency: Whole = field(
        3, says="the limit while it is measured, and the lowest there is", ge=1, le=1_000_000,
        seen=Witness("gates", f"{_ADAPTIVE}.min_rtt_calc_params.min_concurrency", (3, 1)))
    buffer: Percent = field(
        0.25, says="share by which answers may take longer before the limit falls",
        seen=Witness("gates", f"{_ADAPTIVE}.min_rtt_calc_params.buffer", ("25%", "300%")))

    @model_validator(mode="after")
    def _measured_or_given(self) -> MinRttCalcParams:
        if (self.interval is None) == (self.fixed_value is None):
            raise ValueError("needs an interval between measurements or a fixed_value, one of the two")
        return self


class AdaptiveConcurrency(Part):
    """Envoy's adaptive concurrency by gradient: how many a pod lets in at once follows from what it takes to answer."""

    sample_aggregate_percentile: Share = field(
        0.5, says="which of the times to answer counts", gt=0,
        seen=Witness("gates", f"{_ADAPTIVE}.sample_aggregate_percentile", ("50%", "95%")))
    concurrency_limit_params: ConcurrencyLimitParams = field(
        says="how the limit moves",
        seen=Witness("gates", f"{_ADAPTIVE}.concurrency_limit_params", (
            {"concurrency_update_interval": "50ms"},
            {"concurrency_update_interval": "200ms"})))
    min_rtt_calc_params: MinRttCalcParams = field(
        says="how the least time to answer is found",
        seen=Witness("gates", f"{_ADAPTIVE}.min_rtt_calc_params", ({"interval": "300ms"}, {"interval": "900ms"})))
