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
from agents.learning.council import Asking, Council
from agents.learning.driving import to_the_next_question
from agents.learning.mesh_env import MeshEnv
from agents.learning.mesh_parallel_env import MeshParallelEnv
from agents.learning.mesh_vector_env import MeshVectorEnv
from agents.learning.playing import Play, begun, played, shape_of
from agents.learning.registering import IDS, register
from agents.learning.shared_vec_env import SharedVecEnv
from agents.learning.tasks import TASKS, Episode
from scenarios.errors import ScenarioError
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh

ROOT = Path(__file__).parents[2]
FEW = 12  # ticks
SHORT: dict[str, Any] = {"ticks": FEW}
register()
BRIEF = {  # a world that the readable engine goes through in seconds
    "Scale-v0": ["duration=150s", "workload.shoppers.load=0.5"],
    "Route-v0": ["duration=50s", "faults.version.at=40s", "faults.deaths.at=35s"],
    "Balance-v0": ["duration=20s", "faults.neighbour.at=12s"],
    "Discover-v0": ["duration=24s", "faults.first.at=14s"],
    "Breaker-v0": ["duration=1m", "workload.visitors.load=0.3"],
    "Rightsize-v0": ["duration=9m", "workload.shoppers.load=0.2"],
    "Bid-v0": ["duration=3m"],
}
every_id = pytest.mark.parametrize("name", IDS)
SAMPLED = ("Scale-v0", "Discover-v0")  # where a way that takes longer is tried each time; all the others are `slow`


def every_id_and(way: str, quick: object, longer: object) -> pytest.MarkDecorator:
    """Two ways to do something in every task, of which one takes longer."""
    slow = [pytest.param(name, longer, marks=() if name in SAMPLED else pytest.mark.slow) for name in IDS]
    return pytest.mark.parametrize(("name", way), [*((name, quick) for name in IDS), *slow])


def chosen(step: int, env: MeshEnv) -> NDArray[np.int64]:
    """Actions that differ by row and step."""
    actions = len(env.task.action_set)
    return np.array([(7 * step + 3 * row) % actions for row in range(len(env.rows))], dtype=np.int64)


def hashed(env: MeshEnv, seed: int, episodes: int = 1) -> str:
    """All that an environment hands out over whole episodes, the later ones without a seed."""
    told = hashlib.sha256()
    for episode in range(episodes):
        seen, info = env.reset(seed=seed if episode == 0 else None)
        told.update(seen.tobytes() + repr(info).encode())
        over, step = False, 0
        while not over:
            seen, reward, terminated, over, info = env.step(chosen(step, env))
            told.update(seen.tobytes() + repr((reward, terminated, over, sorted(info.items()))).encode())
            step += 1
        assert step == FEW
    return told.hexdigest()


def test_every_task_has_its_id() -> None:
    """And every id its task."""
    assert list(IDS) == list(TASKS)


@every_id
def test_the_libraries_find_nothing(name: str) -> None:
    """Gymnasium's checker on the registered id, its render modes too, and Stable-Baselines3's."""
    for mode in (None, "ansi", "rgb_array"):
        made = gymnasium.make(name, render_mode=mode, **SHORT)
        check_env(made.unwrapped)
        env_checker.check_env(made.unwrapped)
        made.close()


@every_id
def test_pettingzoo_finds_nothing(name: str) -> None:
    """The interface and the seeds."""
    parallel_api_test(MeshParallelEnv(name, **SHORT), num_cycles=2 * FEW)
    parallel_seed_test(lambda: MeshParallelEnv(name, **SHORT))


def test_gymnasium_knows_the_ids_by_itself() -> None:
    """Whichever of the two is imported first, or parley not at all; and who imports parley alone pays nothing for it."""
    for first in ("", "import parley", "import gymnasium, parley"):
        code = f"{first}\nimport gymnasium; print(gymnasium.make('parley:Scale-v0', ticks=3).unwrapped.task.ticks)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "3"
    code = "import parley, parley, sys; print('gymnasium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "False"


@every_id
def test_whole_episodes_are_a_function_of_the_seed(name: str) -> None:
    """Two in a row, and another seed differs."""
    here = hashed(MeshEnv(name, **SHORT), 5, episodes=2)
    assert here == hashed(MeshEnv(name, **SHORT), 5, episodes=2) != hashed(MeshEnv(name, **SHORT), 6, episodes=2)


@pytest.mark.parametrize("hash_seed", ["1", pytest.param("77", marks=pytest.mark.slow)])
def test_whole_episodes_are_the_same_in_another_process(hash_seed: str) -> None:
    """With another PYTHONHASHSEED, for every id."""
    code = "from tests.learning.test_environments import *; print([hashed(MeshEnv(name, **SHORT), 5, episodes=2) for name in IDS])"
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == str([hashed(MeshEnv(name, **SHORT), 5, episodes=2) for name in IDS])


