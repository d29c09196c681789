"""What a series will be some steps ahead: a straight line, the last season, or Holt and Winters.

States are frozen; a step is one observation. Reference: Hyndman and Athanasopoulos, Forecasting: Principles and Practice
(3rd edition), 5.2 (seasonal naive) and 8.3 (Holt-Winters, additive).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

Points = tuple[tuple[int, int], ...]  # (time, value)
NO_POINTS: Points = ()


def with_newest(points: Points, at_ns: int, value: int, window_ns: int) -> Points:
    """One point more, and none that is older than the window."""
    return (*(point for point in points if point[0] >= at_ns - window_ns), (at_ns, value))


def line_at(points: Sequence[tuple[float, float]], at: float) -> float:
    """The least-squares line through (time, value), at another time; the mean where all times are one, 0 without points (H20)."""
    if not points:
        return 0.0
    mean_time = sum(time for time, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((time - mean_time) ** 2 for time, _ in points)
    slope = sum((time - mean_time) * (value - mean) for time, value in points) / spread if spread else 0.0
    return mean + slope * (at - mean_time)


@dataclass(frozen=True, slots=True)
class HoltWinters:
    """Level, trend and season of a series, and how fast each follows it; `begun` are the values of the first season so far."""

    period: int  # steps a season has
    alpha: float  # of the level
    beta: float  # of the trend
    gamma: float  # of the season
    level: float = 0.0
    trend: float = 0.0
    season: tuple[float, ...] = ()  # of the last `period` steps, the oldest first; empty in the first season
    begun: tuple[float, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether a whole season has been seen."""
        return bool(self.season)


def followed(model: HoltWinters, value: float) -> HoltWinters:
    """With one more observation; the first season gives the level (its mean), no trend, and the season (H21)."""
    if not model.season:
        begun = (*model.begun, value)
        if len(begun) < model.period:
            return replace(model, begun=begun)
        level = sum(begun) / len(begun)
        return replace(model, level=level, season=tuple(seen - level for seen in begun), begun=())
    expected = model.level + model.trend
    level = model.alpha * (value - model.season[0]) + (1 - model.alpha) * expected
    trend = model.beta * (level - model.level) + (1 - model.beta) * model.trend
    newest = model.gamma * (value - expected) + (1 - model.gamma) * model.season[0]
    return replace(model, level=level, trend=trend, season=(*model.season[1:], newest))


def ahead(model: HoltWinters, steps: int) -> float:
    """The forecast so many steps (at least 1) after the last observation (H21)."""
    return model.level + steps * model.trend + model.season[(steps - 1) % model.period]


def season_ago(values: Sequence[float], period: int, steps: int) -> float | None:
    """The value of the same place in the latest season that is known, oldest value first; None before there is one (H22)."""
    back = period - (steps - 1) % period
    return values[-back] if back <= len(values) else None
