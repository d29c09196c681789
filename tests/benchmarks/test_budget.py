"""The page on what a hop costs tells the truth: events, rows and draws of a request are counted again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scenarios.load import load
from sim.mesh import Mesh
from sim.trace import Kind
from tests.benchmarks.workloads import WORKLOADS

PAGE = Path(__file__).parents[2] / "sim" / "fast" / "README.md"
COLUMNS = ("W1", "W2", "W3")
SECOND = 1_000_000_000


def stated() -> dict[str, dict[str, int]]:
    """The first table of the page: by row and workload."""
    lines = [line.split("|")[1:-1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    table = lines[2 : 2 + 6]  # below the head and its rule
    return {name.strip(): dict(zip(COLUMNS, map(int, cells), strict=True)) for name, *cells in table}


@pytest.fixture(scope="module")
def rows() -> dict[str, Counter[Kind]]:
    """How many rows of each kind a request leaves, over those of some seconds that have all ended."""
    counted = {}
    for workload in (one for one in WORKLOADS if one.name in COLUMNS):
        scenario = load(workload.scenario)
        mesh = Mesh(scenario, 1, record=True)
        mesh.advance(2 * SECOND)
        life: dict[int, Counter[Kind]] = {}
        for row in mesh.plane.take_rows():
            life.setdefault(row.request, Counter())[Kind(row.kind)] += 1
        over = [kinds for kinds in life.values() if kinds[Kind.FINISHED]]
        assert len(over) > 100
        assert all(kinds == over[0] for kinds in over)
        counted[workload.name] = over[0]
    return counted


@pytest.mark.parametrize("name", COLUMNS)
def test_a_request_costs_what_the_page_says(name, rows):
    """Rows are counted; events and draws follow from them: a try is an event, a work is, an answer is."""
    kinds, page = rows[name], {row: cells[name] for row, cells in stated().items()}
    tries, works = kinds[Kind.SENT], kinds[Kind.WORKED]
    at_once = 2  # the entry hop and its answer take no time
    assert list(page.values()) == [
        1 + tries + works + kinds[Kind.RETURNED], at_once, 1 + tries + kinds[Kind.RETURNED] - at_once, works,
        kinds.total(), 1 + works,
    ]  # fmt: skip
