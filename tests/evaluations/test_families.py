"""What an evaluation may say: frozen families, who sits where, and mistakes that are answered."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.learning.tasks import SCALE_V0, Range
from parley.errors import UsageError
from parley.evaluations.cells import seated
from parley.evaluations.families import arenas_of
from parley.evaluations.files import SHIPPED, Controller, EvaluationFile, as_plain, evaluation_file, parsed
from parley.evaluations.proposing import Proposals
from parley.evaluations.seats import Chosen, Seats, seats_of
from parley.evaluations.stages import Ground, ground_of
from parley.survival.files import is_survival
from parley.sweeps.ranges import range_of
from scenarios.errors import ScenarioError
from tests.evaluations.little import LITTLE


def changed(**changes: Any) -> dict[str, Any]:
    """The small evaluation with other words."""
    return deepcopy(LITTLE) | changes


@pytest.fixture(scope="module")
def scaling() -> EvaluationFile:
    """The shipped one."""
    return evaluation_file("scaling")


@pytest.fixture(scope="module")
def ground(scaling: EvaluationFile, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Its worlds, in a folder."""
    return ground_of(tmp_path_factory.mktemp("ground"), scaling, is_new=True)


@pytest.mark.parametrize("name", [path.stem for path in sorted(SHIPPED.glob("*.yaml")) if not is_survival(path)])
def test_shipped_families_are_frozen(name: str) -> None:
    """Every one has its digest, which is that of what it resolves to."""
    made = evaluation_file(name)
    assert all(family.digest for family in made.families.values())
    assert {name: one.digest for name, one in arenas_of(made).items()} == {name: one.digest for name, one in made.families.items()}


def test_a_digest_is_of_all_but_the_agents() -> None:
    """Of the world, of what is drawn and of how long; whoever sits there is for controllers to say."""
    def digest(**changes: Any) -> str:
        family = LITTLE["families"]["fresh"]
        data = changed(families={**LITTLE["families"], "fresh": {**family, **changes.pop("family", {}),
                                 "set": {**family["set"], **changes.pop("more", {})}}}, **changes)  # fmt: skip
        return arenas_of(parsed(data))["fresh"].digest

    plain = digest()
    assert digest(more={"agents.front.scaling": {"hpa": {"target_cpu": "90%", "max": 9}}}) == plain == digest(seeds=9)
    others = [digest(more={"services.front.replicas": 9}), digest(varied={"workload.crowd.load": "0.5..1.6"}), digest(ticks=11),
              digest(family={"most": 50}), digest(family={"varied": {}})]  # fmt: skip
    assert len({plain, *others}) == 6


def test_a_frozen_family_does_not_change() -> None:
    """It is refused, with both digests."""
    families = deepcopy(LITTLE["families"])
    families["late"]["digest"] = "0123456789abcdef"
    with pytest.raises(ScenarioError, match=r"families\.late: was frozen as 0123456789abcdef, and resolves to [0-9a-f]{16} now"):
        arenas_of(parsed(changed(families=families)))


def test_training_is_as_the_frozen_task_has_it(scaling: EvaluationFile, ground: Ground) -> None:
    """The same world and the same ranges, so that seeds draw the same episodes."""
    arena, task = ground.arenas["train"], SCALE_V0
    assert dict(arena.varied) == task.varied and arena.ticks == task.ticks and scaling.tick == 15_000_000_000
    assert arena.drawn(5, ground.world("train")).world == task.drawn(np.random.default_rng(5), {}).world


def test_mistakes_are_answered() -> None:
    """Place, value and rule; the nearest name."""
    for changes, words in (
        ({"default": "default HAP"}, "default names 'default HAP', which there is not; did you mean 'default HPA'"),
        ({"over_weightings": ["train"]}, "over_weightings names 'train'"),
        ({"hypotheses": {"x": {"of": "lerned", "against": "the rule"}}}, "'x' names 'lerned', which there is not; did you mean 'learned'"),
        ({"families": {"train": {"role": "train"}}}, "must have exactly one family for validation"),
        ({"controllers": {**LITTLE["controllers"], "learned": {}}}, "cannot be called 'learned'"),
        ({"controllers": {**LITTLE["controllers"], "cron": {"best_of": {"a": ["1", "2"]}}}}, "only the reference may be"),
        ({"controllers": {**LITTLE["controllers"], "cron": {"best_of": {"a": ["1"]}}}}, "needs one path, with two values or more"),
        ({"controllers": {**LITTLE["controllers"], "cron": {"calibrated": {}}}}, "looks for nothing"),
    ):  # fmt: skip
        with pytest.raises(ScenarioError, match=words.replace("(", r"\(")):
            parsed(changed(**changes))
    with pytest.raises(UsageError, match="scalling: is no evaluation; did you mean 'scaling'"):
        evaluation_file("scalling")
    with pytest.raises(UsageError, match=r"varied\.a: '5' is not a range; write its ends as"):
        range_of("a", "5")
    with pytest.raises(ScenarioError, match=r"families\.fresh: .*did you mean 'duration'"):
        arenas_of(parsed(changed(families={**LITTLE["families"], "fresh": {"set": {"durration": "3m"}}})))
    assert range_of("a", "5m..50m") == Range(5, 50, "m") and as_plain(parsed(LITTLE))["seeds"] == LITTLE["seeds"]


def seat(ground: Ground, family: str, scaling: Any, chosen: Chosen | None = None) -> Seats:
    """Who sits in a family of the shipped evaluation."""
    found = seats_of(Controller(scaling=scaling), chosen or Chosen(), ground.arenas[family], ground.homes(family), 1)
    assert found is not None
    return found


