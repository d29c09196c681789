"""Learning on while serving: identical traffic for all, little tried at a time, nothing lost, and told as it came out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from agents.learning.online import AS_IT_WAS, TRAINED_ANEW, Caution, Lesson, Online, Seconds, clearly_more
from agents.learning.playing import begun
from agents.learning.scaling.truth import grown, nearest
from agents.learning.scaling.works import changes_of
from agents.learning.training import Recipe
from parley.adapting.adapting import Adaptation, adapt
from parley.adapting.days import FROZEN, LEARNER, RULE, TOLD, live, online_of, recipe_of, weights_of
from parley.adapting.findings import lived, sentence
from parley.adapting.tables import print_adaptation
from parley.errors import FolderError, UsageError
from parley.storage.run_folder import MANIFEST
from parley.training.training import BEST, Training, train
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.load import load, loads
from scenarios.schema.units import NS_PER_S
from scenarios.writing import as_yaml
from sim.fast.engine import needs_full

ROOT = Path(__file__).parents[2]
MINUTE = 60 * NS_PER_S


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """On a brief morning."""
    folder = tmp_path_factory.mktemp("morning")
    (folder / "morning.yaml").write_text(as_yaml(load("shift_day_morning", ["duration=6m"])))
    return train(folder / "morning.yaml", fidelity="fluid", steps=400, seeds=1, lanes=2, jobs=1, out=folder / "t")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve minutes, the shift after six."""
    path = tmp_path_factory.mktemp("day") / "day.yaml"
    path.write_text(as_yaml(load("shift_day", ["duration=13m", "faults.release.at=7m"])))
    return path


@pytest.fixture(scope="module")
def adapted(trained: Training, day: Path, tmp_path_factory: pytest.TempPathFactory) -> Adaptation:
    """Two days."""
    return adapt(trained.path, day, seeds=2, jobs=1, out=tmp_path_factory.mktemp("adapted") / "a")


def test_all_meet_the_same_day(adapted: Adaptation) -> None:
    """Whoever decides alike is paid alike to the bit: until the shift the rule told the truth is the rule, and the learner as it was."""
    assert adapted.state == "complete" and adapted.whole == [1, 2] and adapted.plan.who == (RULE, FROZEN, LEARNER, TOLD)
    shift = adapted.shift
    assert shift == 24 and adapted.plan.shift_ns == 7 * MINUTE and adapted.plan.first_ns == MINUTE
    rewards = {who: adapted.ticks(who, "reward") for who in adapted.plan.who}
    assert {one.shape for one in rewards.values()} == {(2, 48)}
    assert np.array_equal(rewards[RULE][:, :shift], rewards[TOLD][:, :shift]) and not np.array_equal(rewards[RULE], rewards[TOLD])
    assert np.array_equal(rewards[FROZEN][:, :shift], rewards[LEARNER][:, :shift])
    assert not np.array_equal(rewards[RULE][0], rewards[RULE][1]), "days differ"


def test_it_learns_on_by_the_numbers_that_were_found(trained: Training, day: Path, tmp_path: Path) -> None:
    """Of a training that was tuned: how much the future counts, and how often it looks at what it has met."""
    copied = tmp_path / "t"
    shutil.copytree(trained.path, copied)
    found = [{"numbers": {"gamma": gamma, "epochs": 3}, "reward": reward} for gamma, reward in ((0.9, -1.0), (0.97, -0.5))]
    (copied / MANIFEST).write_text(json.dumps(trained.manifest | {"trials": found}))
    tuned = adapt(copied, day, seeds=1, jobs=1, out=tmp_path / "a").day(LEARNER, 1)
    assert (recipe_of(tuned).gamma, recipe_of(tuned).epochs) == (0.97, 3) != (Recipe(tuned.task).gamma, Recipe(tuned.task).epochs)


def test_what_came_of_it_is_told(adapted: Adaptation, capsys: pytest.CaptureFixture[str]) -> None:
    """By its own figures, before and after."""
    found = {one.who: one for one in lived(adapted)}
    rewards = adapted.ticks(LEARNER, "reward") - adapted.ticks(FROZEN, "reward")
    against = found[LEARNER].against
    assert against is not None and found[FROZEN].against is None
    assert [one.difference for one in against] == pytest.approx([rewards[:, :24].mean(), rewards[:, 24:].mean(), rewards[:, 42:].mean()])
    print_adaptation(Console(width=80), adapted)
    told = capsys.readouterr().out
    assert "told the truth" in told and "another world from 7m on" in told and "adaptation.png" in told
    assert "against itself as it was" in sentence(adapted)


