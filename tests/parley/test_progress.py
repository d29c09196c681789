"""What is told while a sweep goes on."""

from __future__ import annotations

import io

from parley.progress import CellsLine, cells_line


def test_a_line_tells_pace_and_time_left():
    """The pace is of what was computed now, not of what a resumed sweep had."""
    assert cells_line(120, 200, 20, 2.0) == "120 of 200 cells ██████░░░░ 60 % · 10 cells/s · 8s left"
    assert cells_line(2, 4, 2, 180.0) == "2 of 4 cells █████░░░░░ 50 % · 1m30s a cell · 3m left"


def test_elsewhere_than_on_a_terminal_few_lines_are_written(monkeypatch):
    """One every ten seconds, each on its own."""
    now, written = iter([0.0, 1.0, 2.0, 11.0, 12.0, 25.0]), io.StringIO()
    monkeypatch.setattr("parley.progress.time.monotonic", lambda: next(now))
    with CellsLine(written) as told:
        for done in range(1, 6):
            told(done, 10)
    assert [line.split(" cells ")[0] for line in written.getvalue().splitlines()] == ["3 of 10", "5 of 10"]
