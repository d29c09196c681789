"""What follows from a survival: areas with their intervals, who has a wider basin than whom, and what was claimed beforehand.

An area is the share of the plane from which a mesh came back. Trainings and seeds of runs are drawn anew, as in parley/statistics/crossed.
A claim is over several entrants: the tests of its differences are adjusted together (Holm), and it holds where all are surely more.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from parley.statistics.crossed import Draws, Floats, Interval, intervals
from parley.statistics.robust import holm
from parley.survival.basins import Basins
from parley.survival.files import SurvivalFile

WIDER, NARROWER, SAME, UNDECIDED = "wider", "narrower", "the same", "undecided"
KEPT, REFUTED = "kept", "refuted"
SEED, SURE = 7, 0.05  # of bootstraps; p below which a difference is one


def findings_of(made: SurvivalFile, told: Basins) -> dict[str, Any]:
    """Of every entrant, and of every claim."""
    names = list(told.survived)
    areas = intervals(told.design, partial(_areas, told, names), _random())
    return {
        "entrants": {name: _entrant(told, name, area) for name, area in zip(names, areas, strict=True)},
        "claims": {says: _claimed(told, one.of, made.rivals(one)) for says, one in made.claims.items() if one.of in names},
    }  # fmt: skip


def _entrant(told: Basins, name: str, area: Interval) -> dict[str, Any]:
    """Its area, pods when the kick began, and by training the area and the plane: rows from below to above."""
    ends = [min(max(end, 0.0), 1.0) for end in (area.low, area.high)]  # no share lies beyond, as Student's t of few seeds may
    return {"area": [area.value, *ends], "pods": float(told.pods[name].mean()), "trainings": told.areas(name).mean(axis=1).tolist(),
            "survived": told.shares(name).tolist()}  # fmt: skip


def _claimed(told: Basins, of: str, over: Sequence[str]) -> dict[str, Any]:
    """By entrant, how much wider the basin is; and whether it is wider than all."""
    known = intervals(told.design, partial(_wider, told, of, over), _random())
    adjusted = holm({name: one.p for name, one in zip(over, known, strict=True)})
    each = {name: {"wider": one.as_json(), "p": adjusted[name], "verdict": _verdict(one, adjusted[name])}
            for name, one in zip(over, known, strict=True)}  # fmt: skip
    verdicts = {one["verdict"] for one in each.values()}
    verdict = KEPT if verdicts == {WIDER} else REFUTED if verdicts & {NARROWER, SAME} else UNDECIDED
    return {"of": of, "verdict": verdict, "trainings": len(told.areas(of)), "over": each}


def _verdict(one: Interval, p: float) -> str:
    if one.value == 0 and one.error == 0:
        return SAME
    return UNDECIDED if not p < SURE else WIDER if one.value > 0 else NARROWER


def _areas(told: Basins, names: Sequence[str], draws: Draws) -> Floats:
    """(replicates, entrants)."""
    return np.stack([told.drawn(name, draws) for name in names], axis=1)


def _wider(told: Basins, of: str, over: Sequence[str], draws: Draws) -> Floats:
    """(replicates, rivals) by how much the area is larger."""
    return told.drawn(of, draws)[:, None] - _areas(told, over, draws)


def _random() -> np.random.Generator:
    return np.random.default_rng(SEED)
