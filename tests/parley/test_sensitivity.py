"""What an answer hangs on: known indices are found, dead inputs have none, and nothing that ends it changes it."""

from __future__ import annotations

import json
import shutil
import signal

import numpy as np
import pytest

import parley
from parley.errors import FolderError, UsageError
from parley.storage.run_folder import SCENARIO, SUMMARY
from parley.uncertainty.effects import Effect, Findings
from parley.uncertainty.indices import Elementary, Index
from parley.uncertainty.inputs import inputs_of, short_names
from parley.uncertainty.uncertainty import Budget, Sensitivity
from scenarios.errors import ScenarioError
from scenarios.load import load
from tests.parley.worlds import parley as command
from tests.parley.worlds import started, wait_for, written

QUEUE = """
version: 1
name: queue
question: Is one worker enough?
duration: 40s
warmup: 5s
services:
  q: {workers: 1, endpoints: {get: [{work: {exponential: {guess: 5ms, low: 4ms, high: 7ms}}}]}}
  idle: {endpoints: {get: [{work: {exponential: {guess: 5ms, low: 4ms, high: 7ms}}}]}}
workload: {jobs: {entry: q.get, arrivals: {poisson: {guess: 70/s, low: 40/s, high: 90/s}}}}
"""
WORK, IDLE = (f"services.{name}.endpoints.get.0.work.exponential" for name in ("q", "idle"))
RATE = "workload.jobs.arrivals.poisson"
SMALL = ("sensitivity", "world.yaml", "--of", "latency_ms.mean", "--budget", "1200", "--set", "duration=20s", "--out", "s")


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    """An M/M/1 with an uncertain rate and an uncertain service time, and a service that nobody calls."""
    folder = tmp_path_factory.mktemp("queue")
    return parley.sensitivity(written(folder, QUEUE), "latency_ms.mean", out=folder / "s", budget=2500)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The command at one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    written(folder, QUEUE)
    done = command(*SMALL, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "s", done.stdout


def exact():
    """{path: (first, total)} and (2.5 %, 97.5 %) of 1 / (1/s - a) in ms, for s and a uniform; by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    service, rate = (5.5 + 1.5 * nodes) / 1000, 65 + 25 * nodes
    mean = 1000 / (1 / service[:, None] - rate[None, :])
    over = weights / 2
    whole = over @ mean @ over
    variance = over @ (mean - whole) ** 2 @ over
    of_work, of_rate = (over @ (mean @ over - whole) ** 2, over @ (over @ mean - whole) ** 2)
    chance = np.random.default_rng(1).random((2, 200_000))
    sampled = 1000 / (1 / ((4 + 3 * chance[0]) / 1000) - (40 + 50 * chance[1]))
    known = {WORK: (of_work / variance, 1 - of_rate / variance), RATE: (of_rate / variance, 1 - of_work / variance)}
    return known, np.percentile(sampled, [2.5, 97.5])


def test_the_indices_of_an_mm1_are_those_of_its_formula(queue):
    """The mean of an M/M/1 is 1 / (mu - lambda); its indices by quadrature lie within the intervals."""
    known, span = exact()
    effects = {one.path: one for one in queue.findings.effects}
    for path, (first, total) in known.items():
        index = effects[path].index
        assert abs(index.first - first) <= index.first_half_width + 0.02, path
        assert abs(index.total - total) <= index.total_half_width + 0.02, path
    assert queue.findings.span == pytest.approx(tuple(span), rel=0.06)
    assert queue.findings.inputs == pytest.approx((span[1] - span[0]) / 2, rel=0.08)


def test_the_mean_at_the_guess_is_that_of_its_seeds(queue, tmp_path):
    """Within its own interval of the formula; each run is as `parley run` makes it."""
    found = queue.findings
    assert abs(found.mean - 1000 / (200 - 70)) <= 2 * found.simulation
    rows = queue.cells("guess").to_pylist()
    run = parley.run(queue.path / SCENARIO, seed=2, out=tmp_path / "run")
    assert rows[1]["trace_digest"] == run.summary["trace_digest"]
    assert rows[1]["latency_ms.mean"] == run.summary["latency_ms"]["mean"]
    assert found.mean == pytest.approx(np.mean([row["latency_ms.mean"] for row in rows]))


def test_an_input_that_nothing_hangs_on_is_screened_out(queue):
    """Morris finds exactly nothing, and Sobol spends nothing on it."""
    dead = next(one for one in queue.findings.effects if one.path == IDLE)
    assert (dead.is_screened_out, dead.direction) == (True, "")
    assert dead.moves == Elementary(0.0, 0.0, 0.0, 0.0)
    assert queue.findings.effects[-1] == dead
    assert IDLE not in queue.cells("sobol")["changes"][0].as_py()


def test_every_evaluation_meets_the_same_seeds_and_the_budget_is_kept(queue):
    """Two of each point, in order; and a power of two of points."""
    rows = queue.cells("sobol").to_pylist()
    assert [row["seed"] for row in rows] == [1, 2] * (len(rows) // 2)
    runs = sum(queue.cells(stage).num_rows for stage in ("guess", "morris", "sobol"))
    assert 1250 < runs <= 2500
    assert len(rows) // 2 == 128 * 4 or len(rows) // 2 == 256 * 4


def test_sobol_alone_gives_a_dead_input_nothing(tmp_path):
    """Without Morris before it, which is not missed for directions either."""
    world = written(tmp_path, QUEUE)
    found = parley.sensitivity(world, "latency_ms.mean", out=tmp_path / "s", method="sobol", budget=800, seeds=1).findings
    effects = {one.path: one for one in found.effects}
    assert effects[IDLE].index == Index(0.0, 0.0, 0.0, 0.0)
    assert [effects[path].direction for path in (WORK, RATE)] == ["rises", "rises"]
    assert all(one.moves is None for one in found.effects)


def test_morris_alone_says_what_moves_it_most(tmp_path):
    """No variance, so nothing is said of shares; an output that grows with pods taken away falls."""
    found = parley.sensitivity(written(tmp_path, QUEUE), "services.q.utilization", vary={"services.q.workers": (1, 2)}, method="morris",
                               out=tmp_path / "s", budget=120, seeds=1).findings  # fmt: skip
    effects = {one.name: one for one in found.effects}
    assert (found.inputs, effects["q.workers"].direction, effects["q.workers"].index) == (None, "falls", None)
    assert found.effects[0].name in found.sentence and "moves it most" in found.sentence


def test_killed_it_goes_on_to_the_same(undisturbed, tmp_path):
    """SIGKILL in the middle; what is finished is not computed again, and what was found is the same to the byte."""
    whole, _ = undisturbed
    written(tmp_path, QUEUE)
    running = started(*SMALL, cwd=tmp_path)
    wait_for(tmp_path / "s" / "sobol" / "journal")
    running.kill()
    running.communicate(timeout=60)
    left = Sensitivity(tmp_path / "s")
    assert left.state == "partial"
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "s" / "morris" / "cells").iterdir()}
    assert command("sensitivity", "--resume", "s", cwd=tmp_path).returncode == 0
    for name in ("sensitivity.json", *(f"{stage}/cells/part-00000.parquet" for stage in ("guess", "morris", "sobol"))):
        assert (tmp_path / "s" / name).read_bytes() == (whole / name).read_bytes(), name
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "s" / "morris" / "cells").iterdir()}


def test_ctrl_c_says_how_to_go_on(tmp_path):
    """Exit code 130, one message, no traceback; asked again into its folder it says the command."""
    written(tmp_path, QUEUE)
    running = started(*SMALL, cwd=tmp_path)
    wait_for(tmp_path / "s" / "guess")
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, "Traceback" in said) == (130, False), said
    again = command(*SMALL, cwd=tmp_path)
    assert (again.returncode, "`parley sensitivity --resume s` goes on with it" in again.stderr) == (5, True), again.stderr


def test_the_command_prints_the_sentence_and_a_line_an_input(undisturbed):
    """And names the picture, which is there; as JSON the same for programs."""
    folder, printed = undisturbed
    found = Sensitivity(folder).findings
    assert found.sentence in printed and found.sentence.startswith("mean = ") and "% of it q.work" in found.sentence
    lines = {line.split()[0]: line for line in printed.splitlines() if line.startswith(("q.work", "idle.work", "jobs.arrivals"))}
    assert "4ms" in lines["q.work"] and "±" in lines["q.work"] and "rises" in lines["q.work"]
    assert "screened" in lines["idle.work"]
    assert (folder / "sensitivity.png").read_bytes().startswith(b"\x89PNG") and "sensitivity.png" in printed
    told = json.loads(command("sensitivity", "--resume", "s", "--json", cwd=folder.parent).stdout)
    assert told["sentence"] == found.sentence
    assert told["effects"][0]["direction"] == "rises"


def test_the_run_folder_has_the_guesses(undisturbed):
    """scenario.yaml has plain values; the manifest has the ends as they were written."""
    folder, _ = undisturbed
    assert "guess" not in (folder / SCENARIO).read_text()
    told = Sensitivity(folder).manifest
    assert {one["path"]: (one["low"], one["guess"], one["high"]) for one in told["inputs"]} == {
        WORK: ("4ms", "5ms", "7ms"), IDLE: ("4ms", "5ms", "7ms"), RATE: ("40/s", "70/s", "90/s")}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"of": "latency_ms.p98"}, "latency_ms.p98 is not a figure of this run; did you mean 'latency_ms.p"),
        ({"method": "moris"}, "method is one of morris, sobol, both, not 'moris'; did you mean 'morris'?"),
        ({"budget": 100}, "a budget of 100 runs is too small for 3 inputs under 2 seeds; 362 is the least"),
        ({"seeds": 0}, "seeds is a number from 1 to"),
        ({"vary": ["services.q.workers"]}, "write PATH="),
        ({"vary": ["services.q.workers=2"]}, "'2' is no range; write it like 2..6 or 5ms..14ms"),
        ({"vary": {"services.q.workers": "2..3"}}, "the guess 1 must be between low .2. and high .3."),
        ({"vary": {"services.q.wokers": "1..3"}}, "services.q has no 'wokers'; did you mean 'workers'?"),
        ({"vary": {"services.q.workers": "0..3"}}, "services.q.workers.low = 0 must be at least 1"),
        ({"vary": ["services.q.workers=1..3", "services.q.workers=1..2"]}, "is varied twice"),
        ({"vary": {"services.q.queue.size": "1..3"}}, "services.q.queue.size is no number in this scenario"),
        ({"vary": {"name": "1..3"}}, "name is no number in this scenario"),
        ({"vary": {"warmup": "0s..41s"}}, "between their ends inputs meet where no world is: .*warmup"),
    ],
)
def test_mistakes_are_told(tmp_path, asked, rule):
    """In one sentence, with what would be right."""
    with pytest.raises((UsageError, ScenarioError), match=rule):
        parley.sensitivity(written(tmp_path, QUEUE), out=tmp_path / "s", **asked)


def test_a_world_without_guesses_needs_something_to_vary(tmp_path):
    """And what is no sensitivity is told."""
    with pytest.raises(UsageError, match=r"no number of this scenario is uncertain; write one as \{guess: 8ms"):
        parley.sensitivity("hello_mesh", out=tmp_path / "s")
    (tmp_path / "manifest.json").write_text('{"kind": "sweep"}')
    with pytest.raises(FolderError, match="holds no sensitivity"):
        Sensitivity(tmp_path)


def test_an_output_that_some_runs_do_not_have_is_told(tmp_path):
    """Where no request succeeds there is no latency: the message says where."""
    with pytest.raises(UsageError, match=r"runs have no latency_ms.mean, the first one with --set"):
        parley.sensitivity(written(tmp_path, QUEUE), "latency_ms.mean", vary={"workload.jobs.load": (0, 1)}, until="6s", out=tmp_path / "s")


def test_ends_may_share_a_unit_and_come_from_the_command_line(tmp_path):
    """`4..7ms`; a range of --vary holds before that of the file, and --set brings guesses too."""
    file = written(tmp_path, QUEUE)
    changes = ["duration={guess: 20s, low: 10s, high: 30s}"]
    found = {one.path: one for one in inputs_of(file, load(file, changes), changes, [f"{WORK}=3..9ms"])}
    assert (found[WORK].low, found[WORK].guess, found[WORK].high) == ("3ms", "5ms", "9ms")
    assert (found["duration"].low, found[RATE].low) == ("10s", "40/s")


def test_names_are_short_and_tell_inputs_apart():
    """The owner and what it is of; longer where two would be called the same."""
    assert short_names([WORK, IDLE, RATE, "duration", "routes.q -> idle.timeout"]) == [
        "q.work", "idle.work", "jobs.arrivals", "duration", "q -> idle.timeout"]  # fmt: skip
    two = ["services.q.endpoints.get.0.work.lognormal.mean", "services.q.endpoints.put.0.work", "services.q.endpoints.get.1.work"]
    assert short_names(two) == ["q.get.0.work.lognormal.mean", "q.put.work", "q.get.1.work"]
    assert len(set(short_names([*two, *two[:0], "services.q.work", "workload.q.work"]))) == 5


def test_the_budget_is_spent_on_what_it_is_for():
    """A quarter on Morris where Sobol follows, within bounds; the rest on a power of two of Sobol's points."""
    budget = Budget(4000, 2)
    assert budget.noise == 10
    assert [budget.trajectories(method, 4) for method in ("both", "sobol", "morris")] == [20, 0, 399]
    assert budget.base(210, 3) == 256
    assert Budget(200, 1).trajectories("both", 9) == 4


def of_share(**told):
    """Findings of one input."""
    effect = Effect("q.work", WORK, "1", "2", "3", False, -0.2, Elementary(-0.001, 0.01, 0.002, 0.0), told.pop("index", None))
    return Findings(**{"of": "good", "mean": 0.9731, "simulation": 0.0012, "seeds": 10, "inputs": None, "span": None, "noise_share": None,
                       "effects": (effect,)} | told)  # fmt: skip


def test_sentences_have_the_units_of_their_figure():
    """Shares in percent and points; nothing is said of inputs where nothing moves."""
    assert of_share().sentence == "good = 97.31 %, ± 0.12 from simulation; q.work moves it most, by 1 points over its range"
    sure = of_share(inputs=0.02, span=(0.9, 0.94), index=Index(0.5, 0.1, 1.08, 0.2))
    assert sure.sentence == "good = 97.31 %, ± 0.12 from simulation, ± 2 from inputs, 100 % of it q.work"
    late = of_share(of="classes.readers.latency_ms.p99", mean=310.2, simulation=12.3, inputs=140.0, index=Index(0.5, 0.1, 0.71, 0.2))
    assert late.sentence == "readers p99 = 310.2 ms, ± 12 from simulation, ± 140 from inputs, 71 % of it q.work"
    assert of_share(inputs=0.0).sentence.endswith("from simulation; no input moves it")
    assert of_share().effects[0].direction == "both ways"


def test_a_copied_folder_tells_the_same(undisturbed, tmp_path):
    """It is read from its files alone."""
    folder, _ = undisturbed
    shutil.copytree(folder, tmp_path / "copy")
    assert Sensitivity(tmp_path / "copy").findings == Sensitivity(folder).findings
    assert not (folder / SUMMARY).exists()
