"""What planners compute: Erlang C, square-root staffing, Holt-Winters. In the words of the textbooks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.autoscaling.forecasting import HoltWinters, ahead, followed
from agents.autoscaling.staffing import beta_for, erlang_c, exact_servers_for, servers_for
from parley.mechanisms.mechanism import Answer, Mechanism
from scenarios.errors import ScenarioError
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Share
from scenarios.schema.words import Whole


class ErlangCase(Part):
    """M/M/c."""

    servers: Whole = field(says="c", ge=1, le=1_000_000)
    load: Number = field(says="offered, in Erlang: rate times mean service time", ge=0)


class StaffingCase(Part):
    """How many servers."""

    load: Number = field(says="offered, in Erlang", ge=0, le=1e5)
    targetWait: Share = field(says="share that may have to wait", gt=0, lt=1)


class SeriesCase(Part):
    """A series and its speeds."""

    period: Whole = field(says="observations a season has", ge=1, le=100_000)
    alpha: Share = field(says="of the level")
    beta: Share = field(says="of the trend")
    gamma: Share = field(says="of the season")
    values: Annotated[tuple[Number, ...], Field(min_length=1)] = field(says="the observations, oldest first; a season at least")
    steps: Whole = field(1, says="how far ahead", ge=1)


def _erlang(case: ErlangCase) -> Answer:
    return {"waitProbability": erlang_c(case.servers, case.load)}


def _staffing(case: StaffingCase) -> Answer:
    return {"beta": beta_for(case.targetWait), "servers": servers_for(case.load, case.targetWait),
            "exactServers": exact_servers_for(case.load, case.targetWait)}  # fmt: skip


def _holt_winters(case: SeriesCase) -> Answer:
    model = HoltWinters(case.period, case.alpha, case.beta, case.gamma)
    for value in case.values:
        model = followed(model, value)
    if not model.is_ready:
        raise ScenarioError(f"values has {len(case.values)} observations; a season has {case.period}")
    return {"forecast": ahead(model, case.steps), "level": model.level, "trend": model.trend, "season": list(model.season)}


PLANNING = (
    Mechanism("erlang-c", "the probability to wait in M/M/c (H19)", ErlangCase, {
        "waitProbability": "1 where the load is too much",
    }, _erlang, {"servers": 8, "load": 6.4}),
    Mechanism("square-root-staffing", "servers for an offered load (H19)", StaffingCase, {
        "beta": "of R + beta sqrt R",
        "servers": "by that rule",
        "exactServers": "the fewest by Erlang C",
    }, _staffing, {"load": 100, "targetWait": 0.2}),
    Mechanism("holt-winters", "the additive forecast of a series (H21)", SeriesCase, {
        "forecast": "so many steps after the last value",
        "level": "after it",
        "trend": "after it",
        "season": "of the last period, oldest first",
    }, _holt_winters, {"period": 2, "alpha": 0.5, "beta": 0.5, "gamma": 0.5, "values": [10, 20, 14]}),
)  # fmt: skip
