"""Cells computed many at a time on this machine: by threads, or by processes where Python has a share in the work.

The fast engine runs without the GIL, but making a mesh and summing it up do not: 3 of 8 ms of a run of 30,000 requests, less
the longer a run is. So two threads keep two cores busy as processes would, without their start of some seconds and their
memory. Agents are Python; and beyond a few cores so are short runs.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

from parley.errors import UsageError
from parley.runs.running import Stop
from parley.sweeps.cells import Row
from scenarios.errors import ParleyError

LOOK_S = 0.1  # wall time between two looks at signals
THREADS_MAX = 4  # with more at once, Python's share of short runs would be what all wait for
DEATHS_MAX = 3  # of workers, one after another, without a cell between them
AHEAD = 2  # cells handed out per worker, so that none waits for the next


class WorkersDied(ParleyError):
    """Processes that compute are killed again and again, as where memory is short."""

    exit_code = 4


class Numbered(Protocol):
    """A cell: what is to be computed, by its place in canonical order."""

    @property
    def index(self) -> int:
        """From 0."""


class Base(Protocol):
    """What all cells have in common, and how one becomes a row."""

    def row(self, cell: Any, stop: Stop | None = None) -> Row | None:
        """The row of a cell; None where it was stopped."""


class Crew(Protocol):
    """Whoever computes cells: here, or elsewhere."""

    @property
    def width(self) -> int:
        """How many cells it may be handed at once."""

    def begin(self, cell: Any) -> None:
        """Take a cell on."""

    def finished(self, timeout_s: float) -> list[Row]:
        """Rows that are there since the last time; waits for one so long at most."""

    def close(self) -> None:
        """Leave; what is under way is nobody's."""


def rows_of(crew: Crew, cells: Iterable[Numbered], stop: Stop) -> Iterator[Row]:
    """The row of each cell, as they come, until stopped."""
    pending, under_way = iter(cells), 0
    while stop.signal_number is None:
        while under_way < crew.width and (cell := next(pending, None)) is not None:
            crew.begin(cell)
            under_way += 1
        if not under_way:
            return
        for row in crew.finished(LOOK_S):
            under_way -= 1
            yield row


def jobs_of(asked: int | None) -> int:
    """How many cells at a time: as asked, or one a core. Raises UsageError."""
    if asked is not None and asked < 1:
        raise UsageError(f"jobs is a number from 1 on, not {asked}")
    return asked or len(os.sched_getaffinity(0))


def local_crew(base: Base, jobs: int, by_processes: bool) -> Crew:
    """Threads, or processes."""
    return ProcessCrew(base, jobs) if by_processes else ThreadCrew(base, jobs)


class LocalCrew:
    """Workers of an executor; where a process dies, others take over what was under way."""

    def __init__(self, base: Base, jobs: int) -> None:
        self._base, self._jobs, self._deaths = base, jobs, 0
        self._executor = self._made()
        self._under_way: dict[Future[Row | None], Numbered] = {}

    @property
    def width(self) -> int:
        """How many cells it may be handed at once."""
        return AHEAD * self._jobs

    def begin(self, cell: Any) -> None:
        """Take a cell on."""
        self._under_way[self._submitted(cell)] = cell

    def finished(self, timeout_s: float) -> list[Row]:
        """Rows that are there since the last time. Raises what went wrong in a cell, and WorkersDied."""
        done, _ = wait(self._under_way, timeout_s, FIRST_COMPLETED)
        found, orphans = [], []
        for future in done:
            cell, fault = self._under_way.pop(future), future.exception()
            if fault is not None and _is_death(fault):
                orphans.append(cell)
            elif (row := future.result()) is not None:
                found.append(row)
        self._deaths = 0 if found else self._deaths
        if orphans:
            self._replace_workers(orphans)
        return found

    def close(self) -> None:
        """Leave; what is under way is nobody's."""
        raise NotImplementedError

    def _made(self) -> Executor:
        raise NotImplementedError

    def _submitted(self, cell: Numbered) -> Future[Row | None]:
        raise NotImplementedError

    def _replace_workers(self, orphans: list[Numbered]) -> None:
        """When one dies all futures break: the rest is begun anew."""
        self._deaths += 1
        if self._deaths > DEATHS_MAX:
            raise WorkersDied(f"processes were killed {self._deaths} times before any cell was done; is there memory for "
                              f"{self._jobs} at once? `--jobs` says how many")  # fmt: skip
        orphans += self._under_way.values()
        self.close()
        self._executor, self._under_way = self._made(), {}
        for cell in sorted(orphans, key=lambda one: one.index):
            self.begin(cell)


class ThreadCrew(LocalCrew):
    """Threads of this process."""

    def __init__(self, base: Base, jobs: int) -> None:
        super().__init__(base, jobs)
        self._leaving = Stop()

    def close(self) -> None:
        """What is under way stops, and the threads end."""
        self._leaving.signal_number = signal.SIGTERM
        self._executor.shutdown(cancel_futures=True)

    def _made(self) -> Executor:
        return ThreadPoolExecutor(self._jobs, "parley-cell")

    def _submitted(self, cell: Numbered) -> Future[Row | None]:
        return self._executor.submit(self._base.row, cell, self._leaving)


class ProcessCrew(LocalCrew):
    """Processes that know nothing of this one: joblib's loky, which begins them afresh and sees it when one dies."""

    def close(self) -> None:
        """The processes are ended."""
        self._executor.shutdown(wait=True, kill_workers=True)  # type: ignore[call-arg]  # an argument of loky's own

    def _made(self) -> Executor:
        from joblib.externals import loky

        # A worker that has grown by some hundred MB ends itself and another is begun: nothing that a user should see between two lines.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
        made: Executor = loky.ProcessPoolExecutor(self._jobs)
        return made

    def _submitted(self, cell: Numbered) -> Future[Row | None]:
        return self._executor.submit(_undisturbed, self._base, cell)


def _is_death(fault: BaseException) -> bool:
    from joblib.externals.loky import process_executor

    return isinstance(fault, process_executor.BrokenProcessPool)


def _undisturbed(base: Base, cell: Numbered) -> Row | None:
    """In a process of its own: Ctrl-C is for whoever started it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return base.row(cell)
