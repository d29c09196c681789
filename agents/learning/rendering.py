"""How an episode stands, as a table of text or as a picture of plain pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.learning.playing import Play

BAR, HIGH_PX, GAP_PX = 24, 14, 6  # characters; pixels of a bar, and between two
WIDE_PX, MARGIN_PX = 480, 8
PAPER, SHADES = (255, 255, 255), ((190, 210, 225), (0, 114, 178), (213, 94, 0))


def _rows(play: Play) -> list[tuple[str, dict[str, float]]]:
    """Each row's name, and its newest look by feature."""
    features = play.episode.task.kind.features
    return [(name, features.newest(play.observations[place])) for place, name in enumerate(play.rows)]


def rendered(play: Play, mode: str | None) -> str | NDArray[np.uint8] | None:
    """As a render mode of Gymnasium's and PettingZoo's asks for it."""
    return None if mode is None else as_text(play) if mode == "ansi" else as_picture(play)


def as_text(play: Play) -> str:
    """A line for each row."""
    chair, minutes = play.episode.task.kind, play.drive.mesh.now_ns / 60e9
    lines = [f"{minutes:8.2f} min   {chair.name:<20} " + " ".join(f"{one.heading:>{one.width}}" for one in chair.columns)]
    for name, seen in _rows(play):
        bars = chair.bars(seen)
        length = round(BAR * bars[-1] / bars[0]) if bars[0] > 0 else 0
        told = " ".join(f"{one.text(seen):>{one.width}}" for one in chair.columns)
        lines.append(f"{'':14}{name:<20} {told}  {'#' * min(BAR, length)}".rstrip())
    return "\n".join(lines)


def as_picture(play: Play) -> NDArray[np.uint8]:
    """(height, width, 3): a bar for each row, the parts of it that its chair tells on top of each other, from pale to red."""
    rows, chair = _rows(play), play.episode.task.kind
    picture = np.full((2 * MARGIN_PX + len(rows) * (HIGH_PX + GAP_PX), WIDE_PX, 3), PAPER, dtype=np.uint8)
    for place, (_, seen) in enumerate(rows):
        top = MARGIN_PX + place * (HIGH_PX + GAP_PX)
        for colour, length in zip(SHADES, chair.bars(seen), strict=False):
            right = MARGIN_PX + round((WIDE_PX - 2 * MARGIN_PX) * min(1.0, length))
            picture[top : top + HIGH_PX, MARGIN_PX:right] = colour
    return picture
