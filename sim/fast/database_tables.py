"""What kernels keep of databases: their rules and tallies, when clients last wrote to each, and commits that may be lost."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fast import state as st
from sim.fast.database_records import COMMITTED, DATABASE
from sim.fast.tables import TableMaker, rows
from sim.laws.grading import parts
from sim.laws.replicating import MODES
from sim.layout import ROLES

Array = np.ndarray[Any, Any]


def replicated(maker: TableMaker, lane: Any, users: int, size: int) -> dict[str, Array]:
    """Of a new world with so many users and frames. Adds to the tables, and notes in the lane how much there is."""
    databases = _databases(maker)
    lane["users"], lane["writing"] = users, 1 + len(databases) if databases else 0
    wrote = np.zeros((users + size, 1 + len(databases)) if databases else (1, 1), dtype=np.int64)
    return {"databases": rows(DATABASE, databases), "wrote": _never_written(wrote, 0), "commits": st.empty(COMMITTED, size)}


def with_more_frames(wrote: Array, frames: int) -> Array:
    """Room for so many clients more."""
    return _never_written(st.copied(wrote, len(wrote) + frames, wrote.shape[1]), len(wrote))


def _never_written(wrote: Array, first: int) -> Array:
    wrote[first:, 1:] = -1
    return wrote


def _databases(maker: TableMaker) -> list[dict[str, Any]]:
    made, layout = [], maker.layout
    for name in layout.databases:
        spec = layout.scenario.services[name].replication
        assert spec is not None
        standbys = layout.role_lists(layout.service_index[name])[ROLES.index("standby")]
        made.append({"primary": -1, "standbys": standbys, "mode": MODES[spec.synchronous_commit],
                     "lag": maker.add_distribution(spec.lag), "stale_quality": parts(spec.stale_quality)})  # fmt: skip
    return made
