"""The door to HiGHS, through SciPy: linear programs some of whose variables are whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Row = tuple[Mapping[int, float], float]  # sum of coefficient * variable >= the figure


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
