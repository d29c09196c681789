"""The one door to scipy's solvers: linear programs some of whose variables are whole, and the lowest point of a convex function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Row = tuple[Mapping[int, float], float]  # sum of coefficient * variable >= the figure


class Infeasible(ValueError):
    """No values keep all the rows."""


def cheapest(costs: Sequence[float], rows: Sequence[Row], low: Sequence[float], high: Sequence[float],
             whole: Sequence[bool], gap: float = 0.0) -> list[float]:  # fmt: skip
    """The values within [low, high] that keep every row and cost least; those of `whole` are whole numbers.

    gap: the share of the best cost by which they may cost more; 0 for the optimum.

    Raises Infeasible. Ties are HiGHS's to break, always alike.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix = np.zeros((len(rows), len(costs)))
    for row, (terms, _) in enumerate(rows):
        matrix[row, list(terms)] = list(terms.values())
    kept = LinearConstraint(matrix, lb=np.array([least for _, least in rows]))
    found = milp(np.array(costs), integrality=np.array(whole, dtype=np.int64), bounds=Bounds(np.array(low), np.array(high)),
                 constraints=kept, options={"mip_rel_gap": gap})  # fmt: skip
    if not found.success:
        raise Infeasible(found.message)
    return [float(round(value)) if is_whole else float(value) for value, is_whole in zip(found.x, whole, strict=True)]


def lowest(badness: Callable[[Vector], tuple[float, Vector]], start: Vector) -> Vector:
    """The x, nowhere below 0, of the least badness, which is convex and smooth and comes with its gradient; by L-BFGS-B.

    The gradient is right to about 1e-7 where all is of the order of 1: that is as far as the values can be told apart.
    """
    from scipy.optimize import minimize

    found = minimize(badness, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(start),
                     options={"ftol": 0.0, "gtol": 1e-12, "maxiter": 5000})  # fmt: skip
    return np.asarray(found.x)
