"""When an error budget's alert fires. Times are seconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.alerting.burn_rate import SHORT, BurnWindow, Counted, burning
from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import ns
from scenarios.schema.model import Part, field
from scenarios.schema.units import NS_PER_S, Duration, Number, Share
from scenarios.schema.words import Whole


class CountCase(Part):
    """Counters at a time."""

    time: Number = field(says="when")
    bad: Whole = field(says="requests so far that were bad", ge=0)
    total: Whole = field(says="requests so far", ge=0)


class BurnCase(Part):
    """A window and what was counted."""

    objective: Share = field(says="share that is to be good", gt=0, lt=1)
    period: Duration = field(30 * 86_400 * NS_PER_S, says="the time the budget is for", gt=0)
    long_window: Duration = field(says="its length", gt=0)
    short_window: Duration | None = field(None, says="a twelfth of the long one if absent", gt=0)
    budget: Share = field(says="share of the period's budget", gt=0)
    counts: Annotated[tuple[CountCase, ...], Field(min_length=1)] = field(says="cumulative, oldest first; the last is now")


def _burning(case: BurnCase) -> Answer:
    window = BurnWindow(case.long_window, case.short_window or case.long_window // SHORT, case.budget, "page")
    seen = [Counted(ns(one.time), one.bad, one.total) for one in case.counts]
    (one,) = burning(case.objective, case.period, [window], seen)
    return {"burnRate": one.factor, "threshold": one.threshold, "longRatio": one.long_ratio, "shortRatio": one.short_ratio,
            "firing": one.is_firing}  # fmt: skip


ALERTING = (
    Mechanism("burn-rate", "a multi-window burn-rate alert (H24)", BurnCase, {
        "burnRate": "times as fast as would use the budget up in the period",
        "threshold": "the error ratio that both windows must be above",
        "longRatio": "bad over all in the long window; null where there was none",
        "shortRatio": "and in the short one",
        "firing": "true or false",
    }, _burning, {"objective": "99.9%", "long_window": "1h", "budget": "2%", "counts": [
        {"time": 0, "bad": 0, "total": 0}, {"time": 3300, "bad": 10, "total": 1000}, {"time": 3600, "bad": 30, "total": 2000}]}),
)  # fmt: skip
