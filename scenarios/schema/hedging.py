"""When a caller sends another try while one is under way. Names as Envoy (and, of delayed hedging, gRPC) spells them."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.retrying import RetryOn
from scenarios.schema.units import Duration
from scenarios.schema.words import Whole


class HedgePolicy(Part):
    """Either a try that times out stays open while it is tried again, or a further try leaves after every delay."""

    hedge_on_per_try_timeout: bool = field(
        False, says="Envoy's: a try that takes longer than per_try_timeout stays open, and is tried again if retries are left",
        seen=Witness("calls", "routes.front -> ads.hedge_policy", ({"hedge_on_per_try_timeout": True}, None)))
    hedging_delay: Duration | None = field(
        None, says="gRPC's: a further try leaves after every such delay", gt=0,
        seen=Witness("calls", "routes.front -> maps.hedge_policy.hedging_delay", ("3ms", "12ms")))
    max_attempts: Whole = field(
        2, says="tries of a call at most, the first included; with hedging_delay", ge=2, le=5,
        seen=Witness("calls", "routes.front -> maps.hedge_policy.max_attempts", (2, 4)))
    non_fatal: tuple[RetryOn, ...] = field(
        (), says="failures after which the next try leaves at once; any other ends the call; with hedging_delay",
        seen=Witness("calls", "routes.front -> maps.hedge_policy.non_fatal", ([], ["5xx"])))

    tied: bool = field(
        False, says="the two tries know of each other: the one that begins to work calls the other off; with hedging_delay, "
                    "which stands for twice the latency of a message",
        seen=Witness("waiting", "routes.front -> news.hedge_policy.tied", (True, False)))  # fmt: skip

    @model_validator(mode="after")
    def _is_one_kind(self) -> HedgePolicy:
        if self.hedge_on_per_try_timeout and self.hedging_delay is not None:
            raise ValueError("hedges on a timeout and after a delay; keep one of hedge_on_per_try_timeout and hedging_delay")
        if self.tied and self.max_attempts != 2:
            raise ValueError(f"ties {self.max_attempts} tries; tied tries are two, so leave out max_attempts")
        told = {"max_attempts", "non_fatal", "tied"} & self.model_fields_set
        if told and self.hedging_delay is None:
            raise ValueError(f"has {' and '.join(sorted(told))} without hedging_delay; retries have num_retries and retry_on")
        if not self.hedge_on_per_try_timeout and self.hedging_delay is None:
            raise ValueError("hedges nothing; give it hedge_on_per_try_timeout: true or a hedging_delay, or write hedge_policy: null to "
                             "take away what a less specific pattern gives")  # fmt: skip
        return self
