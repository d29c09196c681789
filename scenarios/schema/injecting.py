"""Faults that a caller's own proxy injects into its calls. Names as Istio and Envoy spell them."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Whole


class InjectedDelay(Part):
    """Some calls leave later."""

    percentage: Share = field(
        says="share of the calls that are delayed",
        seen=Witness("calls", "routes.front -> offers.fault.delay.percentage", ("10%", "90%")))
    fixed_delay: Duration = field(
        says="how long", gt=0,
        seen=Witness("calls", "routes.front -> offers.fault.delay.fixed_delay", ("3ms", "30ms")))


class InjectedAbort(Part):
    """Some calls are answered with an error and do not leave."""

    percentage: Share = field(
        says="share of the calls that are aborted",
        seen=Witness("calls", "routes.users -> front.fault.abort.percentage", ("1%", "50%")))
    http_status: Whole = field(
        says="the error: 429 ends the call as limited, any other as failed", ge=400, le=599,
        seen=Witness("calls", "routes.users -> front.fault.abort.http_status", (503, 429)))


class RouteFault(Part):
    """What is injected before a call leaves its caller's proxy: a delay, then an abort, each by a chance of its own."""

    delay: InjectedDelay | None = field(
        None, says="none by default",
        seen=Witness("calls", "routes.front -> offers.fault.delay", (
            {"percentage": "50%", "fixed_delay": "5ms"},
            {"percentage": "50%", "fixed_delay": "50ms"})))
    abort: InjectedAbort | None = field(
        None, says="none by default",
        seen=Witness("calls", "routes.users -> front.fault.abort", (
            {"percentage": "1%", "http_status": 503},
            {"percentage": "80%", "http_status": 503})))

    @model_validator(mode="after")
    def _does_something(self) -> RouteFault:
        if self.delay is None and self.abort is None:
            raise ValueError("injects nothing; give it a delay, an abort, or both")
        return self