@pytest.mark.slow
def test_stopped_by_ctrl_c_nothing_is_lost(adapted: Adaptation, trained: Training, day: Path, tmp_path: Path) -> None:
    """Days that are over stay, the others are lived again, to the same ticks."""
    words = [sys.executable, "-m", "parley", "adapt"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun_ = subprocess.Popen([*words, str(trained.path), str(day), "--seeds", "2", "--jobs", "1", "--out", "a"], cwd=tmp_path, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    while begun_.poll() is None and not (tmp_path / "a" / "seed-1" / f"{RULE}.jsonl").is_file():
        time.sleep(0.02)
    begun_.send_signal(signal.SIGINT)
    told, _ = begun_.communicate()
    stopped = Adaptation(tmp_path / "a")
    assert begun_.returncode == 130 and stopped.state == "partial" and "not finished; `parley adapt --resume" in told
    first = stopped.day(RULE, 1).path.read_bytes()
    subprocess.run([*words, "--resume", "a", "--jobs", "2"], cwd=tmp_path, env=env, check=True, capture_output=True)
    again = Adaptation(tmp_path / "a")
    assert again.state == "complete" and stopped.day(RULE, 1).path.read_bytes() == first
    for who in adapted.plan.who:
        assert [again.day(who, seed).path.read_bytes() for seed in (1, 2)] == [adapted.day(who, seed).path.read_bytes() for seed in (1, 2)]


LITTLE = Caution(window=6, delay=3, hour=4, steps=100, lanes=1)


def decided(online: Online) -> list[str]:
    """By whom, tick for tick."""
    return [tick.policy for tick in online.ticks()]


def test_it_sees_what_requests_cost_and_learns_when_that_changes(adapted: Adaptation) -> None:
    """Catalog's works have grown by six tenths, nobody else's; and nothing is learned before."""
    online, at = online_of(adapted.day(LEARNER, 1), LITTLE), []
    for number, _ in enumerate(online.ticks()):
        at += [number] * (len(online.lessons) - len(at))
    growth = online.lessons[-1].growth
    assert growth == pytest.approx((1.6, 1, 1), rel=0.15) and at[0] > adapted.shift


class Taught(Online):
    """Who thinks that it has learned something, whatever that is."""

    expected = -1e9

    def _lesson(self, seconds: Seconds, growth: Seconds) -> Lesson:
        return replace(super()._lesson(seconds, growth), is_better=True, expected=self.expected, state=b"other")


class Mistaken(Taught):
    """Who thinks that the policy as it was would do far better than anybody can."""

    expected = 1.0


def test_what_was_learned_decides_after_a_while_and_is_dropped_where_callers_are_worse_off(adapted: Adaptation) -> None:
    """The delay is kept, and an hour on real callers is held against what the policy as it was is expected to come to."""
    day = adapted.day(LEARNER, 1)
    made = [kind(begun(day.episode), day.training.task, weights_of(day), recipe_of(day), 1, LITTLE) for kind in (Taught, Mistaken)]
    stays, drops = (decided(online) for online in made)
    first = stays.index(TRAINED_ANEW)
    assert stays[first:] == [TRAINED_ANEW] * (len(stays) - first) and made[0].drops == 0
    assert first > adapted.shift + LITTLE.delay
    assert drops[: first + LITTLE.hour] == stays[: first + LITTLE.hour]
    assert drops[first + LITTLE.hour + 1] == AS_IT_WAS and made[1].drops >= 1


def test_only_what_is_clearly_better_is_taken() -> None:
    """By pairs of the same imagined episode."""
    assert clearly_more([0.1, 0.2, 0.15]) and not clearly_more([0.1, -0.3, 0.4]) and not clearly_more([0.0, 0.0])
    assert not clearly_more([-1.0, -1.1])


def test_a_world_is_imagined_with_the_works_that_are_seen() -> None:
    """Times inside works grow, and nothing else does."""
    world = loads(WORLD)
    grown_ = loads(WORLD, [*changes_of(world, ("front",), (2.0,))])
    steps = grown_.services["front"].endpoints["home"]
    assert Flow(grown_).work_ns["front.home"] == pytest.approx(2 * Flow(world).work_ns["front.home"])
    assert steps[0].work.lognormal == world.services["front"].endpoints["home"][0].work.lognormal.model_copy(update={"mean": 40_000_000})
    assert steps[2] == world.services["front"].endpoints["home"][2], "a wait is no work"


WORLD = """
version: 1
name: small
duration: 3m
services:
  front: {replicas: 2, endpoints: {home: [{work: {lognormal: {mean: 20ms, cv: 0.5}}}, {parallel: [{work: 5ms}, {work: 7ms}]}, {wait: 3ms}]}}
workload: {shoppers: {entry: front.home, arrivals: {poisson: 10/s}}}
"""


def test_the_truth_is_what_faults_do() -> None:
    """Of all pods of a service, while they last; the nearest multiple there is."""
    world = load("shift_day", ["faults.brief={at: 1m, for: 1m, slow: {service: catalog, factor: 2}}",
                               "faults.some={at: 1m, slow: {service: store, fraction: 50%, factor: 2}}"])  # fmt: skip
    assert [grown(world, "catalog", at * MINUTE) for at in (0, 1, 2, 300)] == [1, 2, 1, 1.6] and grown(world, "store", 5 * MINUTE) == 1
    assert [nearest(factor) for factor in (1.0, 1.6, 1.8, 100.0, 0.83)] == [3, 6, 7, 7, 1]
    assert not needs_full(load("shift_day_morning"))


def test_mistakes_are_answered(trained: Training, adapted: Adaptation, day: Path, tmp_path: Path) -> None:
    """What cannot go on learning, and weights that are none."""
    out = tmp_path / "a"
    with pytest.raises(UsageError, match="has policies 1, and none of number 7"):
        adapt(trained.path, day, policy=7, out=out)
    with pytest.raises(UsageError, match="seeds is a number from 1 on, not 0"):
        adapt(trained.path, day, seeds=0, out=out)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(trained.path), str(copy)], check=True)
    (copy / "seed-1" / BEST).write_bytes(b"no weights")
    with pytest.raises(FolderError, match="is no state of this training, and nothing in it was run"):
        adapt(copy, day, out=out)
    with pytest.raises(ScenarioError, match=r"was trained where catalog, front, store are scaled, .* here are catalog, features"):
        adapt(trained.path, "learning_to_scale", out=out)
    assert not out.exists()
    lost = replace(adapted.day(FROZEN, 1), folder=tmp_path)
    with pytest.raises(FolderError, match=r"first\.pt: cannot be read"):
        live(lost, lambda: False)
