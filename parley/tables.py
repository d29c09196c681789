"""Tables of a run folder: each a folder of closed Parquet parts, written as the run goes on.

A part is written to memory and then put in place whole, so that a killed run leaves only readable files.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parley.errors import FolderError
from parley.run_folder import RunFolder

PART_ROWS = 20_000
PART_SECONDS = 5.0  # of wall time: what a killed run loses at most

INT, FLOAT, WORD, TRUTH = "int64", "float64", "word", "bool"

COLUMNS: dict[str, dict[str, str]] = {
    "windows": {
        "start_ns": INT, "end_ns": INT,
        "kind": WORD,  # class | service; columns of the other kind are null
        "name": WORD,
        "offered": INT, "succeeded": INT, "good": INT, "failed": INT, "timed_out": INT, "rejected": INT,
        "in_flight": INT,  # at the end of the window
        "latency_mean_ms": FLOAT, "latency_p50_ms": FLOAT, "latency_p90_ms": FLOAT, "latency_p99_ms": FLOAT,
        "visits": INT, "lost": INT, "inside_p50_ms": FLOAT, "inside_p99_ms": FLOAT,
        "busy_cores": FLOAT, "utilization": FLOAT, "waiting": FLOAT, "present": FLOAT,  # means over the window
        "desired": INT, "pending": INT, "starting": INT, "ready": INT, "draining": INT,  # at its end
    },
    "spans": {
        "request": INT, "call": INT, "parent": INT, "workload": WORD, "route": WORD, "service": WORD, "endpoint": WORD,
        "pod": WORD, "attempt": INT, "outcome": WORD, "served": WORD,
        "sent_ns": INT, "delivered_ns": INT, "started_ns": INT, "ended_ns": INT, "returned_ns": INT, "worked_ns": INT,
    },
    "decisions": {
        "time_ns": INT, "agent": WORD, "service": WORD, "mind": WORD,
        "before": INT, "recommended": INT, "after": INT, "reason": WORD, "applied": TRUTH,
    },
    "pods": {"time_ns": INT, "service": WORD, "number": INT, "phase": WORD, "node": WORD},
}  # fmt: skip

Column = Sequence[Any] | np.ndarray[Any, Any]


class TableWriter:
    """One table of a run that goes on."""

    def __init__(self, folder: RunFolder, name: str) -> None:
        self._folder, self._name = folder, name
        self._chunks: list[dict[str, Column]] = []
        self._rows, self._parts, self._since = 0, 0, time.monotonic()

    def add(self, chunk: dict[str, Column]) -> None:
        """Some rows, by column; a column that is left out is null."""
        rows = len(next(iter(chunk.values()), ()))
        if rows:
            self._chunks.append(chunk)
            self._rows += rows

    def add_rows(self, rows: Iterable[dict[str, Any]]) -> None:
        """Some rows, each by column; a value that is left out is null."""
        given = list(rows)
        if given:
            self.add({name: [row.get(name) for row in given] for name in COLUMNS[self._name]})

    def flush(self, now: bool = False) -> None:
        """Close a part if it is time to, or `now`."""
        late = time.monotonic() - self._since >= PART_SECONDS
        if not self._rows or not (now or late or self._rows >= PART_ROWS):
            return
        data = _as_parquet(COLUMNS[self._name], self._chunks)
        self._folder.write_bytes(f"{self._name}/part-{self._parts:05}.parquet", data)
        self._chunks, self._rows, self._since = [], 0, time.monotonic()
        self._parts += 1


def read_table(folder: Path, name: str) -> Any:
    """A table of a run folder as a pyarrow Table; without rows where no maker was there. Raises FolderError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(COLUMNS[name])
    parts = sorted((folder / name).glob("part-*.parquet"))
    try:
        read = [pq.read_table(part, schema=schema, partitioning=None) for part in parts]
    except (OSError, pa.ArrowInvalid) as fault:
        raise FolderError(f"{folder / name}: cannot be read: {fault}") from fault
    return pa.concat_tables(read) if read else schema.empty_table()


def read_columns(folder: Path, name: str) -> dict[str, np.ndarray[Any, Any]]:
    """A table as NumPy arrays by column; a null among numbers is nan, among words None."""
    table = read_table(folder, name)
    return {column: table[column].to_numpy(zero_copy_only=False) for column in table.column_names}


def _as_parquet(columns: dict[str, str], chunks: Sequence[dict[str, Column]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(columns)
    made = [
        pa.table({f.name: _array(chunk.get(f.name), f.type, len(next(iter(chunk.values())))) for f in schema}, schema=schema)
        for chunk in chunks
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.concat_tables(made), buffer, compression="lz4")
    return buffer.getvalue()


def _array(values: Column | None, kind: Any, rows: int) -> Any:
    import pyarrow as pa

    if values is None:
        return pa.nulls(rows, kind)
    if isinstance(values, np.ndarray) and values.dtype == object:
        values = values.tolist()
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values.data, type=kind, mask=np.ma.getmaskarray(values))
    return pa.array(values, type=kind, from_pandas=kind == pa.float64())


def _schema(columns: dict[str, str]) -> Any:
    import pyarrow as pa

    return pa.schema([(name, pa.string() if kind == WORD else getattr(pa, _ARROW[kind])()) for name, kind in columns.items()])


_ARROW = {INT: "int64", FLOAT: "float64", TRUTH: "bool_"}
