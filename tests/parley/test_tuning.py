"""A search finds what trying everything finds, and the same however often it was killed."""

from __future__ import annotations

import time

import pytest

import parley
from parley.errors import FolderError, UsageError
from parley.storage.cell_store import CellStore
from parley.storage.run_folder import RunFolder
from parley.sweeps.cells import Cell, computed
from parley.tuning.dimensions import Dimension, dimensions_of, goal_of
from parley.tuning.tuning import Tuning, tune
from scenarios.errors import ScenarioError
from tests.parley.worlds import SHOP, started, written
from tests.parley.worlds import parley as command

VARY = {"services.stock.replicas": "1..9"}
ASKED = ["tune", "world.yaml", "--vary", "services.stock.replicas=1..9", "--vary", "routes.front -> stock.timeout=10ms..200ms:log",
         "--minimize", "cost.pod_hours", "--subject-to", "good >= 97%", "--trials", "20", "--seeds", "4", "--out", "t"]  # fmt: skip


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """The fewest pods with which 97 % are answered in time."""
    folder = tmp_path_factory.mktemp("tuned")
    return parley.tune(written(folder, SHOP), VARY, minimize="cost.pod_hours", subject_to="good >= 97%", trials=20, seeds=3,
                       out=folder / "t")  # fmt: skip


def test_the_best_is_that_of_trying_everything(tuned, tmp_path):
    """A sweep over all nine values, under the same seeds, says which one it is."""
    table = parley.sweep(written(tmp_path, SHOP), VARY, seeds=3, out=tmp_path / "s").table
    means = table.groupby("services.stock.replicas")[["good", "cost.pod_hours"]].mean()
    optimum = means[means.good >= 0.97]["cost.pod_hours"].idxmin()
    nth, chosen, figures = tuned.best
    assert (chosen, tuned.is_kept) == ({"services.stock.replicas": str(optimum)}, True)
    assert figures["good"] == pytest.approx(means.good[optimum])
    assert 0 <= nth < 20


def test_the_best_meets_the_scenario_under_fresh_seeds(tuned, tmp_path):
    """Seeds that no trial had, the same on both sides; the figures are those of runs."""
    assert (list(tuned.plan.seeds), list(tuned.plan.fresh)) == ([1, 2, 3], list(range(4, 14)))
    table = tuned.table
    assert table[table.role == "best"].seed.tolist() == table[table.role == "as it stands"].seed.tolist() == list(range(4, 14))
    run = parley.run(tuned.path / "scenario.yaml", seed=7, out=tmp_path / "run")
    assert table[(table.role == "as it stands") & (table.seed == 7)].trace_digest.tolist() == [run.summary["trace_digest"]]
    found = tuned.differences()
    assert (found["cost.pod_hours"].n, found["cost.pod_hours"].is_clear, found["good"].is_clear) == (10, True, True)


def test_killed_and_resumed_it_is_the_same_search(tmp_path):
    """SIGKILL twice; what was computed is told to the search again, and the bytes are those of one that was left alone."""
    written(tmp_path, SHOP.replace("duration: 6s", "duration: 40s"))
    assert command(*ASKED[:-1], "alone", cwd=tmp_path).returncode == 0
    words = ASKED
    for least in (5, 30):
        running = started(*words, cwd=tmp_path)
        journal, words = tmp_path / "t" / "journal" / "part-00000.jsonl", ["tune", "--resume", "t"]
        while not journal.exists() or journal.read_bytes().count(b"\n") < least:
            assert running.poll() is None, running.communicate()
            time.sleep(0.01)
        running.kill()
        running.communicate(timeout=60)
        assert Tuning(tmp_path / "t").state == "partial"
    done = command(*words, cwd=tmp_path)
    assert (done.returncode, "under fresh seeds" in done.stdout) == (0, True), done.stderr
    sides = [{file.name: file.read_bytes() for file in (tmp_path / name / "cells").iterdir()} for name in ("alone", "t")]
    assert sides[0] == sides[1]
    assert Tuning(tmp_path / "t").best == Tuning(tmp_path / "alone").best


