"""What a learned mind may do: a multiple of what a calibrated rule asks for, or a step, a target, a number of pods.

Every set has a place that does nothing but follow: where a policy does not know, it is what a guard or a beginner takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.chair import ActionSet
from agents.learning.scaling.sight import Sight

MULTIPLES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
STEPS = (-4, -2, -1, 0, 1, 2, 4)
TARGETS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # shares of the CPU requested
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True)
class ScaleActions(ActionSet):
    """`pods` says what an action asks for, before the guard."""

    pods: Callable[[int, Sight], int]

    def mask(self, sight: Sight, least: int, most: int) -> NDArray[np.bool_]:
        """(actions,) those that lead within the bounds, and the nearest where none does; whoever follows the rule always may."""
        wanted = np.array([self.pods(action, sight) for action in range(len(self))])
        inside = (wanted >= least) & (wanted <= most)
        if self.follows is not None:
            inside[self.follows] = True
        elif not inside.any():
            inside[int(np.abs(wanted - np.clip(wanted, least, most)).argmin())] = True
        return inside


def _scaled(times: float, pods: int) -> int:
    """Rounded away from what it is a multiple of, so that a multiple of one pod is not always one pod."""
    return math.ceil(times * pods - 1e-9) if times > 1 else math.floor(times * pods + 1e-9) if times < 1 else pods


def _for_target(action: int, sight: Sight) -> int:
    """Pods whose requests the CPU in use would be the target of; those asked for where it is not known."""
    sampled = [pod for pod in sight.view.pods if pod.usage_millicores is not None and pod.request_millicores]
    if not sampled:
        return sight.view.replicas
    used = sum(pod.usage_millicores or 0 for pod in sampled)
    return math.ceil(used / (TARGETS[action] * (sampled[-1].request_millicores or 1)))


MULTIPLIER = ScaleActions("multiplier", tuple(f"x{times:g}" for times in MULTIPLES), MULTIPLES.index(1.0),
                          lambda action, sight: _scaled(MULTIPLES[action], sight.proposed))  # fmt: skip
DELTA = ScaleActions("delta", tuple(f"{step:+d}" for step in STEPS), None, lambda action, sight: sight.view.replicas + STEPS[action])
TARGET = ScaleActions("target", tuple(f"{target:.0%}" for target in TARGETS), None, _for_target)
REPLICAS = ScaleActions("replicas", tuple(f"{count} pods" for count in COUNTS), None, lambda action, _: COUNTS[action])
ACTION_SETS = {one.name: one for one in (MULTIPLIER, DELTA, TARGET, REPLICAS)}
