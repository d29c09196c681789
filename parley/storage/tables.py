"""Tables of a run folder: their columns, rows as Parquet, and Parquet as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parley.errors import FolderError

INT, FLOAT, WORD, TRUTH = "int64", "float64", "word", "bool"

COLUMNS: dict[str, dict[str, str]] = {
    "windows": {
        "start_ns": INT, "end_ns": INT,
        "kind": WORD,  # class | service; columns of the other kind are null
        "name": WORD,
        "offered": INT, "succeeded": INT, "good": INT, "failed": INT, "timed_out": INT, "rejected": INT,
        "in_flight": INT,  # at the end of the window
        "latency_mean_ms": FLOAT, "latency_p50_ms": FLOAT, "latency_p90_ms": FLOAT, "latency_p99_ms": FLOAT,
        "visits": INT, "lost": INT, "shed": INT, "throttled": INT, "inside_p50_ms": FLOAT, "inside_p99_ms": FLOAT,
        "busy_cores": FLOAT, "utilization": FLOAT, "waiting": FLOAT, "present": FLOAT, "stalled": FLOAT,  # means over the window
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
    "messages": {
        "sent_ns": INT,
        "delivered_ns": INT,  # null where it never arrived
        "sender": WORD, "receiver": WORD, "performative": WORD, "protocol": WORD, "conversation_id": WORD,
        "reply_with": WORD, "in_reply_to": WORD, "reply_by_ns": INT,
        "content": WORD,  # JSON
        "fate": WORD,  # null where the run ended first
        "is_copy": TRUTH,  # whether it came a second time
    },
    "pods": {"time_ns": INT, "service": WORD, "number": INT, "phase": WORD, "node": WORD},
}  # fmt: skip
GAPS = {"spans": {"workload", "pod", "delivered_ns", "started_ns", "ended_ns", "returned_ns"}}  # where a null may be; else anywhere
LOOKED_UP = ("request", "sent_ns", "start_ns", "time_ns")  # parts tell their least and greatest of these


@dataclass(frozen=True)
class Words:
    """Many words from few: a word for each index."""

    words: Sequence[str | None]
    index: np.ndarray[Any, Any]  # -1 is the last word

    def __len__(self) -> int:
        return len(self.index)


Column = Sequence[Any] | np.ndarray[Any, Any] | Words
Columns = dict[str, Column]  # by name; one that is left out is null
Condition = tuple[str, str, int | Sequence[int]]  # ("request", "==", 7), ("request", "in", [7, 8])


def columns_of_objects(name: str) -> Callable[[list[Any]], Columns]:
    """The columns of a table whose rows are objects with attributes of those names."""
    return lambda objects: {column: [getattr(one, column) for one in objects] for column in COLUMNS[name]}


def read_table(folder: Path, name: str, columns: Sequence[str] | None = None, where: Condition | None = None) -> Any:
    """A table of a run folder as a pyarrow Table; without rows where no maker was there. Raises FolderError.

    `columns` are those wanted, `where` is what must hold of a row; what is not wanted is never in memory as a whole.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(COLUMNS[name])
    parts = sorted((folder / name).glob("part-*.parquet"), key=lambda part: (len(part.name), part.name))
    wanted = {"columns": columns, "filters": None if where is None else [where]}
    try:
        read = [pq.read_table(part, schema=schema, partitioning=None, **wanted) for part in parts]
    except (OSError, pa.ArrowInvalid) as fault:
        raise FolderError(f"{folder / name}: cannot be read: {fault}") from fault
    return pa.concat_tables(read) if read else schema.empty_table().select(columns or schema.names)


def read_columns(folder: Path, name: str, columns: Sequence[str] | None = None,
                 where: Condition | None = None) -> dict[str, np.ndarray[Any, Any]]:  # fmt: skip
    """A table, or some of it as `read_table`, as NumPy arrays by column; a null among numbers is nan, among words None."""
    table = read_table(folder, name, columns, where)
    return {column: table[column].to_numpy(zero_copy_only=False) for column in table.column_names}


