"""What a learned mind may do: a multiple of what a calibrated rule asks for, or a step, a target, a number of pods.

Every set has a place that does nothing but follow: where a policy does not know, it is what a guard or a beginner takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.chair import ActionSet
from agents.learning.scaling.sight import Sighted
from sim.telemetry import Integers

MULTIPLES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
TIMES = np.array(MULTIPLES)
SATURATED = 0.95  # of the CPU that ready pods request
STEPS = (-4, -2, -1, 0, 1, 2, 4)
TARGETS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # shares of the CPU requested
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True)
class ScaleActions(ActionSet):
    """`pods` says what each action asks for, before the guard: (..., actions) of sights (...)."""

    pods: Callable[[Sighted], Integers]

    def mask(self, wanted: Integers, least: int | Integers, most: int | Integers) -> NDArray[np.bool_]:
        """(..., actions) those that lead within the bounds, and the nearest where none does; whoever follows the rule always may."""
        low, high = (np.asarray(bound)[..., None] for bound in (least, most))
        inside: NDArray[np.bool_] = (wanted >= low) & (wanted <= high)
        if self.follows is not None:
            inside[..., self.follows] = True
            return inside
        nearest = np.abs(wanted - np.clip(wanted, low, high)).argmin(axis=-1)
        inside |= ~inside.any(axis=-1, keepdims=True) & (np.arange(len(self)) == np.asarray(nearest)[..., None])
        return inside


def _scaled(sight: Sighted) -> Integers:
    """As a rule with another target would round up on average, to the nearest pod; and no less than all of it for pods that are all busy.

    A rule rounds up, so it asks for half a pod more than it needs on average; so many times its need, rounded up again, is half a pod more
    than that many times R - 1/2. Seven tenths of two pods are two, not one: one would be half.

    CPU in use tells demand only as long as some is left. Of pods that are saturated a rule sees what they can do, not what is asked of
    them: seven tenths of an HPA on 70 % would see a little more than it wants, take it for enough, and never grow again.
    """
    proposed, utilization = (np.asarray(one)[..., None] for one in (sight.proposed, sight.utilization))
    scaled = np.floor(TIMES * (proposed - 0.5) + (1 + 1e-9)).astype(np.int64)
    wanted: Integers = np.where(utilization >= SATURATED, np.maximum(scaled, proposed), scaled)
    return wanted


def _for_target(sight: Sighted) -> Integers:
    """Pods whose requests the CPU in use would be the target of; those asked for where it is not known."""
    asked, used, request = (np.asarray(one)[..., None] for one in (sight.replicas, sight.used_millicores, sight.request_millicores))
    wanted: Integers = np.where(used > 0, np.ceil(used / (np.array(TARGETS) * np.maximum(request, 1))), asked).astype(np.int64)
    return wanted


MULTIPLIER = ScaleActions("multiplier", tuple(f"x{times:g}" for times in MULTIPLES), MULTIPLES.index(1.0), _scaled)
DELTA = ScaleActions("delta", tuple(f"{step:+d}" for step in STEPS), None,
                     lambda sight: np.asarray(sight.replicas)[..., None] + np.array(STEPS))  # fmt: skip
TARGET = ScaleActions("target", tuple(f"{target:.0%}" for target in TARGETS), None, _for_target)
REPLICAS = ScaleActions("replicas", tuple(f"{count} pods" for count in COUNTS), None,
                        lambda sight: np.zeros_like(np.asarray(sight.replicas))[..., None] + np.array(COUNTS))  # fmt: skip
ACTION_SETS = {one.name: one for one in (MULTIPLIER, DELTA, TARGET, REPLICAS)}
