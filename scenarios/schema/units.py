"""Quantities as people write them; the only parser of "250ms", "300/s", "64Gi" and "20%".

In the file a quantity carries its unit; inside, time is integer nanoseconds, rates are per second, memory is bytes,
CPU is integer milli-cores and other quantities are integer thousandths (as Kubernetes counts them), shares
are 0 … 1 and prices are per hour or per gigabyte.
Dumping a scenario writes the same quantities back, so a dumped file loads to the same world.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, TypeGuard

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from scenarios.errors import UnitError

NS_PER_S = 1_000_000_000
HOUR_NS = 3600 * NS_PER_S
DURATION_MAX_NS = 10 * 365 * 24 * 3600 * NS_PER_S  # ten years: what int64 nanoseconds and the histogram still hold
AUTO = -1  # in place of a warm-up: a pilot run finds it
RATE_MAX = NS_PER_S  # per second
BYTES_MAX = 2**60
CPU_MAX = 10**9  # milli-cores
PRICE_MAX = 10**12
QUANTITY_MAX = 10**18  # thousandths
NUMBER_MAX = 1e300  # also refuses inf and nan, and whole numbers no float can hold
TEXT_MAX = 60  # characters of a quantity

TIME_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": NS_PER_S, "m": 60 * NS_PER_S, "h": 3600 * NS_PER_S,
              "d": 86_400 * NS_PER_S}  # fmt: skip
BYTE_UNITS = {"": 1, "B": 1, "k": 10**3, "KB": 10**3, "M": 10**6, "MB": 10**6, "G": 10**9, "GB": 10**9, "T": 10**12,
              "TB": 10**12, "Ki": 2**10, "KiB": 2**10, "Mi": 2**20, "MiB": 2**20, "Gi": 2**30, "GiB": 2**30,
              "Ti": 2**40, "TiB": 2**40}  # fmt: skip
QUANTITY_UNITS = {"n": 1, "u": 10**3, "m": 10**6, "": 10**9, "k": 10**12, "M": 10**15, "G": 10**18, "T": 10**21,
                  "Ki": 2**10 * 10**9, "Mi": 2**20 * 10**9, "Gi": 2**30 * 10**9, "Ti": 2**40 * 10**9}  # billionths
RATE_UNITS = {"s": 1, "m": 60, "h": 3600}

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_ONE_TIME = re.compile(rf"({_NUMBER})\s*(ns|us|ms|s|m|h|d)", re.ASCII)
_TIMES = re.compile(rf"(?:{_ONE_TIME.pattern}\s*)+", re.ASCII)
_RATE = re.compile(rf"({_NUMBER})\s*/\s*(s|m|h)", re.ASCII)
_BYTES = re.compile(rf"({_NUMBER})\s*([A-Za-z]*)", re.ASCII)
_CPU = re.compile(rf"({_NUMBER})\s*(m?)", re.ASCII)
_PERCENT = re.compile(rf"({_NUMBER})\s*%", re.ASCII)
_PRICE = {unit: re.compile(rf"({_NUMBER})\s*/\s*{unit}", re.ASCII) for unit in ("h", "GB")}


def _refuse(value: object, what: str, example: str) -> UnitError:
    return UnitError(value, f"is not {what}; write it like {example}")


def _matched(pattern: re.Pattern[str], value: object) -> re.Match[str] | None:
    return pattern.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= TEXT_MAX else None


def _exact(text: str) -> Fraction:
    """The number as written, without passing through a float (1.1 ms is 1,100,000 ns)."""
    return Fraction(text)


def parse_duration(value: object) -> int:
    """Integer nanoseconds of `250ms`, `1.5s`, `12m03s`, `2h`; a bare 0 is allowed. Raises UnitError."""
    if value == 0 and not isinstance(value, bool) and isinstance(value, (int, float)):
        return 0
    if (match := _matched(_TIMES, value)) is None:
        raise _refuse(value, "a duration", "250ms, 1.5s, 20m or 12m03s")
    total = sum(_exact(number) * TIME_UNITS[unit] for number, unit in _ONE_TIME.findall(match[0]))
    if total > DURATION_MAX_NS:
        raise UnitError(value, "is longer than ten years, the longest time a run can hold")
    return round(total)


def parse_warmup(value: object) -> int:
    """As `parse_duration`, or AUTO for `auto`. Raises UnitError."""
    return AUTO if value == "auto" else parse_duration(value)


def format_warmup(ns: int) -> str:
    """As `format_duration`, or `auto`."""
    return "auto" if ns == AUTO else format_duration(ns)


def format_duration(ns: int) -> str:
    """The shortest exact spelling: 1_500_000 -> '1.5ms', 720_000_000_000 -> '12m'."""
    for unit in ("h", "m") if ns else ():
        if ns % TIME_UNITS[unit] == 0:
            return f"{ns // TIME_UNITS[unit]}{unit}"
    for unit in ("s", "ms", "us"):
        if ns >= TIME_UNITS[unit] and (ns * 1000) % TIME_UNITS[unit] == 0:
            whole, rest = divmod(ns * 1000 // TIME_UNITS[unit], 1000)
            return f"{whole}.{rest:03}".rstrip("0").rstrip(".") + unit
    return f"{ns}ns" if ns else "0s"


def parse_rate(value: object) -> float:
    """Events per second of `300/s`, `90/m`, `5/h`; finite and not negative. Raises UnitError."""
    if (match := _matched(_RATE, value)) is None:
        raise _refuse(value, "a rate", "300/s, 90/m or 5/h")
    rate = _exact(match[1]) / RATE_UNITS[match[2]]
    if rate > RATE_MAX:
        raise UnitError(value, "is more than one event a nanosecond, the highest rate a clock of nanoseconds can hold")
    return float(rate)


def parse_bytes(value: object) -> int:
    """Bytes of `64Mi`, `1.5GB`, `2000`; an exbibyte at most. Raises UnitError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = _matched(_BYTES, text)
    if match is None or match[2] not in BYTE_UNITS:
        raise _refuse(value, "an amount of memory or data", "256Mi, 64Gi, 10KB or 2GB")
    amount = _exact(match[1]) * BYTE_UNITS[match[2]]
    if amount > BYTES_MAX:
        raise UnitError(value, "is more than an exbibyte")
    return round(amount)


