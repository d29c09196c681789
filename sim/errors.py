"""What can go wrong while a world runs; extends scenarios/errors.py.

    ParleyError
    └── SimulationError         a run cannot go on as described (exit code 4)
        ├── TooManyCalls        one request made more calls than a trace can number
        └── Standstill          requests go round without time passing
"""

from __future__ import annotations

from scenarios.errors import ParleyError


class SimulationError(ParleyError):
    """A run cannot go on as described."""

    exit_code = 4


class TooManyCalls(SimulationError):
    """One request made more than 2^18 - 1 calls and branches; its program multiplies them too far."""


class Standstill(SimulationError):
    """Requests go round without time passing, as users do who never think and are answered at once."""

    def __init__(self, now_ns: int) -> None:
        super().__init__(f"time stands still at {now_ns / 1e9:.9f} s: users who do not think are answered, or refused, "
                         "without delay; give them a think time or the services some work")  # fmt: skip
