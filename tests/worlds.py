"""Worlds in a few lines: a scenario from a text, a plane with its first pods, and what its trace tells.

A row is told as `time request.call kind place value`: time in ms, and the value as an outcome's name or, where work
starts, in ms. `3.5 0.1 started 2 10`: at 3.5 ms call 1 of request 0 gets a core of pod 2 for 10 ms.
"""

from __future__ import annotations

import atexit
import re
import tempfile
from decimal import Decimal
from pathlib import Path

from scenarios.load import loads
from scenarios.schema.scenario import Scenario
from sim.build import build_plane
from sim.commands import PodReady
from sim.laws.retrying import OUTCOMES
from sim.plane import DataPlane
from sim.trace import STARTED, TELLS_OUTCOME, Kind, Row

MS = 1_000_000
ENGINES = ("reference", "fast")
_HEAD = {"version": "1", "name": "test", "duration": "10s", "workload": "{w: {entry: a.x, arrivals: {timestamps: times(0)}}}"}
_FOLDER = tempfile.TemporaryDirectory()
atexit.register(_FOLDER.cleanup)


def world(text: str) -> Scenario:
    """A scenario; what every file needs is added where it is left out: one request at 0 asks for `a.x`.

    `times(0, 2.5)` stands for a file with requests at these times, in ms.
    """
    head = [f"{key}: {value}" for key, value in _HEAD.items() if f"\n{key}:" not in "\n" + text]
    return loads(re.sub(r"times\(([^)]*)\)", _times_file, "\n".join([*head, text])))


def _times_file(found: re.Match[str]) -> str:
    path = Path(_FOLDER.name) / (re.sub(r"[^\d.]+", "_", found[1]) + ".csv")
    path.write_text("".join(f"{Decimal(ms) / 1000:f}\n" for ms in found[1].split(",")))
    return str(path)


def with_pods(plane: DataPlane) -> DataPlane:
    """The plane with every service's replicas ready, numbered from 0, dealt to the zones in turn."""
    zones = plane.layout.zones
    for name, service in plane.layout.scenario.services.items():
        for number in range(service.replicas):
            plane.apply(PodReady(name, number, zones[number % len(zones)]))
    return plane


def plane_of(text: str, engine: str, seed: int = 1) -> DataPlane:
    """A recording plane of `world(text)` with its first pods."""
    return with_pods(build_plane(world(text), seed, engine, record=True))


def rows(plane: DataPlane, until_ms: float) -> list[Row]:
    """Rows of everything before a time that were not taken yet."""
    plane.advance(round(until_ms * MS))
    return plane.take_rows()


def told(plane: DataPlane, until_ms: float, *kinds: str) -> list[str]:
    """Rows of everything before a time, told; only those of some kinds where any are named."""
    return [_tell(row) for row in rows(plane, until_ms) if not kinds or Kind(row.kind).name.lower() in kinds]


def lines(text: str) -> list[str]:
    """Expected rows, one a line; blanks only set columns."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def _tell(row: Row) -> str:
    value: object = row.value
    if row.kind in TELLS_OUTCOME:
        value = OUTCOMES[row.value]
    elif row.kind == STARTED:
        value = _ms(row.value)
    return f"{_ms(row.time_ns)} {row.request}.{row.call} {Kind(row.kind).name.lower()} {row.place} {value}"


def _ms(ns: int) -> str:
    return f"{Decimal(ns) / MS:f}"
