"""Training: the same to the byte whatever happened on the way, safe to read, and begun as the rule it guides."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from agents.learning.judging import following, scores
from agents.learning.scaling.actions import MULTIPLES
from agents.learning.tasks import SCALE_V0, Task
from agents.learning.training import Recipe, Trainer
from agents.learning.weights import WeightsError
from parley.cli import main
from parley.errors import FolderError, UsageError
from parley.exporting.exporting import export
from parley.training.starting import FIRST
from parley.training.tables import print_training
from parley.training.training import BEST, CURVE, LAST, Training, train
from scenarios.errors import ExtraMissing
from scenarios.load import load
from scenarios.writing import as_yaml

ROOT = Path(__file__).parents[2]
LITTLE: dict[str, Any] = {"steps": 150, "seeds": 2, "lanes": 2, "jobs": 1}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of three minutes, in which a crowd comes."""
    world = load("learning_to_scale", ["duration=3m", "workload.crowd.arrivals.poisson.flash_crowd.at=1m"])
    path = tmp_path_factory.mktemp("world") / "small.yaml"
    path.write_text(as_yaml(world))
    return path


@pytest.fixture(scope="module")
def trained(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Two seeds, a few legs each."""
    return train(small, **LITTLE, out=tmp_path_factory.mktemp("trained") / "t")


def kept(found: Training) -> dict[str, bytes]:
    """Everything that a training keeps of its seeds."""
    return {f"{seed}/{name}": (found.path / f"seed-{seed}" / name).read_bytes() for seed in found.seeds for name in (CURVE, LAST, BEST)}


def recipe(small: Path) -> Recipe:
    """As `train` makes it."""
    return Recipe(SCALE_V0.changed(scenario=str(small)), steps=LITTLE["steps"], lanes=2, jobs=1)


def test_a_training_says_what_came_of_it(trained: Training) -> None:
    """Legs, what was judged, and a rule to compare with."""
    assert trained.state == "complete" and list(trained.seeds) == [1, 2]
    rows = trained.curve(1)
    assert [row["leg"] for row in rows] == list(range(1, len(rows) + 1)) and rows[-1]["leg"] == rows[-1]["legs"]
    assert rows[-1]["steps"] >= LITTLE["steps"] > rows[-2]["steps"]
    assert trained.manifest["rule"]["seeds"] == rows[0]["judged"]["seeds"]
    against = trained.against_the_rule(1)
    assert against is not None and against.method == "paired" and against.n == 8
    assert kept(trained)["1/last.pt"] != kept(trained)["2/last.pt"], "seeds differ"


@pytest.mark.slow
def test_the_same_again_is_the_same_to_the_byte(trained: Training, small: Path, tmp_path: Path) -> None:
    """In two processes, too; and whether others come after it or not."""
    again = kept(train(small, **(LITTLE | {"jobs": 2, "seeds": 1}), out=tmp_path / "again"))
    assert again == {name: content for name, content in kept(trained).items() if name in again} and len(again) == 3


def test_killed_and_resumed_it_is_the_same(trained: Training, small: Path, tmp_path: Path) -> None:
    """By SIGKILL as soon as a leg is on the disk."""
    words = [sys.executable, "-m", "parley", "train", str(small), "--steps", "150", "--seeds", "2", "--lanes", "2", "--jobs", "1"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun = subprocess.Popen([*words, "--out", "t"], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)  # fmt: skip
    while begun.poll() is None and not (tmp_path / "t" / "seed-1" / CURVE).is_file():
        time.sleep(0.02)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    assert Training(tmp_path / "t").state != "complete" and len(Training(tmp_path / "t").curve(1)) < len(trained.curve(1))
    told = subprocess.run([*words[:4], "--resume", "t", "--jobs", "1"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert kept(Training(tmp_path / "t")) == kept(trained)
    assert "the rule" in told.stdout and "seed 2" in told.stdout and "training.png" in told.stdout


def test_it_begins_as_the_rule(small: Path) -> None:
    """Before anything is learned the likeliest action is the one that follows."""
    trainer = Trainer(recipe(small), 3)
    rows = trainer.env.reset()
    assert (trainer.decides(rows, trainer.env.action_masks()) == 3).all()
    trainer.close()


def test_weights_are_read_and_nothing_is_run(small: Path, trained: Training, tmp_path: Path) -> None:
    """A file that would run something, one that is cut, and one of another network are refused."""

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    evil = io.BytesIO()
    torch.save({"leg": Evil()}, evil)
    trainer = Trainer(recipe(small), 1)
    good = trainer.state("note")
    for state in (evil.getvalue(), good[: len(good) // 2], b"", torch_bytes({"leg": 1}), torch_bytes({"policy": {}})):
        with pytest.raises(WeightsError, match="nothing in it was run"):
            trainer.restore(state)
    assert trainer.restore(good) == "note" and not (tmp_path / "ran").exists()
    trainer.close()
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(trained.path), str(copy)], check=True)
    (copy / "seed-2" / LAST).write_bytes(evil.getvalue())
    (copy / "seed-2" / CURVE).unlink()
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"state": "partial"}))
    with pytest.raises(FolderError, match=r"seed-2/last\.pt: is no state of this training"):
        Training(copy).resume()
    assert not (tmp_path / "ran").exists()


def test_what_is_resumed_is_what_was_begun(trained: Training, tmp_path: Path) -> None:
    """A curve that is a leg short is whole again; a world that changed since is refused, for the rule was judged in the other."""
    shutil.copytree(trained.path, copy := tmp_path / "copy")
    lines = (copy / "seed-1" / CURVE).read_text().splitlines(keepends=True)
    (copy / "seed-1" / CURVE).write_text("".join(lines[:-1]))
    manifest = json.loads((copy / "manifest.json").read_text()) | {"state": "partial"}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert Training(copy).resume().curve(1) == trained.curve(1)
    (copy / "manifest.json").write_text(json.dumps(manifest | {"scenario_digest": "0"}))
    with pytest.raises(FolderError, match=r"small\.yaml is another world by now than it began in"):
        Training(copy).resume()


def torch_bytes(what: object) -> bytes:
    """As torch writes it."""
    made = io.BytesIO()
    torch.save(what, made)
    return made.getvalue()


def test_mistakes_are_answered(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chair that nobody learns for, no steps, and an extra that is not there."""
    with pytest.raises(UsageError, match=r"chair is one of scaling, .*, not 'rooting'; did you mean 'routing'"):
        train(small, chair="rooting", out=tmp_path / "a")
    with pytest.raises(UsageError, match="steps is a number from 1 on, not 0"):
        train(small, steps=0, out=tmp_path / "a")
    with pytest.raises(UsageError, match=r"--tune looks for a rate from 0\.0001 to 0\.003, .*: 0\.01 is none of them"):
        train(small, rate=0.01, tune=2, out=tmp_path / "a")
    monkeypatch.setitem(sys.modules, "agents.learning.training", None)
    with pytest.raises(ExtraMissing, match=r"training needs the extra `rl` .*pip install 'parley\[rl\]'"):
        train(small, out=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_decisions_are_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written."""
    monkeypatch.setattr(sys, "argv", ["parley", "train", "--steps", "1.5"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, "--steps 1.5: is no whole number of decisions" in capsys.readouterr().err) == (2, True)


def test_better_is_judged_better() -> None:
    """The rule, then half as much again or chance, then a pod each, whatever comes: no way to be paid for giving up."""
    task = Task(SCALE_V0.scenario, ticks=60, varied=SCALE_V0.varied)
    random, follow = np.random.default_rng(0), following(task)
    assert follow is not None
    ways = {
        "rule": (task, follow), "more": (task, lambda seen, _: np.full(len(seen), MULTIPLES.index(1.5), dtype=np.int64)),
        "chance": (task, lambda seen, _: random.integers(0, len(MULTIPLES), len(seen))),
        "one pod": (task.changed(actions="replicas"), lambda seen, _: np.zeros(len(seen), dtype=np.int64)),
    }  # fmt: skip
    found = {name: float(np.mean([one.reward for one in scores(of, (5, 6, 7), way)])) for name, (of, way) in ways.items()}
    assert found["rule"] > found["chance"] > found["more"] > found["one pod"]


@pytest.mark.parametrize(("algorithm", "critic"), [("ppo", "own"), ("ppo", "central"), ("dqn", "own")])
def test_every_way_to_learn_goes_on_exactly(algorithm: str, critic: str) -> None:
    """What is kept after a leg is all that the next one needs; and something is learned in both."""
    task = SCALE_V0.changed(fidelity="fluid", ticks=12)
    asked = Recipe(task, steps=400, lanes=2, jobs=1, rollout=6, algorithm=algorithm, critic=critic)
    through, stopped, again = (Trainer(asked, 99) for _ in range(3))  # whose first action of the second leg DQN tries at random
    for trainer in (through, stopped):
        trainer.leg()
    first = stopped.state("kept")
    assert again.restore(first) == "kept" and again.done == 1
    for trainer in (through, again):
        trainer.leg()
    assert through.state("") == again.state("") != first
    seen, masks = np.zeros((3, through.env.lanes.shape.features.low.size), dtype=np.float32), np.eye(3, 8, dtype=np.bool_)
    assert through.decides(seen, masks).tolist() == [0, 1, 2], "only what may be chosen"


@pytest.mark.parametrize("chair", [pytest.param("routing", marks=pytest.mark.slow), "bidding"])
def test_every_chair_is_trained_in_its_own_frozen_world(chair: str, tmp_path: Path) -> None:
    """And judged against the rule of that world, whether an action follows it or none does; what leaves is for scaling alone as yet."""
    words = {"routing": "learning_to_route", "bidding": "learning_to_bid"}
    world = load(words[chair], ["duration=2m", "warmup=30s"])
    path = tmp_path / "brief.yaml"
    path.write_text(as_yaml(world))
    found = train(path, chair=chair, steps=30, seeds=1, lanes=1, jobs=1, out=tmp_path / "t")
    assert found.state == "complete" and found.plan.task.chair == chair and len(found.manifest["rule"]["rewards"]) == 8
    with pytest.raises(UsageError, match=f"was trained for the chair {chair}"):
        export(found.path)


@pytest.fixture(scope="module")
def in_fluid(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Two seeds that learned in a fluid."""
    return train(small, **(LITTLE | {"fidelity": "fluid", "steps": 200}), out=tmp_path_factory.mktemp("fluid") / "f")


@pytest.mark.slow
def test_it_goes_on_from_another_training(in_fluid: Training, tmp_path: Path) -> None:
    """Seed i from the best of seed i, which are the first to be judged; killed and without the other it goes on to the same bytes."""
    there = tmp_path / "there"
    shutil.copytree(in_fluid.path, there)
    found = train(start=there, steps=300, lanes=2, jobs=1, rate=1e-4, out=tmp_path / "t")
    assert found.plan == replace(in_fluid.plan, steps=300, fidelity="requests", rate=1e-4), "what defines a policy is as it was"
    for seed in found.seeds:
        rows, best = found.curve(seed), in_fluid.best(seed)
        assert best is not None and [row["leg"] for row in rows] == list(range(len(rows)))
        assert (rows[0]["steps"], rows[0]["reward"], rows[0]["judged"]) == (0, None, best["judged"]) and rows[1]["reward"] < 0
        assert (found.path / f"seed-{seed}" / FIRST).read_bytes() == (in_fluid.path / f"seed-{seed}" / BEST).read_bytes()
    again = train(start=there, steps=300, lanes=2, jobs=1, rate=1e-4, out=tmp_path / "again")
    for name in (CURVE, LAST, BEST):
        (again.path / "seed-2" / name).unlink()
    shutil.rmtree(there)
    manifest = json.loads((again.path / "manifest.json").read_text())
    (again.path / "manifest.json").write_text(json.dumps(manifest | {"state": "partial"}))
    assert kept(Training(again.path).resume()) == kept(found)


def test_it_starts_as_what_it_starts_from(in_fluid: Training, small: Path) -> None:
    """Weights are of the other, the optimiser is fresh, and no action is trusted anew."""
    mine, other = Trainer(recipe(small), 5), Trainer(recipe(small), 1)
    state = (in_fluid.path / "seed-1" / BEST).read_bytes()
    mine.start(state)
    other.restore(state)
    assert torch_equal(mine.model.policy.state_dict(), other.model.policy.state_dict())
    assert mine.done == 0 and not mine.model.policy.optimizer.state_dict()["state"] and other.model.policy.optimizer.state_dict()["state"]


def torch_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Of two networks."""
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def test_what_does_not_fit_is_no_start(in_fluid: Training, small: Path, tmp_path: Path) -> None:
    """Another algorithm, critic or chair, more seeds, other features, what is not finished, and weights that were changed since."""
    out = tmp_path / "t"
    for words, told in (({"algorithm": "dqn"}, "was trained with algorithm ppo, and what starts from it goes on so, not with dqn"),
                        ({"critic": "central"}, "was trained with critic own"), ({"chair": "routing"}, "was trained with chair scaling"),
                        ({"seeds": 3}, "has 2 seeds, each of which is gone on with once, not 3"),
                        ({"rate": 2.0}, "rate is a number between 0 and 1, as 0.002, not 2")):  # fmt: skip
        with pytest.raises(UsageError, match=told):
            train(small, start=in_fluid.path, **(LITTLE | words), out=out)
    other = tmp_path / "other"
    shutil.copytree(in_fluid.path, other)
    manifest = json.loads((other / "manifest.json").read_text())
    sizes = manifest["sizes"] | {"features": manifest["sizes"]["features"][1:]}
    (other / "manifest.json").write_text(json.dumps(manifest | {"sizes": sizes}))
    fewer = len(sizes["features"])
    with pytest.raises(UsageError, match=rf"was trained for {fewer} features, .* and others; here are {fewer + 1}, "):
        train(start=other, out=out)
    (other / "manifest.json").write_text(json.dumps(manifest | {"state": "partial"}))
    with pytest.raises(UsageError, match=r"is not finished; `parley train --resume .*other` goes on, and then others start from it"):
        train(start=other, out=out)
    (other / "manifest.json").write_text(json.dumps({name: value for name, value in manifest.items() if name != "sizes"}))
    kept_weights = torch.load(io.BytesIO((other / "seed-2" / BEST).read_bytes()), weights_only=True)
    kept_weights["policy"]["action_net.weight"] = kept_weights["policy"]["action_net.weight"][:5]
    (other / "seed-2" / BEST).write_bytes(torch_bytes(kept_weights))
    with pytest.raises(FolderError, match=r"seed-2/best\.pt: .* size mismatch for action_net.weight"):
        train(start=other, out=out)
    assert not out.exists(), "nothing is written before"
    found = train(start=in_fluid.path, **(LITTLE | {"seeds": 1}), out=out)
    (out / "seed-1" / FIRST).write_bytes((in_fluid.path / "seed-2" / BEST).read_bytes())
    (out / "seed-1" / CURVE).unlink()
    (out / "seed-1" / LAST).unlink()
    (out / "manifest.json").write_text(json.dumps({**found.manifest, "state": "partial"}))
    with pytest.raises(FolderError, match=r"first\.pt: was changed since the training began"):
        Training(out).resume()


def test_where_it_began_is_told(in_fluid: Training, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the table, with what the weights came to at first, and in the command that makes it again."""
    found = train(start=in_fluid.path, steps=60, seeds=1, lanes=2, jobs=1, out=tmp_path / "t")
    print_training(Console(width=120), found)
    told = capsys.readouterr().out
    assert "begun with the best policies of f, seed by seed, which learned in a fluid of small" in told and "at first" in told
    assert f"--from {in_fluid.path}" in found.manifest["command"]


def test_a_central_critic_changes_what_the_actor_needs_in_nothing() -> None:
    """Who serves is shown its own row alone: the actor's part does not know what the critic saw."""
    task = SCALE_V0.changed(fidelity="fluid", ticks=12)
    trainer = Trainer(Recipe(task, steps=100, lanes=2, jobs=1, critic="central"), 1)
    trainer.leg()
    policy, env = trainer.model.policy, trainer.env
    shown = env.reset()
    assert isinstance(shown, dict)
    blind = {**shown, "all": np.zeros_like(shown["all"]), "place": np.zeros_like(shown["place"])}
    masks = env.action_masks()
    assert np.array_equal(policy.predict(shown, deterministic=True, action_masks=masks)[0],
                          policy.predict(blind, deterministic=True, action_masks=masks)[0])  # fmt: skip
    worth = [policy.predict_values(policy.obs_to_tensor(one)[0]).detach().numpy() for one in (shown, blind)]
    assert not np.allclose(*worth)


def test_tensorboard_hears_of_every_leg(trained: Training) -> None:
    """By its own reader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    heard = EventAccumulator(str(trained.path / "seed-1" / "events"))
    heard.Reload()
    assert [one.step for one in heard.Scalars("judged/reward")] == [row["steps"] for row in trained.curve(1)]
    assert [one.value for one in heard.Scalars("leg/reward")] == pytest.approx([row["reward"] for row in trained.curve(1)])
