"""What dies with a pod (D13), found in the frames: its visits, and the strands they run."""

from __future__ import annotations

import numpy as np

from sim.fast.state import BRANCH, VISIT, Array


def visits_in(frames: Array, p: int) -> Array:
    """Places of the visits pod p has let in, those that have answered too, in order of (request, call)."""
    visits = np.flatnonzero((frames["kind"] == VISIT) & (frames["pod"] == p) & (frames["delivered_ns"] >= 0))
    return visits[np.lexsort((frames["number"][visits], frames["request_number"][visits]))]


def strands_in(frames: Array, visits: Array) -> Array:
    """Places of the strands that live in some visits, in order of (request, call of the visit, number of the strand)."""
    kinds, of = frames["kind"], frames["visit"]
    lives = (kinds == BRANCH) | ((kinds == VISIT) & (frames["inside"] == 1))
    strands = np.flatnonzero(lives & np.isin(of, visits))
    return strands[np.lexsort((frames["number"][strands], frames["number"][of[strands]], frames["request_number"][strands]))]
