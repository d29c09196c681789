"""A healthy twin: the same world under the same seed, without what goes wrong in it."""

from __future__ import annotations

import os

from parley.errors import UsageError
from parley.runs.results import Run, load_run
from parley.runs.running import run as run_scenario
from scenarios.load import loads
from scenarios.schema.failures import Failures
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_yaml


def twin_of(run: Run, out: str | os.PathLike[str] | None = None) -> Run:
    """The run a what-if was made from, or else a run of the same world without its faults, in a folder of its own.

    Raises UsageError where nothing goes wrong in it.
    """
    manifest, world = run.manifest, run.scenario
    if "whatif" in manifest:
        return load_run(manifest["whatif"]["of"])
    well = healthy(world)
    if well == world:
        raise UsageError(f"{run.path}: its scenario has no faults, failures or bad releases to leave out; name a healthy run instead")
    return run_scenario(well, seed=manifest["seed"], engine=manifest["engine"], until=int(manifest["simulated_ns"]), spans="none",
                        out=out)  # fmt: skip


def healthy(world: Scenario) -> Scenario:
    """The world without faults and failures, and with releases that are as good as the first."""
    left = {
        "faults": {}, "failures": Failures(),
        "rollouts": {name: one.model_copy(update={"slow": 1.0, "errors": 0.0}) for name, one in world.rollouts.items()},
    }  # fmt: skip
    wrong = {name: value for name, value in left.items() if getattr(world, name) != value}
    return loads(as_yaml(world.model_copy(update=wrong))) if wrong else world
