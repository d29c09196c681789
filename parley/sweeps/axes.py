"""What is varied: `services.cart.replicas=2..12` as a path and the values it takes, each as a file would write it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from parley.errors import UsageError

VALUES_MAX = 10_000  # of one axis
EXAMPLE = "2..12, 0.2..1.0..0.1, 10ms..50ms..10ms or 0.5,1,2"
_NUMBER, _UNIT = r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)", r"\s*([A-Za-z%/]*)"
RANGE = re.compile(rf"\s*{_NUMBER}{_UNIT}\s*\.\.\s*{_NUMBER}{_UNIT}\s*(?:\.\.\s*{_NUMBER}{_UNIT}\s*)?", re.ASCII)

Varied = Mapping[str, Any] | Sequence[str]  # {"services.cart.replicas": "2..12"}, or ["services.cart.replicas=2..12"]


@dataclass(frozen=True)
class Axis:
    """A path of the scenario and the values it takes, in order."""

    path: str
    values: tuple[str, ...]

    def changes(self) -> Iterator[str]:
        """As `--set` would say each."""
        return (f"{self.path}={value}" for value in self.values)

    def figures(self) -> tuple[Any, ...]:
        """The values as numbers where all of them are plain ones; else as they are written."""
        for kind in (int, float):
            try:
                return tuple(kind(value) for value in self.values)
            except ValueError:
                continue
        return self.values


def axes_of(varied: Varied) -> tuple[Axis, ...]:
    """Every axis, in order. Raises UsageError where one has no values, or varies what another does."""
    axes = tuple(axis(path, spec) for path, spec in pairs_of(varied))
    if not axes:
        raise UsageError(f"nothing is varied; write --vary PATH=VALUES, with values as {EXAMPLE}")
    for one, other in itertools.combinations(axes, 2):
        if one.path == other.path:
            raise UsageError(f"--vary {one.path}: is varied twice; give it all its values at once")
    return axes


def pairs_of(varied: Varied) -> Iterable[tuple[str, Any]]:
    """(path, values as they were given) of each. Raises UsageError."""
    return varied.items() if isinstance(varied, Mapping) else map(_pair, [varied] if isinstance(varied, str) else varied)


def axis(path: str, spec: Any) -> Axis:
    """One axis from a text (`2..12`, `0.5,1,2`) or a list of values. Raises UsageError."""
    values = _values(path, spec) if isinstance(spec, str) else [*map(as_text, spec if isinstance(spec, Iterable) else [spec])]
    if not values or "" in values:
        raise UsageError(f"--vary {path}: a value is missing in {spec!r}; write values as {EXAMPLE}")
    twice = next((value for value in values if values.count(value) > 1), None) if len(values) < VALUES_MAX else None
    if twice is not None:
        raise UsageError(f"--vary {path}: {twice} stands there twice")
    return Axis(path.strip(), tuple(values))


def _pair(text: str) -> tuple[str, str]:
    path, equals, spec = text.partition("=")
    if not equals or not path.strip():
        raise UsageError(f"--vary {text}: write PATH=VALUES, with values as {EXAMPLE}")
    return path, spec


def as_text(value: Any) -> str:
    """A value from Python or a file, as `--set` would say it."""
    return value if isinstance(value, str) else json.dumps(value)


def _values(path: str, spec: str) -> list[str]:
    if (match := RANGE.fullmatch(spec)) is not None:
        return _range(path, spec, match)
    if ".." in spec and "/" not in spec:
        raise UsageError(f"--vary {path}: {spec!r} is not a range; write values as {EXAMPLE}")
    return [value.strip() for value in _items(spec)]


def _range(path: str, spec: str, match: re.Match[str]) -> list[str]:
    """low..high, or low..high..step, both ends meant where a step leads there; exact, for decimals are no floats here."""
    place, unit = f"--vary {path}: {spec!r}", range_unit(path, spec, match)
    low, high = Decimal(match[1]), Decimal(match[3])
    if match[5] is None and not (low == low.to_integral() and high == high.to_integral()):
        raise UsageError(f"{place} needs a step; write it like 0.2..1.0..0.1")
    step = Decimal(1 if match[5] is None else match[5])
    if step <= 0:
        raise UsageError(f"{place} has a step of {step}; it must be more than 0")
    if high < low:
        raise UsageError(f"{place} goes down; write the smaller end first")
    if (high - low) / step >= VALUES_MAX:
        raise UsageError(f"{place} has more than {VALUES_MAX:,} values")
    return [f"{low + i * step:f}{unit}" for i in range(int((high - low) / step) + 1)]


def range_unit(path: str, spec: str, match: re.Match[str]) -> str:
    """The one unit of a range. Raises UsageError where there are several."""
    units = dict.fromkeys(unit for unit in (match[2], match[4], match[6]) if unit)
    if len(units) > 1:
        raise UsageError(f"--vary {path}: {spec!r} has the units {' and '.join(units)}; write all its numbers with the same one")
    return next(iter(units), "")


def _items(spec: str) -> Iterator[str]:
    """What stands between commas that are in no brackets and no quotes."""
    depth, quote, first = 0, "", 0
    for place, sign in enumerate(spec):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "," and depth == 0:
            yield spec[first:place]
            first = place + 1
    yield spec[first:]
