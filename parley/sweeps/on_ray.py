"""The same cells on a Ray cluster; the one door to ray. A task whose worker dies is begun again elsewhere by Ray itself."""

from __future__ import annotations

import logging
import os
from typing import Any

from parley.errors import UsageError
from parley.sweeps.cells import Base, Cell, Row, computed
from parley.sweeps.workers import AHEAD, WorkersDied
from scenarios.errors import ExtraMissing, ParleyError
from sim.trace import SEMANTICS

RETRIES = 10  # of one cell whose worker died
LOCAL = "local"


class RayCrew:
    """Workers of a cluster, as many as it has CPUs; it may grow meanwhile."""

    def __init__(self, ray: Any, base: Base) -> None:
        self._ray, self._base = ray, ray.put(base)
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES)(computed)
        self._under_way: list[Any] = []

    @property
    def width(self) -> int:
        """How many cells it may be handed at once."""
        return AHEAD * max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def begin(self, cell: Cell) -> None:
        """Take a cell on."""
        self._under_way.append(self._task.remote(self._base, cell))

    def finished(self, timeout_s: float) -> list[Row]:
        """Rows that are there since the last time. Raises WorkersDied, and ParleyError where a worker has other laws."""
        self._ray.wait(self._under_way, num_returns=1, timeout=timeout_s)
        done, self._under_way = self._ray.wait(self._under_way, num_returns=len(self._under_way), timeout=0)
        try:
            rows: list[Row] = self._ray.get(done)
        except (self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.OutOfMemoryError) as fault:
            raise WorkersDied(f"a worker of the cluster died {RETRIES + 1} times at the same cell: {fault}") from fault
        for row in rows:
            if row["semantics"] != SEMANTICS:
                raise ParleyError(f"a worker of the cluster has a Parley of SEMANTICS {row['semantics']}, and this is {SEMANTICS}")
        return rows

    def close(self) -> None:
        """What is under way is called off; a cluster that was begun for this ends."""
        for task in self._under_way:
            self._ray.cancel(task, force=True)
        self._ray.shutdown()


def ray_crew(base: Base, address: str) -> RayCrew:
    """Workers of the cluster at `auto` or `host:port`, or `local`: one on this machine. Raises UsageError."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # these are read when it is imported
    if address == LOCAL:
        os.environ["RAY_AUTH_MODE"] = "token"  # its servers listen on every interface, and cannot be told not to
    try:
        import ray
    except ImportError as fault:
        raise ExtraMissing.of("--ray", "ray", fault) from None
    logging.getLogger("ray").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address == LOCAL:
            ray.init("local", include_dashboard=False, **quiet)
        else:
            ray.init(address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as fault:
        raise UsageError(f"--ray {address}: there is no cluster: {fault}") from fault
    return RayCrew(ray, base)
