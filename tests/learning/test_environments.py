"""Environments: the checkers of their libraries, and what those do not check: whole episodes, lanes, and the run that a rollout is."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from numpy.typing import NDArray
from pettingzoo.test import parallel_api_test, parallel_seed_test
from stable_baselines3.common import env_checker

from agents.control_plane import ControlPlane
from agents.learning.driving import Drive, to_the_next_question
from agents.learning.guided import Asking, Council
from agents.learning.playing import begun, played
from agents.learning.registering import ENTRY_POINTS, register
from agents.learning.scale_env import ScaleEnv
from agents.learning.scale_parallel_env import ScaleParallelEnv
from agents.learning.scale_vector_env import ScaleVectorEnv
from agents.learning.shared_vec_env import SharedVecEnv
from agents.learning.tasks import SCALE_V0, Episode
from scenarios.errors import ScenarioError
from scenarios.load import load
from sim.mesh import Mesh

ROOT = Path(__file__).parents[2]
FEW = 12  # ticks
SHORT: dict[str, Any] = {"ticks": FEW}
register()


def chosen(step: int, rows: int) -> NDArray[np.int64]:
    """Actions that differ by row and step."""
    return np.array([(7 * step + 3 * row) % 8 for row in range(rows)], dtype=np.int64)


def hashed(env: gymnasium.Env[Any, Any], seed: int, episodes: int = 1) -> str:
    """All that an environment hands out over whole episodes, the later ones without a seed."""
    told = hashlib.sha256()
    for episode in range(episodes):
        seen, info = env.reset(seed=seed if episode == 0 else None)
        told.update(seen.tobytes() + repr(info).encode())
        over, step = False, 0
        while not over:
            seen, reward, terminated, over, info = env.step(chosen(step, len(env.unwrapped.services)))
            told.update(seen.tobytes() + repr((reward, terminated, over, sorted(info.items()))).encode())
            step += 1
        assert step == FEW
    return told.hexdigest()


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_the_libraries_find_nothing(name: str) -> None:
    """Gymnasium's checker on the registered id, its render modes too, and Stable-Baselines3's."""
    for mode in (None, "ansi", "rgb_array"):
        made = gymnasium.make(name, render_mode=mode, **SHORT)
        check_env(made.unwrapped)
        env_checker.check_env(made.unwrapped)
        made.close()


def test_pettingzoo_finds_nothing() -> None:
    """The interface and the seeds."""
    parallel_api_test(ScaleParallelEnv(**SHORT), num_cycles=2 * FEW)
    parallel_seed_test(lambda: ScaleParallelEnv(**SHORT))


def test_gymnasium_knows_the_ids_by_itself() -> None:
    """Whichever of the two is imported first, or parley not at all; and who imports parley alone pays nothing for it."""
    for first in ("", "import parley", "import gymnasium, parley"):
        code = f"{first}\nimport gymnasium; print(gymnasium.make('parley:Scale-v0', ticks=3).unwrapped.task.ticks)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "3"
    code = "import parley, parley, sys; print('gymnasium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_whole_episodes_are_a_function_of_the_seed() -> None:
    """Two in a row, in another process with another PYTHONHASHSEED, and another seed differs."""
    here = hashed(ScaleEnv(**SHORT), 5, episodes=2)
    assert here == hashed(ScaleEnv(**SHORT), 5, episodes=2) != hashed(ScaleEnv(**SHORT), 6, episodes=2)
    code = "from tests.learning.test_environments import *; print(hashed(ScaleEnv(**SHORT), 5, episodes=2))"
    for seed in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
        assert said.split()[-1] == here


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_lane_is_an_environment_of_its_own(jobs: int) -> None:
    """Gymnasium's vector and the shared policy's: lane i, seeded with s, is the single one seeded with s + i, through two episodes."""
    lanes, seed = 3, 11
    vector, shared = ScaleVectorEnv(lanes, jobs, **SHORT), SharedVecEnv(SCALE_V0.changed(**SHORT), lanes, jobs)
    singles = [ScaleEnv(**SHORT) for _ in range(lanes)]
    first = [env.reset(seed=seed + lane)[0] for lane, env in enumerate(singles)]
    shared.seed(seed)
    seen, rows = vector.reset(seed=seed)[0], shared.reset()
    assert np.array_equal(seen, first) and np.array_equal(rows.reshape(lanes, -1), first)
    services = len(singles[0].services)
    for step in range(2 * FEW - 1):
        actions = np.stack([chosen(step + lane, services) for lane in range(lanes)])
        told = [env.step(actions[lane]) for lane, env in enumerate(singles)]
        seen, rewards, terminated, truncated, info = vector.step(actions)
        shared_seen, own, dones, infos = shared.step(actions.reshape(-1))
        assert np.array_equal(rewards, [one[1] for one in told]) and not terminated.any()
        assert np.array_equal(truncated, [one[3] for one in told]) and np.array_equal(dones, np.repeat(truncated, services))
        assert own.reshape(lanes, -1).sum(axis=1) == pytest.approx(rewards, rel=1e-5)
        ends = [one[0] for one in told]
        if truncated.any():
            assert np.array_equal(np.stack(list(info["final_obs"])), ends)
            assert np.array_equal(np.stack([one["terminal_observation"] for one in infos]).reshape(lanes, -1), ends)
            assert all(one["TimeLimit.truncated"] for one in infos)
            ends = [env.reset()[0] for env in singles]
        assert np.array_equal(seen, ends) and np.array_equal(shared_seen.reshape(lanes, -1), ends)
    assert np.array_equal(shared.action_masks().reshape(lanes, -1), [env.action_masks() for env in singles])
    vector.close()
    shared.close()


def test_all_agents_together_are_the_single_environment() -> None:
    """PettingZoo's agents see what ScaleEnv sees, and their rewards sum to its reward."""
    single, many = ScaleEnv(**SHORT), ScaleParallelEnv(**SHORT)
    seen, _ = single.reset(seed=3)
    each, _ = many.reset(seed=3)
    assert list(many.agents) == list(single.services) == sorted(single.services)
    for step in range(FEW):
        assert np.array_equal(np.concatenate([each[name]["observation"] for name in single.services]), seen)
        assert np.array_equal(many.state(), seen)
        actions = chosen(step, len(single.services))
        seen, reward, _, over, _ = single.step(actions)
        each, rewards, ended, truncated, _ = many.step(dict(zip(single.services, actions.tolist(), strict=True)))
        assert sum(rewards.values()) == pytest.approx(reward) and not any(ended.values())
        assert set(truncated.values()) == {over}
    assert many.agents == []