def parse_bandwidth(value: object) -> int:
    """Bytes per second of `100MB/s`, `1Gi/s`; at least one, at most an exbibyte. Raises UnitError."""
    amount, _, per = value.rpartition("/") if isinstance(value, str) and len(value) <= TEXT_MAX else ("", "", "")
    match = _matched(_BYTES, amount)
    if match is None or match[2] not in BYTE_UNITS or per.strip() != "s":
        raise _refuse(value, "an amount of data per second", "100MB/s or 1Gi/s")
    rate = _exact(match[1]) * BYTE_UNITS[match[2]]
    if not 1 <= rate <= BYTES_MAX:
        raise UnitError(value, "is less than a byte or more than an exbibyte per second")
    return round(rate)


def parse_cpu(value: object) -> int:
    """Milli-cores of `0.5`, `2`, `250m`; a million cores at most. Raises UnitError."""
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if (match := _matched(_CPU, text)) is None:
        raise _refuse(value, "an amount of CPU", "2, 0.5 or 250m")
    cores = _exact(match[1]) * (1 if match[2] else 1000)
    if cores < 1:
        raise UnitError(value, "is less than a thousandth of a core; write it like 2, 0.5 or 250m")
    if cores > CPU_MAX:
        raise UnitError(value, "is more than a million cores")
    return round(cores)


