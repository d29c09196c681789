"""Parley simulates a service mesh request by request, with an agent in every service: this is its front door."""

from __future__ import annotations

from parley.comparing import compare
from parley.errors import Interrupted
from parley.explaining import explain
from parley.mapping import outcome_map
from parley.replicating import replicate
from parley.reporting.making import report
from parley.results import Run, load_run
from parley.running import run
from parley.supposing import whatif
from parley.sweeping import Sweep, sweep
from parley.tuning import tune
from parley.uncertainty import sensitivity
from scenarios.checking import check
from scenarios.errors import ParleyError
from scenarios.load import load, loads, shipped
from scenarios.schema.scenario import Scenario

__all__ = [
    "Interrupted", "ParleyError", "Run", "Scenario", "Sweep", "check", "compare", "explain", "load", "load_run", "loads",
    "outcome_map", "replicate", "report", "run", "sensitivity", "shipped", "sweep", "tune", "whatif",
]  # fmt: skip
