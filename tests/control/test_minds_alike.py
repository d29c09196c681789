"""Every mind in its small world, on both engines: one trace, one list of decisions."""

from __future__ import annotations

import pytest

from agents.control_plane import ControlPlane
from scenarios.load import load
from scenarios.schema.control import Scaling, Sizing
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

MINDS = {"scaling": {"hpa"}, "metrics": {"hpa"}, "minds": {"kpa"}, "keda": {"keda"}, "alerting": {"burn_rate"},
         "planners": {"cron", "staffing", "trend", "forecast", "lookahead"}, "optimizers": {"lcp", "mpc"}, "sizing": {"vpa"}}  # fmt: skip


@pytest.mark.parametrize("world", MINDS)
def test_both_engines_decide_alike(world: str) -> None:
    """H1: scrapes read integers that are equal under both, so that every reason is the same to its last word."""
    lives = {}
    for engine in ("reference", "fast"):
        mesh = Mesh(load(WORLDS / f"{world}.yaml"), 1, engine)
        plane = ControlPlane(mesh)
        mesh.advance(mesh.scenario.duration)
        lives[engine] = mesh.plane.digest(), plane.decisions
    assert lives["reference"] == lives["fast"]
    assert {decision.mind for decision in lives["fast"][1]} == MINDS[world]


def test_every_mind_of_the_schema_has_its_world() -> None:
    """One that is added is lived here too."""
    assert {*Scaling.alternatives(), *Sizing.alternatives()} - {"fixed"} <= set().union(*MINDS.values())