def seated(episode: Episode, chooser: Callable[[Asking], NDArray[np.int64]], engine: str) -> str:
    """The digest of a run in which a policy sits, as any run has agents."""
    mesh, council = Mesh(episode.world, episode.seed, engine), Council(episode.world, chooser=chooser)
    plane = ControlPlane(mesh, council.minds)
    council.sit(plane)
    mesh.advance(episode.world.duration)
    return mesh.plane.digest()


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_rollout_is_the_run_with_that_policy(engine: str) -> None:
    """The same digest: batched beside others, alone, and as a run with the policy in the chair, under both engines."""
    world = load("learning_to_scale", ["duration=4m", "workload.shoppers.load=0.3"])
    episodes = [Episode(world, seed, SCALE_V0) for seed in (1, 2)]
    made = []

    def policy(asking: Asking) -> NDArray[np.int64]:
        return np.asarray(asking.observations[:, 5] * 10, dtype=np.int64) % 8  # of what is seen

    for episode in episodes:
        play = begun(episode, engine)
        while not play.is_over:
            played(play, policy(Asking(0, play.services, play.observations, play.masks)))
        made.append(play.drive.mesh.plane.digest())
    drives = [Drive(world, episode.seed, engine) for episode in episodes]
    to_the_next_question(drives)
    while any(drive.council.is_waiting for drive in drives):
        for drive in drives:
            if drive.council.is_waiting:
                drive.act(policy(drive.council.asking()))
        to_the_next_question(drives)
    assert made == [drive.mesh.plane.digest() for drive in drives] == [seated(episode, policy, engine) for episode in episodes]
    followed = seated(episodes[0], lambda asking: np.full(len(asking.services), 3), engine)
    plain = Mesh(world, 1, engine)
    ControlPlane(plain)
    plain.advance(world.duration)
    assert followed == plain.plane.digest() != made[0], "who follows the rule is the rule"


def test_mistakes_are_answered() -> None:
    """A word that a task does not have, an option, an action set, a world without a rule, and a rule that cannot be guided."""
    with pytest.raises(ScenarioError, match="'tick' is nothing that a task has; did you mean 'ticks'"):
        ScaleEnv(tick=3)
    with pytest.raises(ScenarioError, match="'multiply' is not one of multiplier, delta, target, replicas"):
        ScaleEnv(actions="multiply")
    with pytest.raises(ScenarioError, match="options: 'sed' is none; did you mean 'seed'"):
        ScaleEnv(**SHORT).reset(options={"sed": 3})
    with pytest.raises(ScenarioError, match="nobody scales here"):
        ScaleEnv(scenario="hello_mesh")
    with pytest.raises(gymnasium.error.ResetNeeded):
        ScaleEnv(**SHORT).step(np.zeros(6, dtype=np.int64))


def test_options_name_the_world_and_the_seed() -> None:
    """The same mesh whatever was drawn."""
    env, world = ScaleEnv(**SHORT), load("learning_to_scale", ["workload.shoppers.load=0.2"])
    one, told = env.reset(seed=1, options={"scenario": world, "seed": 9})
    other, _ = env.reset(seed=2, options={"scenario": world, "seed": 9})
    assert told == {"seed": 9} and np.array_equal(one, other)
    assert not np.array_equal(one, env.reset(seed=1)[0])
