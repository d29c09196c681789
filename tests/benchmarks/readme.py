"""README's block of figures, rendered from speed.json; a test holds the page to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.parts import PARTS
from tests.benchmarks.turns import Figures

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- speed: written by `python -m tests.benchmarks.bench --readme` -->", "<!-- /speed -->"


def block(content: dict[str, Any]) -> list[str]:
    """The lines between the two comments: a table, then a sentence for what else was measured, then how."""
    parts = content["parts"]
    lines = [*_table(parts["hops"]), ""] if "hops" in parts else []
    for name, speaker in PARTS.items():
        lines += [f"- {speaker.sentence(parts[name])}"] if name in parts else []
    return [*lines, "", *_how(parts)]


def shown(page: str) -> list[str]:
    """The lines that a page has between the two comments."""
    return page.partition(BEGIN + "\n")[2].partition("\n" + END)[0].split("\n")


def rewrite(content: dict[str, Any], page: Path = README) -> None:
    """Put the block of these figures in a page."""
    text = page.read_text(encoding="utf-8")
    above, below = text.partition(BEGIN)[0], text.partition(END)[2]
    page.write_text("\n".join([above + BEGIN, *block(content), END + below]), encoding="utf-8")


def short(speed: float) -> str:
    """Two or three digits and M or k: 6.1 M, 126 k, 4.7 k."""
    if speed >= 999_500:
        return f"{speed / 1e6:.1f} M"
    return f"{speed / 1e3:.0f} k" if speed >= 9_950 else f"{speed / 1e3:.1f} k"


def _table(figures: Figures) -> Iterator[str]:
    workloads = figures["workloads"]
    heads = " | ".join(f"{name}: {workload['says']}" for name, workload in workloads.items())
    yield f"| hops per CPU-second (times SimPy) | {heads} |"
    yield "|---" * (1 + len(workloads)) + "|"
    for runner, title in figures["titles"].items():
        name = f"**{title}**" if runner == "fast" else title
        yield f"| {name} | " + " | ".join(_cell(w["runners"].get(runner)) for w in workloads.values()) + " |"
    for speeds in figures["elsewhere"].values():
        cells = (short(speeds[name]) if name in speeds else "–" for name in workloads)
        yield f"| {speeds['title']} (measured apart) | " + " | ".join(cells) + " |"


def _cell(found: Figures | None) -> str:
    if found is None:
        return "–"
    ratio = found["ratio"]
    return f"{short(found['median'])} ({ratio:.0f}x)" if ratio >= 10 else f"{short(found['median'])} ({ratio:.2g}x)"


def _how(parts: Figures) -> Iterator[str]:
    """On what, and with how much effort, and where to look."""
    machines, efforts = (dict.fromkeys(told(part) for part in parts.values()) for told in (_machine, _effort))
    yield (f"Medians of {' / '.join(efforts)} on {' / '.join(machines)}; every round is in "
           f"{_link('speed.json')}, drawn in {_link('speed.png')} and {_link('scale.png')}.")  # fmt: skip


def _machine(part: Figures) -> str:
    return f"{part['machine']['processor']}, {part['machine']['cores']} cores, {part['machine']['python']}"


def _effort(part: Figures) -> str:
    share = part["effort"]["share"]
    return f"{part['effort']['rounds']} rounds" + ("" if share == 1 else f" of {share:g} of the full length")


def _link(file: str) -> str:
    return f"[{file}](results/published/speed/{file})"
