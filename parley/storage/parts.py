"""Parts of tables, put in place one after another by a thread of their own while the run goes on.

A part is written to memory and then put in place whole, so that a killed run leaves only readable files. All that a run
writes goes through one `Writer` and lands in the order in which it was handed over: a checkpoint after the parts before it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Self

from parley.storage.run_folder import RunFolder
from parley.storage.tables import Columns, as_parquet

WAITING = 8  # jobs under way at most: when the disk is slower than the run, the run waits
PART_ROWS = 20_000
PART_SECONDS = 5.0  # of wall time: what a killed run loses at most, beside what is under way

Job = Callable[[], None]


class Writer:
    """Does jobs in their order, in a thread that lives within a `with`.

    What goes wrong there is raised where the run looks: by `check` and `finish`, so never in the middle of an event.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "parley-writer")
        self._under_way: deque[Future[None]] = deque()
        self._fault: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: Any, fault: BaseException | None, __: Any) -> None:
        """Wait for the thread; what it had not begun is left where somebody is in a hurry."""
        self._thread.shutdown(cancel_futures=isinstance(fault, KeyboardInterrupt))

    def hand_over(self, job: Job) -> None:
        """Let a job be done after all others. Waits while too many are under way."""
        while len(self._under_way) >= WAITING:
            self._see_off()
        self._under_way.append(self._thread.submit(job))

    def check(self) -> None:
        """Raise what went wrong first, if anything did."""
        while self._under_way and self._under_way[0].done():
            self._see_off()
        if self._fault is not None:
            raise self._fault

    def finish(self) -> None:
        """Wait until all is done; then as `check`."""
        while self._under_way:
            self._see_off()
        self.check()

    def _see_off(self) -> None:
        fault = self._under_way.popleft().exception()
        self._fault = fault if self._fault is None else self._fault


class TableWriter:
    """One table of a run that goes on. `columns_of` turns the items added since the last part into columns."""

    def __init__(self, writer: Writer, folder: RunFolder, name: str, columns_of: Callable[[list[Any]], Columns],
                 part_rows: int = PART_ROWS) -> None:  # fmt: skip
        self._writer, self._folder, self._name, self._columns_of = writer, folder, name, columns_of
        self._part_rows = part_rows
        self._items: list[Any] = []
        self._rows, self._parts, self._since = 0, 0, time.monotonic()
        self.is_whole = True  # no part is missing before those that are closed

    def add(self, items: Sequence[Any], rows: int | None = None) -> None:
        """Some items, which make so many rows: one each if nothing is said."""
        self._items += items
        self._rows += len(items) if rows is None else rows

    def flush(self, now: bool = False) -> None:
        """Hand over a part if it is time to, or `now`."""
        late = time.monotonic() - self._since >= PART_SECONDS
        if not self._rows or not (now or late or self._rows >= self._part_rows):
            return
        self._writer.hand_over(partial(self._close_part, f"{self._name}/part-{self._parts:05}.parquet", self._items))
        self._items, self._rows, self._since = [], 0, time.monotonic()
        self._parts += 1

    def _close_part(self, file: str, items: list[Any]) -> None:
        if self.is_whole:
            self.is_whole = False  # and stays so if this fails: nothing follows a gap
            self._folder.write_bytes(file, as_parquet(self._name, self._columns_of(items)))
            self.is_whole = True
