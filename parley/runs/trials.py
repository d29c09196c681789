"""One run that leaves no folder: the same figures, and nothing written. What sweeps, maps and tuning are made of.

A run of a small world is a few milliseconds: a tenth is making the mesh, a tenth its summary, the rest the engine's,
without the GIL; so threads share the cores well where no agent decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parley.errors import Stopped
from parley.interventions.interventions import seat
from parley.recording.conserving import require_balance
from parley.recording.snapshots import Lookout, service_means
from parley.recording.summarizing import summary_of
from parley.runs.measures import leaves_of, require_known
from parley.runs.running import Order, Stop, advance_in_stretches
from parley.storage.run_folder import plain
from sim.mesh import Mesh


def trial(order: Order, stop: Stop | None = None) -> dict[str, Any]:
    """What summary.json of a run of this order would hold; its spans are not asked for.

    Raises ParleyError where the simulation cannot go on, and Stopped where `stop` was set before the end.
    """
    stop = stop or Stop()
    mesh = Mesh(order.scenario, order.seed, order.engine)
    seated = seat(mesh, order.interventions)
    lookout = Lookout(mesh.plane.layout, mesh.cluster)
    advance_in_stretches(mesh, min(order.scenario.warmup, order.until_ns), stop)
    warm = lookout.snapshot(mesh.plane.glance())
    advance_in_stretches(mesh, order.until_ns, stop)
    if mesh.now_ns < order.until_ns:
        raise Stopped
    means = service_means(lookout.busyness, warm, lookout.snapshot(mesh.plane.glance()))
    summary = summary_of(mesh, means, order.until_ns, seated)
    require_balance(summary["conservation"], mesh.now_ns)
    found: dict[str, Any] = plain(summary)
    return found


def require_figure(order: Order, *paths: str) -> None:
    """Raises UsageError, with the nearest name, for a path that summaries of such runs do not have: seen in a nanosecond of one."""
    known = leaves_of(trial(replace(order, engine="reference", until_ns=1))) if paths else {}
    for path in paths:
        require_known(path, known)
