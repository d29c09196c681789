"""What may be chosen when tuning, and what is wanted: `cart.replicas=2..12`, `minimize cost.total`, `good >= 99%`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from parley.errors import UsageError
from parley.recording.judging import COMPARISONS
from parley.sweeps.axes import RANGE, Varied, axis, pairs_of, range_unit
from scenarios.errors import UnitError
from scenarios.schema.units import parse_duration, parse_share

LOG = ":log"
MISSING = 1e9  # how far a bound is broken by a figure that is not there
DIGITS = 6  # that matter of a number that was chosen
EXAMPLE = "2..12, 1ms..500ms:log, 0.1..0.9, 0..100..5 or fifo,lifo"
BOUND = re.compile(r"\s*(.+?)\s*(<=|>=|<|>)\s*(\S.*?)\s*")


@dataclass(frozen=True)
class Dimension:
    """A path and the values it may take: whole numbers or decimals between two ends, or one of a list."""

    path: str
    choices: tuple[str, ...] = ()
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    step: Decimal | None = None  # None: any number between the ends
    unit: str = ""
    is_log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return self.step is not None and all(one == one.to_integral() for one in (self.low, self.high, self.step))

    def change(self, value: Any) -> str:
        """A value that was chosen, as `--set` would say it."""
        if self.choices:
            return f"{self.path}={value}"
        number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{DIGITS}g}")
        return f"{self.path}={number:f}{self.unit}"

    def ends(self) -> list[str]:
        """Changes that must be right if all are: every choice, or both ends."""
        if self.choices:
            return [self.change(choice) for choice in self.choices]
        return [self.change(int(end) if self.is_whole else float(end)) for end in (self.low, self.high)]


def dimensions_of(varied: Varied) -> tuple[Dimension, ...]:
    """Every dimension, in order. Raises UsageError."""
    found = tuple(_dimension(path.strip(), spec) for path, spec in pairs_of(varied))
    if not found:
        raise UsageError(f"nothing may be chosen; write --vary PATH=VALUES, with values as {EXAMPLE}")
    if len({one.path for one in found}) < len(found):
        raise UsageError("one path is varied twice; give it all its values at once")
    return found


def _dimension(path: str, spec: Any) -> Dimension:
    if not isinstance(spec, str):
        return Dimension(path, axis(path, spec).values)
    text, is_log = spec.removesuffix(LOG), spec.endswith(LOG)
    match = RANGE.fullmatch(text)
    if match is None:
        if is_log or ".." in spec:
            raise UsageError(f"--vary {path}: {spec!r} is not a range; write values as {EXAMPLE}")
        return Dimension(path, axis(path, spec).values)
    low, high = Decimal(match[1]), Decimal(match[3])
    step = None if match[5] is None else Decimal(match[5])
    if step is None and "." not in match[1] + match[3]:
        step = Decimal(1)
    for rule, breaks in (("needs a smaller end first", high <= low), ("needs a step of more than 0", step is not None and step <= 0),
                         ("cannot be logarithmic from 0 or below", is_log and low <= 0),
                         ("cannot be logarithmic and have a step", is_log and step not in (None, 1))):  # fmt: skip
        if breaks:
            raise UsageError(f"--vary {path}: {spec!r} {rule}")
    return Dimension(path, (), low, high, step, range_unit(path, spec, match), is_log)


@dataclass(frozen=True)
class Bound:
    """A figure and what it must keep to."""

    text: str
    figure: str
    sign: str
    bound: float

    def violation(self, value: float | None) -> float:
        """By how much a mean breaks it; 0 or less where it does not. A figure that is not there breaks it."""
        if value is None:
            return MISSING
        if COMPARISONS[self.sign](value, self.bound):
            return 0.0
        return abs(value - self.bound) or 1e-12


@dataclass(frozen=True)
class Goal:
    """One figure to be made small or large, while bounds are kept."""

    figure: str
    is_larger_better: bool
    bounds: tuple[Bound, ...]

    @property
    def figures(self) -> tuple[str, ...]:
        """All that it looks at."""
        return tuple(dict.fromkeys([self.figure, *(bound.figure for bound in self.bounds)]))

    def violations(self, means: Mapping[str, float | None]) -> list[float]:
        """Of each bound."""
        return [bound.violation(means.get(bound.figure)) for bound in self.bounds]

    def rank(self, means: Mapping[str, float | None]) -> tuple[float, float]:
        """Smaller is better: first by how far bounds are broken, then by the figure."""
        value = means.get(self.figure)
        if value is None:
            return float("inf"), float("inf")
        return sum(self.violations(means)), -value if self.is_larger_better else value


def goal_of(minimize: str | None, maximize: str | None, subject_to: tuple[str, ...]) -> Goal:
    """What is wanted. Raises UsageError."""
    if (minimize is None) == (maximize is None):
        raise UsageError("say one figure to --minimize or to --maximize, by its path in the summary, as latency_ms.p99")
    return Goal(minimize or maximize or "", maximize is not None, tuple(map(_bound, subject_to)))


def _bound(text: str) -> Bound:
    if (match := BOUND.fullmatch(text)) is None:
        raise UsageError(f"--subject-to {text}: write FIGURE, a sign and a bound, as 'good >= 99%' or 'latency_ms.p99 < 300ms'")
    try:
        return Bound(text, match[1], match[2], _number(match[3], is_ms="_ms" in match[1]))
    except UnitError as fault:
        raise UsageError(f"--subject-to {text}: {fault}") from None


def _number(text: str, is_ms: bool) -> float:
    """A bound: a share with %, a time with its unit for figures in milliseconds, or a plain number."""
    if text.endswith("%"):
        return parse_share(text)
    try:
        return float(text)
    except ValueError:
        if is_ms:
            return parse_duration(text) / 1e6
        raise UnitError(text, "is not a number; write it like 1200, 0.99 or 99%") from None
