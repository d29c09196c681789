"""Reports of maps and of sweeps: what is drawn, what is told, what is refused, and how it looks in a browser."""

from __future__ import annotations

import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest

import parley
from parley.errors import FolderError, UsageError
from parley.maps.files import parsed
from parley.maps.mapping import OutcomeMap, outcome_map
from parley.pages.page import rendered
from parley.pages.section import Code, Table
from parley.reporting.map_page import page_of_maps
from parley.reporting.planes import diverging
from parley.reporting.sweep_page import page_of_sweeps
from parley.storage.run_folder import MANIFEST
from parley.sweeps.sweeping import Sweep
from scenarios.yaml_reading import read_yaml
from tests.parley.browsing import browser, opened
from tests.parley.test_mapping import PUBLISHED, QUEUE, made
from tests.parley.test_report_page import DARK, EMPTY
from tests.parley.test_reporting import SIZE_MAX, figures, values
from tests.parley.worlds import SHOP, written
from tests.parley.worlds import parley as command

LOAD, WORKERS = "workload.readers.load", "services.stock.workers"
IN_BROWSER = pytest.mark.skipif(browser() is None, reason="no chromium and chromedriver on the PATH")
EVIL = "</script><script>alert(1)</script><b>&"


@pytest.fixture(scope="module")
def small_map(tmp_path_factory):
    """Two panels with a theory of one, whose names look like HTML."""
    folder = tmp_path_factory.mktemp("map")
    plan = made(str(written(folder, QUEUE)), question=EVIL, panels={f"short {EVIL}": {}, "long": {"services.a.queue.size": 200}},
                theory={f"short {EVIL}": {"says": EVIL, "points": [[1.0, 1], [2.0, 2]]}})  # fmt: skip
    return outcome_map(plan, out=folder / "small")


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory):
    """Of one, two and three axes; one value of the last is a text."""
    folder = tmp_path_factory.mktemp("sweeps")
    world = written(folder, SHOP)
    varied = [{LOAD: "0.5..2.0..0.5"}, {LOAD: [0.5, 2], WORKERS: [1, 3]}, {LOAD: [0.5, 2], WORKERS: [1, 3], "network.same_zone": "1ms,5ms"}]
    return [parley.sweep(world, vary, seeds=2, until="3s", out=folder / f"s{nth}") for nth, vary in enumerate(varied, 1)]


def section(page, name):
    """One of a page's sections."""
    return next(one for one in page.sections if one.name == name)


def refused_by_plotly(page):
    """Traces or layouts with a property that plotly does not have raise ValueError."""
    for one in page.sections:
        for figure in figures(one):
            go.Figure(json.loads(re.sub(r'"@\w+~?"', '"#123456"', json.dumps({"data": list(figure.traces), "layout": figure.layout}))))


def test_the_published_map_has_a_page(tmp_path):
    """From map.json alone: a panel each, one scale, the frontiers to the digit, and the command that makes it."""
    found = OutcomeMap(PUBLISHED)
    page = page_of_maps([found])
    scale, *panels = figures(section(page, "figures"))
    assert "good share" in scale.name and [one.title for one in panels] == list(found.file.panels)
    for panel, drawn in zip(found.panels, panels, strict=True):
        assert values(drawn.traces[0]["z"]) == pytest.approx(panel.outcomes.mean(axis=2))
    table = next(part for part in section(page, "frontiers").parts if isinstance(part, Table))
    assert table.rows[0][:3] == ("Istio's two retries", "crosses at", "0.530")
    assert next(part for part in section(page, "again").parts if isinstance(part, Code)).text == "parley map basin --out basin"
    assert parley.report(PUBLISHED, out=tmp_path / "page.html").stat().st_size < SIZE_MAX


