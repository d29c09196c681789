"""J, what a tick costs: the terms of the reward under some weights. Less is better; the reward is -J."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents.learning.reward import Weights
from parley.evaluations.cells import TERMS
from parley.evaluations.files import Weighting


def weights_of(said: Weighting) -> Weights:
    """Those of training, but for what is said."""
    return replace(Weights(), **{name: value for name, value in said.model_dump().items() if value is not None})


def objective(row: Mapping[str, Any], weights: Weights) -> float:
    """Of a cell's terms, which were measured under weights of one."""
    return float(sum(getattr(weights, name) * row[f"term_{name}"] for name in TERMS))
