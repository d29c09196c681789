"""How a shared policy is learned: Stable-Baselines3's algorithms, as a recipe sets them, and what they need beside weights to go on.

PPO with masks (Huang and Ontanon 2022; sb3-contrib) is the usual one. DQN learns what actions are worth from what was tried before, so
its memory is part of what is kept. SAC, TD3 and DDPG learn numbers (Haarnoja et al. 2018; Fujimoto et al. 2018; Lillicrap et al. 2016),
and so fit none of the chairs: each chooses one action of a table, some of which are masked, and a number that is rounded to a table is no
gradient's way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm

from agents.learning.networks import HIDDEN, PLACE, CentralPolicy, GuidedPolicy, Scaled
from agents.learning.shared_vec_env import SharedVecEnv

if TYPE_CHECKING:
    from agents.learning.training import Recipe

TRIED_AT_RANDOM = 0.05  # of DQN's actions, at first; it falls to nothing in a straight line
FOLLOWING = 0.5  # by how much DQN first takes what follows the rule for better
MEMORY = 100_000  # decisions that DQN learns from
GRADIENT_STEPS = 4  # of DQN for each step of all environments
CALLS = "_n_calls"  # after so many DQN's target moves; the library has no other word for it
MEMORIES = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
Left = Callable[[], float]  # which share of the training lies ahead


@dataclass(frozen=True)
class Algorithm:
    """One of them."""

    made: Callable[[Recipe, SharedVecEnv, int, Left, int], Any]  # (recipe, environments, steps between updates, what is left, seed)
    learning: Mapping[str, Any]  # what else `learn` is told
    decides: Callable[[Any, NDArray[np.float32], NDArray[np.bool_]], NDArray[np.int64]]  # (model, own observations, masks)
    memory: Callable[[Any], dict[str, torch.Tensor]]  # what it needs to go on beside weights and the optimiser's state
    recalls: Callable[[Any, Mapping[str, torch.Tensor]], None]
    begins: Callable[[Any], None]  # before each leg


def _ppo(recipe: Recipe, env: SharedVecEnv, n_steps: int, left: Left, seed: int) -> BaseAlgorithm:
    kind, is_central = recipe.task.kind, recipe.critic == "central"
    return MaskablePPO(
        CentralPolicy if is_central else GuidedPolicy, env, learning_rate=lambda _: recipe.rate * left(), n_steps=n_steps,
        n_epochs=recipe.epochs, batch_size=_even(n_steps * env.num_envs, recipe.batch), gamma=recipe.gamma, gae_lambda=recipe.gae_lambda,
        ent_coef=recipe.entropy, seed=seed, device="cpu",
        policy_kwargs={"usual": kind.features.usual, "follows": recipe.task.action_set.follows},
    )  # fmt: skip


def _even(decisions: int, batch: int) -> int:
    """A size near that of a batch by which so many decisions fall into equal parts, all but the last."""
    return -(-decisions // max(1, round(decisions / batch)))


def _ppo_decides(model: MaskablePPO, own: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    seen: Any = own
    if isinstance(model.policy, CentralPolicy):  # what only the critic sees is not asked for
        rows = spaces.flatdim(cast(spaces.Dict, model.observation_space)[PLACE])
        nothing = np.zeros((len(own), rows * own.shape[1]), dtype=np.float32), np.zeros((len(own), rows), dtype=np.float32)
        seen = SharedVecEnv.shown(own, *nothing)
    chosen, _ = model.predict(seen, deterministic=True, action_masks=masks)
    return np.asarray(chosen, dtype=np.int64)


def _dqn(recipe: Recipe, env: SharedVecEnv, n_steps: int, left: Left, seed: int) -> BaseAlgorithm:
    model = DQN(
        "MlpPolicy", env, learning_rate=lambda _: recipe.rate * left(), buffer_size=MEMORY, learning_starts=env.num_envs,
        batch_size=256, gamma=recipe.gamma,
        train_freq=1, gradient_steps=GRADIENT_STEPS, target_update_interval=n_steps * env.num_envs, seed=seed, device="cpu",
        policy_kwargs={"net_arch": list(HIDDEN), "features_extractor_class": Scaled,
                       "features_extractor_kwargs": {"usual": recipe.task.kind.features.usual}},
    )  # fmt: skip
    follows = recipe.task.action_set.follows
    if follows is not None:
        with torch.no_grad():
            for net in (model.q_net, model.q_net_target):
                cast(torch.Tensor, net.q_net[-1].bias)[follows] += FOLLOWING  # what follows the rule is at first worth most
    model.exploration_schedule = lambda _: TRIED_AT_RANDOM * left()
    return model


def _dqn_decides(model: DQN, own: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    with torch.no_grad():
        worth = model.q_net(torch.as_tensor(own)).numpy()
    chosen: NDArray[np.int64] = np.where(masks, worth, -np.inf).argmax(axis=1).astype(np.int64)
    return chosen


def _dqn_memory(model: DQN) -> dict[str, torch.Tensor]:
    kept = model.replay_buffer
    assert kept is not None, "made with the model"
    end = kept.buffer_size if kept.full else kept.pos
    found = {name: torch.from_numpy(getattr(kept, name)[:end].copy()) for name in MEMORIES}
    target = {f"target.{name}": value for name, value in model.q_net_target.state_dict().items()}
    return found | target | {"at": torch.tensor([kept.pos, int(kept.full), vars(model)[CALLS]])}


def _dqn_recalls(model: DQN, memory: Mapping[str, torch.Tensor]) -> None:
    kept = model.replay_buffer
    assert kept is not None, "made with the model"
    for name in MEMORIES:
        getattr(kept, name)[: len(memory[name])] = memory[name].numpy()
    kept.pos, is_full, vars(model)[CALLS] = (int(one) for one in memory["at"])
    kept.full = bool(is_full)
    target = {name.removeprefix("target."): value for name, value in memory.items() if name.startswith("target.")}
    model.q_net_target.load_state_dict(target)


def _dqn_begins(model: DQN) -> None:
    """The library sets what is tried at random after a step; the first one of a leg would have that of the leg before."""
    model.exploration_rate = model.exploration_schedule(1.0)


def _begins(_: Any) -> None:
    pass


def _nothing(_: Any) -> dict[str, torch.Tensor]:
    return {}


def _recalls_nothing(_: Any, __: Mapping[str, torch.Tensor]) -> None:
    pass


ALGORITHMS = {
    "ppo": Algorithm(_ppo, {"use_masking": True}, _ppo_decides, _nothing, _recalls_nothing, _begins),
    "dqn": Algorithm(_dqn, {}, _dqn_decides, _dqn_memory, _dqn_recalls, _dqn_begins),
}
