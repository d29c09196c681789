"""`import parley` shows at most twenty-one names, on purpose; no package of the house shows more."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest

import parley
from tests.house.sources import Source, ours, planted

NAMES_MAX = 21  # 20, and Policy: what is exported by `parley export` is opened by it
PROMISED = {"run", "load"}  # DESIGN section 6; more may stand beside them


def leaks(module: ModuleType) -> set[str]:
    """Public names a module shows without listing them in `__all__`; its submodules are not meant."""
    shown = {name for name, value in vars(module).items() if not name.startswith("_") and not inspect.ismodule(value)}
    return shown - set(getattr(module, "__all__", ())) - {"annotations"}


def shown_by(source: Source) -> list[str]:
    """The names in a module's `__all__`, or none."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return []


def crowded(sources: list[Source]) -> list[str]:
    """Modules that show more than twenty-one names, or one of them twice."""
    return [
        f"{source.name} shows {len(names)} names, {len(set(names))} different"
        for source in sources
        if len(names := shown_by(source)) > NAMES_MAX or len(set(names)) < len(names)
    ]


def test_the_front_door_keeps_its_promises():
    """`parley.run` and `parley.load` are there, everything listed exists, is documented and nothing else shows."""
    assert set(parley.__all__) >= PROMISED
    assert leaks(parley) == set()
    mute = [n for n in parley.__all__ if callable(getattr(parley, n)) and not inspect.getdoc(getattr(parley, n))]
    assert mute == []


def test_no_package_shows_more_names():
    """A door is narrow everywhere."""
    assert crowded(ours()) == []


def test_a_leak_is_seen():
    """A name that is not listed."""
    door = ModuleType("door")
    exec("from math import pi\nimport math\n_hidden = 1\nrun = 2\n__all__ = ['run']", vars(door))
    assert leaks(door) == {"pi"}


@pytest.mark.parametrize("names", [[f"n{i}" for i in range(22)], ["run", "run"]], ids=["crowded", "twice"])
def test_a_crowded_door_is_seen(names):
    """Twenty-two names, or the same one twice."""
    assert len(crowded([planted("sim", f"__all__ = {names!r}")])) == 1
