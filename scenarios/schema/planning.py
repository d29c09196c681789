"""Minds that plan: by the clock, by queueing theory, by a trend, by a forecast, and one that knows the future."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from scenarios.schema.bounded import Bounded, fewest, most
from scenarios.schema.hpa import Behavior
from scenarios.schema.keda import Cron
from scenarios.schema.metrics import Labels
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.placed import Path
from scenarios.schema.units import NS_PER_S, Duration, Percent, Quantity, Share
from scenarios.schema.words import Whole


class Timetable(Part):
    """Pods by the time of the day."""

    schedules: Annotated[tuple[Cron, ...], Field(min_length=1)] = field(
        says="when, and how many; the largest that holds",
        seen=Witness("planners", "agents.timed.scaling.cron.schedules", (
            [{"start": "3s", "end": "9s", "desiredReplicas": 4}], [{"start": "3s", "end": "5s", "desiredReplicas": 4}])))
    replicas: Whole = field(
        1, says="pods when no schedule holds", ge=0, le=100_000,
        seen=Witness("planners", "agents.timed.scaling.cron.replicas", (1, 2)))
    interval: Duration = field(
        NS_PER_S, says="between two looks at the clock", gt=0,
        seen=Witness("planners", "agents.timed.scaling.cron.interval", ("1s", "4s")))


def whose_rate(at: str, values: tuple[Any, Any], world: str = "planners") -> Any:
    """The field `of` of such a planner: what it watches."""
    return field(Labels(), says="whose requests_per_second; the agent's own service if absent", seen=Witness(world, f"{at}.of", values))


class Watching(Bounded):
    """And by a rate of requests that is watched."""

    if TYPE_CHECKING:
        of: Labels

    def sources(self) -> Iterator[tuple[Path, str, str]]:
        """(path, "service" or "workload", name) of everything whose metrics it names."""
        for path, kind, name in self.of.sources():
            yield ("of", *path), kind, name


class Staffing(Bounded):
    """R + beta sqrt R servers for an offered load of R: few wait, and few are idle."""

    target_wait: Share = field(
        0.2, says="share of requests that may have to wait", gt=0, lt=1,
        seen=Witness("planners", "agents.staffed.scaling.staffing.target_wait", ("20%", "0.1%")))
    service_time: Duration | None = field(
        None, says="mean work of a request, which times the rate of requests is R; R is the cores at work if absent", gt=0,
        seen=Witness("planners", "agents.staffed.scaling.staffing.service_time", ("40ms", "90ms")))
    method: Literal["square_root", "erlang_c"] = field(
        "square_root", says="Halfin and Whitt's rule, or the fewest servers by Erlang C",
        seen=Witness("planners", "agents.tiny.scaling.staffing.method", ("square_root", "erlang_c")))
    min: Whole = fewest("agents.staffed.scaling.staffing")
    max: Whole = most("agents.staffed.scaling.staffing")
    interval: Duration = field(
        15 * NS_PER_S, says="between two decisions", gt=0,
        seen=Witness("planners", "agents.staffed.scaling.staffing.interval", ("1s", "5s")))


class Trend(Watching):
    """An HPA on where a straight line through the last minutes leads."""

    of: Labels = whose_rate("agents.leaning.scaling.trend", ({"workload": "slope"}, {"workload": "trickle"}))
    averageValue: Quantity = field(
        says="requests a second a pod is aimed at", gt=0,
        seen=Witness("planners", "agents.leaning.scaling.trend.averageValue", (15, 40)))
    window: Duration = field(
        120 * NS_PER_S, says="how far back the line looks", gt=0,
        seen=Witness("planners", "agents.leaning.scaling.trend.window", ("4s", "1s")))
    horizon: Duration = field(
        60 * NS_PER_S, says="how far ahead it is drawn",
        seen=Witness("planners", "agents.leaning.scaling.trend.horizon", ("3s", "0s")))
    min: Whole = fewest("agents.leaning.scaling.trend", says="minReplicas")
    max: Whole = most("agents.leaning.scaling.trend", says="maxReplicas")
    behavior: Behavior | None = field(
        None, says="as in autoscaling/v2",
        seen=Witness("planners", "agents.leaning.scaling.trend.behavior", (
            {"scaleDown": {"stabilizationWindowSeconds": 1}}, {"scaleUp": {"selectPolicy": "Disabled"}})))
    tolerance: Percent = field(
        0.1, says="--horizontal-pod-autoscaler-tolerance",
        seen=Witness("planners", "agents.leaning.scaling.trend.tolerance", ("10%", "900%")))
    sync_period: Duration = field(
        15 * NS_PER_S, says="--horizontal-pod-autoscaler-sync-period", gt=0,
        seen=Witness("planners", "agents.leaning.scaling.trend.sync_period", ("1s", "4s")))


class Forecast(Watching):
    """Pods for the requests that are expected when a pod asked for now is ready."""

    method: Literal["holt_winters", "seasonal_naive"] = field(
        "holt_winters", says="level, trend and season, or what was a season ago",
        seen=Witness("planners", "agents.seasonal.scaling.forecast.method", ("holt_winters", "seasonal_naive")))
    of: Labels = whose_rate("agents.seasonal.scaling.forecast", ({"workload": "waves"}, {"workload": "trickle"}))
    averageValue: Quantity = field(
        says="requests a second a pod is meant for", gt=0,
        seen=Witness("planners", "agents.seasonal.scaling.forecast.averageValue", (10, 30)))
    season: Duration = field(
        says="how long it takes until the series repeats", gt=0,
        seen=Witness("planners", "agents.seasonal.scaling.forecast.season", ("6s", "4s")))
    lead: Duration = field(
        says="how far ahead: what a pod takes to start, and one interval", ge=0,
        seen=Witness("planners", "agents.seasonal.scaling.forecast.lead", ("2s", "4s")))
    alpha: Share = field(
        0.5, says="how fast the level follows",
        seen=Witness("planners", "agents.seasonal.scaling.forecast.alpha", (0.5, 0.05)))
    beta: Share = field(
        0.05, says="how fast the trend follows",
        seen=Witness("planners", "agents.seasonal.scaling.forecast.beta", (0.05, 0.9)))
    gamma: Share = field(
        0.3, says="how fast the season follows",
        seen=Witness("planners", "agents.seasonal.scaling.forecast.gamma", (0.3, 1)))
    min: Whole = fewest("agents.seasonal.scaling.forecast")
    max: Whole = most("agents.seasonal.scaling.forecast")
    interval: Duration = field(
        15 * NS_PER_S, says="between two observations, and two decisions", gt=0,
        seen=Witness("planners", "agents.seasonal.scaling.forecast.interval", ("1s", "2s")))

    @model_validator(mode="after")
    def _has_steps(self) -> Forecast:
        if self.season % self.interval or self.season // self.interval < 2:
            raise ValueError("season is not a whole number of intervals, at least two of them")
        return self


class Lookahead(Bounded):
    """Clairvoyant: it reads the scenario's rates. What is possible at best, never a policy to deploy."""

    target_utilization: Share = field(
        0.7, says="share of a pod's capacity that the coming load may take", gt=0,
        seen=Witness("planners", "agents.clairvoyant.scaling.lookahead.target_utilization", ("70%", "20%")))
    lead: Duration = field(
        says="how far ahead it looks: what a pod takes to start", ge=0,
        seen=Witness("planners", "agents.clairvoyant.scaling.lookahead.lead", ("2s", "0s")))
    min: Whole = fewest("agents.clairvoyant.scaling.lookahead")
    max: Whole = most("agents.clairvoyant.scaling.lookahead")
    interval: Duration = field(
        NS_PER_S, says="between two decisions", gt=0,
        seen=Witness("planners", "agents.clairvoyant.scaling.lookahead.interval", ("1s", "4s")))
