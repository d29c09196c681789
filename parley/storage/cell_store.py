"""Where the rows of cells are kept: closed Parquet parts of PART_CELLS cells each, and journals of parts that are not full.

Part k holds cells k * PART_CELLS and on, in canonical order, and is made once all of them are there; so its bytes depend on
neither who finished first nor on how often everybody was killed. Until then its rows are in `journal/part-k.jsonl`, which
goes when the part is in place. So a finished cell is in one of the two at every instant, and the disk holds little twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parley.errors import FolderError
from parley.storage.journal import Journal, Row, read_journal
from parley.storage.run_folder import RunFolder
from parley.storage.tables import concatenated, free_parquet, free_table, read_parts

PART_CELLS = 100
CELLS, JOURNAL = "cells", "journal"

ColumnsOf = Callable[[Sequence[Row]], dict[str, tuple[str, Any]]]  # rows → name → (kind, values), as tables.py names kinds


class CellStore:
    """The cells of one folder, for the one process that adds to them; use it in a `with`."""

    def __init__(self, folder: RunFolder, total: int, columns_of: ColumnsOf) -> None:
        self._folder, self._total, self._columns_of = folder, total, columns_of
        self._journals: dict[int, Journal] = {}
        self._closed = {part for part in range(-(-total // PART_CELLS)) if (folder.path / _part(part)).exists()}

    def __enter__(self) -> CellStore:
        """Keep others away. Raises FolderError where somebody is at work here, or what there is cannot be read."""
        self._lock = os.open(self._folder.path, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise FolderError(f"{self._folder.path}: another process is at work on it") from None
        except OSError:
            pass  # a file system without locks
        try:
            for part in range(-(-self._total // PART_CELLS)):
                if (self._folder.path / _journal(part)).exists():
                    self._settle(part)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the files; an empty folder of journals goes."""
        for journal in self._journals.values():
            journal.close()
        with contextlib.suppress(OSError):
            (self._folder.path / JOURNAL).rmdir()
        os.close(self._lock)

    def missing(self) -> Iterator[int]:
        """Cells that are not there as yet, in canonical order."""
        for part in range(-(-self._total // PART_CELLS)):
            if part not in self._closed:
                known = {row["cell"] for row in self._journals[part].rows} if part in self._journals else set[int]()
                yield from (cell for cell in self._cells(part) if cell not in known)

    def add(self, row: Row) -> None:
        """Keep a row. Raises FolderError, or DiskFull, and then it is not there; all others are."""
        part = row["cell"] // PART_CELLS
        journal = self._journal(part)
        journal.rows.append(journal.append(row))
        self._settle(part)

    def _settle(self, part: int) -> None:
        """Close a part whose cells are all there; a journal that its part outlived goes."""
        journal = self._journal(part)
        if part not in self._closed:
            if len(journal.rows) < len(self._cells(part)):
                return
            rows = sorted(journal.rows, key=lambda row: int(row["cell"]))
            self._folder.write_bytes(_part(part), free_parquet(self._columns_of(rows)), lasting=True)
            self._closed.add(part)
        self._journals.pop(part).remove()

    def _journal(self, part: int) -> Journal:
        if part not in self._journals:
            self._journals[part] = Journal(self._folder.path / _journal(part))
        return self._journals[part]

    def _cells(self, part: int) -> range:
        return range(part * PART_CELLS, min(self._total, (part + 1) * PART_CELLS))


def read_cells(folder: Path, columns_of: ColumnsOf) -> Any:
    """Every finished cell as a pyarrow Table, in canonical order; also while somebody adds to them. Raises FolderError."""
    loose = [row for path in sorted((folder / JOURNAL).glob("part-*.jsonl")) for row in read_journal(path)]
    parts = read_parts(folder / CELLS)
    closed = {cell for part in parts for cell in part["cell"].to_pylist()}
    loose = [row for row in loose if row["cell"] not in closed]
    tables = [*parts, *([free_table(columns_of(loose))] if loose else [])]
    return concatenated(tables or [free_table(columns_of([]))]).sort_by("cell")


def _part(part: int) -> str:
    return f"{CELLS}/part-{part:05}.parquet"


def _journal(part: int) -> str:
    return f"{JOURNAL}/part-{part:05}.jsonl"
