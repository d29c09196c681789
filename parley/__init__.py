"""Parley simulates a service mesh request by request, with an agent in every service: this is its front door."""

from __future__ import annotations

from parley.results import Run, load_run
from parley.running import run
from scenarios.checking import check
from scenarios.errors import ParleyError
from scenarios.load import load, loads, shipped
from scenarios.schema.scenario import Scenario

__all__ = ["ParleyError", "Run", "Scenario", "check", "load", "load_run", "loads", "run", "shipped"]
