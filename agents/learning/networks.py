"""The policy that is trained: a small network that knows what is usual, and begins as the rule it guides."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

HIDDEN = (64, 64)
OWN, ALL, PLACE = "own", "all", "place"  # of what a row is shown where the critic is central
TRUST = 2.0  # of the action that follows the rule, before anything is learned: its logit is so far ahead, and it is taken every other time


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


class Together(Scaled):
    """A row's own observation, and behind it those of all rows with the row's place among them: what a central critic knows."""

    def __init__(self, observation_space: spaces.Dict, usual: NDArray[np.float32]) -> None:
        own, all_rows, place = (observation_space[name] for name in (OWN, ALL, PLACE))
        assert isinstance(own, spaces.Box), "a row of numbers"
        super().__init__(own, usual)
        self.own_dim = self.features_dim
        self._features_dim = sum(int(np.prod(one.shape or ())) for one in (own, all_rows, place))

    def forward(self, observations: Any) -> torch.Tensor:
        """(batch, own + rows * own + rows)."""
        own, all_rows, place = (observations[name] for name in (OWN, ALL, PLACE))
        rows = (all_rows.reshape(len(all_rows), -1, self.own_dim) - self.centre) / self.spread
        return torch.cat([super().forward(own), rows.flatten(1), place], dim=1)


class Apart(torch.nn.Module):
    """Two towers: the actor's sees a row's own observation, the critic's all of them."""

    def __init__(self, own_dim: int, features_dim: int) -> None:
        super().__init__()
        self.own_dim, self.latent_dim_pi, self.latent_dim_vf = own_dim, HIDDEN[-1], HIDDEN[-1]
        self.policy_net, self.value_net = _tower(own_dim), _tower(features_dim)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(actor's, critic's)."""
        return self.forward_actor(features), self.forward_critic(features)

    def forward_actor(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, hidden) of what comes first."""
        found: torch.Tensor = self.policy_net(features[:, : self.own_dim])
        return found

    def forward_critic(self, features: torch.Tensor) -> torch.Tensor:
        """(batch, hidden) of all."""
        found: torch.Tensor = self.value_net(features)
        return found


def _tower(width: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for before, after in pairwise((width, *HIDDEN)):
        layers += [torch.nn.Linear(before, after), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers)


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


class CentralPolicy(GuidedPolicy):
    """The same actor, and a critic that is shown all rows while it learns (MAPPO, Yu et al. 2022); who serves needs the actor alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "features_extractor_class": Together})

    def _build_mlp_extractor(self) -> None:
        extractor = cast(Together, self.features_extractor)
        self.mlp_extractor = cast(Any, Apart(extractor.own_dim, self.features_dim))