def test_a_frontier_has_error_bars_and_a_theory_is_dotted(small_map):
    """At the means and half-widths of the map; a row where nothing crosses is a gap."""
    short, long = figures(section(page_of_maps([small_map]), "figures"))[1:]
    line = next(trace for trace in short.traces if "error_x" in trace)
    assert line["x"] == [row.mean for row in small_map.panels[0].frontier.rows]
    assert line["error_x"]["array"] == pytest.approx([row.half_width for row in small_map.panels[0].frontier.rows])
    assert [trace["x"] for trace in short.traces if trace.get("line", {}).get("dash") == "dot"] == [[1.0, 2.0]]
    assert not any(trace.get("line", {}).get("dash") for trace in long.traces)


@pytest.mark.parametrize(("low", "high", "level"), [(0, 1, 0.5), (0, 1, 0.9), (0, 1, 1), (3, 9, 2), (0.2, 0.4, 0.9), (1, 1, 1)])
def test_colours_are_faint_at_the_level(low, high, level):
    """Wherever it lies in the scale or beside it; Plotly wants stops that go up from 0 to 1."""
    scale = diverging(low, high, level)
    stops = [place for place, _ in scale.colours]
    assert stops == sorted(stops) and (stops[0], stops[-1]) == (0, 1) and scale.low < scale.high
    at = next(place for place, colour in scale.colours if colour == "@level")
    assert at == pytest.approx((level - scale.low) / (scale.high - scale.low))


def test_a_map_says_how_it_is_made_again(small_map):
    """Its file on the page is the map."""
    text = section(page_of_maps([small_map]), "again").parts[-1].text
    assert parsed(read_yaml(text, "map.yaml")) == small_map.file


def test_one_axis_is_drawn_as_lines_with_bands(sweeps):
    """Through the means over seeds, at the values of the axis."""
    page = page_of_sweeps(sweeps[:1])
    (drawn,) = figures(section(page, "figures"))
    lines = [trace for trace in drawn.traces if trace["name"] == "good" and "markers" in trace["mode"]]
    assert values(lines[0]["x"]).tolist() == [0.5, 1.0, 1.5, 2.0]
    assert values(lines[0]["y"]) == pytest.approx(sweeps[0].table.groupby(LOAD)["good"].mean().to_numpy(), rel=1e-6)
    assert any(trace.get("fill") == "tonexty" for trace in drawn.traces)
    assert len(next(part for part in section(page, "points").parts if isinstance(part, Table)).rows) == 4


def test_two_axes_are_drawn_as_heat_maps(sweeps):
    """The first from left to right, the second upwards."""
    drawn = figures(section(page_of_sweeps(sweeps[1:2]), "figures"))
    assert [one.title for one in drawn][:2] == ["share of requests that were good", "p99 latency, ms"]
    means = sweeps[1].table.groupby([WORKERS, LOAD])["good"].mean().to_numpy().reshape(2, 2)
    assert values(drawn[0].traces[0]["z"]) == pytest.approx(means, rel=1e-6)
    assert (drawn[0].traces[0]["x"], drawn[0].traces[0]["y"]) == (["0.5", "2"], ["1", "3"])


def test_more_axes_are_drawn_one_by_one(sweeps):
    """The others at their first value, which is said; texts stand side by side."""
    made = section(page_of_sweeps(sweeps[2:]), "figures")
    drawn = figures(made)
    assert "readers.load = 0.5, stock.workers = 1, network.same_zone = 1ms" in made.says
    assert [one.title for one in drawn] == ["readers.load", "stock.workers", "network.same_zone"]
    assert drawn[2].layout["xaxis"]["categoryarray"] == ["1ms", "5ms"]
    table = sweeps[2].table
    first = table[(table[WORKERS] == 1) & (table["network.same_zone"] == "1ms")].groupby(LOAD)["good"].mean()
    assert values(next(one for one in drawn[0].traces if "markers" in one["mode"])["y"]) == pytest.approx(first.to_numpy(), rel=1e-6)


