"""A trained policy out of its file of weights: tensors and numbers, which are read without running anything."""

from __future__ import annotations

import io
import pickle

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from agents.learning.actions import ACTION_SETS
from agents.learning.features import HIGH, LOW
from agents.learning.judging import Decides
from agents.learning.networks import GuidedPolicy
from agents.learning.training import WeightsError


def restored(state: bytes, actions: str) -> Decides:
    """Who does what the policy would, without trying anything. Raises WeightsError."""
    torch.set_num_threads(1)
    policy = GuidedPolicy(spaces.Box(LOW, HIGH, dtype=np.float32), spaces.Discrete(len(ACTION_SETS[actions])), lambda _: 0.0)
    try:
        policy.load_state_dict(torch.load(io.BytesIO(state), weights_only=True)["policy"])
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, TypeError, ValueError) as fault:
        why = (str(fault).splitlines() or [type(fault).__name__])[0]
        raise WeightsError(f"holds no policy that does one of {len(ACTION_SETS[actions])} things after {len(LOW)} numbers, and nothing "
                           f"in it was run: {why}") from None  # fmt: skip

    def decides(seen: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        chosen, _ = policy.predict(seen, deterministic=True, action_masks=masks)
        return np.asarray(chosen, dtype=np.int64)

    return decides
