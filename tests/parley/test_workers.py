"""Processes that die are replaced, and nothing of what they did not finish is lost."""

from __future__ import annotations

import os
import signal
from contextlib import closing

import pytest

from parley.errors import UsageError
from parley.runs.running import Stop
from parley.sweeps.cells import Base, Cell, computed
from parley.sweeps.workers import ProcessCrew, WorkersDied, jobs_of, rows_of
from scenarios.load import loads
from scenarios.writing import as_yaml
from tests.parley.worlds import SHOP

BASE = Base(as_yaml(loads(SHOP)), ".", "reference", "1s")
CELLS = [Cell(index, (), index) for index in range(12)]


def test_a_killed_process_is_replaced():
    """Its cells are computed by others, to the same rows."""
    crew, rows = ProcessCrew(BASE, 2), []
    with closing(crew):
        for row in rows_of(crew, CELLS, Stop()):
            if len(rows) in (1, 5):
                os.kill(next(iter(crew._executor._processes)), signal.SIGKILL)
            rows.append(row)
    assert sorted(rows, key=lambda row: row["cell"]) == [computed(BASE, cell) for cell in CELLS]


def test_processes_that_always_die_are_told(monkeypatch):
    """Not for ever."""
    monkeypatch.setattr(ProcessCrew, "_submitted", lambda self, _: self._executor.submit(os._exit, 9))
    with closing(ProcessCrew(BASE, 2)) as crew, pytest.raises(WorkersDied, match="killed 4 times before any cell was done"):
        list(rows_of(crew, CELLS, Stop()))


def test_jobs_are_a_number_from_one_on():
    """One a core if nothing is said."""
    assert jobs_of(None) == len(os.sched_getaffinity(0))
    with pytest.raises(UsageError, match="from 1 on"):
        jobs_of(0)
