"""The one door to scipy's solvers: linear programs some of whose variables are whole, and the highest point of a concave function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Row = tuple[Mapping[int, float], float]  # sum of coefficient * variable >= the figure

TINY = 1e-9  # where logarithms would end: no variable of `highest` goes below


class Infeasible(ValueError):
    """No values keep all the rows."""


def cheapest(costs: Sequence[float], rows: Sequence[Row], low: Sequence[float], high: Sequence[float], whole: Sequence[bool]) -> list[float]:
    """The values within [low, high] that keep every row and cost least, to the optimum; those of `whole` are whole numbers.

    Raises Infeasible. Ties are HiGHS's to break, always alike.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix = np.zeros((len(rows), len(costs)))
    for row, (terms, _) in enumerate(rows):
        matrix[row, list(terms)] = list(terms.values())
    kept = LinearConstraint(matrix, lb=np.array([least for _, least in rows]))
    found = milp(np.array(costs), integrality=np.array(whole, dtype=np.int64), bounds=Bounds(np.array(low), np.array(high)),
                 constraints=kept, options={"mip_rel_gap": 0.0})  # fmt: skip
    if not found.success:
        raise Infeasible(found.message)
    return [float(round(value)) if is_whole else float(value) for value, is_whole in zip(found.x, whole, strict=True)]


def highest(goodness: Callable[[Vector], tuple[float, Vector]], matrix: Vector, at_most: Vector, start: Vector) -> Vector:
    """The x from 0 (exclusive) to 1 of highest goodness, which is concave and comes with its gradient, with matrix · x <= at_most.

    By sequential least squares (SLSQP), from a start that is feasible; right to about 1e-6 where all is of the order of 1.
    """
    from scipy.optimize import minimize

    def badness(x: Vector) -> tuple[float, Vector]:
        value, gradient = goodness(np.clip(x, TINY, 1.0))
        return -value, -gradient

    found = minimize(badness, start, jac=True, method="SLSQP", bounds=[(TINY, 1.0)] * len(start), options={"ftol": 1e-14, "maxiter": 1000},
                     constraints={"type": "ineq", "fun": lambda x: at_most - matrix @ x, "jac": lambda _: -matrix})  # fmt: skip
    return np.asarray(np.clip(found.x, TINY, 1.0))
