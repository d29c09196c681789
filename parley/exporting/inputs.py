"""What a policy was shown: its statistics, and golden vectors out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.learning.bundles.described import BINS, Bounds, Inputs, bins_of
from agents.learning.bundles.playing import Played
from agents.learning.bundles.vectors import GOLDEN, Vectors
from agents.learning.observing import FRAMES
from agents.learning.scaling.features import FEATURES, SCALING

if TYPE_CHECKING:
    from agents.learning.bundles.trained import Trained

MARGIN = 1e-3  # of logits: golden vectors are clear, so that another machine's last bit decides none of them


def statistics(met: Played) -> dict[str, Inputs]:
    """Of each feature, in the newest look of every row."""
    found = {}
    for place, feature in enumerate(FEATURES):
        column = met.observations[:, place].astype(np.float64)
        edges = np.quantile(column, np.linspace(0, 1, BINS + 1))
        shares = np.bincount(bins_of(edges, column), minlength=BINS) / len(column)
        found[feature.name] = Inputs(mean=float(column.mean()), deciles=tuple(edges.tolist()), shares=tuple(shares.tolist()))
    return found


def region(met: Played) -> dict[str, Bounds]:
    """By feature: the least and the greatest that was met, in any look."""
    looks = met.observations.reshape(-1, FRAMES, len(FEATURES))
    return {feature.name: (float(looks[..., place].min()), float(looks[..., place].max())) for place, feature in enumerate(FEATURES)}


def golden(met: Played, trained: Trained) -> Vectors:
    """Half of it met, half drawn from all that may be, under masks of all kinds; the answers are the trained network's."""
    random, half = np.random.default_rng(0), GOLDEN // 2
    candidates = 8 * GOLDEN
    rows = random.integers(len(met.observations), size=candidates)
    drawn_masks = random.random((candidates, met.masks.shape[1])) < 0.7
    drawn_masks[np.arange(candidates), random.integers(met.masks.shape[1], size=candidates)] = True
    kept = (_clear(met.observations[rows], met.masks[rows], trained), _clear(_drawn(random, candidates), drawn_masks, trained))
    return Vectors(*(np.concatenate([getattr(one, what)[:half] for one in kept]) for what in ("observations", "masks", "actions")))


def margins(logits: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(rows,) by how much the action that is chosen is ahead of the next one that may be; inf where it is the only one."""
    best = np.sort(np.where(masks, logits, -np.inf), axis=1)
    ahead: NDArray[np.float32] = best[:, -1] - best[:, -2]
    return ahead


def _drawn(random: np.random.Generator, rows: int) -> NDArray[np.float32]:
    everywhere = random.uniform(SCALING.low, SCALING.high, (rows, len(SCALING.low)))
    spread = SCALING.usual[:, 1] - SCALING.usual[:, 0]
    usual = np.clip(random.normal(SCALING.usual.mean(axis=1), spread, (rows, len(spread))), SCALING.low, SCALING.high)
    found: NDArray[np.float32] = np.where(random.random((rows, 1)) < 0.5, everywhere, usual).astype(np.float32)
    return found


def _clear(seen: NDArray[np.float32], masks: NDArray[np.bool_], trained: Trained) -> Vectors:
    """Those rows whose choice is clear, the others after them in case there are not enough."""
    order = np.argsort(margins(trained.logits(seen), masks) < MARGIN, kind="stable")
    seen, masks = seen[order][:GOLDEN], masks[order][:GOLDEN]
    return Vectors(seen, masks, trained.decides(seen, masks))
