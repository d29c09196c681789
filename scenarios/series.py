"""Series in files: CSV, optionally gzipped, read row by row and never held whole. Every fault names its row."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.units import DURATION_MAX_NS, NS_PER_S
from scenarios.schema.workload import RateFile, Timestamps
from scenarios.source_files import kind_of

LINE_MAX = 65_536  # characters; a longer line is no table
ROWS_MAX = 20_000_000  # read at most, so that a gzip bomb ends
_BROKEN = (OSError, EOFError, UnicodeError, zlib.error, csv.Error)  # what an unreadable or damaged file raises


def rates(spec: RateFile) -> Iterator[tuple[int, int, float]]:
    """(start_ns, end_ns, events per second) of each row of the slice, from 0 on.

    Raises ScenarioError when the file cannot be read, or a column, the start row or a count is not there.
    """
    begin = 0
    for place, row, column in _from(spec.start, _table(spec.path, spec.column, 1), spec.path):
        end = begin + spec.interval if spec.length is None else min(begin + spec.interval, spec.length)
        if end <= begin:
            return
        count = _number(row, column, place, "a count")
        yield begin, end, float(count) * spec.scale * NS_PER_S / spec.interval
        begin = end


def timestamps(spec: Timestamps) -> list[int]:
    """Nanoseconds since the start, in order, one per row. Raises ScenarioError with the row."""
    times: list[int] = []
    for place, row, column in _table(spec.path, spec.column, 0):
        time_ns = round(_number(row, column, place, "a time in seconds") * NS_PER_S)
        if time_ns > DURATION_MAX_NS:
            raise ScenarioError(f"{place}: {row[column]!r} s is more than ten years, the longest time a run can hold")
        if times and time_ns < times[-1]:
            raise ScenarioError(f"{place}: {row[column]!r} s comes after a later time; sort the rows by time")
        times.append(time_ns)
    return times


def check_readable(spec: RateFile | Timestamps) -> None:
    """Read one row of the slice. Raises ScenarioError when there is none."""
    if isinstance(spec, RateFile):
        next(rates(spec), None)
    else:
        next(_table(spec.path, spec.column, 0), None)


def _from(start: str | None, rows: Iterator[_Row], path: str) -> Iterator[_Row]:
    first = last = None
    for item in rows:
        name = item[1][0]
        first, last = first or name, name
        if start is None or name == start:
            yield item
            start = None
    if start is not None:
        raise ScenarioError(f"{path}: no row begins with {start!r}; the rows go from {first!r} to {last!r}")


def _table(path: str, column: str | None, default: int) -> Iterator[_Row]:
    """(place, cells, index of the asked column) of every row below the header, if there is one."""
    rows = _rows(path)
    place, head = next(rows, ("", None))
    if head is None:
        raise ScenarioError(f"{path}: the file is empty")
    index = _column(head, column, default, place)
    if column is None and _is_number(head[index]):
        yield place, head, index
    for place, row in rows:
        if len(row) <= index:
            raise ScenarioError(f"{place}: {len(row)} columns, but {index + 1} are needed")
        yield place, row, index


def _column(head: list[str], name: str | None, default: int, place: str) -> int:
    if name is None:
        if len(head) <= default:
            raise ScenarioError(f"{place}: {len(head)} columns, but {default + 1} are needed")
        return default
    if name not in head:
        raise ScenarioError(f"{place}: no column {name!r}; there are {', '.join(head)[:200]}{suggestion(name, head)}")
    return head.index(name)


def _number(row: list[str], index: int, place: str, what: str) -> Decimal:
    try:
        value = Decimal(row[index].strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < Decimal("1e18"):
        raise ScenarioError(f"{place}: {row[index][:40]!r} is not {what}: a finite number, not negative")
    return value


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip()).is_finite()
    except InvalidOperation:
        return False


_Row = tuple[str, list[str], int]


def _rows(path: str) -> Iterator[tuple[str, list[str]]]:
    """(place, cells) of every row that is not blank."""
    with _opened(path) as file:
        reader = csv.reader(_lines(file, path))
        for row in reader:
            if reader.line_num > ROWS_MAX:
                raise ScenarioError(f"{path}: more than {ROWS_MAX:,} rows were read")
            if row:
                yield f"{path}: row {reader.line_num}", row


@contextmanager
def _opened(path: str) -> Iterator[IO[str]]:
    kind = kind_of(Path(path))
    if kind != "file":
        raise ScenarioError(f"{path}: {'there is no such file' if not kind else 'is not a regular file'}")
    try:
        with _text(path) as file:
            yield file
    except _BROKEN as fault:
        raise ScenarioError(f"{path}: cannot be read: {fault}") from fault


def _text(path: str) -> IO[str]:
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return Path(path).open(encoding="utf-8-sig", newline="")


def _lines(file: IO[str], path: str) -> Iterator[str]:
    while line := file.readline(LINE_MAX):
        if len(line) == LINE_MAX and not line.endswith("\n"):
            raise ScenarioError(f"{path}: a line is longer than {LINE_MAX:,} characters; is this a table?")
        yield line
