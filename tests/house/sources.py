"""Our source files as the house rules see them: dotted name, text, syntax tree; real ones and planted ones.

A rule is a function from sources to a list of sentences, one a breach, so that each can be shown a planted breach.
"""

from __future__ import annotations

import ast
import math
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("parley", "agents", "sim", "scenarios")  # top floor first

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file."""

    name: str  # dotted: "sim.laws.queueing"; a package stands for its __init__
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """Lines of the file, whatever is on them."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Every function, method and inner function."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def planted(name: str = "sim.planted", text: str = "") -> Source:
    """A source that is not on disk: what a gate is tested with."""
    return Source(name, textwrap.dedent(text))


def ours() -> list[Source]:
    """The modules of the four floors; empty __init__ files say nothing and are left out, and so is what is generated."""
    found = [read(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if not path.stem.endswith("_pb2")]
    return [source for source in found if source.tree.body]


def collected() -> list[Source]:
    """The files pytest collects."""
    return [read(path) for path in sorted((ROOT / "tests").rglob("test_*.py"))]


def everything() -> list[Source]:
    """All Python we keep: the four floors, and the tests with what they stand on."""
    return ours() + [read(path) for path in sorted((ROOT / "tests").rglob("*.py"))]


@cache
def read(path: Path) -> Source:
    """A file of the repository as a source; parsed once."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return Source(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path.read_text(encoding="utf-8"))


def length(function: Function) -> int:
    """Lines of a function from `def` to its end, its docstring not counted."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return whole
    text = function.body[0]
    return whole - ((text.end_lineno or text.lineno) - text.lineno + 1)


def percentile(values: Sequence[int], percent: int) -> int:
    """By nearest rank: an observed value that `percent` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def over(what: str, values: Sequence[int], median: int | None = None, p90: int | None = None) -> list[str]:
    """Breaches of a budget on the median and the 90th percentile."""
    breaches = []
    if median is not None and statistics.median(values) > median:
        breaches.append(f"median {what} is {statistics.median(values):g} lines, more than {median}")
    if p90 is not None and percentile(values, 90) > p90:
        breaches.append(f"p90 {what} is {percentile(values, 90)} lines, more than {p90}")
    return breaches
