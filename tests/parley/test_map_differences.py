"""Differences of a map's panels: where the sign changes and how sure that is, worked by hand and against Erlang C."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.optimize import brentq
from typer.testing import CliRunner

from parley.cli import app
from parley.errors import UsageError
from parley.maps.axes import quantity, ruler
from parley.maps.difference_figure import contoured, picture_of_differences, reach
from parley.maps.differences import LESS, MISSING, MORE, SAME, UNDECIDED, subtracted
from parley.maps.figure import picture_of
from parley.maps.files import Asked, MapAxis, as_plain, map_file, parsed
from parley.maps.mapping import OutcomeMap, outcome_map
from parley.maps.zero_crossings import Crossing, crossings
from parley.pages.section import Table
from parley.reporting.map_page import page_of_maps
from scenarios.errors import ScenarioError
from scenarios.schema.units import format_duration
from scenarios.writing import yaml_of
from tests.parley.test_map_and_sweep_pages import refused_by_plotly, section
from tests.parley.test_reporting import figures, values
from tests.theory import oracles

NAN = math.nan
NAME = "here minus there"


@pytest.mark.parametrize(("means", "widths", "expected"), [
    ([-2, -1, 1, 2], [0.5] * 4, [(1.5, 1.25, 1.75)]),  # the interval's ends are half a unit from the mean on either side
    ([-2, 2], [1, 1], [(0.5, 0.25, 0.75)]),
    ([2, 1, -1], [0.5] * 3, [(1.5, 1.25, 1.75)]),
    ([-2, -0.1, 0.1, 2], [1] * 4, [(1.5, 1 / 1.9, 2 + 0.9 / 1.9)]),  # undecided over two cells
    ([-2, 0.1, -0.1, 0.1, 2], [1] * 5, [(1.5, 1 / 2.1, 3 + 0.9 / 1.9)]),  # three zeros without a verdict are one crossing
    ([2, 0.1, -0.1, 2], [1] * 4, []),  # the same sign on both sides
    ([-0.1, 2], [1, 1], [(0.1 / 2.1, None, 1.1 / 2.1)]),  # undecided from the border on
    ([-2, 0.1], [1, 1], [(2 / 2.1, 1 / 2.1, None)]),
    ([-0.1, 0.1], [1, 1], [(0.5, None, None)]),
    ([-1, 1, -1], [0.5] * 3, [(0.5, 0.25, 0.75), (1.5, 1.25, 1.75)]),  # there and back
    ([-1, 0, 0, 1], [0.5, 0, 0, 0.5], [(2.0, 1.0, 2.0)]),  # nothing differs in between
    ([-1, NAN, 1], [0.5] * 3, [(1.0, 0.5, 1.5)]),  # a missing cell is passed over
    ([-1, 0.5, 1], [0.5, NAN, 0.5], [(2 / 3, 0.0, 2.0)]),  # one seed alone has no interval: known up to its neighbours only
    ([0, 0], [0, 0], []), ([NAN], [NAN], []), ([1], [0.5], []),
])  # fmt: skip
def test_where_a_row_crosses_zero(means, widths, expected):
    """Along 0, 1, 2, ..., straight between cells."""
    found = crossings(range(len(means)), means, widths)
    for one, (at, low, high) in zip(found, expected, strict=True):
        assert one.at == pytest.approx(at)
        assert [one.low, one.high] == [end if end is None else pytest.approx(end) for end in (low, high)]


def test_an_interval_is_open_where_it_leaves_the_map():
    """In words."""
    assert [Crossing(1.0, *ends).interval for ends in ((0.5, 2.0), (None, 2.0), (0.5, None), (None, None))] == [
        "0.5 … 2", "… 2", "0.5 …", "…"]  # fmt: skip


def test_cells_are_paired_by_seed():
    """Two seeds that differ by 1 and 3: 2 ± 12.7; a constant step; the same; a seed that is missing on one side; and none at all."""
    mine = np.array([[[2.0, 5.0], [7.0, 9.0], [1.0, 4.0], [NAN, 5.0], [NAN, 5.0]]])
    theirs = np.array([[[1.0, 2.0], [8.0, 10.0], [1.0, 4.0], [1.0, 2.0], [1.0, NAN]]])
    plane = subtracted("d", [0.0, 1.0, 2.0, 3.0, 4.0], ("a", mine), ("b", theirs))
    assert plane.mean[0] == pytest.approx([2, -1, 0, 3, NAN], nan_ok=True)
    assert plane.half_width[0] == pytest.approx([12.706, 0, 0, NAN, NAN], rel=1e-4, nan_ok=True)
    assert plane.pairs[0].tolist() == [2, 2, 2, 1, 0]
    assert plane.verdicts[0].tolist() == [UNDECIDED, LESS, SAME, UNDECIDED, MISSING]
    assert plane.counted() == {MORE: 0, LESS: 1, UNDECIDED: 2, SAME: 1, MISSING: 1}
    assert np.isnan(contoured(plane)[0][0, 2])  # no line leads into what is the same


def test_colours_end_where_nearly_all_cells_do():
    """One cell in a hundred that is a thousand times larger would make all others white."""
    mine = np.full((10, 10, 2), 1.0)
    plain = subtracted("d", list(range(10)), ("a", mine), ("b", np.zeros((10, 10, 2))))
    assert reach([plain]) == (1.0, False)
    mine[0, 0] = 1000.0
    assert reach([subtracted("d", list(range(10)), ("a", mine), ("b", np.zeros((10, 10, 2))))]) == (1.0, True)
    assert reach([subtracted("d", list(range(10)), ("a", mine), ("b", mine))]) == (1.0, False)


@pytest.fixture(scope="module")
def near_or_far(tmp_path_factory):
    """The shipped map, coarser and with fewer seeds."""
    plan = map_file("near_or_far", Asked(seeds=4, x="workload.jobs.load=0.5..1.1..0.1"))
    plain = as_plain(plan)
    short = {"x": plain["x"] | {"times": 0.8}, "set": plain["set"] | {"duration": "15s", "warmup": "2s"}}
    return outcome_map(plain | short, out=tmp_path_factory.mktemp("maps") / "near")


def lost_by_staying(load, there_and_back):
    """Seconds of wait, at a load over the capacity of eight servers."""
    return oracles.mmc_mean_wait(1000 * load, 0.008, 8) - oracles.mmc_mean_wait(1000 * load, 0.008, 16) - there_and_back


def test_the_theory_of_near_or_far_is_erlangs():
    """Every point: there the mean wait that eight servers add is the way there and back."""
    for rho, way in map_file("near_or_far").theory[NAME].points:
        assert rho == pytest.approx(brentq(lost_by_staying, 0.1, 0.99, args=(2 * quantity(way),)), abs=0.001), way


def test_the_sign_flips_where_erlang_says(near_or_far):
    """Within a cell in every row; below it staying is quicker, above it travelling; and the interval holds the truth nearly always."""
    (plane,) = near_or_far.differences
    assert near_or_far.x == pytest.approx([0.4, 0.48, 0.56, 0.64, 0.72, 0.8, 0.88])
    assert max(map(abs, plane.distances)) < 0.5
    assert set(plane.verdicts[:, 0]) <= {LESS, UNDECIDED} and set(plane.verdicts[:, -1]) == {MORE}
    held = [(one.low or 0) <= there <= (one.high or 1) for (one,), there in zip(plane.rows, plane.theory, strict=True)]
    assert sum(held) >= len(held) - 1


def test_pairs_know_more_than_sides(near_or_far):
    """The same requests on both sides: the difference is known better than either."""
    (plane,), (here, _) = near_or_far.differences, near_or_far.panels
    spread = here.outcomes.std(axis=2, ddof=1) * 3.182 / 2  # Student's t of four seeds
    assert np.median(plane.half_width / spread) < 1.1


def test_a_map_of_differences_is_told_in_full(near_or_far):
    """map.json has the planes, is read back to the same, and its pictures are drawn; without a level there are no frontiers."""
    told = json.loads((near_or_far.path / "map.json").read_text())["differences"][NAME]
    (plane,) = near_or_far.differences
    assert (told["of"], told["minus"], told["verdicts"]) == ("here", "there", plane.verdicts.tolist())
    assert told["crossings"][2][0]["x"] == plane.rows[2][0].at and told["pairs"] == [[4] * 7] * 6
    again = OutcomeMap(near_or_far.path)
    assert np.array_equal(again.differences[0].mean, plane.mean)
    assert all(row is None for panel in again.panels for row in panel.frontier.rows)
    assert picture_of_differences(again).png() != picture_of(again).png()


def test_differences_have_a_section_of_the_page(near_or_far):
    """First, with the three lines and a mark in undecided cells; frontiers are left out."""
    page = page_of_maps([near_or_far])
    assert [one.name for one in page.sections] == ["differences", "figures", "again"]
    made, (plane,) = section(page, "differences"), near_or_far.differences
    _, drawn = figures(made)
    assert values(drawn.traces[0]["z"]) == pytest.approx(plane.mean, rel=1e-5)
    assert sum(trace["type"] == "contour" for trace in drawn.traces) == 3
    marks = [trace for trace in drawn.traces if trace.get("name") == UNDECIDED]
    assert sum(len(trace["x"]) for trace in marks) == plane.counted()[UNDECIDED]
    table = next(part for part in made.parts if isinstance(part, Table))
    assert len(table.rows) == 6 and set(table.rows[0][1]) <= set("▲▼◇□")
    refused_by_plotly(page)


def test_the_terminal_tells_differences(near_or_far, tmp_path, monkeypatch):
    """A sign a cell, zero with its interval, and two pictures; as JSON what map.json has. A finished map is not run again."""
    monkeypatch.setenv("COLUMNS", "120")
    file = tmp_path / "map.yaml"
    file.write_text(yaml_of(as_plain(near_or_far.file)))
    done = CliRunner().invoke(app, ["map", str(file), "--out", str(near_or_far.path)])
    assert done.exit_code == 0, done.stderr
    assert "latency_ms.mean of here minus that of there" in done.stdout and "▼ there has more in" in done.stdout
    assert "crosses" not in done.stdout
    assert (near_or_far.path / "map.png").is_file() and (near_or_far.path / "panels.png").is_file()
    as_json = CliRunner().invoke(app, ["map", str(file), "--out", str(near_or_far.path), "--json"])
    assert json.loads(as_json.stdout)["differences"][NAME]["of"] == "here"


PLAN = {"scenario": "mm8", "x": {"path": "workload.jobs.load", "values": [0.5, 1]},
        "y": {"path": "services.station.workers", "values": [8]},
        "outcome": {"figure": "good"}, "panels": {"a": {}, "b": {"services.station.workers": 9}}}  # fmt: skip


@pytest.mark.parametrize(("more", "says"), [
    ({}, "the outcome needs a level"),
    ({"differences": {"d": {"of": "a", "minus": "c"}}}, "difference 'd' is of panel 'c', which there is not"),
    ({"differences": {"d": {"of": "a", "minus": "a"}}}, "difference 'd' subtracts 'a' from itself"),
    ({"differences": {"a": {"of": "a", "minus": "b"}}}, "difference 'a' is called as a panel is"),
    ({"differences": {"d": {"of": "a"}}}, "differences.d"),
    ({"differences": {"d": {"of": "a", "minus": "b"}}, "theory": {"e": {"says": "", "points": [[1, 8]]}}}, "is of panel 'e', which"),
])  # fmt: skip
def test_a_mistake_in_a_difference(more, says):
    """Told with its place before anything runs."""
    with pytest.raises(ScenarioError) as told:
        parsed(PLAN | more)
    assert says in str(told.value)


def test_a_difference_may_have_a_level_too():
    """Then its panels have frontiers."""
    plan = PLAN | {"differences": {"d": {"of": "a", "minus": "b"}}, "outcome": {"figure": "good", "level": 0.5}}
    assert parsed(plan).outcome.level == 0.5


@pytest.mark.parametrize(("given", "places", "ticks"), [
    (["1", "2", "3"], [1, 2, 3], None),
    (["0%", "50%", "100%"], [0, 0.5, 1], ([0, 0.5, 1], ["0%", "50%", "100%"])),
    (["100ms", "1s", "1m"], [0, 1, 2], ([0, 1, 2], ["100ms", "1s", "1m"])),  # side by side
    (["10s", "20s", "30s"], [10, 20, 30], ([10, 20, 30], ["10s", "20s", "30s"])),
    (["3", "2", "1"], [3, 2, 1], None),
    (["7"], [7], None),
])  # fmt: skip
def test_a_side_of_a_map(given, places, ticks):
    """To scale where steps are alike; times and shares as they are written."""
    side = ruler(MapAxis(path="a.b", values=tuple(given)))
    assert (side.places, side.ticks(9)) == (places, ticks)
    assert [side.place(value) for value in side.values] == places
    assert len(side.edges()) == len(places) + 1


def test_a_number_between_two_values_side_by_side():
    """Halfway between 1 s and 1 min is halfway between their cells; of many labels every second is written."""
    side = ruler(MapAxis(path="a.b", values=("100ms", "1s", "1m")))
    assert side.place(30.5) == pytest.approx(1.5) and math.isnan(side.place(NAN))
    assert side.ticks(2) == ([0, 2], ["100ms", "1m"])


@pytest.mark.parametrize("given", [["1", "3", "2"], ["1", "1.0"]])
def test_values_that_go_to_and_fro_are_no_side(given):
    """Lines are drawn along them."""
    with pytest.raises(UsageError, match=r"a\.b: the values of a map's axis go up, or down"):
        ruler(MapAxis(path="a.b", values=tuple(given)))


def test_times_of_the_shipped_map_are_written_as_such():
    """The rows of a map of durations."""
    side = ruler(map_file("near_or_far").y)
    assert side.has_units and [format_duration(round(1e9 * value)) for value in side.values] == list(side.labels)
