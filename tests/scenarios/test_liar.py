"""What a lie gains in the loop: of a service where pods are bid for, of its only class where flow is."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.runs.running import run
from scenarios.load import load
from scenarios.schema.units import HOUR_NS

POOL = "negotiations.pods.pool"
HONEST = (f"{POOL}.members.recommend.misreport=1",)
FLOWS = ("dual", "{bundles: {step: 5/s}}")


def earned(folder: Path, by: str, *changes: str) -> float:
    """What good answers of visitors are worth less what they pay, EUR an hour; seed 1."""
    world = load("liar", [f"{POOL}.by={by}", *HONEST, *changes])
    told = run(world, seed=1, out=folder).summary
    mine, measured_hours = told["classes"]["visitors"], (world.duration - world.warmup) / HOUR_NS
    worth = mine["good"] * mine["measured"]["offered"] / 1000 / measured_hours
    return float(worth - told["negotiation"]["paid"]["visitors"] / measured_hours)


@pytest.mark.parametrize("lie", ["rate=0.5", "worth=0.5"])
def test_flow_by_prices_is_no_place_for_the_truth(lie: str, tmp_path: Path) -> None:
    """Who wants half the flow pays for less than half of it, for the price falls: 100 an hour more is gained (README: 278, not 83)."""
    truth = earned(tmp_path / "truth", "dual")
    assert earned(tmp_path / "lie", "dual", f"{POOL}.misreport.visitors.{lie}") > truth + 100


@pytest.mark.parametrize("lie", ["rate=0.5", "rate=3", "worth=0.5", "worth=3"])
def test_under_bundles_no_lie_that_was_tried_pays(lie: str, tmp_path: Path) -> None:
    """Each pays what others lose by it, and half the flow or thrice the worth come to no more than a hundredth of what is earned."""
    truth = earned(tmp_path / "truth", FLOWS[1])
    assert earned(tmp_path / "lie", FLOWS[1], f"{POOL}.misreport.visitors.{lie}") < 1.01 * truth
