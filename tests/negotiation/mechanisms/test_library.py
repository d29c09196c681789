"""Which mechanisms no chair uses: PROTOCOLS.md names each of them, and none that one does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from agents.negotiation.mechanisms import allocation

MECHANISMS = Path(allocation.__file__).parent
AGENTS, PACKAGE = MECHANISMS.parents[1], "agents.negotiation.mechanisms"
Named = tuple[str, str]  # module and name


def modules() -> dict[str, ast.Module]:
    """Of mechanisms, by name."""
    return {path.stem: ast.parse(path.read_text()) for path in sorted(MECHANISMS.glob("*.py")) if path.stem != "__init__"}


def taken(tree: ast.AST, bound: dict[str, str]) -> Iterator[Named]:
    """What code takes of mechanisms: names that are imported from one, and attributes of one (`bound`: by the name it has here)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            yield from ((str(node.module).rsplit(".", maxsplit=1)[1], one.name) for one in node.names)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound:
            yield bound[node.value.id], node.attr


def bound_in(tree: ast.Module) -> dict[str, str]:
    """Mechanisms' modules that code imports whole."""
    return {one.asname or one.name: one.name for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == PACKAGE
            for one in node.names}  # fmt: skip


def in_use() -> set[Named]:
    """What parties, protocols and the front door use of mechanisms, and what that uses in turn."""
    trees = modules()
    definitions = {(module, node.name): node for module, tree in trees.items() for node in tree.body
                   if isinstance(node, ast.FunctionDef | ast.ClassDef)}  # fmt: skip
    imported = {module: {name: (source, name) for source, name in taken(tree, {})} for module, tree in trees.items()}
    users = [path for root in (AGENTS, AGENTS.parent / "parley") for path in root.rglob("*.py") if MECHANISMS not in path.parents]
    waiting = [one for path in users for tree in [ast.parse(path.read_text())] for one in taken(tree, bound_in(tree))]
    found: set[Named] = set()
    while waiting:
        one = waiting.pop()
        if one in found or one not in definitions:
            continue
        found.add(one)
        module, bound = one[0], bound_in(trees[one[0]])
        names = {node.id for node in ast.walk(definitions[one]) if isinstance(node, ast.Name)}
        waiting += [(module, name) for name in names] + [imported[module][name] for name in names if name in imported[module]]
        waiting += taken(definitions[one], bound)
    return found


def test_the_page_names_what_no_chair_uses() -> None:
    """Every public function that only users and tests call, by module; what a chair uses is not among them."""
    public = {(module, node.name) for module, tree in modules().items() for node in tree.body
              if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}  # fmt: skip
    text = (AGENTS / "PROTOCOLS.md").read_text()
    part = text[text.index("**What sits in a chair, and what is a library.**") :].split("The protocol `credits.py`", maxsplit=1)[0]
    told = {(module, name) for module, names in re.findall(r"^\| `(\w+)` \| (.*?) \|", part, re.MULTILINE)
            for name in re.findall(r"`(\w+)`", names)}  # fmt: skip
    assert told == public - in_use()
