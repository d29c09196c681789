"""Policies that a scenario names take their chairs: `agents.defaults.policy: path/to/bundle@sha256:…`.

The digest is all the trust there is, and all that is needed: a bundle that was changed by a byte is another one, and refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agents.control_plane import ControlPlane
from agents.learning.bundles.policy import Policy
from agents.learning.council import Asking, Council
from agents.learning.reward import Weights
from agents.learning.scaling.actions import ACTION_SETS
from agents.learning.scaling.guided import GuidedSeats
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh

POLICIES_MAX = 16  # kept open


def plane_of(mesh: Mesh) -> ControlPlane:
    """The agents of a mesh's scenario, guided where it says so. Raises ScenarioError, and BundleError for a policy that is not as named."""
    councils = councils_of(mesh.scenario)
    plane = ControlPlane(mesh, {service: mind for council in councils for service, mind in council.seats.minds.items()})
    for council in councils:
        council.sit(plane)
    return plane


def councils_of(world: Scenario) -> list[Council]:
    """One for each policy that is named."""
    chairs: dict[str, list[str]] = {}
    for service, reference in policies_of(world).items():
        chairs.setdefault(reference, []).append(service)
    return [_council(world, opened(reference), services) for reference, services in chairs.items()]


def policies_of(world: Scenario) -> dict[str, str]:
    """The policy of each service that has one and somebody to guide."""
    found = {}
    for service in world.services:
        minds = world.minds(service)
        if minds.policy is not None and minds.scaling is not None and minds.scaling.fixed is None:
            found[service] = minds.policy
    return found


@lru_cache(POLICIES_MAX)
def opened(reference: str) -> Policy:
    """The policy of a reference. Raises BundleError."""
    path, _, digest = reference.rpartition("@sha256:")
    return Policy.load(path, sha256=digest)


def chooser(policy: Policy) -> Callable[[Asking], NDArray[np.int64]]:
    """What a council asks."""
    return lambda asking: policy.decides(asking.observations, asking.masks)


def _council(world: Scenario, policy: Policy, services: list[str]) -> Council:
    seats = GuidedSeats(world, ACTION_SETS[policy.described.actions.name], Weights(), services=services)
    return Council(seats, chooser(policy))
