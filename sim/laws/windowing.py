"""What was counted lately: over the last calls, or over the last stretches of time.

A window lies in a run of whole numbers: three totals, where it is, and its parts. Of calls, a part is one of them;
of time, a part is a stretch, with three counts. Nothing has to be done while time passes: parts that are over leave
the totals when the window is touched next.
"""

from __future__ import annotations

from typing import Any

from sim.registry import law, seldom

AT, PARTS = 3, 4  # after the totals: the place of the next call or the number of the latest stretch, and the parts


def cells_of_calls(size: int) -> int:
    """How many whole numbers a window of `size` calls takes."""
    return PARTS + size


def cells_of_time(parts: int) -> int:
    """How many whole numbers a window of `parts` stretches takes."""
    return PARTS + 3 * parts


@seldom
@law
def clear_window(cells: Any, first: int, count: int) -> None:
    """X4 A window of `count` cells begins anew."""
    for i in range(first, first + count):
        cells[i] = 0


@law
def note_total(cells: Any, first: int, one: int, two: int, three: int) -> None:
    """X4 Count in the totals alone."""
    cells[first] += one
    cells[first + 1] += two
    cells[first + 2] += three


@seldom
@law
def note_call(cells: Any, first: int, size: int, failed: int, slow: int) -> None:
    """X4 A call joins the last `size` of them; the totals are calls, failed ones and slow ones."""
    at = first + PARTS + cells[first + AT]
    if cells[first] == size:
        old = cells[at]
        note_total(cells, first, -1, -(old & 1), -(old >> 1))
    cells[at] = 2 * slow + failed
    note_total(cells, first, 1, failed, slow)
    cells[first + AT] = (cells[first + AT] + 1) % size


@seldom
@law
def move_on(cells: Any, first: int, parts: int, stretch: int) -> None:
    """X4 It is now stretch number `stretch`: of the window only the last `parts` stretches stay."""
    for k in range(min(stretch - cells[first + AT], parts)):
        i = first + PARTS + 3 * ((stretch - k) % parts)
        note_total(cells, first, -cells[i], -cells[i + 1], -cells[i + 2])
        cells[i] = 0
        cells[i + 1] = 0
        cells[i + 2] = 0
    cells[first + AT] = stretch


@seldom
@law
def note_now(cells: Any, first: int, parts: int, stretch: int, one: int, two: int, three: int) -> None:
    """X4 Count in the stretch that it is now."""
    move_on(cells, first, parts, stretch)
    i = first + PARTS + 3 * (stretch % parts)
    note_total(cells, first, one, two, three)
    cells[i] += one
    cells[i + 1] += two
    cells[i + 2] += three
