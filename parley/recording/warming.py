"""How long a world takes to warm up: MSER-5, and whether a run measured long enough after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.errors import UsageError
from parley.recording.windows import window_ns
from scenarios.schema.scenario import Scenario
from scenarios.schema.steadiness import unsteady
from scenarios.schema.units import format_duration
from sim.mesh import Mesh

BATCH = 5  # observations to a batch: the 5 of MSER-5
LEAST_BATCHES = 10
BIAS = 0.02  # of the mean number inside: a start that changes it by less does no harm


@dataclass(frozen=True)
class Truncation:
    """How many of the first observations to leave out."""

    observations: int
    of: int
    is_sure: bool  # False where the cut is not before the middle: then the series never settled

    @property
    def share(self) -> float:
        """Of the series."""
        return self.observations / self.of if self.of else math.nan


def mser5(series: Sequence[float]) -> Truncation | None:
    """Where to cut the start off a series of equally spaced observations; None for fewer than 50.

    The cut makes the standard error of the mean of what is left, as if it were independent, the smallest: batches of five
    observations, the marginal standard error rule (White 1997; Spratt 1998). A least value in the second half is a sign
    of a series that is too short, for there the error is small by chance only (White, Cobb and Spratt 2000).
    """
    batches = len(series) // BATCH
    if batches < LEAST_BATCHES:
        return None
    means = np.asarray(series[: batches * BATCH], dtype=float).reshape(batches, BATCH).mean(axis=1)
    left = np.arange(batches, 0, -1)  # so many batches from each on
    sums, squares = (np.cumsum((means - means.mean())[::-1] ** power)[::-1] for power in (1, 2))
    errors = np.maximum(0.0, squares - sums**2 / left) / left**2
    errors[batches - LEAST_BATCHES // 2 :] = np.inf  # a few that happen to be alike say nothing
    cut = int(np.argmin(errors))
    return Truncation(cut * BATCH, len(series), cut <= batches // 2)


def pilot(mesh: Mesh) -> Scenario:
    """The world with the warm-up that MSER-5 finds in it: this mesh's, of the same world, is advanced to the end of its duration.

    Raises UsageError where the requests inside, counted at the ends of windows, have not settled by the middle.
    """
    world, window, inside = mesh.scenario, window_ns(mesh.scenario.duration), list[int]()
    for due in range(window, world.duration + 1, window):
        mesh.advance(due)
        counts = mesh.plane.glance().workloads
        inside.append(int((counts["offered"] - counts["succeeded"] - counts["failed"]).sum()))
    cut = mser5(inside)
    if cut is None or not cut.is_sure:
        raise UsageError(f"warmup: auto finds nothing, for {world.name} has not settled in the first half of "
                         f"{format_duration(world.duration)}; make it longer, or give a time")  # fmt: skip
    return world.with_(warmup=format_duration(cut.observations * window))


def judged(world: Scenario, inside: Sequence[int]) -> dict[str, Any]:
    """Whether a world's warm-up is long enough, by how many requests were inside at the ends of windows.

    `mser5_s` is the cut that MSER-5 would make, `verdict` says what that means; neither where load is not steady.
    """
    told = {"given_s": world.warmup / 1e9, "mser5_s": None}
    if (why := unsteady(world)) is not None:
        return told | {"verdict": f"not judged: {why}"}
    if (cut := mser5(inside)) is None:
        return told | {"verdict": "not judged: the run has too few windows"}
    if not cut.is_sure:
        return told | {"verdict": "the run is too short: it has not settled by its middle"}
    window = window_ns(world.duration)
    given, after = math.ceil(world.warmup / window), cut.observations
    means = [float(np.mean(inside[first:])) for first in (given, max(given, after))]
    told["mser5_s"] = after * window / 1e9
    if abs(means[0] - means[1]) > BIAS * abs(means[1]):
        return told | {"verdict": f"too short: MSER-5 leaves out {format_duration(after * window)}, which changes the mean "
                                  f"number inside by {means[1] / means[0] - 1:+.0%}"}  # fmt: skip
    return told | {"verdict": "long enough"}
