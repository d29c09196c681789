"""Whatever ends a run early, its folder is readable and says so."""

from __future__ import annotations

import resource
import signal

import pytest

import parley
from parley.errors import FolderError
from sim.errors import SimulationError
from tests.parley.worlds import LONG, SHOP, started, wait_for, written
from tests.parley.worlds import parley as command


def test_ctrl_c_keeps_what_there_is(tmp_path):
    """Exit code 130, state partial, summary and tables up to the same instant."""
    running = started("run", written(tmp_path, LONG), "--out", "run", cwd=tmp_path)
    wait_for(tmp_path / "run" / "summary.json")
    running.send_signal(signal.SIGINT)
    printed, said = running.communicate(timeout=60)
    run = parley.load_run(tmp_path / "run")
    assert (running.returncode, run.state) == (130, "partial"), said
    assert "Traceback" not in said
    assert "partial" in printed and run.summary["trace_digest"] in printed
    assert run.windows.end_ns.max() == run.manifest["simulated_ns"] == round(run.summary["simulated_s"] * 1e9)
    assert run.windows.offered.sum() == run.summary["requests"]["offered"]


def test_a_killed_run_is_readable(tmp_path):
    """Nobody could say goodbye: the manifest still says running, and readers say partial."""
    running = started("run", written(tmp_path, LONG), "--out", "run", cwd=tmp_path)
    wait_for(tmp_path / "run" / "summary.json")
    assert parley.load_run(tmp_path / "run").state == "running"
    running.kill()
    running.communicate(timeout=60)
    run = parley.load_run(tmp_path / "run")
    assert '"running"' in (tmp_path / "run" / "manifest.json").read_text()
    assert run.state == "partial"
    assert 0 < run.summary["requests"]["offered"] <= run.windows.offered.sum()


@pytest.mark.parametrize(("room", "windows"), [(3_000, False), (5_500, True)])
def test_a_full_disk_is_one_message(tmp_path, room, windows):
    """Exit code 5; what fits is there, up to the fault. The limit stands for a disk: the kernel refuses alike."""
    done = command("run", written(tmp_path, SHOP), "--engine", "reference", "--out", "run", cwd=tmp_path,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
    assert "cannot be written: File too large" in done.stderr
    run = parley.load_run(tmp_path / "run")
    assert (run.state, run.scenario.name) == ("partial", "shop")
    assert "cannot be written" in run.manifest["fault"]
    assert len(run.windows) == 0 if not windows else run.windows.end_ns.max() == run.manifest["simulated_ns"]


def test_a_place_that_cannot_be_written_is_told_before_the_run(tmp_path):
    """A file where a folder should be, and a file system that takes nothing."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "run", "/proc/run"):
        with pytest.raises(FolderError, match="`--out` names another place") as told:
            parley.run(written(tmp_path, SHOP), out=place)
        assert told.value.exit_code == 5


def test_a_run_that_cannot_go_on_says_why(tmp_path):
    """Exit code 4, and the folder keeps what there is."""
    many = "{call: r.get, repeat: 200}"
    world = LONG.replace("[{work: {exponential: 8ms}}]", f"[{{parallel: [{many}, {many}]}}]").replace(
        "services: {", "services: {r: {workers: 9, endpoints: {get: [{call: s.get, repeat: 1000}]}}, "
                       "s: {endpoints: {get: [{wait: 0s}]}}, ")  # fmt: skip
    with pytest.raises(SimulationError) as told:
        parley.run(written(tmp_path, world), out=tmp_path / "run")
    assert told.value.exit_code == 4
    run = parley.load_run(tmp_path / "run")
    assert run.state == "partial"
    assert "calls and branches" in run.manifest["fault"]
