"""Shipped scenarios whose agents bargain are functions of (scenario, seed): whatever the engine, the hashes and the threads."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.control_plane import ControlPlane
from scenarios.load import load, shipped
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from tests.sampling import sampled

ROUNDS = 3
LATER = {"spill_over_zones": 165_000_000_000}  # before its crowd is there nobody asks anybody
BARGAINING = [name for name in shipped() if load(name).negotiations]
QUICK = ["capacity_market", "gpu_auction", "retry_credits"]


def shortened(name: str) -> tuple[Scenario, int]:
    """The world with its faults in the second round, whole load; and until when to live it."""
    scenario = load(name)
    every_ns = max(one.every for one in scenario.negotiations.values())
    early = {f"faults.{fault}.at": f"{every_ns + 1}ns" for fault in scenario.faults}
    return scenario.with_(**early), LATER.get(name, ROUNDS * every_ns + every_ns // 2)


def life(name: str, engine: str = "fast", seed: int = 2) -> dict[str, str | int]:
    """What there is to tell of a run: the trace, the decisions, the messages."""
    scenario, until_ns = shortened(name)
    mesh = Mesh(scenario, seed, engine)
    plane = ControlPlane(mesh)
    mesh.advance(until_ns)
    told = (("decisions", plane.decisions), ("said", plane.network.log))
    said = {word: hashlib.sha256(repr(rows).encode()).hexdigest() for word, rows in told}
    return {"digest": mesh.plane.digest(), "decided": len(plane.decisions), "messages": len(plane.network.log), **said}


def test_there_are_such_scenarios() -> None:
    """Those of the issue."""
    assert {"capacity_market", "two_autoscalers_agree", "partitioned_mesh", "gpu_auction", "liar"} <= {*BARGAINING}


@pytest.mark.parametrize("name", sampled(BARGAINING, lambda name: name in QUICK))
def test_engines_agree_on_traces_decisions_and_messages(name: str) -> None:
    """A few rounds with the whole load; another seed is another life."""
    reference, fast = (life(name, engine) for engine in ("reference", "fast"))
    assert reference == fast and int(fast["decided"]) > 0
    assert life(name, seed=3)["digest"] != fast["digest"]


@pytest.mark.parametrize("names", [QUICK, pytest.param(BARGAINING, marks=pytest.mark.slow)], ids=["some", "all"])
def test_neither_hashes_nor_threads_matter(names: list[str], tmp_path: Path) -> None:
    """Other interpreters with other hashes and thread counts tell the same."""
    here = {name: life(name) for name in names}
    script = tmp_path / "lives.py"
    script.write_text("import json\nfrom tests.identity.test_bargaining import life\n"
                      f"print(json.dumps({{name: life(name) for name in {list(names)!r}}}))\n")  # fmt: skip
    for hashes, threads in (("1", "1"), ("4242", "2")):
        env = {**os.environ, "PYTHONHASHSEED": hashes, "OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads,
               "PYTHONPATH": str(Path.cwd())}  # fmt: skip
        done = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == here