def as_parquet(name: str, given: Columns) -> Any:
    """Rows of a table as a Parquet file in memory: numbers packed by their differences, words by their place in a list.

    What was packed as time is not compressed as well: it gets hardly smaller, and takes a tenth of what a row costs.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = COLUMNS[name]
    rows = len(next(iter(given.values())))
    arrays = {column: _array(given[column] if column in given else [None] * rows, kind) for column, kind in columns.items()}
    schema = pa.schema([(column, array.type, column in GAPS.get(name, columns)) for column, array in arrays.items()])
    packed = [column for column, kind in columns.items() if kind == INT]
    buffer = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays([*arrays.values()], schema=schema), buffer, store_schema=False,
        compression={column: "none" if column.endswith("_ns") else "lz4" for column in columns},
        use_dictionary=[column for column, kind in columns.items() if kind == WORD],
        column_encoding=dict.fromkeys(packed, "DELTA_BINARY_PACKED"),
        write_statistics=[column for column in LOOKED_UP if column in columns],
    )  # fmt: skip
    return buffer.getvalue()


def free_table(given: Mapping[str, tuple[str, Column]]) -> Any:
    """A pyarrow Table of columns that no list above names: each (kind, values)."""
    import pyarrow as pa

    arrays = [_array(values, kind) for kind, values in given.values()]
    return pa.table(arrays, schema=_schema({name: kind for name, (kind, _) in given.items()}))


def free_parquet(given: Mapping[str, tuple[str, Column]]) -> Any:
    """The same as a Parquet file in memory; equal columns are equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(free_table(given), buffer, store_schema=False, compression="zstd",
                   use_dictionary=[name for name, (kind, _) in given.items() if kind == WORD])  # fmt: skip
    return buffer.getvalue()


def read_parts(folder: Path) -> list[Any]:
    """The closed parts in a folder as pyarrow Tables, in order. Raises FolderError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [pq.read_table(part, partitioning=None) for part in sorted(folder.glob("part-*.parquet"))]
    except (OSError, pa.ArrowInvalid) as fault:
        raise FolderError(f"{folder}: cannot be read: {fault}") from fault


def concatenated(tables: Sequence[Any]) -> Any:
    """One pyarrow Table below the other; a column that one of them lacks is null there."""
    import pyarrow as pa

    return pa.concat_tables(tables, promote_options="default")


def _array(values: Column, kind: str) -> Any:
    """A column of which None, nan and what is masked are null; from buffers, for `pyarrow.array` would import pandas."""
    import pyarrow as pa

    if isinstance(values, Words):
        return _indexed(values)
    gaps = _gaps(values)
    validity = pa.py_buffer(np.packbits(~gaps, bitorder="little")) if gaps.any() else None
    if kind == WORD:
        texts = [b"" if gap else str(value).encode() for value, gap in zip(values, gaps, strict=True)]
        offsets = np.cumsum([0, *map(len, texts)]).astype(np.int32)
        return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(texts)), validity)
    given: Any = np.ma.getdata(values) if isinstance(values, np.ndarray) else np.where(gaps, 0, values)
    filled = given.astype(_NUMPY[kind], copy=False)
    content = np.packbits(filled, bitorder="little") if kind == TRUTH else filled
    return pa.Array.from_buffers(_arrow(kind), len(filled), [validity, pa.py_buffer(content)])


def _indexed(values: Words) -> Any:
    """Words as places in a list of those that differ; a string a row is never made."""
    import pyarrow as pa

    different = list(dict.fromkeys(word for word in values.words if word is not None))
    places: dict[str | None, int] = {word: place for place, word in enumerate(different)}
    smallest = np.min_scalar_type(-max(1, len(different)))
    at = np.array([places.get(word, -1) for word in values.words], dtype=smallest)[values.index]
    validity = pa.py_buffer(np.packbits(at >= 0, bitorder="little")) if None in values.words else None
    indices = pa.Array.from_buffers(pa.from_numpy_dtype(smallest), len(at), [validity, pa.py_buffer(at)])
    return pa.DictionaryArray.from_arrays(indices, _array(different, WORD))


def _gaps(values: Sequence[Any] | np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.getmaskarray(values)
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return np.asarray(np.isnan(values))
    return np.array([value is None or value != value for value in values], dtype=bool)


def _schema(columns: dict[str, str]) -> Any:
    import pyarrow as pa

    return pa.schema([(name, _arrow(kind)) for name, kind in columns.items()])


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    return {INT: pa.int64(), FLOAT: pa.float64(), TRUTH: pa.bool_(), WORD: pa.string()}[kind]


_NUMPY = {INT: np.int64, FLOAT: np.float64, TRUTH: np.bool_}
