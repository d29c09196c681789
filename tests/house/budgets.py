"""Rules of size, name and word. The figures are STYLE's; a number is a symptom, so mend the shape and not the count."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from tests.house.sources import Function, Source, length, over

MODULE_MAX, MODULE_P90, MODULE_MEDIAN = 450, 300, 150
FUNCTION_MAX, FUNCTION_P90, FUNCTION_MEDIAN = 70, 30, 8
TEST_MEDIAN = 15
LINE_MAX = 140

REFUSED_NAME = re.compile(r"(utils?|commons?|helpers?|managers?|base)(_.*)?|.*_(utils?|helpers?|manager)")


def modules_too_long(sources: Sequence[Source]) -> list[str]:
    """Lines a module: most, 90th percentile, median."""
    breaches = [f"{s.name} has {s.lines} lines, more than {MODULE_MAX}" for s in sources if s.lines > MODULE_MAX]
    return breaches + over("module", [s.lines for s in sources], MODULE_MEDIAN, MODULE_P90)


def functions_too_long(sources: Sequence[Source]) -> list[str]:
    """Lines a function without its docstring: most, 90th percentile, median."""
    every = [(source, function) for source in sources for function in source.functions()]
    breaches = [
        f"{source.name}.{function.name} has {length(function)} lines, more than {FUNCTION_MAX}"
        for source, function in every
        if length(function) > FUNCTION_MAX
    ]
    return breaches + over("function", [length(function) for _, function in every], FUNCTION_MEDIAN, FUNCTION_P90)


def lines_too_wide(sources: Sequence[Source]) -> list[str]:
    """120 is the aim; beyond 140 a line is not read."""
    return [
        f"{source.name}:{number} is {len(line)} wide, more than {LINE_MAX}"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), 1)
        if len(line) > LINE_MAX
    ]


def modules_named_for_nothing(sources: Sequence[Source]) -> list[str]:
    """A module is named for what it holds; `utils`, `common`, `helpers`, `manager` and `base_*` hold anything."""
    return [
        f"{source.name}: {part!r} does not say what it holds"
        for source in sources
        for part in source.name.split(".")
        if REFUSED_NAME.fullmatch(part)
    ]


def undocumented(sources: Sequence[Source]) -> list[str]:
    """Public classes, functions and methods say what they are for.

    A method that keeps a promise documented on one of our Protocols or parents by the same name need not repeat it.
    """
    promised = _documented_methods(sources)
    breaches = [f"{source.name} has no docstring" for source in sources if ast.get_docstring(source.tree) is None]
    for source in sources:
        for owner, node in _public(source.tree):
            kept = owner is not None and any(node.name in promised.get(base, ()) for base in _promises(owner, promised))
            if ast.get_docstring(node) is None and not kept:
                place = f"{source.name}.{owner.name}" if owner else source.name
                breaches.append(f"{place}.{node.name} has no docstring")
    return breaches


def tests_without_a_sentence(sources: Sequence[Source]) -> list[str]:
    """A test is a sentence with an oracle: its docstring says what must hold."""
    return [
        f"{source.name}.{test.name} has no docstring"
        for source in sources
        for test in _tests(source)
        if ast.get_docstring(test) is None
    ]


def tests_too_long(sources: Sequence[Source]) -> list[str]:
    """Half of all tests fit in 15 lines."""
    return over("test", [length(test) for source in sources for test in _tests(source)], TEST_MEDIAN)


def _tests(source: Source) -> Iterator[Function]:
    return (function for function in source.functions() if function.name.startswith("test_"))


def _public(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, ast.ClassDef | Function]]:
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_"):
            continue
        yield None, node
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Function) and not method.name.startswith("_") and not _is_an_overload(method):
                    yield node, method


def _is_an_overload(method: Function) -> bool:
    names = {d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in method.decorator_list}
    return bool(names & {"overload", "setter", "deleter"})


def _documented_methods(sources: Sequence[Source]) -> dict[str, set[str]]:
    """Class name → its documented methods; under "Protocol" those of all our Protocols, which are kept by shape."""
    found: dict[str, set[str]] = {"Protocol": set()}
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                names = {m.name for m in node.body if isinstance(m, Function) and ast.get_docstring(m)}
                found.setdefault(node.name, set()).update(names)
                if "Protocol" in _bases(node):
                    found["Protocol"] |= names
    return found


def _promises(owner: ast.ClassDef, promised: dict[str, set[str]]) -> set[str]:
    is_a_promise = "Protocol" in _bases(owner)
    return {base for base in _bases(owner) if base in promised} | (set() if is_a_promise else {"Protocol"})


def _bases(node: ast.ClassDef) -> set[str]:
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in bases}
