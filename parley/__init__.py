"""Parley simulates a service mesh request by request, with an agent in every service: this is its front door."""

from __future__ import annotations

from agents.learning.bundles.policy import Policy
from agents.learning.registering import register as _register
from parley.comparisons.comparing import compare
from parley.errors import Interrupted
from parley.explanations.explaining import explain
from parley.maps.mapping import outcome_map
from parley.reporting.making import report
from parley.runs.replicating import replicate
from parley.runs.results import Run, load_run
from parley.runs.running import run
from parley.sweeps.sweeping import Sweep, sweep
from parley.tuning.tuning import tune
from parley.uncertainty.uncertainty import sensitivity
from parley.what_if.supposing import whatif
from scenarios.checking import check
from scenarios.errors import ParleyError
from scenarios.load import load, loads, shipped
from scenarios.schema.scenario import Scenario

_register()

__all__ = [
    "Interrupted", "ParleyError", "Policy", "Run", "Scenario", "Sweep", "check", "compare", "explain", "load", "load_run", "loads",
    "outcome_map", "replicate", "report", "run", "sensitivity", "shipped", "sweep", "tune", "whatif",
]  # fmt: skip
