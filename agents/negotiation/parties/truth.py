"""What a scenario will offer, read from its file: for references that are no policies."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.rates import Piece
from scenarios.schema.units import NS_PER_S


class TrueRates:
    """What the file will offer of each class: a reference for what knowing it would be worth, never a view."""

    def __init__(self, arrivals: Mapping[str, list[Piece]]) -> None:
        self._arrivals = arrivals

    def mean(self, workload: str, start_ns: int, end_ns: int) -> float:
        """Requests a second within [start, end)."""
        return sum(_area(piece, start_ns, end_ns) for piece in self._arrivals[workload]) * NS_PER_S / (end_ns - start_ns)


def _area(piece: Piece, start_ns: int, end_ns: int) -> float:
    """Requests that a piece of rate brings within [start, end)."""
    low, high = max(piece.start_ns, start_ns), min(piece.end_ns, end_ns)
    if high <= low:
        return 0.0
    slope = (piece.rate_end - piece.rate_start) / (piece.end_ns - piece.start_ns)
    middle = piece.rate_start + slope * ((low + high) / 2 - piece.start_ns)
    return middle * (high - low) / NS_PER_S