def parse_quantity(value: object) -> int:
    """Thousandths of a Kubernetes quantity, rounded up: `100`, `1.5`, `500m`, `1k`, `2Ki`; at most 10^15. Raises UnitError."""
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    match = _matched(_BYTES, text)
    if match is None or match[2] not in QUANTITY_UNITS:
        raise _refuse(value, "a quantity", "100, 1.5, 500m or 1k")
    amount = _exact(match[1]) * QUANTITY_UNITS[match[2]] / 1_000_000
    if amount > QUANTITY_MAX:
        raise UnitError(value, "is more than 10^15")
    return -(-amount.numerator // amount.denominator)


def format_quantity(milli: int) -> str:
    """Kubernetes' spelling: 2000 -> '2', 1500 -> '1500m'."""
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def parse_share(value: object) -> float:
    """A share 0 … 1 of `20%`, `99.9%` or `0.2`. Raises UnitError."""
    share = _ratio(value)
    if share is None or not 0.0 <= share <= 1.0:
        raise _refuse(value, "a share between 0 % and 100 %", "20% or 0.2")
    return share


def parse_percent(value: object) -> float:
    """A ratio that may pass 1: `70%`, `250%` or `0.7`. Raises UnitError."""
    ratio = _ratio(value)
    if ratio is None or ratio > 1e6:
        raise _refuse(value, "a percentage", "70% or 0.7")
    return ratio


def _ratio(value: object) -> float | None:
    if (match := _matched(_PERCENT, value)) is not None:
        return float(min(_exact(match[1]) / 100, _exact("1e9")))  # a float holds it, and every bound refuses it
    return float(value) if _is_number(value) and value >= 0 else None


def _price_parser(unit: str) -> Any:
    def parse_price(value: object) -> float:
        match = _matched(_PRICE[unit], value)
        if match is None or _exact(match[1]) > PRICE_MAX:
            raise _refuse(value, f"a price per {unit}", f"0.40/{unit}")
        return float(_exact(match[1]))

    return parse_price


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < NUMBER_MAX


def finite(value: object) -> float:
    """A plain finite number, not a bool and not a string. Raises UnitError."""
    if _is_number(value):
        return float(value)
    raise _refuse(value, "a finite number", "1.5")


def _quantity(parse: Any, write: Any, what: str) -> tuple[Any, ...]:
    shape = WithJsonSchema({"type": ["string", "number"], "description": what})
    return BeforeValidator(parse), PlainSerializer(write, when_used="json"), shape


def _again(parse: Any, kind: type) -> Any:
    """Values built in Python may already be inside units: an int of ns, a float of /s pass through `Ns`, `PerS`."""
    return lambda value: value.value if isinstance(value, Inside) and isinstance(value.value, kind) else parse(value)


class Inside:
    """A quantity already in inside units, for scenarios built in Python: `Inside(250_000_000)` is 250 ms."""

    def __init__(self, value: int | float) -> None:
        self.value = value


Duration = Annotated[int, *_quantity(_again(parse_duration, int), format_duration, "a duration: 250ms, 1.5s, 20m")]
Warmup = Annotated[int, *_quantity(_again(parse_warmup, int), format_warmup, "a duration, or auto: 10s, auto")]
Rate = Annotated[float, *_quantity(_again(parse_rate, float), lambda r: f"{r!r}/s", "a rate: 300/s, 90/m, 5/h")]
Bytes = Annotated[int, *_quantity(parse_bytes, lambda b: b, "bytes: 256Mi, 64Gi, 10KB")]
Bandwidth = Annotated[int, *_quantity(parse_bandwidth, lambda b: f"{b}B/s", "data per second: 100MB/s")]
MilliCores = Annotated[int, *_quantity(parse_cpu, lambda m: f"{m}m", "CPU: 2, 0.5 or 250m")]
Share = Annotated[float, *_quantity(parse_share, lambda s: s, "a share: 20% or 0.2")]
Percent = Annotated[float, *_quantity(parse_percent, lambda s: s, "a percentage: 70% or 0.7")]
PricePerHour = Annotated[float, *_quantity(_price_parser("h"), lambda p: f"{p!r}/h", "a price: 0.40/h")]
PricePerGB = Annotated[float, *_quantity(_price_parser("GB"), lambda p: f"{p!r}/GB", "a price: 0.01/GB")]
Quantity = Annotated[int, *_quantity(_again(parse_quantity, int), format_quantity, "a quantity: 100, 1.5, 500m, 1k")]
Number = Annotated[float, BeforeValidator(finite)]
