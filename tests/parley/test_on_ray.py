"""The same cells on a real Ray: processes of its own on this machine, one of which is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

import parley
from parley.sweeps.on_ray import ray_crew
from scenarios.errors import ExtraMissing
from tests.parley.worlds import SHOP, started, written
from tests.parley.worlds import parley as command

ASKED = ["sweep", "world.yaml", "--vary", "services.stock.workers=1..5", "--seeds", "12", "--set", "duration=3m"]


def below(pid):
    """Every process below one, with its command line."""
    parents, found = {}, {}
    for entry in Path("/proc").iterdir():
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (ValueError, OSError):
            continue
    ours = {pid}
    while more := {one for one, parent in parents.items() if parent in ours} - ours:
        ours |= more
    for one in ours:
        try:
            found[one] = Path(f"/proc/{one}/cmdline").read_text()
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_a_killed_worker_of_ray_changes_nothing(tmp_path):
    """Its cell is begun again elsewhere; the dataset is the same to the byte."""
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    written(tmp_path, SHOP)
    assert command(*ASKED, "--out", "alone", cwd=tmp_path).returncode == 0
    running, killed = started(*ASKED, "--out", "on_ray", "--ray", "local", cwd=tmp_path), 0
    end = time.monotonic() + 100
    while running.poll() is None and time.monotonic() < end:
        at_work = [pid for pid, name in below(running.pid).items() if name.startswith("ray::computed")]
        journals = [*(tmp_path / "on_ray").glob("journal/*.jsonl")]
        if at_work and journals and len(journals[0].read_bytes().splitlines()) > 5 * (killed + 1) and killed < 2:
            os.kill(at_work[0], signal.SIGKILL)
            killed += 1
        time.sleep(0.01)
    printed, said = running.communicate(timeout=20)
    assert (running.returncode, killed) == (0, 2), said
    assert "sweep folder" in printed
    sides = [{file.name: file.read_bytes() for file in (tmp_path / name / "cells").iterdir()} for name in ("alone", "on_ray")]
    assert sides[0] == sides[1]
    assert parley.Sweep(tmp_path / "on_ray").state == "complete"


def test_a_cluster_that_is_not_there_is_told(tmp_path):
    """With the address that was asked for."""
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    done = command(*ASKED, "--out", "s", "--ray", "nonsense", cwd=written(tmp_path, SHOP).parent)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "--ray nonsense: there is no cluster" in done.stderr


def test_without_ray_the_extra_is_named(monkeypatch):
    """How to get it."""
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ExtraMissing, match="needs the extra `ray`"):
        ray_crew(None, "local")
