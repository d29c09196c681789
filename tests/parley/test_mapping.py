"""Maps: what a file may say, what comes out, going on after a stop, and the one that is published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from parley.cli import app
from parley.errors import FolderError, UsageError
from parley.maps.axes import quantity
from parley.maps.figure import picture_of
from parley.maps.files import Asked, as_plain, map_file
from parley.maps.mapping import OutcomeMap, outcome_map
from parley.storage.run_folder import as_json
from scenarios.errors import ScenarioError
from tests.theory import oracles

QUEUE = """
version: 1
name: queue
duration: 20s
warmup: 2s
services: {a: {workers: 1, queue: {size: 9}, endpoints: {x: [{work: {exponential: 10ms}}]}}}
workload: {w: {entry: a.x, arrivals: {poisson: 100/s}}}
"""
PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "basin"


@pytest.fixture
def queue(tmp_path):
    """A file with a queue of ten at most."""
    path = tmp_path / "queue.yaml"
    path.write_text(QUEUE)
    return str(path)


def made(queue, **more):
    """A map of load by workers: whoever is turned away is not answered."""
    return {"scenario": queue, "x": {"path": "workload.w.load", "values": "0.5..3.0..0.5"},
            "y": {"path": "services.a.workers", "values": [1, 2]},
            "outcome": {"figure": "availability", "from": "5s", "level": 0.9}, "seeds": 2} | more  # fmt: skip


def test_a_map_of_a_queue(queue, tmp_path):
    """With one worker every tenth is turned away near saturation, M/M/1/10's load for 10 %; with two about twice as far."""
    found = outcome_map(made(queue), out=tmp_path / "map")
    (panel,) = found.panels
    assert panel.outcomes.shape == (2, 6, 2) and found.state == "complete"
    one, two = panel.frontier.rows
    exact = next(load for load in np.arange(0.5, 2, 0.001) if oracles.mm1k_blocking(load / 10, 10.0, 10) > 0.1)
    assert one.mean == pytest.approx(exact, abs=0.12) and two.mean == pytest.approx(2 * one.mean, rel=0.1)
    told = json.loads((tmp_path / "map" / "map.json").read_text())
    assert told["panels"][""]["frontier"][0]["x"] == one.mean
    assert picture_of(found).png().startswith(b"\x89PNG")


def test_panels_and_a_theory(queue, tmp_path):
    """Panels are alternatives; where theory has a line, distances are told in cells of half a load."""
    plan = made(queue, panels={"short": {}, "long": {"services.a.queue.size": 200}},
                theory={"short": {"says": "by hand", "points": [[1.0, 1], [2.0, 2]]}})  # fmt: skip
    found = outcome_map(plan, out=tmp_path / "map")
    short, long = found.panels
    assert short.distances == pytest.approx([(row.mean - there) / 0.5 for row, there in zip(short.frontier.rows, (1.0, 2.0), strict=True)])
    assert long.theory is None and not np.array_equal(short.outcomes, long.outcomes)


def test_a_stopped_map_goes_on(queue, tmp_path):
    """In the folder of the same map cells that are done are kept; another map does not go there."""
    whole = outcome_map(made(queue), out=tmp_path / "whole")
    begun = outcome_map(made(queue), out=tmp_path / "begun")
    manifest = json.loads((begun.path / "manifest.json").read_text()) | {"state": "partial"}
    (begun.path / "manifest.json").write_text(json.dumps(manifest))
    again = outcome_map(made(queue), out=tmp_path / "begun")
    assert np.array_equal(again.panels[0].outcomes, whole.panels[0].outcomes)
    with pytest.raises(FolderError, match="holds another map"):
        outcome_map(made(queue, seeds=1), out=tmp_path / "begun")


@pytest.mark.parametrize(("more", "says"), [
    ({"x": {"path": "workload.w.load", "value": "1..3"}}, "x.value: is not a key here; did you mean 'values'"),
    ({"y": {"path": "workload.w.load", "values": "1..3"}}, "varies workload.w.load twice"),
    ({"theory": {"shrt": {"says": "no", "points": [[1, 1]]}}, "panels": {"short": {}}}, "is of panel 'shrt', which there is not; did you"),
    ({"outcome": {"figure": "cost.total", "from": "5s", "level": 1}}, "looks at a time of the run, which is possible of good,"),
    ({"seeds": 0}, "seeds = 0"),
])  # fmt: skip
def test_a_mistake_in_a_map(queue, more, says):
    """Told with its place before anything runs."""
    with pytest.raises(ScenarioError) as told:
        outcome_map(made(queue, **more))
    assert says in str(told.value)


