"""The ids that Gymnasium knows once `parley` is imported, in whatever order the two are.

Gymnasium takes a third of a second to import, and most who import parley never ask for an environment. So where it is not there yet, the
ids wait at its door.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

LIBRARY = "gymnasium"
IDS = (  # of agents.learning.tasks.TASKS; made as `parley:Scale-v0`
    "Scale-v0", "Route-v0", "Balance-v0", "Discover-v0", "Breaker-v0", "Rightsize-v0", "Bid-v0",
)  # fmt: skip
ENV, VECTOR_ENV = "agents.learning.mesh_env:MeshEnv", "agents.learning.mesh_vector_env:MeshVectorEnv"


def register() -> None:
    """Make every environment known under its id, now or once Gymnasium is imported; again does nothing."""
    if LIBRARY in sys.modules:
        _tell(sys.modules[LIBRARY])
    elif not any(isinstance(finder, _AtTheDoor) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AtTheDoor())


def _tell(gymnasium: ModuleType) -> None:
    for name in IDS:
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point=ENV, vector_entry_point=VECTOR_ENV, kwargs={"name": name})


class _AtTheDoor(MetaPathFinder):
    """Finds nothing itself, but sees Gymnasium come."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The library's own spec, whose loader tells it our ids when it is done."""
        if fullname != LIBRARY:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(LIBRARY)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def loaded(module: ModuleType) -> None:
            load(module)
            _tell(module)

        spec.loader.exec_module = loaded  # type: ignore[method-assign]  # a loader is an object of its own, made for this import
        return spec
