"""A policy as it left training: the library's own network, and its arrays for a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from agents.learning.bundles.network import Layer, Network
from agents.learning.chair import ActionSet
from agents.learning.networks import GuidedPolicy
from agents.learning.scaling.features import SCALING
from agents.learning.weights import UNREADABLE, no_weights, weights_in


class Trained:
    """The actor of one leg."""

    def __init__(self, policy: GuidedPolicy, leg: int = 0) -> None:
        self.policy, self.leg = policy, leg

    @classmethod
    def of(cls, state: bytes, actions: ActionSet) -> Trained:
        """From a file of weights. Raises WeightsError."""
        made = fresh(actions)
        try:
            kept = weights_in(state)
            made.load_state_dict(kept["policy"])
            return cls(made, int(kept["leg"]))
        except UNREADABLE as fault:
            raise no_weights(fault) from None

    @property
    def network(self) -> Network:
        """What it computes, as arrays."""
        state: Mapping[str, torch.Tensor] = self.policy.state_dict()
        depth = len(self.policy.net_arch) if isinstance(self.policy.net_arch, list) else 0
        places = [*(f"mlp_extractor.policy_net.{2 * place}" for place in range(depth)), "action_net"]
        layers = tuple(Layer(_array(state[f"{place}.weight"]), _array(state[f"{place}.bias"])) for place in places)
        centre, spread = (_array(state[f"features_extractor.{name}"]) for name in ("centre", "spread"))
        return Network(SCALING.low, SCALING.high, centre, spread, layers)

    def decides(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """As Stable-Baselines3 predicts it."""
        chosen, _ = self.policy.predict(observations, deterministic=True, action_masks=masks)
        return np.asarray(chosen, dtype=np.int64)

    def logits(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, actions), before any mask."""
        with torch.no_grad():
            features: Any = self.policy.extract_features(torch.as_tensor(observations), self.policy.pi_features_extractor)
            return _array(self.policy.action_net(self.policy.mlp_extractor.forward_actor(features)))


def fresh(actions: ActionSet) -> GuidedPolicy:
    """A policy before training: what it does at random depends on torch's seed."""
    made = GuidedPolicy(spaces.Box(SCALING.low, SCALING.high, dtype=np.float32), spaces.Discrete(len(actions)), lambda _: 0.0,
                        usual=SCALING.usual, follows=actions.follows)  # fmt: skip
    made.set_training_mode(False)
    return made


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)
