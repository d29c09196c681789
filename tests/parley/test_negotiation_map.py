"""The published map of who divides a scarce pool better, and what the README says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parley.maps.mapping import OutcomeMap, map_file

ROOT = Path(__file__).parents[2]
PUBLISHED = OutcomeMap(ROOT / "results" / "published" / "negotiation" / "map")
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
FRESH = 4  # rows of the map: no older than a minute


def mean(panel: str) -> NDArray[np.float64]:
    """What a panel earned on average, (lateness, capacity)."""
    found = next(one for one in PUBLISHED.panels if one.name == panel)
    return np.asarray(found.outcomes.mean(axis=2))


def test_it_is_the_map_that_is_shipped() -> None:
    """Its file, and all its runs."""
    assert PUBLISHED.file == map_file("negotiation") and PUBLISHED.state == "complete"
    assert f"{sum(panel.outcomes.size for panel in PUBLISHED.panels):,} runs of [one market]" in TEXT


def test_flow_against_first_come() -> None:
    """8 to 18 points while the view is fresh; up to 11 points less at four minutes."""
    gained = 100 * (mean("negotiated flow") - mean("first come"))
    assert f"earn {gained[:FRESH].min():.0f} to {gained[:FRESH].max():.0f} points more" in TEXT
    assert f"first come wins by up to {-gained[-1].min():.0f} points" in TEXT


def test_flow_against_a_planner_with_the_same_view() -> None:
    """Nothing, either way, however old the view is."""
    apart = np.abs(100 * (mean("negotiated flow") - mean("planner, same view"))).max()
    assert f"within {apart:.1f} points of each other everywhere" in TEXT


def test_a_market_of_pods_loses_where_capacity_is_short() -> None:
    """At half of what is needed, however fresh the view is."""
    gained = mean("market of pods") - mean("first come")
    assert gained[:, 0].max() < 0 and gained[0, -1] > 0
