"""L14, L15: requests of different sizes, worked out by hand on both engines."""

from __future__ import annotations

from collections import defaultdict

from sim.trace import FINISHED, STARTED, WORKED, Kind
from tests.worlds import plane_of, rows, told

MIXED = """
services:
  a: {workers: 99, endpoints: {x: [{work: 10ms}, {wait: 4ms}, {call: b.y, on_failure: ignore}]}}
  b: {workers: 99, endpoints: {y: [{work: 20ms}]}}
routes: {a -> b: {per_try_timeout: 9ms, retries: {num_retries: 1, retry_on: [5xx], retry_back_off: {base_interval: 0s}}}}
workload:
  w: {entry: a.x, arrivals: {constant: 100/s}, size: {mixture: [{weight: 1, of: 1}, {weight: 1, of: 3}]}}
  even: {entry: b.y, arrivals: {constant: 10/s}}
"""


def lengths(plane, until_ms):
    """Lengths of the works of each finished request, in ms, in the order they began; classes apart by their first work."""
    found, over = defaultdict(list), set()
    for row in rows(plane, until_ms):
        if row.kind == STARTED:
            found[row.request].append(row.value / 1e6)
        elif row.kind == FINISHED:
            over.add(row.request)
    return {tuple(works) for request, works in found.items() if request in over}


def test_all_works_of_a_request_have_its_size(engine):
    """L14, L15: sizes 0.5 and 1.5 of works of 10 and 20 ms; the second try, after 9 ms, has the size of the first."""
    assert lengths(plane_of(MIXED, engine), 1000) == {(5.0, 10.0, 10.0), (15.0, 30.0, 30.0), (20.0,)}


def test_waits_have_no_size(engine):
    """L15: after a work of 5 or 15 ms comes a wait of 4 ms, whatever the size."""
    worked = defaultdict(list)
    for row in rows(plane_of(MIXED, engine), 500):
        if row.kind in (STARTED, WORKED) and row.call == 0:
            worked[row.request].append((Kind(row.kind), row.time_ns / 1e6))
    waits = {round(ends[2][1] - ends[1][1], 6) for ends in worked.values() if len(ends) >= 3}
    assert waits == {4.0}


def test_sizes_leave_other_draws_as_they_are(engine):
    """L14, D3: a class with sizes arrives, waits and branches as one without."""
    plain = MIXED.replace(", size: {mixture: [{weight: 1, of: 1}, {weight: 1, of: 3}]}", "")
    sized, alike = (told(plane_of(text, engine), 300, "arrived") for text in (MIXED, plain))
    assert sized == alike


def test_a_user_asks_for_another_size_each_time(engine):
    """L14: the size belongs to the request, so a closed user's requests differ."""
    text = MIXED.replace("arrivals: {constant: 100/s}", "arrivals: {users: {count: 1, think: 1ms}}")
    assert lengths(plane_of(text, engine), 2000) >= {(5.0, 10.0, 10.0), (15.0, 30.0, 30.0)}
