"""The policy that is trained: a small network that knows what is usual, and begins as the rule it guides."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

HIDDEN = (64, 64)
TRUST = 4.5  # of the action that follows the rule, before anything is learned: its logit is so far ahead, and it is taken nine times of ten


class Scaled(BaseFeaturesExtractor):
    """Where a feature usually is becomes [-1, 1]: part of the network, so that no export can forget it."""

    centre: torch.Tensor
    spread: torch.Tensor

    def __init__(self, observation_space: spaces.Box, usual: NDArray[np.float32]) -> None:
        """`usual` are (features, 2): from where to where."""
        super().__init__(observation_space, int(np.prod(observation_space.shape)))
        low, high = np.tile(usual, (self.features_dim // len(usual), 1)).T
        self.register_buffer("centre", torch.as_tensor((high + low) / 2))
        self.register_buffer("spread", torch.as_tensor((high - low) / 2))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """(batch, features)."""
        return (observations - self.centre) / self.spread


class GuidedPolicy(MaskableActorCriticPolicy):
    """An actor and a critic of two layers each, that at first mostly follow the rule."""

    def __init__(self, *args: Any, usual: NDArray[np.float32], follows: int | None = None, **kwargs: Any) -> None:
        """`usual` is where features mostly are; `follows` is the action that does as the rule; None where none does."""
        self._follows = follows
        extracting = {"features_extractor_class": Scaled, "features_extractor_kwargs": {"usual": usual}}
        super().__init__(*args, **{"net_arch": list(HIDDEN), **extracting, **kwargs})

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        if self._follows is not None:
            with torch.no_grad():
                bias = cast(torch.Tensor, self.action_net.bias)
                bias[self._follows] += TRUST
