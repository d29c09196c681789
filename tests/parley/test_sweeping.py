"""A sweep comes to what its runs come to, and to the same bytes whatever ended it how often."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import time

import pytest

import parley
from parley.errors import FolderError, UsageError
from parley.runs.measures import figures_of
from parley.statistics.intervals import estimate
from parley.sweeps.tables import points
from scenarios.errors import ScenarioError
from tests.parley.worlds import LONG, SHOP, started, written
from tests.parley.worlds import parley as command

VARY = {"services.stock.workers": "1..4", "workload.readers.load": [0.5, 1.0]}
ASKED = ["sweep", "world.yaml", "--vary", "services.stock.workers=1..5", "--vary", "workload.readers.load=0.5..2.0..0.5",
         "--seeds", "10", "--set", "duration=40s", "--out", "s"]  # 200 cells  # fmt: skip
HPA = SHOP.replace("workers: 2,", "workers: 2, resources: {requests: {cpu: 2}},")
HPA += "agents: {stock: {scaling: {hpa: {target_cpu: 70%, min: 2, max: 9}}}}\n"


def cells_of(folder):
    """The dataset, byte by byte; nothing else is in its folder."""
    return {path.name: path.read_bytes() for path in (folder / "cells").iterdir()}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Two axes, three seeds."""
    folder = tmp_path_factory.mktemp("swept")
    return parley.sweep(written(folder, SHOP), VARY, seeds=3, seed=5, until="3s", out=folder / "s", jobs=2)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """200 cells at one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    written(folder, SHOP)
    done = command(*ASKED, cwd=folder)
    assert done.returncode == 0, done.stderr
    return cells_of(folder / "s")


def test_rows_are_in_canonical_order(swept):
    """The first axis slowest, the seed fastest; values are numbers."""
    table = swept.table
    assert list(table.columns[:4]) == ["services.stock.workers", "workload.readers.load", "seed", "trace_digest"]
    assert table.iloc[:, :3].to_numpy().tolist() == [[w, load, seed] for w in (1, 2, 3, 4) for load in (0.5, 1.0) for seed in (5, 6, 7)]
    assert swept.state == "complete"


def test_figures_are_those_of_a_run(swept, tmp_path):
    """Of every path that a summary has; and the row says how to run it."""
    row = swept.cells().slice(13, 1).to_pylist()[0]
    assert row["changes"] == "--set services.stock.workers=3 --set workload.readers.load=0.5"
    run = parley.run(swept.path / "scenario.yaml", seed=6, until="3s", out=tmp_path / "run",
                     set=["services.stock.workers=3", "workload.readers.load=0.5"])  # fmt: skip
    assert {path: row[path] for path in figures_of(run.summary)} == figures_of(run.summary)
    told = {name: run.manifest[name] for name in ("seed", "trace_digest", "scenario_digest", "semantics", "until_ns")}
    assert {name: row[name] for name in told} == told


@pytest.mark.parametrize("jobs", [1, 3])
def test_who_computes_changes_nothing(swept, tmp_path, jobs):
    """One thread or several."""
    again = parley.sweep(written(tmp_path, SHOP), VARY, seeds=3, seed=5, until="3s", out=tmp_path / "s", jobs=jobs)
    assert cells_of(again.path) == cells_of(swept.path)


def test_agents_are_swept_by_processes(tmp_path):
    """They come to what a thread comes to, and a value that only some of them have is null elsewhere."""
    world, vary = written(tmp_path, HPA), {"agents.stock.scaling.hpa.target_cpu": "50%,90%"}
    made = [parley.sweep(world, vary, seeds=3, out=tmp_path / f"s{jobs}", jobs=jobs) for jobs in (1, 2)]
    assert cells_of(made[0].path) == cells_of(made[1].path)
    assert made[0].table["agents.stock.scaling.hpa.target_cpu"].tolist() == ["50%"] * 3 + ["90%"] * 3


def test_killed_at_five_moments_it_comes_to_the_same_bytes(undisturbed, tmp_path):
    """SIGKILL while 200 cells are computed, five times; each time what is finished stays."""
    written(tmp_path, SHOP)
    chance, known, words = random.Random(), 0, ASKED
    for _ in range(5):
        running = started(*words, cwd=tmp_path)
        wait_for_more_cells(tmp_path / "s", known + chance.randrange(1, 30), running)
        time.sleep(chance.random() / 50)
        running.kill()
        running.communicate(timeout=60)
        left = parley.Sweep(tmp_path / "s")
        assert left.state == "partial"
        before, known = known, left.cells().num_rows
        assert before < known < 200
        words = ["sweep", "--resume", "s"]
    assert command(*words, cwd=tmp_path).returncode == 0
    assert cells_of(tmp_path / "s") == undisturbed
    assert parley.Sweep(tmp_path / "s").state == "complete"
    assert {path.name for path in (tmp_path / "s").iterdir()} == {"manifest.json", "scenario.yaml", "cells"}


def wait_for_more_cells(folder, count, running):
    """Until so many cells are finished; lines of journals, and a hundred for a part."""
    for _ in range(3000):
        journals, parts = folder.glob("journal/*.jsonl"), len([*folder.glob("cells/part-*")])
        if 100 * parts + sum(len(file.read_bytes().splitlines()) for file in journals if file.exists()) >= count:
            return
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    raise AssertionError("it does not get on")


def test_ctrl_c_ends_with_what_is_complete(undisturbed, tmp_path):
    """Exit code 130, a table of what there is, and how to go on; then the rest is computed."""
    written(tmp_path, SHOP)
    running = started(*ASKED, cwd=tmp_path)
    wait_for_more_cells(tmp_path / "s", 20, running)
    running.send_signal(signal.SIGINT)
    printed, said = running.communicate(timeout=60)
    assert (running.returncode, "Traceback" in said) == (130, False), said
    assert "`parley sweep --resume s` goes on" in printed
    again = command(*ASKED, cwd=tmp_path)
    assert (again.returncode, "`parley sweep --resume s` goes on with it" in again.stderr) == (5, True)
    assert command("sweep", "--resume", "s", cwd=tmp_path).returncode == 0
    assert cells_of(tmp_path / "s") == undisturbed


def test_a_file_size_limit_stops_it_cleanly(undisturbed, tmp_path):
    """Exit code 5 and one message that says how to go on; without the limit the bytes are the same."""
    written(tmp_path, SHOP)
    done = command(*ASKED, cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1), done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert "once there is room, `parley sweep --resume" in done.stderr
    assert parley.Sweep(tmp_path / "s").state == "partial"
    assert command("sweep", "--resume", "s", cwd=tmp_path).returncode == 0
    assert cells_of(tmp_path / "s") == undisturbed


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "parley-test", str(disk)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_it_cleanly(undisturbed, tmp_path, small_disk):
    """As full as a disk can be: one message; and once there is room, the same bytes."""
    written(small_disk, SHOP)
    for _ in range(2):  # it is as full the second time
        done = command(*(ASKED if not (small_disk / "s").exists() else ["sweep", "--resume", "s"]), cwd=small_disk)
        assert (done.returncode, done.stderr.count("\n")) == (5, 1), done.stderr
        assert "No space left on device" in done.stderr
    assert 0 < parley.Sweep(small_disk / "s").cells().num_rows < 200
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    assert command("sweep", "--resume", "s", cwd=small_disk).returncode == 0
    assert cells_of(small_disk / "s") == undisturbed


def test_mistakes_are_told_before_anything_runs(tmp_path):
    """Every value that is wrong, each once, with its place; no folder is made."""
    world, out = written(tmp_path, SHOP), tmp_path / "s"
    with pytest.raises(ScenarioError) as told:
        parley.sweep(world, {"services.stock.workers": "0..2", "services.front.workres": "1..3"}, out=out)
    assert str(told.value).splitlines() == [
        "--set services.stock.workers=0: services.stock.workers = 0 must be at least 1",
        "--set services.front.workres=1: services.front has no 'workres'; did you mean 'workers'?",
    ]
    with pytest.raises(UsageError, match="1,000,000"):
        parley.sweep(world, {"services.stock.workers": "1..9999", "services.front.workers": "1..9999"}, out=out)
    assert not out.exists()


def test_a_cell_that_cannot_go_on_says_why_and_others_do(tmp_path):
    """Its row has no figures, and the exit code is that of a run."""
    many = "{call: r.get, repeat: 200}"
    world = LONG.replace("[{work: {exponential: 8ms}}]", f"[{{parallel: [{many}, {many}]}}]").replace(
        "services: {", "services: {r: {workers: 9, endpoints: {get: [{call: s.get, repeat: 1000}]}}, "
                       "s: {endpoints: {get: [{wait: 0s}]}}, ")  # fmt: skip
    written(tmp_path, world)
    done = command("sweep", "world.yaml", "--vary", "workload.jobs.load=0,1", "--until", "50ms", "--out", "s", cwd=tmp_path)
    table = parley.Sweep(tmp_path / "s").cells()
    faults = [fault is not None for fault in table["fault"].to_pylist()]
    assert (done.returncode, faults) == (4, [False, True]), done.stderr
    assert "1 of 2 cells could not go on, the first one because: request" in done.stderr


def test_points_have_intervals_over_their_seeds(swept):
    """As the estimate of the rows of the table."""
    some, table = points(swept), swept.table
    mine = table[(table["services.stock.workers"] == 2) & (table["workload.readers.load"] == 1.0)]
    assert [one.values for one in some][3] == (2, 1.0)
    assert some[3].estimates["good"] == estimate(mine["good"].tolist())


def test_the_command_prints_the_points(swept, tmp_path):
    """Axes by the ends of their paths, figures with half-widths; as JSON for programs."""
    shutil.copytree(swept.path, tmp_path / "s")
    printed = command("sweep", "--resume", "s", cwd=tmp_path).stdout
    assert "stock.workers" in printed and "±" in printed and "sweep folder   s" in printed
    told = json.loads(command("sweep", "--resume", "s", "--json", cwd=tmp_path).stdout)
    assert told["points"][3]["values"] == {"services.stock.workers": 2, "workload.readers.load": 1.0}
    assert told["points"][3]["estimates"]["good"]["n"] == 3


@pytest.mark.parametrize(
    ("words", "rule"),
    [(["sweep"], "name a scenario, or a sweep"), (["sweep", "world.yaml"], "nothing is varied"),
     (["sweep", "world.yaml", "--resume", "s"], "only --jobs and --ray may be others"),
     (["sweep", "--resume", "nowhere"], "manifest.json: cannot be read")],
)  # fmt: skip
def test_what_does_not_go_together_is_told(tmp_path, words, rule):
    """One message."""
    written(tmp_path, SHOP)
    done = command(*words, cwd=tmp_path)
    assert done.returncode in (2, 5)
    assert rule in done.stderr


def test_a_sweep_is_not_a_run(swept):
    """And a run is not a sweep."""
    with pytest.raises(FolderError, match="holds a sweep"):
        parley.load_run(swept.path)
    with pytest.raises(FolderError, match="holds no sweep"):
        parley.Sweep(written_run(swept))


def written_run(swept):
    """A run beside the sweep."""
    folder = swept.path.parent / "run"
    return folder if folder.exists() else parley.run(swept.path / "scenario.yaml", until="1s", out=folder).path


def test_other_laws_do_not_go_on(swept, tmp_path):
    """Cells of two versions of the semantics are not of one kind."""
    shutil.copytree(swept.path, tmp_path / "s")
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(manifest | {"semantics": 0}))
    with pytest.raises(FolderError, match="begun under SEMANTICS 0"):
        parley.Sweep(tmp_path / "s").resume()