def test_shares_of_capacity_are_of_the_family_in_training(ground: Ground) -> None:
    """Whoever set the rule up knew what a pod could serve then; of a mesh that was not there, what it can serve there."""
    trend = {"trend": {"averageValue": "50% of capacity"}}
    usual = seat(ground, "fresh days", trend)
    assert usual["front"] == {"trend": {"min": 1, "max": 40, "averageValue": "15.625"}}  # 1 / 32 ms / 2
    assert seat(ground, "other service rates", trend) == usual
    assert seat(ground, "another mesh", trend)["people"]["trend"]["averageValue"] == "50"  # 1 / 10 ms / 2
    rate = seat(ground, "fresh days", {"mpc": {"service_rate": "50% of capacity/s", "horizon": "2m", "lead": "60s"}})
    assert rate["memory"]["mpc"]["service_rate"] == "62.5/s"
    assert seat(ground, "ten times as large", {"hpa": {"target_cpu": "80%"}})["front"]["hpa"]["max"] == 400


def test_only_the_clairvoyant_know_how_long_a_start_takes(ground: Ground) -> None:
    """A share of the start-up is of the very world that is played."""
    ahead = {"lookahead": {"lead": "150% of startup"}}
    assert seat(ground, "fresh days", ahead)["front"]["lookahead"]["lead"] == "68s"
    assert seat(ground, "starts take minutes", ahead)["front"]["lookahead"]["lead"] == "6m"


def test_what_was_chosen_is_put_in(ground: Ground) -> None:
    """Of each service and of all; a service that was not there has the middle of the others'."""
    chosen = Chosen({"hpa.target_cpu": dict(zip(ground.arenas["train"].scaled, ("40%", "50%", "60%", "70%", "80%", "91%"), strict=True))},
                    {"hpa.behavior.scaleDown.stabilizationWindowSeconds": "30"})  # fmt: skip
    hpa = {"hpa": {"target_cpu": "10%"}}
    found = seat(ground, "fresh days", hpa, chosen)
    assert found["catalog"]["hpa"] == {
        "min": 1, "max": 40, "target_cpu": "50%", "behavior": {"scaleDown": {"stabilizationWindowSeconds": 30}}}  # fmt: skip
    assert seat(ground, "another mesh", hpa, chosen)["ledger"]["hpa"]["target_cpu"] == "65%" and hpa == {"hpa": {"target_cpu": "10%"}}


def test_a_timetable_is_of_other_days(ground: Ground) -> None:
    """More pods at noon than at night, and the same in a family that has other days."""
    cron = {"cron": {"interval": "15s", "timetable": {"every": "5m", "period": "60m", "lead": "60s", "utilization": "50%"}}}
    pods = [one["desiredReplicas"] for one in seat(ground, "fresh days", cron)["front"]["cron"]["schedules"]]
    assert len(pods) == 12 and max(pods) == pods[5] > 2 * pods[0]
    assert seat(ground, "larger swings", cron) == seat(ground, "fresh days", cron) != seat(ground, "ten times as large", cron)


def test_every_shipped_controller_can_sit_everywhere(scaling: EvaluationFile, ground: Ground) -> None:
    """As the file has it: each world with it is a scenario."""
    for family, arena in ground.arenas.items():
        for controller in scaling.controllers.values():
            seats = seats_of(controller, Chosen(), arena, ground.homes(family), scaling.pods.least)
            world = seated(arena.world, seats, controller.replicas)
            assert [world.minds(name).scaling for name in arena.scaled].count(None) == 0
            assert world.services.keys() == arena.world.services.keys()


def test_proposals_begin_with_what_the_file_says() -> None:
    """Then with what is alike for all; and the same answers lead to the same next ones."""
    controller = parsed(LITTLE).controllers["calibrated HPA"]
    sides = []
    for _ in range(2):
        proposals, asked = Proposals(controller, ["a", "b"], ["cheap", "dear"], 3), []
        for nth in range(10):
            weighting, chosen = proposals.ask()
            assert weighting == ("cheap", "dear")[nth % 2], "in turn"
            asked.append(chosen)
            proposals.tell({"cheap": float(nth % 4), "dear": float(nth % 3)})
        sides.append(asked)
    assert sides[0] == sides[1]
    assert sides[0][0] == Chosen({"hpa.target_cpu": {"a": "70%", "b": "70%"}}, {"hpa.behavior.scaleDown.stabilizationWindowSeconds": "60"})
    assert sides[0][1].each == {"hpa.target_cpu": {"a": "36%", "b": "36%"}} and len({str(one) for one in sides[0]}) == 10


def test_every_weighting_learns_from_the_proposals_of_others() -> None:
    """Its next one depends on what those that others made came to for it."""
    controller = parsed(LITTLE).controllers["calibrated HPA"]
    asked = []
    for others in (1.0, -1.0):
        proposals = Proposals(controller, ["a", "b"], ["cheap", "dear"], 3)
        for _ in range(30):
            weighting, chosen = proposals.ask()
            worth = float(next(iter(chosen.each["hpa.target_cpu"].values())).rstrip("%"))
            proposals.tell({"cheap": worth, "dear": worth if weighting == "dear" else others * worth})
        asked.append([proposals.ask() for _ in range(2)][1])
    assert asked[0] != asked[1]


def test_worlds_in_a_folder_are_those_that_are_meant(tmp_path: Path) -> None:
    """Whoever goes on where they are others is told."""
    made = parsed(LITTLE)
    first = ground_of(tmp_path, made, is_new=True)
    assert ground_of(tmp_path, made).digests == first.digests
    with first.world("late").open("a") as file:
        file.write("\n")
    with pytest.raises(Exception, match=r"late\.yaml: is not the world that 'late' resolves to now"):
        ground_of(tmp_path, made)
