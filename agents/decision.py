"""What is written down of a decision: a row of the table `decisions`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """One command a mind gave, or that it gave none, and why; of an alert, that it began or ceased to fire.

    Figures are pods asked for; of a mind that sizes them, the milli-cores that a pod requests; of an alert, whether it fires;
    of one that spreads traffic over zones, the percent that goes to one of them; of a class or a route, the tokens of a fill.
    What changes a route leaves the pods as they are.
    """

    time_ns: int
    agent: str
    service: str  # of an alert, the workload; of traffic that is spread, service@zone where it goes; of tokens, the class or the route
    mind: str
    before: int
    recommended: int | None  # before windows, limits and bounds
    after: int
    reason: str
    applied: bool  # whether a command took effect; False where there was none
