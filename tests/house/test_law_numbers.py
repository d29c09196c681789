"""Every law has a number, its line in sim/SEMANTICS.md, and a test under tests/laws that names it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import pytest

from tests.house.sources import ROOT, Function, Source, ours, planted

NUMBER = re.compile(r"[A-Z]{1,2}\d+[a-z]?(?=[\s.:,])")  # a family's letter and a count: D3, L10


def laws(sources: Sequence[Source]) -> Iterator[tuple[Source, Function]]:
    """The functions registered with `@law`."""
    for source in sources:
        for function in source.functions():
            if any(ast.unparse(mark).split(".")[-1] == "law" for mark in function.decorator_list):
                yield source, function


def unnumbered(sources: Sequence[Source]) -> list[str]:
    """Laws whose docstring does not begin with a number like D7."""
    return [
        f"{source.name}.{function.name} has no number; let its docstring begin with one, as 'D7 ...'"
        for source, function in laws(sources)
        if not NUMBER.match(ast.get_docstring(function) or "")
    ]


def unwritten(sources: Sequence[Source], semantics: str) -> list[str]:
    """Numbers of laws that begin no line of the semantics: plain, as item, heading or table row, bold or not."""
    numbers = {
        number[0]: f"{source.name}.{function.name}"
        for source, function in laws(sources)
        if (number := NUMBER.match(ast.get_docstring(function) or ""))
    }
    written = set(re.findall(r"^[\s#|*>-]*\**([A-Z]{1,2}\d+[a-z]?)\b", semantics, re.MULTILINE))
    return [f"{number} ({numbers[number]}) has no line of its own" for number in sorted(set(numbers) - written)]


def untested(sources: Sequence[Source], tests: str) -> list[str]:
    """Laws that no test names."""
    words = set(re.findall(r"\w+", tests))
    return [f"{source.name}.{function.name} is named in no test" for source, function in laws(sources) if function.name not in words]


def test_every_law_has_its_number():
    """The docstring begins with it."""
    assert unnumbered(ours()) == []


def test_every_number_is_written_down():
    """sim/SEMANTICS.md has a line for each."""
    semantics = ROOT / "sim" / "SEMANTICS.md"
    assert unwritten(ours(), semantics.read_text(encoding="utf-8")) == []


def test_every_law_is_named_in_a_test():
    """tests/laws speaks of each by name."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "laws").rglob("test_*.py")))
    assert untested(ours(), tests) == []


def test_there_are_laws():
    """The search finds what `@law` marks: a rename of the decorator must not empty the gate."""
    assert len(list(laws(ours()))) >= 10


PLANTED = planted("sim.laws.a", '@law\ndef pick(n):\n    """D7 The first."""\n\n@registry.law\ndef mute(n):\n    """The first."""\n')


@pytest.mark.parametrize("line", ["D7 the first", "- **D7** the first", "### D7. The first", "| D7 | the first |"])
def test_a_line_may_take_any_shape(line):
    """A number begins its line; elsewhere it is only a mention."""
    assert unwritten([PLANTED], line) == []
    assert unwritten([PLANTED], "as D7 says, and D70") == ["D7 (sim.laws.a.pick) has no line of its own"]


def test_planted_breaches_are_named():
    """A law without number and a law no test speaks of."""
    assert unnumbered([PLANTED])[0].startswith("sim.laws.a.mute has no number")
    assert untested([PLANTED], "def test_mute(): mute(1); picked") == ["sim.laws.a.pick is named in no test"]
