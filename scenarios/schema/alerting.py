"""Alerts: who is told when an error budget goes too fast. They change nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import NS_PER_S, Duration, Share
from scenarios.schema.words import Name

HOUR_NS = 3600 * NS_PER_S
AT = "alerts.burning."


class AlertWindow(Part):
    """Fires when this share of the period's budget would go within the long window, if the short one agrees."""

    long_window: Duration = field(
        says="the long window", gt=0,
        seen=Witness("alerting", AT + "windows.0.long_window", ("6s", "12s"), moves="decisions"))
    short_window: Duration | None = field(
        None, says="the short window; a twelfth of the long one if absent", gt=0,
        seen=Witness("alerting", AT + "windows.0.short_window", ("2s", "5s"), moves="decisions"))
    budget: Share = field(
        says="share of the period's budget", gt=0,
        seen=Witness("alerting", AT + "windows.0.budget", ("2%", "20%"), moves="decisions"))
    severity: Literal["page", "ticket"] = field(
        "page", says="who is told",
        seen=Witness("alerting", AT + "windows.0.severity", ("page", "ticket"), moves="decisions"))

    @model_validator(mode="after")
    def _in_order(self) -> AlertWindow:
        if self.short_window is not None and self.short_window >= self.long_window:
            raise ValueError("short_window is not shorter than long_window")
        return self


WORKBOOK = tuple(  # Google's SRE Workbook, chapter 5: hours, share of the budget of 30 days, who is told
    AlertWindow.model_validate({"long_window": f"{hours}h", "budget": budget, "severity": severity})
    for hours, budget, severity in ((1, "2%", "page"), (6, "5%", "page"), (24, "10%", "ticket"), (72, "10%", "ticket"))
)


class BurnRateAlert(Part):
    """On the error budget of a class of requests."""

    workload: Name = field(
        says="the class of requests",
        seen=Witness("alerting", AT + "workload", ("some", "others"), moves="decisions"))
    objective: Share | None = field(
        None, says="share that is to be good; `slo.availability` of the class if absent", gt=0, lt=1,
        seen=Witness("alerting", AT + "objective", ("99%", "60%"), moves="decisions"))
    sli: Literal["availability", "good"] = field(
        "availability", says="what is bad: requests that failed, or all that were not answered within the objective's latency",
        seen=Witness("alerting", AT + "sli", ("availability", "good"), moves="decisions"))
    period: Duration = field(
        30 * 24 * HOUR_NS, says="the time a budget is for", gt=0,
        seen=Witness("alerting", AT + "period", ("20m", "4h"), moves="decisions"))
    windows: Annotated[tuple[AlertWindow, ...], Field(min_length=1)] = field(
        WORKBOOK, says="the Workbook's two pages and two tickets, if absent",
        seen=Witness("alerting", AT + "windows", (
            [{"long_window": "6s", "short_window": "2s", "budget": "2%"}],
            [{"long_window": "6s", "short_window": "2s", "budget": "20%"}]), moves="decisions"))
    interval: Duration = field(
        30 * NS_PER_S, says="between two evaluations", gt=0,
        seen=Witness("alerting", AT + "interval", ("1s", "7s"), moves="decisions"))
