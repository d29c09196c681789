"""The colours of a report by name, light and dark: Okabe and Ito's, as in pictures; on dark ground they are lifted."""

from __future__ import annotations

from parley.drawing.panels import BLUE, GOLD, GREEN, INK, ORANGE, PURPLE, RED, SKY

LIGHT = {
    "paper": "#FFFFFF", "card": "#F7F8FA", "ink": INK, "quiet": "#5A5F66", "faint": "#DDE0E4", "line": "#9AA0A8", "edge": "#C9CED5",
    "blue": BLUE, "orange": ORANGE, "green": GREEN, "red": RED, "purple": PURPLE, "sky": SKY, "gold": GOLD, "pale": "#DCEBF5",
    "heat0": "#E4EDF5", "heat1": "#B8D3E8", "heat2": "#5B9CC9", "heat3": "#0B5E98", "heat4": "#08233D",
    "below2": "#8F2400", "below1": "#E58A5B", "level": "#F8F3E4", "above1": "#6CB0DA", "above2": "#084B83",
}  # fmt: skip
DARK = {
    "paper": "#14171B", "card": "#1C2026", "ink": "#E8EAED", "quiet": "#A5ACB5", "faint": "#343A43", "line": "#6C7480", "edge": "#4A525D",
    "blue": "#5AB0E8", "orange": "#F0B43C", "green": "#2CC79A", "red": "#F08A4B", "purple": "#DFA0C4", "sky": "#8CCBF2",
    "gold": "#CDB83A", "pale": "#1E3A50",
    "heat0": "#1B2D3D", "heat1": "#1B4A6E", "heat2": "#2F7DB5", "heat3": "#7CC0EE", "heat4": "#F2F8FD",
    "below2": "#E4633C", "below1": "#8C3E22", "level": "#2A2E33", "above1": "#1E5F8E", "above2": "#56AEE6",
}  # fmt: skip
SERIES = ("@blue", "@orange", "@green", "@purple", "@sky", "@red", "@gold")  # lines, in order
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")  # the same lines without colour
HEAT = [[0.0, "@heat0"], [0.25, "@heat1"], [0.5, "@heat2"], [0.75, "@heat3"], [1.0, "@heat4"]]
BELOW, ABOVE = ("@below2", "@below1", "@level"), ("@level", "@above1", "@above2")  # of a level, from the least to the greatest


def variables(colours: dict[str, str]) -> str:
    """As custom properties of CSS."""
    return " ".join(f"--{name}: {value};" for name, value in colours.items())