def test_values_that_the_scenario_refuses_are_told_before_anything_runs(queue, tmp_path):
    """All of them at once, as a sweep tells them."""
    with pytest.raises(ScenarioError, match=r"services\.a\.workers"):
        outcome_map(made(queue, y={"path": "services.a.workers", "values": [1, 0]}), out=tmp_path / "map")
    with pytest.raises(UsageError, match=r"latency_ms.p98 is not a figure of this run; did you mean 'latency_ms.p9"):
        outcome_map(made(queue, outcome={"figure": "latency_ms.p98", "level": 1}), out=tmp_path / "map")
    assert not (tmp_path / "map").exists()


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("20%", 0.2), ("300ms", 0.3), ("2m", 120.0), (7, 7.0)])
def test_quantities(text, value):
    """Plain numbers, shares, and times in seconds."""
    assert quantity(text) == pytest.approx(value)


def test_words_are_no_axis():
    """A sweep takes them; a map has to draw them."""
    with pytest.raises(UsageError, match="needs numbers, shares or times, not 'random'"):
        quantity("random")


def test_from_the_command_line(queue, tmp_path):
    """Any scenario, with two axes, a figure and a level; without them the message says what to write."""
    words = ["map", queue, "--x", "workload.w.load=0.5..2.0..0.5", "--y", "services.a.workers=1..2", "--outcome", "availability",
             "--level", "90%", "--seeds", "1", "--out", str(tmp_path / "map")]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    assert "availability crosses 0.9" in done.stdout and (tmp_path / "map" / "map.png").is_file()
    told = CliRunner().invoke(app, words[:2])
    assert told.exit_code == 2 and "--x PATH=VALUES --y PATH=VALUES" in told.stderr.replace("\n", " ")
    near = CliRunner().invoke(app, ["map", "basn"])
    assert near.exit_code == 2 and "did you mean 'basin'" in near.stderr


def test_the_command_line_lies_over_a_file():
    """Seeds, an axis, a level."""
    changed = map_file("basin", Asked(seeds=3, level=0.9, x="workload.jobs.load=0.4,0.8"))
    assert (changed.seeds, changed.outcome.level, changed.x.values) == (3, 0.9, "0.4,0.8")
    assert changed.outcome.start == 75_000_000_000


def test_the_basins_theory_is_the_oracles():
    """Every point that scenarios/maps/basin.yaml draws is worked out anew."""
    theory = map_file("basin").theory
    for x, y in theory["Istio's two retries"].points:
        assert x == pytest.approx(oracles.short_fault_frontier(quantity(y)), abs=0.002), y
    tries = oracles.budget_tries(0.2, 12.5 / 100)
    assert f"{tries:.2f} tries" in theory["retry budget of 20 %"].says
    assert all(x == pytest.approx(oracles.down_frontier(tries), abs=0.001) for x, _ in theory["retry budget of 20 %"].points)


def test_the_published_basin_is_within_a_cell_of_theory():
    """Naive retries and budgets; what saves the mesh at every load below capacity has no frontier there."""
    found = OutcomeMap(PUBLISHED)
    by_name = {panel.name: panel for panel in found.panels}
    for name in found.file.theory:
        off = [abs(one) for one in by_name[name].distances if not np.isnan(one)]
        assert len(off) >= 6 and max(off) <= 1, name
    for name in ("the callee stops what was given up", "queue no longer than patience (80)", "adaptive concurrency (Envoy)"):
        assert by_name[name].frontier.rows == (None,) * len(found.y), name
    assert found.manifest["map"] == json.loads(as_json(as_plain(map_file("basin"))))
    assert json.loads((PUBLISHED / "map.json").read_text()) == json.loads(as_json(found.as_json()))


def test_what_the_readme_says_of_the_basin():
    """The number of runs; one bad second at 35 % of capacity, with two retries; the budget's frontier."""
    text = (PUBLISHED.parents[2] / "README.md").read_text()
    found = OutcomeMap(PUBLISHED)
    naive, budget = found.panels[:2]
    assert f"{sum(panel.outcomes.size for panel in found.panels):,} in all" in text
    cell = naive.outcomes[found.y.index(1.0), found.x.index(pytest.approx(0.35))]
    assert cell.max() < 0.1 and "at 35 % of its capacity is lost for good after one bad second" in text
    at = [row.mean for row in budget.frontier.rows[2:]]
    assert f"moves that frontier to {100 * float(np.mean(at)):.0f} %" in text
