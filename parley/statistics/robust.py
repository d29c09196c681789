"""Figures of many runs that a few strange ones do not carry away, and tests of pairs, as rliable's authors propose.

Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice (NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Name = TypeVar("Name")
TRIMMED = 0.25  # of each side


def iqm(values: Floats) -> Floats:
    """The interquartile mean along the last axis: of the middle half, as scipy's trim_mean has it; nan where one is, wherever it is."""
    cut = int(TRIMMED * values.shape[-1])
    found: Floats = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut].mean(axis=-1) + 0 * values.sum(axis=-1)
    return found


def probability_of_improvement(ours: Floats, theirs: Floats) -> float:
    """How likely one of ours is larger than one of theirs; ties count half: Mann and Whitney's U over all pairs."""
    mine, others = np.asarray(ours, dtype=float).ravel(), np.asarray(theirs, dtype=float).ravel()
    apart = np.sign(mine[:, None] - others[None, :])
    return float((apart + 1).mean() / 2)


def profile(values: Floats, levels: Floats) -> Floats:
    """(..., levels) the share of runs along the last axis above each level: Dolan and Moré's performance profile; nan where one is."""
    unknown = 0 * values.sum(axis=-1)
    return np.stack([(values > level).mean(axis=-1) + unknown for level in levels], axis=-1)


def paired_test(ours: Floats, theirs: Floats) -> float:
    """p of Wilcoxon's signed-rank test, two-sided, that pairs do not differ; 1 where none does, or one is not known."""
    if np.isnan(ours - theirs).any() or not np.any(ours != theirs):
        return 1.0
    from scipy.stats import wilcoxon

    return float(wilcoxon(ours, theirs).pvalue)


def holm(found: Mapping[Name, float]) -> dict[Name, float]:
    """p of several tests, so adjusted that all that are below 5 % are wrong at most once in twenty times (Holm, 1979)."""
    ordered: Sequence[Name] = sorted(found, key=lambda name: found[name])
    adjusted, least = {}, 0.0
    for place, name in enumerate(ordered):
        least = max(least, min(1.0, found[name] * (len(ordered) - place)))
        adjusted[name] = least
    return {name: adjusted[name] for name in found}