@every_id_and("jobs", 1, 2)
def test_a_lane_is_an_environment_of_its_own(name: str, jobs: int) -> None:
    """Gymnasium's vector as `make_vec` makes it, and the shared policy's: lane i, seeded with s, is the single one seeded with s + i."""
    lanes, seed = 3, 11
    vector = gymnasium.make_vec(name, lanes, vectorization_mode="vector_entry_point", jobs=jobs, **SHORT)
    shared = SharedVecEnv(TASKS[name].changed(**SHORT), lanes, jobs)
    assert isinstance(vector, MeshVectorEnv)
    singles = [MeshEnv(name, **SHORT) for _ in range(lanes)]
    first = [env.reset(seed=seed + lane)[0] for lane, env in enumerate(singles)]
    shared.seed(seed)
    seen = vector.reset(seed=seed)[0]
    assert np.array_equal(seen, first) and np.array_equal(shared.reset().reshape(lanes, -1), first)
    rows = len(singles[0].rows)
    for step in range(2 * FEW - 1):
        actions = np.stack([chosen(step + lane, singles[0]) for lane in range(lanes)])
        told = [env.step(actions[lane]) for lane, env in enumerate(singles)]
        seen, rewards, terminated, truncated, info = vector.step(actions)
        shared_seen, own, dones, infos = shared.step(actions.reshape(-1))
        assert np.array_equal(rewards, [one[1] for one in told]) and not terminated.any()
        assert np.array_equal(truncated, [one[3] for one in told]) and np.array_equal(dones, np.repeat(truncated, rows))
        assert own.reshape(lanes, -1).sum(axis=1) == pytest.approx(rewards, rel=1e-5)
        ends = [one[0] for one in told]
        if truncated.any():
            assert info["final_obs"].shape == (lanes,) and all(one.dtype == np.float32 for one in info["final_obs"])
            assert np.array_equal(np.stack(list(info["final_obs"])), ends)
            assert np.array_equal(np.stack([one["terminal_observation"] for one in infos]).reshape(lanes, -1), ends)
            assert all(one["TimeLimit.truncated"] for one in infos)
            ends = [env.reset()[0] for env in singles]
        assert np.array_equal(seen, ends) and np.array_equal(shared_seen.reshape(lanes, -1), ends)
    assert np.array_equal(shared.action_masks().reshape(lanes, -1), [env.action_masks() for env in singles])
    vector.close()
    shared.close()


@every_id
def test_all_agents_together_are_the_single_environment(name: str) -> None:
    """PettingZoo's agents see what MeshEnv sees, and their rewards sum to its reward."""
    single, many = MeshEnv(name, **SHORT), MeshParallelEnv(name, **SHORT)
    seen, _ = single.reset(seed=3)
    each, _ = many.reset(seed=3)
    assert list(many.agents) == list(single.rows)
    for step in range(FEW):
        assert np.array_equal(np.concatenate([each[row]["observation"] for row in single.rows]), seen)
        assert np.array_equal(many.state(), seen)
        actions = chosen(step, single)
        seen, reward, _, over, _ = single.step(actions)
        each, rewards, ended, truncated, _ = many.step(dict(zip(single.rows, actions.tolist(), strict=True)))
        assert sum(rewards.values()) == pytest.approx(reward) and not any(ended.values())
        assert set(truncated.values()) == {over}
    assert many.agents == []


def test_an_agent_that_looks_at_every_other_tick_acts_at_every_other_tick() -> None:
    """Until then its action holds, which dt tells, whatever it answers; and its observation stays."""
    slower = ("agents.store.scaling.hpa={target_cpu: 50%, min: 1, max: 40, sync_period: 30s}",)
    heard, deaf = (MeshParallelEnv("Scale-v0", changes=slower, **SHORT) for _ in range(2))
    seen, infos = heard.reset(seed=3)
    deaf.reset(seed=3)
    most, asked = heard.action_spaces["store"].n - 1, infos["store"]["asked"]
    assert {float(one["dt"][0]) for one in seen.values()} == {0.0}
    for step in range(FEW):
        before, was_asked = seen["store"]["observation"], asked
        seen, _, _, _, infos = heard.step(dict.fromkeys(heard.agents, 3))
        deaf_seen, *_ = deaf.step({agent: most if agent == "store" and not was_asked else 3 for agent in deaf.agents})
        asked = infos["store"]["asked"]
        assert asked != was_asked and float(seen["front"]["dt"][0]) == 15
        assert float(seen["store"]["dt"][0]) == (30 if asked and step else 15)
        assert asked or np.array_equal(seen["store"]["observation"], before)
        assert all(np.array_equal(seen[agent]["observation"], one["observation"]) for agent, one in deaf_seen.items())


