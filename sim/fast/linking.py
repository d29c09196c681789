"""How kernels are linked: every part that is called is optimised by itself, and linked into a kernel once.

numba by itself links a function with all that it calls, and all those call, before it optimises it and emits machine
code, and does so again for whoever calls it. For a few hundred parts that takes twice as long as all the rest. Nothing
else depends on it: where numba's inside has changed, kernels are linked as it does by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target

USED = ("finalize", "_optimize_final_module", "_finalize_final_module", "_finalize_dynamic_globals", "_get_module_for_linking")


@contextmanager
def linking_once(kernels: frozenset[str], called: frozenset[str]) -> Iterator[None]:
    """While it lasts, kernels of these names are linked from the called parts of these names."""
    codegen = cpu_target.target_context.codegen()
    if not hasattr(codegen, "_library_class") or not all(hasattr(JITCodeLibrary, name) for name in USED):
        yield
        return

    class Library(JITCodeLibrary):
        """What numba compiles one function into."""

        def __init__(self, codegen: Any, name: str) -> None:
            super().__init__(codegen, name)
            self.is_kernel = name in kernels
            self.called: dict[Any, None] = {}  # still to be linked, callers first: LLVM leaves out what nobody asked for

        @property
        def codegen(self) -> Any:
            """Where machine code goes: only kernels have any."""
            return self._codegen if self.is_kernel else Unemitted

        def finalize(self) -> None:
            """Link and optimise; emit machine code for a kernel."""
            self._raise_if_finalized()
            for library in dict.fromkeys(self._linking_libraries):
                if loaded := getattr(library, "_reload_init", None):  # what to run once code is loaded; older versions have none
                    self._reload_init.update(loaded)
                if library.name in called:
                    self.called.setdefault(library)
                else:
                    self._link(library)
                self.called |= getattr(library, "called", {})
            if self.is_kernel:
                for library in self.called:
                    self._link(library)
            self._optimize_final_module()
            self._final_module.verify()
            if self.is_kernel:
                self._finalize_final_module()
            else:
                self._finalize_dynamic_globals()
                self._finalized = True

        def _link(self, library: Any) -> None:
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)

    usual, codegen._library_class = codegen._library_class, Library
    try:
        yield
    finally:
        codegen._library_class = usual


class Unemitted:
    """Takes the environment of a function that has no machine code of its own."""

    @staticmethod
    def set_env(_name: str, _env: Any) -> None:
        """Only Python's wrappers would ask for it."""