def test_plotly_knows_every_word_of_these_figures(small_map, sweeps):
    """Its own library refuses what it does not know."""
    refused_by_plotly(page_of_maps([small_map, OutcomeMap(PUBLISHED)]))
    refused_by_plotly(page_of_sweeps(sweeps))


def test_names_that_look_like_html_stay_names(small_map):
    """In the title, on panels, in theory's words and in the file."""
    text = rendered(page_of_maps([small_map]))
    assert "<script>alert" not in text
    assert text.count("</script>") == text.count("<script")
    annotations = [one["text"] for figure in figures(section(page_of_maps([small_map]), "figures")) for one in figure.layout["annotations"]]
    assert any("&lt;b&gt;" in one for one in annotations) and not any("<script" in one for one in annotations)


def test_faults_and_what_is_missing_are_told(sweeps, tmp_path, monkeypatch):
    """A cell that could not go on by its changes and why; a sweep that was stopped says how it goes on."""
    page = page_of_sweeps(sweeps[:1])
    assert section(page, "faults").says == "Every cell that is there came to its end." and page.warning == ""
    cells, at = sweeps[0].cells(), sweeps[0].cells().column_names.index("fault")
    broken = cells.set_column(at, "fault", [["out of luck", *[None] * (cells.num_rows - 1)]])
    monkeypatch.setattr(Sweep, "cells", lambda _: broken)
    monkeypatch.setattr(Sweep, "state", "partial")
    page = page_of_sweeps(sweeps[:1])
    assert section(page, "faults").parts[0].rows == [(f"--set {LOAD}=0.5", "1", "out of luck")]
    assert "8 of 8 cells" in page.warning and "--resume" in page.warning


def test_several_of_a_kind_follow_each_other(sweeps, tmp_path):
    """Each under its folder's name, with anchors of its own."""
    page = page_of_sweeps(sweeps[:2])
    assert [one.name for one in page.sections][::4] == ["figures", "figures-2"]
    assert page.sections[4].title == "s2: What comes of it"
    text = parley.report(*(one.path for one in sweeps), out=tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(text) < SIZE_MAX and "s3: Points" in text


def test_kinds_are_not_mixed(small_map, sweeps, tmp_path):
    """Told with what each folder holds; a map that is not finished is no page."""
    with pytest.raises(UsageError, match=r"small holds a map, .*s1 holds a sweep; write a page of each"):
        parley.report(small_map.path, sweeps[0].path, out=tmp_path / "page.html")
    done = command("report", small_map.path, "nowhere", cwd=tmp_path)
    assert (done.returncode, "nowhere: there is no run in that folder" in done.stderr, "Traceback" in done.stderr) == (5, True, False)
    folder = tmp_path / "begun"
    folder.mkdir()
    (folder / MANIFEST).write_text(json.dumps(small_map.manifest | {"state": "partial"}))
    with pytest.raises(FolderError, match="holds a map that is partial"):
        parley.report(folder, out=tmp_path / "page.html")


@IN_BROWSER
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_a_map(small_map, tmp_path, dark):
    """Every figure, in both themes, without a word on the console or a request; nothing is wider than a narrow window."""
    with opened(parley.report(small_map.path, PUBLISHED, out=tmp_path / "map.html"), width=600, dark=dark) as seen:
        assert seen.asked("document.documentElement.dataset.drawn") == "done"
        assert (seen.asked(EMPTY), seen.errors(), seen.requests()) == ([], [], [])
        assert seen.asked(DARK) == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")
        assert seen.asked("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@IN_BROWSER
def test_a_browser_draws_sweeps(sweeps, tmp_path):
    """Of one, two and three axes, on screen and on paper."""
    with opened(parley.report(*(one.path for one in sweeps), out=tmp_path / "sweeps.html")) as seen:
        assert (seen.asked(EMPTY), seen.errors(), seen.requests()) == ([], [], [])
        assert np.all(np.array(seen.asked("[...document.querySelectorAll('.plot')].map((one) => one.clientHeight)")) > 100)
        assert seen.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})["data"]
