"""The policies that are published: pages tell what their folders hold, weights give the figures again, and bundles open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.learning.judging import scores
from agents.learning.observing import FRAMES
from parley.evaluations.policies import decides_of
from parley.training.page import PAGE, PICTURE, page_of_training
from parley.training.training import BEST, VALIDATION, Training

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "policies"
TRAININGS = sorted(path.parent for path in PUBLISHED.glob("*/manifest.json"))
SEEDS = 10

each = pytest.mark.parametrize("folder", TRAININGS, ids=lambda folder: folder.name)


@each
def test_a_page_tells_what_its_folder_holds(folder: Path) -> None:
    """Every seed, those that failed too; and the picture is beside it."""
    found = Training(folder)
    assert found.state == "complete" and found.plan.seeds == SEEDS
    assert (folder / PAGE).read_text(encoding="utf-8") == page_of_training(found)
    assert (folder / PICTURE).is_file()


@each
def test_weights_are_those_that_were_judged(folder: Path) -> None:
    """An episode of the validation is played again by the best policy: the same reward to the last digit."""
    found = Training(folder)
    task, seed = found.plan.judged_in, found.policy()
    best = found.best(seed)
    assert best is not None
    (again,) = scores(task, VALIDATION[:1], decides_of(folder / f"seed-{seed}" / BEST, task.action_set))
    assert again.reward == best["judged"]["rewards"][0]


@each
def test_every_seed_has_its_policy(folder: Path) -> None:
    """It opens, and chooses what may be chosen."""
    found = Training(folder)
    task = found.plan.task
    seen = np.zeros((3, len(found.manifest["sizes"]["features"]) * FRAMES), dtype=np.float32)
    masks = np.eye(3, len(task.action_set), dtype=np.bool_)
    for seed in found.seeds:
        assert decides_of(folder / f"seed-{seed}" / BEST, task.action_set)(seen, masks).tolist() == [0, 1, 2]
