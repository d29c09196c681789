"""Rules of importing that import-linter does not know: nothing of ours late, third parties late from a list only."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import networkx as nx

from tests.house.sources import PACKAGES, Function, Source

# Heavy or optional third parties that may be imported inside a function, each in one module; lighter ones stand on top.
LATE = frozenset({
    "SALib", "duckdb", "gymnasium", "jinja2", "joblib", "matplotlib", "mesa", "mlflow", "networkx", "numba", "onnx", "onnxruntime",
    "optuna", "pandas", "pettingzoo", "plotly", "psutil", "pyarrow", "ray", "sb3_contrib", "scipy", "solara", "stable_baselines3", "torch",
})  # fmt: skip
# Modules that extend these, or are made of nothing else, import them on top, and are late themselves.
TAUGHT = {"aiohttp", "cryptography", "grpc", "numba", "onnx", "onnxruntime", "prometheus_client", "sklearn", "torch"}


def late_imports_of_ours(sources: Sequence[Source]) -> list[str]:
    """Our own modules are imported on top: a circle is mended, not hidden in a function."""
    late = tuple(sorted(_late_themselves(sources)))
    return [
        f"{source.name}:{line} imports {name} inside a function"
        for source in sources
        for name, line in _late(source)
        if name.split(".")[0] in PACKAGES and not name.startswith(late)
    ]


def _late_themselves(sources: Sequence[Source]) -> set[str]:
    """Modules that import on top what is late, or another such module."""
    late = {source.name for source in sources if any(name.split(".")[0] in TAUGHT for name in _on_top(source))}
    while more := {source.name for source in sources if source.name not in late and _imports(source, late)}:
        late |= more
    return late


def _imports(source: Source, modules: set[str]) -> bool:
    """Whether it imports one of some modules, or something of one, on top."""
    return any(name in modules or name.rpartition(".")[0] in modules for name in _on_top(source))


def late_imports_not_listed(sources: Sequence[Source]) -> list[str]:
    """What is imported inside a function is on the list, and the list says why it is short."""
    return [
        f"{source.name}:{line} imports {name} inside a function; only {', '.join(sorted(LATE))} may"
        for source in sources
        for name, line in _late(source)
        if name.split(".")[0] not in {*LATE, *PACKAGES}
    ]


def late_imports_in_many_places(sources: Sequence[Source]) -> list[str]:
    """A late library has one door: the same module each time."""
    doors: dict[str, set[str]] = {}
    for source in sources:
        for name, _ in _late(source):
            doors.setdefault(_library(name), set()).add(source.name)
    return [
        f"{library} is imported inside functions of {' and '.join(sorted(modules))}; give it one door"
        for library, modules in sorted(doors.items())
        if library.split(".")[0] in LATE and len(modules) > 1
    ]


def _library(name: str) -> str:
    """What has the door: scipy is a house of many libraries, each with its own."""
    return ".".join(name.split(".")[:2]) if name.startswith("scipy.") else name.split(".", maxsplit=1)[0]


def circles(sources: Sequence[Source]) -> list[str]:
    """No modules import each other, at import time and through packages' __init__ files."""
    known = {source.name for source in sources}
    graph = nx.DiGraph(
        (source.name, target)
        for source in sources
        for imported in _on_top(source)
        for target in _loaded_by(imported, known)
        if not f"{source.name}.".startswith(f"{target}.") or target == imported
    )
    knots = [sorted(knot) for knot in nx.strongly_connected_components(graph) if len(knot) > 1]
    return [f"{', '.join(knot)} import each other" for knot in sorted(knots)]


def _late(source: Source) -> Iterator[tuple[str, int]]:
    """(module, line) of every import inside a function, import_module("...") and __import__("...") included."""
    seen = {}
    for function in source.functions():
        for node in ast.walk(function):
            for name in [*_names(node), *_by_call(node)]:
                seen[(name, getattr(node, "lineno", 0))] = None
    yield from seen


def _on_top(source: Source) -> Iterator[str]:
    """What is imported when the module is; names under TYPE_CHECKING are not."""
    pending: list[ast.AST] = list(source.tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, Function) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            continue
        yield from _names(node)
        pending.extend(ast.iter_child_nodes(node))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _by_call(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"import_module", "importlib.import_module", "__import__"}:
        yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))


def _loaded_by(imported: str, known: set[str]) -> Iterator[str]:
    """The modules of ours that importing a name runs: it, or what holds it, and the packages above."""
    parts = imported.split(".")
    return (name for end in range(1, len(parts) + 1) if (name := ".".join(parts[:end])) in known)
