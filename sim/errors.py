"""What can go wrong while a world runs; extends scenarios/errors.py.

    ParleyError
    └── SimulationError         a run cannot go on as described (exit code 4)
        └── TooManyCalls        one request made more calls than a trace can number
"""

from __future__ import annotations

from scenarios.errors import ParleyError


class SimulationError(ParleyError):
    """A run cannot go on as described."""

    exit_code = 4


class TooManyCalls(SimulationError):
    """One request made more than 2^18 - 1 calls and branches; its program multiplies them too far."""