@every_id
def test_the_end_of_a_world_is_seen(name: str) -> None:
    """What a value is bootstrapped from is how things stand there, and not at the last question."""
    many = MeshParallelEnv(name, scenario=brief(name), ticks=1_000)
    seen, _ = many.reset(seed=4)
    while many.agents:
        before, agents = seen, many.agents
        seen, _, _, over, infos = many.step(dict.fromkeys(agents, 1))
        assert all(info["asked"] for info in infos.values()) or not any(over.values())
    assert set(over.values()) == {True}
    assert any(not np.array_equal(seen[agent]["observation"], before[agent]["observation"]) for agent in agents)
    assert min(float(one["dt"][0]) for one in seen.values()) > 0


def brief(name: str) -> Scenario:
    """The world of a task, cut short."""
    return load(TASKS[name].scenario, BRIEF[name])


def seated(episode: Episode, chooser: Callable[[Asking], NDArray[np.int64]] | None, engine: str) -> str:
    """The digest of a run in which a policy sits, as any run has agents; without one, of the plain run."""
    mesh = Mesh(episode.world, episode.seed, engine)
    if chooser is None:
        ControlPlane(mesh)
    else:
        council = Council(episode.task.seats(episode.world), chooser)
        council.sit(ControlPlane(mesh, council.seats.minds))
    mesh.advance(episode.world.duration)
    return mesh.plane.digest()


@every_id_and("engine", "fast", "reference")
def test_a_rollout_is_the_run_with_that_policy(name: str, engine: str) -> None:
    """The same digest: batched beside others, alone, and as a run with the policy in the chair, under both engines."""
    task = TASKS[name].changed(scenario=brief(name))
    episodes = [task.drawn(np.random.default_rng(seed), {}) for seed in (1, 2)]
    shape, made = shape_of(task), []

    def policy(asking: Asking) -> NDArray[np.int64]:
        return np.asarray(np.abs(asking.observations).sum(axis=1) * 10, dtype=np.int64) % shape.actions  # of what is seen

    for episode in episodes:
        play = begun(episode, engine)
        while not play.is_over:
            played(play, policy(Asking(0, play.rows, play.observations, play.masks)))
        made.append(play.drive.mesh.plane.digest())
    plays = [Play(episode, engine) for episode in episodes]
    drives = [play.drive for play in plays]
    to_the_next_question(drives)
    while any(drive.council.is_waiting for drive in drives):
        for drive in drives:
            if drive.council.is_waiting:
                drive.act(policy(drive.council.asking()))
        to_the_next_question(drives)
    assert made == [drive.mesh.plane.digest() for drive in drives] == [seated(episode, policy, engine) for episode in episodes]
    play = begun(episodes[0], engine)
    while not play.is_over:
        played(play, None)
    plain = seated(episodes[0], None, engine)
    assert play.drive.mesh.plane.digest() == plain != made[0], "left alone it is the world's own rule"
    if (follows := task.action_set.follows) is not None:
        assert seated(episodes[0], lambda asking: np.full(len(asking.rows), follows), engine) == plain, "who follows the rule is the rule"


def test_mistakes_are_answered() -> None:
    """A word that a task does not have, an option, an action set, a world without a rule, and a rule that cannot be guided."""
    with pytest.raises(ScenarioError, match="'tick' is nothing that a task has; did you mean 'ticks'"):
        MeshEnv("Scale-v0", tick=3)
    with pytest.raises(ScenarioError, match="'multiply' is not one of multiplier, delta, target, replicas"):
        MeshEnv("Scale-v0", actions="multiply")
    with pytest.raises(ScenarioError, match="options: 'sed' is none; did you mean 'seed'"):
        MeshEnv("Scale-v0", **SHORT).reset(options={"sed": 3})
    with pytest.raises(ScenarioError, match=r"'Scales-v0' is no task; there are .*; did you mean 'Scale-v0'"):
        MeshEnv("Scales-v0")
    with pytest.raises(ScenarioError, match=r"chair: 'scalin' is not one of scaling.*; did you mean 'scaling'"):
        MeshEnv("Scale-v0", chair="scalin")
    with pytest.raises(ScenarioError, match="asked when its rule looks"):
        MeshEnv("Scale-v0", every_ns=1_000_000_000)
    with pytest.raises(ScenarioError, match="nobody scales here"):
        MeshEnv("Scale-v0", scenario="hello_mesh")
    with pytest.raises(gymnasium.error.ResetNeeded):
        MeshEnv("Scale-v0", **SHORT).step(np.zeros(6, dtype=np.int64))


def test_options_name_the_world_and_the_seed() -> None:
    """The same mesh whatever was drawn."""
    env, world = MeshEnv("Scale-v0", **SHORT), load("learning_to_scale", ["workload.shoppers.load=0.2"])
    one, told = env.reset(seed=1, options={"scenario": world, "seed": 9})
    other, _ = env.reset(seed=2, options={"scenario": world, "seed": 9})
    assert told == {"seed": 9} and np.array_equal(one, other)
    assert not np.array_equal(one, env.reset(seed=1)[0])
