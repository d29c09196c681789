"""How an episode stands, as a table of text or as a picture of plain pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.learning.features import FEATURES
from agents.learning.playing import Play

NAMES = [feature.name for feature in FEATURES]
BAR, HIGH_PX, GAP_PX, UNIT_PX = 24, 14, 6, 6  # characters; pixels of a bar, between two, and of a pod
WIDE_PX, MARGIN_PX = 480, 8
PAPER, READY, STARTING, BUSY = (255, 255, 255), (0, 114, 178), (190, 210, 225), (213, 94, 0)


def _rows(play: Play) -> list[tuple[str, int, float, float, float]]:
    """(service, pods asked for, share ready, utilization, requests a second a pod) of each."""
    found = []
    for place, name in enumerate(play.services):
        seen = dict(zip(NAMES, play.observations[place].tolist(), strict=False))
        found.append((name, round(2 ** seen["asked"]), seen["ready"], seen["utilization"], 2 ** seen["rate"] - 1))
    return found


def rendered(play: Play, mode: str | None) -> str | NDArray[np.uint8] | None:
    """As a render mode of Gymnasium's and PettingZoo's asks for it."""
    return None if mode is None else as_text(play) if mode == "ansi" else as_picture(play)


def as_text(play: Play) -> str:
    """A line for each service."""
    minutes = play.drive.mesh.now_ns / 60e9
    lines = [f"{minutes:8.2f} min   {'service':<20} {'pods':>5} {'ready':>6} {'CPU':>5} {'1/s a pod':>10}"]
    for name, pods, ready, busy, rate in _rows(play):
        bar = "#" * min(BAR, round(BAR * busy))
        lines.append(f"{'':14}{name:<20} {pods:>5} {ready:>6.0%} {busy:>5.0%} {rate:>10.1f}  {bar}")
    return "\n".join(lines)


def as_picture(play: Play) -> NDArray[np.uint8]:
    """(height, width, 3): a bar for each service, as long as pods are asked for; its ready part dark, and in use red."""
    rows = _rows(play)
    picture = np.full((2 * MARGIN_PX + len(rows) * (HIGH_PX + GAP_PX), WIDE_PX, 3), PAPER, dtype=np.uint8)
    for place, (_, pods, ready, busy, _) in enumerate(rows):
        top = MARGIN_PX + place * (HIGH_PX + GAP_PX)
        for colour, share in ((STARTING, 1.0), (READY, ready), (BUSY, ready * busy)):
            right = MARGIN_PX + min(WIDE_PX - 2 * MARGIN_PX, round(UNIT_PX * pods * share))
            picture[top : top + HIGH_PX, MARGIN_PX:right] = colour
    return picture
