"""What databases do not go with: writes that may meet a standby, and words that mean nothing without a primary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.calls import edges
from scenarios.schema.placed import Path
from scenarios.schema.routing import DEFAULTS, Edge, resolve, written_at

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def replication_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Every rule about databases that this world breaks."""
    for name, service in world.services.items():
        for index, endpoint in enumerate(service.replication.writes if service.replication else ()):
            if endpoint not in service.endpoints:
                hint = suggestion(endpoint, service.endpoints) or f"; it has {', '.join(list(service.endpoints)[:8])}"
                yield Mistake(("services", name, "replication", "writes", index), f"is no endpoint of {name}{hint}")
    for edge in edges(world.services, world.workload):
        yield from _misled(world, edge)
    for name, fault in world.faults.items():
        struck = world.services.get(fault.crash.service) if fault.crash is not None and fault.crash.role is not None else None
        if struck is not None and struck.replication is None:
            yield Mistake(("faults", name, "crash", "role"), "is of pods in a service with replication; give it one, or leave the role out")


def _misled(world: Scenario, edge: Edge) -> Iterator[Mistake]:
    """A route that says which pods of a database it wants, and goes to none, or sends writes where they fail."""
    pattern = written_at(world.routes, edge, "target_session_attrs")
    if pattern is None:
        return
    replication, wanted = world.services[edge.callee].replication, resolve(world.routes, edge).target_session_attrs
    place: Path = ("routes", pattern, "target_session_attrs")
    if replication is None and pattern != DEFAULTS:
        yield Mistake(place, f"chooses between primary and standbys, and {edge.callee} has none; give services.{edge.callee} a replication")
    elif replication is not None and wanted != "primary" and edge.callee_endpoint in replication.writes:
        yield Mistake(place, f"lets writes of {edge.callee}.{edge.callee_endpoint} go to a standby, which cannot write; give "
                             f"'{edge.caller} -> {edge.callee}.{edge.callee_endpoint}' target_session_attrs: primary")  # fmt: skip
