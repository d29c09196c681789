"""The page on protocols and mechanisms names tests: each is there, and no mechanism is left out."""

from __future__ import annotations

import re

from tests.house.sources import ROOT

PAGE = (ROOT / "agents" / "PROTOCOLS.md").read_text(encoding="utf-8")
MECHANISMS = ROOT / "agents" / "negotiation" / "mechanisms"
WITHOUT_A_RULE = {"__init__", "allocation", "marginals"}  # what the others say their answers and bids in


def test_every_test_that_the_page_names_exists() -> None:
    """By the word `test_...` anywhere on the page; a property whose test went away is no longer a property."""
    written = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "negotiation").rglob("test_*.py")))
    missing = [name for name in re.findall(r"`(test_\w+)`", PAGE) if f"def {name}(" not in written]
    assert missing == []


def test_every_mechanism_is_on_the_page() -> None:
    """By its module's name in a heading."""
    headings = " ".join(line for line in PAGE.splitlines() if line.startswith("## "))
    missing = sorted(path.stem for path in MECHANISMS.glob("*.py") if path.stem not in WITHOUT_A_RULE and f"`{path.stem}`" not in headings)
    assert missing == []
