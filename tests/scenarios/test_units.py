"""Quantities: what people write, what the simulator holds, and back again."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scenarios.errors import UnitError
from scenarios.schema import units
from scenarios.schema.units import DURATION_MAX_NS, Inside, format_duration, parse_duration

READ: list[tuple[Callable[[object], Any], object, Any]] = [
    (units.parse_duration, "250ms", 250_000_000),
    (units.parse_duration, "1.1 ms", 1_100_000),
    (units.parse_duration, "12m03s", 723 * 10**9),
    (units.parse_duration, "1h 30m", 5400 * 10**9),
    (units.parse_duration, 0, 0),
    (units.parse_duration, "1e3us", 1_000_000),
    (units.parse_rate, "300/s", 300.0),
    (units.parse_rate, "90/m", 1.5),
    (units.parse_rate, "1 / h", 1 / 3600),
    (units.parse_bytes, "64Gi", 64 * 2**30),
    (units.parse_bytes, "1.5KB", 1500),
    (units.parse_bytes, 2000, 2000),
    (units.parse_bandwidth, "100MB/s", 10**8),
    (units.parse_bandwidth, "1.5 Gi / s", 3 * 2**29),
    (units.parse_cpu, 0.5, 500),
    (units.parse_cpu, "250m", 250),
    (units.parse_cpu, 16, 16_000),
    (units.parse_share, "99.9%", 0.999),
    (units.parse_share, 0.2, 0.2),
    (units.parse_percent, "250%", 2.5),
    (units.finite, 3, 3.0),
]


@pytest.mark.parametrize(("parse", "text", "value"), READ)
def test_quantities_are_read_exactly(parse: Callable[[object], Any], text: object, value: Any) -> None:
    """Decimal fractions never pass through a binary one."""
    assert parse(text) == value


@pytest.mark.parametrize("parse", [units.parse_duration, units.parse_rate, units.parse_bytes, units.parse_bandwidth, units.parse_cpu,
                                   units.parse_share, units.parse_percent, units.finite])  # fmt: skip
@pytest.mark.parametrize("value", [True, None, "", "x", "-1", [], {}, float("nan"), float("inf"), -1, "1e999%", "9" * 99, "٣ms",
                                   "1/0", "0x1Fms"])  # fmt: skip
def test_what_is_no_quantity_is_refused_by_every_unit(parse: Callable[[object], Any], value: object) -> None:
    """One kind of error, whatever comes; only a finite number may be negative."""
    if parse is units.finite and value == -1:
        return
    with pytest.raises(UnitError):
        parse(value)


def test_a_unit_error_survives_the_way_between_processes() -> None:
    """Sweeps pickle what their workers raise; copying takes the same road."""
    error = copy.copy(UnitError("x", "is not a rate"))
    assert (str(error), error.rule) == ("'x' is not a rate", "is not a rate")


@settings(deadline=None)
@given(st.integers(0, DURATION_MAX_NS))
def test_every_duration_is_written_exactly(ns: int) -> None:
    """Writing and reading is the identity on nanoseconds."""
    assert parse_duration(format_duration(ns)) == ns


@settings(deadline=None)
@given(st.floats(0, 1e9), st.integers(0, 2**60), st.integers(1, 10**9), st.floats(0, 1))
def test_every_quantity_comes_back_from_its_json(rate: float, size: int, cpu: int, share: float) -> None:
    """What a dump writes, a load reads: to the last bit."""
    for kind, value in ((units.Rate, Inside(rate)), (units.Bytes, size), (units.MilliCores, f"{cpu}m"), (units.Share, share)):
        adapter = TypeAdapter[Any](kind)
        inside = adapter.validate_python(value)
        assert adapter.validate_python(adapter.dump_python(inside, mode="json")) == inside


@pytest.mark.parametrize(("ns", "text"), [(1_500_000, "1.5ms"), (720 * 10**9, "12m"), (0, "0s"), (7, "7ns"), (90 * 10**9, "90s"),
                                          (7200 * 10**9, "2h"), (1_234_567, "1234.567us"), (999, "999ns")])  # fmt: skip
def test_durations_are_written_as_people_would(ns: int, text: str) -> None:
    """The largest unit that needs at most three decimals."""
    assert format_duration(ns) == text
