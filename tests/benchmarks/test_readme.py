"""README's figures of speed are those of results/published/speed/speed.json, and that file keeps every round."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from tests.benchmarks.parts import PARTS
from tests.benchmarks.publishing import PUBLISHED, published
from tests.benchmarks.readme import BEGIN, END, README, block, rewrite, short, shown


def kept_rounds(value: Any) -> Iterator[dict[str, Any]]:
    """Every median with its rounds, wherever it stands."""
    if isinstance(value, dict):
        if "rounds" in value and "median" in value:
            yield value
        for inner in value.values():
            yield from kept_rounds(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from kept_rounds(inner)


def test_readme_shows_what_is_published():
    """Character by character; `python -m tests.benchmarks.bench --readme` writes it."""
    assert shown(README.read_text(encoding="utf-8")) == block(published())


def test_every_part_is_published_with_its_rounds():
    """No median without the rounds it is of, as many as were made (long runs in memory may have fewer)."""
    parts = published()["parts"]
    assert parts.keys() == PARTS.keys()
    for name, part in parts.items():
        found = list(kept_rounds(part))
        assert found
        assert all(one["median"] == statistics.median(one["rounds"]) for one in found)
        assert name == "memory" or {len(one["rounds"]) for one in found} == {part["effort"]["rounds"]}


def test_the_pictures_are_published():
    """Both are there, and README shows the first."""
    assert all((PUBLISHED / name).exists() for name in ("speed.png", "scale.png"))
    assert "](results/published/speed/speed.png)" in README.read_text(encoding="utf-8")


def test_a_page_is_rewritten_between_its_comments(tmp_path):
    """What stands around the block stays; a changed figure shows."""
    page, content = tmp_path / "page.md", published()
    page.write_text(f"above\n{BEGIN}\nold\nolder\n{END}\nbelow\n", encoding="utf-8")
    content["parts"]["hops"]["workloads"]["W1"]["runners"]["simpy"]["median"] = 123_456
    rewrite(content, page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"above\n{BEGIN}\n| hops")
    assert text.endswith(f"\n{END}\nbelow\n")
    assert "123 k (1x)" in text
    assert shown(text) == block(content)


@pytest.mark.parametrize(
    ("speed", "says"),
    [(6_123_456, "6.1 M"), (999_600, "1.0 M"), (126_101, "126 k"), (10_316, "10 k"), (4_686, "4.7 k")],
)
def test_speeds_are_short(speed, says):
    """Two or three digits, and one unit."""
    assert short(speed) == says