def test_where_no_trial_keeps_to_the_bounds_the_nearest_is_told(tmp_path):
    """Exit code 3, as of an expectation that failed."""
    written(tmp_path, SHOP)
    done = command("tune", "world.yaml", "--vary", "services.stock.replicas=1,2", "--maximize", "good", "--subject-to",
                   "latency_ms.p50 < 1ms", "--trials", "3", "--seeds", "1", "--out", "t", cwd=tmp_path)  # fmt: skip
    assert (done.returncode, "no trial kept to every bound" in done.stdout) == (3, True), done.stderr


def test_a_search_of_other_proposals_is_not_mixed(tmp_path):
    """What is in the folder was proposed, or nothing goes on."""
    made = tune(written(tmp_path, SHOP), VARY, maximize="good", trials=2, seeds=1, out=tmp_path / "t")
    (tmp_path / "t" / "cells" / "part-00000.parquet").unlink()
    with pytest.raises(FolderError, match="another version of Optuna"):
        _with_other_rows(made)


def _with_other_rows(made):
    """Resumed with the row of another proposal in the journal."""
    with CellStore(RunFolder(made.path), made.plan.size, made.plan.columns) as store:
        store.add(computed(made.plan.base, Cell(0, ("services.stock.replicas=9", "network.same_zone=1ms"), 1)))
    made.resume()


@pytest.mark.parametrize(
    ("spec", "change", "value"),
    [("2..12", "a=7", 7), ("1ms..500ms:log", "a=40ms", 40), ("0.1..0.9", "a=0.123457", 0.12345678), ("0..1..0.25", "a=0.25", 0.25),
     ("fifo,lifo", "a=lifo", "lifo"), ("10%..90%", "a=33%", 33), ("0.00001..0.1:log", "a=0.0000123457", 1.23456789e-5)],
)  # fmt: skip
def test_a_choice_is_written_as_a_file_would(spec, change, value):
    """Whole where both ends are, with the unit, to six digits."""
    (one,) = dimensions_of({"a": spec})
    assert one.change(value) == change
    assert isinstance(one, Dimension)


@pytest.mark.parametrize(
    ("vary", "rule"),
    [({"a": "5..2"}, "smaller end first"), ({"a": "0..5:log"}, "from 0 or below"), ({"a": "1..9..2:log"}, "and have a step"),
     ({"a": "x..y"}, "is not a range"), ({}, "nothing may be chosen"), (["a=1..2", "a=3..4"], "varied twice")],
)  # fmt: skip
def test_a_mistake_in_a_dimension_is_told(vary, rule):
    """With the rule."""
    with pytest.raises(UsageError, match=rule):
        dimensions_of(vary)


@pytest.mark.parametrize(
    ("text", "bound"), [("good >= 99%", 0.99), ("latency_ms.p99 < 300ms", 300.0), ("cost.total <= 1.5", 1.5)]
)
def test_a_bound_has_a_figure_a_sign_and_a_number(text, bound):
    """With its unit."""
    made = goal_of("x", None, (text,)).bounds[0]
    assert made.bound == bound
    assert made.violation(bound + (1 if "<" in made.sign else -1)) > 0
    assert made.violation(None) > 0


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [({}, "say one figure"), ({"minimize": "a", "maximize": "b"}, "say one figure"), ({"minimize": "latency_ms.p9"}, "did you mean"),
     ({"minimize": "good", "subject_to": "good 99%"}, "a sign and a bound"),
     ({"minimize": "good", "subject_to": "good > much"}, "is not a number"),
     ({"minimize": "good", "trials": 0}, "from 1 on")],
)  # fmt: skip
def test_a_mistake_in_what_is_wanted_is_told(tmp_path, wanted, rule):
    """Before anything runs."""
    with pytest.raises(UsageError, match=rule):
        tune(written(tmp_path, SHOP), VARY, out=tmp_path / "t", **wanted)
    assert not (tmp_path / "t").exists()


def test_both_ends_are_checked(tmp_path):
    """Against the schema."""
    with pytest.raises(ScenarioError, match=r"services\.stock\.workers = 0 must be at least 1"):
        tune(written(tmp_path, SHOP), {"services.stock.workers": "0..9"}, minimize="good", out=tmp_path / "t")
