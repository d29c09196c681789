"""Policies that a scenario names take their chairs: `agents.defaults.policy: path/to/bundle@sha256:…`.

The digest is all the trust there is, and all that is needed: a bundle that was changed by a byte is another one, and refused.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from agents.control_plane import ControlPlane
from agents.learning.bundles.policy import Policy
from agents.learning.chair import ActionSet
from agents.learning.council import Council
from agents.learning.reward import Weights
from agents.learning.scaling.actions import ACTION_SETS, MULTIPLIER
from agents.learning.scaling.guided import GuidedSeats
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh

if TYPE_CHECKING:
    from agents.learning.judging import Decides

POLICIES_MAX = 16  # kept open


def plane_of(mesh: Mesh, decides: Decides | None = None) -> ControlPlane:
    """The agents of a mesh's scenario, guided where it says so, or all who scale by `decides`, as of a policy that is no bundle yet.

    Raises ScenarioError, and BundleError for a policy that is not as named.
    """
    world = mesh.scenario
    councils = councils_of(world) if decides is None else [_council(world, MULTIPLIER, decides, world.services)]
    plane = ControlPlane(mesh, {service: mind for council in councils for service, mind in council.seats.minds.items()})
    for council in councils:
        council.sit(plane)
    return plane


def councils_of(world: Scenario) -> list[Council]:
    """One for each policy that is named."""
    chairs: dict[str, list[str]] = {}
    for service, reference in policies_of(world).items():
        chairs.setdefault(reference, []).append(service)
    policies = {reference: opened(reference) for reference in chairs}
    return [_council(world, ACTION_SETS[policy.described.actions.name], policy.decides, chairs[reference])
            for reference, policy in policies.items()]  # fmt: skip


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


def _council(world: Scenario, actions: ActionSet, decides: Decides, services: Collection[str]) -> Council:
    return Council(GuidedSeats(world, actions, Weights(), services=services), lambda asking: decides(asking.observations, asking.masks))
