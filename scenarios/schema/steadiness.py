"""Whether a world goes on as it began: only then do parts of one run stand for independent runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def unsteady(world: Scenario) -> str | None:
    """The first thing in a world that changes with time by itself, as a sentence's subject and verb; None where nothing does."""
    for name, workload in world.workload.items():
        arrivals = workload.arrivals
        shape = arrivals.poisson or arrivals.constant
        if shape is not None and shape.rate is None:
            return f"the rate of {name} changes"
        if arrivals.timestamps is not None:
            return f"{name} comes at the times of a file"
    for what, some in (("fault", world.faults), ("rollout", world.rollouts)):
        if some:
            return f"there is a {what}, {next(iter(some))}"
    return "pods fail by chance" if world.failures.preset is not None or world.failures.processes else None
