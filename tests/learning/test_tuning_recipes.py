"""Numbers of a recipe that are looked for: the recipe as it stands first, the same trials whoever is stopped, and all seeds take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.learning.training import Recipe
from parley.errors import UsageError
from parley.training.page import page_of_training
from parley.training.plans import CHAIRS
from parley.training.training import BEST, CURVE, LAST, Training, train
from parley.training.tuning import TUNED, best_of
from scenarios.load import load
from scenarios.writing import as_yaml

LITTLE: dict[str, Any] = {"steps": 200, "seeds": 1, "lanes": 2, "jobs": 1, "fidelity": "fluid", "tune": 3}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of three minutes."""
    path = tmp_path_factory.mktemp("world") / "small.yaml"
    path.write_text(as_yaml(load("learning_to_scale", ["duration=3m", "workload.crowd.arrivals.poisson.flash_crowd.at=1m"])))
    return path


@pytest.fixture(scope="module")
def tuned(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Three trials, then a seed."""
    return train(small, **LITTLE, out=tmp_path_factory.mktemp("tuned") / "t")


def test_the_first_trial_is_the_recipe_as_it_stands(tuned: Training) -> None:
    """Others differ from it, and all within their ends; the page tells of them."""
    trials = tuned.manifest["trials"]
    assert len(trials) == 3 and tuned.state == "complete" and tuned.plan.chair == CHAIRS[0]
    recipe = Recipe(tuned.plan.learned_in)
    assert trials[0]["numbers"] == {name: getattr(recipe, name) for name in TUNED["ppo"]}
    assert len({json.dumps(one["numbers"]) for one in trials}) == 3
    for one in trials[1:]:
        for name, ends in TUNED["ppo"].items():
            low, high = (float(end) for end in ends.removesuffix(":log").split(".."))
            assert low <= one["numbers"][name] <= high
    assert best_of(trials) == max(trials, key=lambda one: one["reward"])["numbers"]
    assert "3 short trials on other episodes took rate" in page_of_training(tuned) and "--tune 3" in tuned.manifest["command"]


@pytest.mark.slow
def test_who_is_stopped_is_replayed(tuned: Training, small: Path, tmp_path: Path) -> None:
    """After the first trial, and after all of them: the same weights; with a trial that was never proposed it is refused."""
    again = train(small, **LITTLE | {"tune": 1, "steps": 20}, out=tmp_path / "t")
    manifest = json.loads((tuned.path / "manifest.json").read_text())
    for kept in (manifest["trials"][:1], manifest["trials"]):
        for name in (CURVE, LAST, BEST):
            (again.path / "seed-1" / name).unlink()
        (again.path / "manifest.json").write_text(json.dumps(manifest | {"state": "partial", "trials": kept}))
        found = Training(again.path).resume()
        assert found.manifest["trials"] == manifest["trials"]
        assert (found.path / "seed-1" / LAST).read_bytes() == (tuned.path / "seed-1" / LAST).read_bytes()
    other = [manifest["trials"][0], {"numbers": manifest["trials"][0]["numbers"], "reward": 0.0}]
    (again.path / "manifest.json").write_text(json.dumps(manifest | {"state": "partial", "trials": other}))
    with pytest.raises(UsageError, match="were proposed by another version of Optuna"):
        Training(again.path).resume()


def test_numbers_are_taken(tuned: Training, small: Path, tmp_path: Path) -> None:
    """A seed that nobody tuned for learns otherwise, unless the recipe itself did best."""
    plain = train(small, **LITTLE | {"tune": 0}, out=tmp_path / "t")
    same = (plain.path / "seed-1" / LAST).read_bytes() == (tuned.path / "seed-1" / LAST).read_bytes()
    assert same == (best_of(tuned.manifest["trials"]) == tuned.manifest["trials"][0]["numbers"])
    with pytest.raises(UsageError, match="tune is a number of trials from 0 on, not -1"):
        train(small, **LITTLE | {"tune": -1}, out=tmp_path / "u")
