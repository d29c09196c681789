"""How much an output owes to each of its inputs: Morris' elementary effects and Sobol's indices; the one door to SALib.

Inputs are shares 0 ... 1 of their ranges, so that effects are changes of the output from one end of an input to the other.
Morris (1991), Technometrics 33; mu* after Campolongo et al. (2007). Total indices by Jansen, first ones after Saltelli et al. (2010),
on Sobol' points; half-widths (95 %) are from resampling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from scenarios.errors import ExtraMissing

LEVELS = 4  # of Morris' grid; a step is two thirds of the range
RESAMPLES = 500
SEED = 20_260  # of samples and resamples: the same points every time

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Elementary:
    """What moving one input over its whole range does to the output, on average over where the others stand."""

    mu: float
    mu_star: float  # of the sizes of effects
    half_width: float  # of mu_star
    sigma: float  # how much the effect depends on where one stands


@dataclass(frozen=True)
class Index:
    """Shares of the output's variance that one input accounts for."""

    first: float  # by itself
    first_half_width: float
    total: float  # with all it does together with others
    total_half_width: float


def morris_points(inputs: int, trajectories: int) -> Floats:
    """(trajectories * (inputs + 1), inputs) shares: each trajectory moves one input at a time."""
    sample, _ = require_salib()
    made: Floats = sample.morris.sample(_problem(inputs), trajectories, num_levels=LEVELS, seed=SEED)
    return made


def elementary(points: Floats, outputs: Floats) -> list[Elementary]:
    """The effects of each input, from the outputs at Morris' points."""
    _, analyze = require_salib()
    found = analyze.morris.analyze(_problem(points.shape[1]), points, outputs, num_resamples=RESAMPLES, num_levels=LEVELS, seed=SEED)
    columns = (found["mu"], found["mu_star"], found["mu_star_conf"], found["sigma"])
    return [Elementary(*map(float, one)) for one in zip(*columns, strict=True)]


def sobol_points(inputs: int, base: int) -> Floats:
    """(base * (inputs + 2), inputs) shares, base a power of two: rows A, A with each of B's columns, and B, in turn."""
    sample, _ = require_salib()
    made: Floats = sample.sobol.sample(_problem(inputs), base, calc_second_order=False, seed=SEED)
    return made


def sobol(inputs: int, outputs: Floats) -> list[Index]:
    """The indices of each input, from the outputs at Sobol's points; all 0 where the output is always the same."""
    if float(np.ptp(outputs)) == 0:
        return [Index(0.0, 0.0, 0.0, 0.0)] * inputs
    _, analyze = require_salib()
    found = analyze.sobol.analyze(_problem(inputs), outputs, calc_second_order=False, num_resamples=RESAMPLES, seed=SEED)
    columns = (found["S1"], found["S1_conf"], found["ST"], found["ST_conf"])
    return [Index(*map(float, one)) for one in zip(*columns, strict=True)]


def independent(inputs: int, values: Any) -> Floats:
    """Of values at Sobol's points those at A and B: they are spread as the inputs are."""
    together = np.asarray(values, dtype=float)
    rows = np.arange(len(together)) % (inputs + 2)
    chosen: Floats = together[(rows == 0) | (rows == inputs + 1)]
    return chosen


def tendencies(points: Floats, outputs: Floats) -> list[float]:
    """Of each input, from the outputs at Sobol's points: -1 the output always falls as it grows ... 1 always rises; 0 it stays.

    From A to A with one column of B only that input moves: as mu over mu* of Morris, of these steps.
    """
    inputs = points.shape[1]
    at, values, every = points.reshape(-1, inputs + 2, inputs), outputs.reshape(-1, inputs + 2), np.arange(inputs)
    moved = values[:, 1:-1] - values[:, :1]
    ways, sizes = np.sign(at[:, every + 1, every] - at[:, 0, :]), np.abs(moved).sum(axis=0)
    return [float(way / size) if size > 0 else 0.0 for way, size in zip((moved * ways).sum(axis=0), sizes, strict=True)]


def _problem(inputs: int) -> dict[str, Any]:
    return {"num_vars": inputs, "names": [f"x{nth}" for nth in range(inputs)], "bounds": [[0.0, 1.0]] * inputs}


def require_salib() -> tuple[Any, Any]:
    """SALib's samples and analyses. Raises ExtraMissing where it is not installed."""
    try:
        import SALib.analyze.morris
        import SALib.analyze.sobol
        import SALib.sample.morris
        import SALib.sample.sobol
    except ImportError as fault:
        raise ExtraMissing.of("sensitivity", "sensitivity", fault) from None
    return SALib.sample, SALib.analyze
