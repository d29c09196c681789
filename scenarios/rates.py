"""Rates over time as straight pieces: the one form in which both engines meet every rate shape."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from scenarios import series
from scenarios.errors import ScenarioError
from scenarios.schema.units import NS_PER_S
from scenarios.schema.workload import Diurnal, FlashCrowd, Pieces, Ramp, RateFile, RateShape, Step

PIECES_MAX = 1_000_000  # a year by the minute is half of it
DIURNAL_PIECES = 96  # a period
WINDOWS_MAX = 10_000

Corner = tuple[int, float]  # (ns, events per second); a straight line to the next, two at one instant are a step


class Piece(NamedTuple):
    """The rate from start to end goes straight from one value to the other. A step lies between two pieces."""

    start_ns: int
    end_ns: int  # > start_ns
    rate_start: float  # events per second
    rate_end: float  # events per second, just before end_ns


def pieces(shape: RateShape, load: float, duration_ns: int) -> list[Piece]:
    """The shape times `load` as pieces that cover [0, duration_ns) without a gap.

    Raises ScenarioError when a rate file is at fault, or when more than PIECES_MAX pieces would be needed.
    """
    found: list[Piece] = []
    for start, end, first, last in _between(_CORNERS[shape.kind](shape.chosen), duration_ns):
        if len(found) == PIECES_MAX:
            raise ScenarioError(f"{shape.kind} needs more than {PIECES_MAX:,} straight pieces in this duration")
        found.append(Piece(start, end, first * load, last * load))
    return found


def mean_rate(parts: Iterable[Piece]) -> float:
    """Events per second, averaged over the time the pieces cover; 0 if they cover none."""
    area = covered = 0.0
    for piece in parts:
        length = piece.end_ns - piece.start_ns
        area += (piece.rate_start + piece.rate_end) / 2 * length
        covered += length
    return area / covered if covered else 0.0


def peak_rate(parts: Iterable[Piece]) -> float:
    """The highest rate of any piece, in events per second; 0 without pieces."""
    return max((max(piece.rate_start, piece.rate_end) for piece in parts), default=0.0)


def timestamped(times: list[int], duration_ns: int) -> list[Piece]:
    """Recorded arrivals as level pieces of at least a second, for figures that need a rate."""
    width = max(NS_PER_S, duration_ns // WINDOWS_MAX)
    counts = Counter(time_ns // width for time_ns in times if time_ns < duration_ns)
    level = [counts[i] * NS_PER_S / width for i in range(-(-duration_ns // width))]
    return [Piece(i * width, (i + 1) * width, rate, rate) for i, rate in enumerate(level)]


def _between(corners: Iterator[Corner], duration_ns: int) -> Iterator[Piece]:
    """The pieces between corners, level before the first and after the last, cut to [0, duration_ns)."""
    time, rate = next(corners)
    if time > 0:
        yield _cut(Piece(0, time, rate, rate), duration_ns)
    for after, level in corners:
        if time >= duration_ns:
            return
        if after > max(time, 0):
            yield _cut(Piece(time, after, rate, level), duration_ns)
        time, rate = after, level
    if time < duration_ns:
        yield Piece(max(time, 0), duration_ns, rate, rate)


def _cut(piece: Piece, duration_ns: int) -> Piece:
    start, end = max(piece.start_ns, 0), min(piece.end_ns, duration_ns)
    return Piece(start, end, _at(piece, start), _at(piece, end))


def _at(piece: Piece, time_ns: int) -> float:
    if time_ns == piece.end_ns or piece.rate_start == piece.rate_end:
        return piece.rate_end  # exact, where the line below could be off in its last bit
    share = (time_ns - piece.start_ns) / (piece.end_ns - piece.start_ns)
    return piece.rate_start + (piece.rate_end - piece.rate_start) * share


def _constant(rate: float) -> Iterator[Corner]:
    yield 0, rate


def _flash_crowd(crowd: FlashCrowd) -> Iterator[Corner]:
    full = crowd.at + crowd.rise
    yield crowd.at, crowd.base
    yield full, crowd.peak
    yield full + crowd.hold, crowd.peak
    yield full + crowd.hold + crowd.rise, crowd.base


def _ramp(ramp: Ramp) -> Iterator[Corner]:
    yield ramp.at, ramp.start
    yield ramp.at + ramp.over, ramp.end


def _step(step: Step) -> Iterator[Corner]:
    yield step.at, step.base
    yield step.at, step.to
    if step.hold is not None:
        yield step.at + step.hold, step.to
        yield step.at + step.hold, step.base


def _diurnal(day: Diurnal) -> Iterator[Corner]:
    """Corners on a grid through the peak, so that peak and trough are met exactly; the first is not after 0."""
    swing = (day.peak - day.trough) / 2
    wave = [day.trough + swing * (1 + math.cos(2 * math.pi * k / DIURNAL_PIECES)) for k in range(DIURNAL_PIECES)]
    k = -(day.peak_at * DIURNAL_PIECES // day.period) - 1
    while True:
        yield day.peak_at + k * day.period // DIURNAL_PIECES, wave[k % DIURNAL_PIECES]
        k += 1


def _points(line: Pieces) -> Iterator[Corner]:
    yield from line.points


def _rate_file(spec: RateFile) -> Iterator[Corner]:
    end = 0
    for begin, end, rate in series.rates(spec):
        yield begin, rate
        yield end, rate
    yield end, 0.0


_CORNERS: dict[str, Callable[[Any], Iterator[Corner]]] = {
    "rate": _constant, "flash_crowd": _flash_crowd, "ramp": _ramp, "step": _step, "diurnal": _diurnal,
    "pieces": _points, "rate_file": _rate_file,
}  # fmt: skip
