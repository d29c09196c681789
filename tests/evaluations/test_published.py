"""The evaluation that is published: of the file that is shipped, its page of its figures, and its episodes are played again."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.evaluations.calibrating import Calibration
from parley.evaluations.evaluations import STAGE, Evaluation
from parley.evaluations.files import as_plain, evaluation_file
from parley.evaluations.page import PAGE, PICTURES, page_of_evaluation
from scenarios.load import load
from scenarios.source_files import SHIPPED

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
SCALING, CALIBRATED = PUBLISHED / "scaling", PUBLISHED / "scaling-calibration"
POLICIES = 10

pytestmark = pytest.mark.skipif(not SCALING.is_dir(), reason="published once policies are trained and judged")


def test_the_page_tells_the_figures() -> None:
    """Of ten policies, and no episode that could not go on."""
    found = Evaluation(SCALING)
    assert found.state == "complete" and as_plain(found.file) == as_plain(evaluation_file("scaling"))
    assert len(found.policies) == POLICIES and not found.findings["faults"]
    assert (SCALING / PAGE).read_text(encoding="utf-8") == page_of_evaluation(found)
    assert all((SCALING / name).is_file() for name in PICTURES)


def test_rules_sit_as_they_were_calibrated() -> None:
    """By the calibration beside it, which spent its budget."""
    judged, calibrated = Evaluation(SCALING), Calibration(CALIBRATED)
    assert (SCALING / judged.manifest["calibration"]).resolve() == CALIBRATED.resolve() and calibrated.state == "complete"
    made = judged.file
    wanted = {name for name, one in made.controllers.items() if one.calibrated is not None}
    for weighting in made.weightings:
        assert calibrated.found[weighting].keys() == wanted
        for name in wanted:
            calibrated.chosen(weighting, name, made, judged.manifest["digests"])


def test_the_rule_that_is_guided_is_the_one_that_was_found() -> None:
    """One target for all services of the shipped world: the mean of those that were calibrated."""
    chosen = Calibration(CALIBRATED).found["as trained"]["calibrated HPA"]["chosen"]["each"]["hpa.target_cpu"]
    found = [float(text.removesuffix("%")) for text in chosen.values()]
    for source in ("learning_to_scale", "evaluations/worlds/orders.yaml"):
        world = load(SHIPPED / source if source.endswith(".yaml") else source)
        rule = world.minds(next(iter(world.services))).scaling
        assert rule is not None and rule.hpa is not None
        assert rule.hpa.target_cpu == pytest.approx(sum(found) / len(found) / 100, abs=0.01)


def played_again(found: Evaluation, places: list[int]) -> None:
    """Some episodes: the same figures to the last digit."""
    rows = {row["cell"]: row for row in found.cells().to_pylist()}
    for cell in found.plan.cells(places):
        again = STAGE.row(cell)
        assert again is not None
        assert again["figures"] == {name: rows[cell.index][name] for name in again["figures"]}, cell.words


def test_an_episode_is_played_again() -> None:
    """Of a policy, on a fresh day."""
    found = Evaluation(SCALING)
    places = [nth for nth, (family, entrant, k) in enumerate(found.plan.places)
              if (family, k) == ("fresh days", 0) and found.plan.entrants[entrant].policy is not None]  # fmt: skip
    played_again(found, places[:1])


@pytest.mark.slow
def test_an_episode_of_everybody_is_played_again() -> None:
    """In every family in turn."""
    found = Evaluation(SCALING)
    firsts = [nth for nth, (_, _, k) in enumerate(found.plan.places) if k == 0]
    played_again(found, firsts[:: max(1, len(firsts) // 40)])
