"""The one door to numba. Decorators only register; `kernels()` compiles, once, everything that was registered.

Kernels see the state of a lane as one pointer: to its *book*, which holds address and length of every array. So a part
of a kernel is called with one word, nothing is counted or copied on the way, and an array that grows is an entry that
changes. `s.frames[f].gen` reads as in Python: `s.frames` is a pointer and a length, an element of it a record.

There are two sets of kernels: the core, for worlds that need no feature, compiles in half the time and is a little
faster; the full set has everything. In the core what only features need is left out, and says so if it is asked for.

Compiled code is cached on disk under a hash of all that is compiled, because numba's own cache does not notice a
changed callee in another file.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sim.fast.state import FIELDS
from sim.registry import LAWS, SELDOM

SIM = Path(__file__).resolve().parent.parent
PARTS: list[Callable[..., Any]] = []
COLD: list[Callable[..., Any]] = []
FEATURES: list[Callable[..., Any]] = []
ABSENT = -1  # in `stopped`: the core was asked for a feature
KERNELS: list[tuple[Callable[..., Any], str]] = []


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """A part of a kernel: compiled into whoever calls it."""
    PARTS.append(function)
    return function


def cold(function: Callable[..., Any]) -> Callable[..., Any]:
    """A part that is seldom needed, or long: called, so that the kernel itself stays small."""
    COLD.append(function)
    return function


def feature(function: Callable[..., Any]) -> Callable[..., Any]:
    """A cold part of a feature, whose first argument is the state: the core leaves it out."""
    FEATURES.append(function)
    return function


def kernel(arguments: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function that Python calls in compiled form, as an attribute of `kernels()`, with arguments of these types."""

    def registered(function: Callable[..., Any]) -> Callable[..., Any]:
        KERNELS.append((function, f"void({arguments})"))
        return function

    return registered


def state_of(books: Any, lane: int) -> Any:
    """The state of a world, from its book of addresses; exists in compiled code only."""
    raise AssertionError("compiled code only")


def prefetch(rows: Any, i: int, line: int) -> None:
    """Bring a cache line of element i near, wherever that lies; exists in compiled code only."""
    raise AssertionError("compiled code only")


def sources_hash() -> str:
    """Hash of every law and kernel source, and of where they lie."""
    files = [*SIM.glob("laws/*.py"), *SIM.glob("fast/*.py"), SIM / "draws.py", SIM / "words.py", SIM / "clock.py", SIM / "records.py",
             SIM / "trace.py"]  # fmt: skip
    total = hashlib.blake2b(str(SIM).encode(), digest_size=8)  # numba keeps code by the path of its source
    for file in sorted(files):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def cache_folder() -> Path:
    """Where compiled code is kept: PARLEY_CACHE, or the user's cache folder."""
    root = os.environ.get("PARLEY_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "parley" / sources_hash()


def is_compiled(is_full: bool) -> bool:
    """Whether the cache already holds the compiled kernels of a set, so that the first run need not wait."""
    return len(list((cache_folder() / set_name(is_full)).rglob("*.nbc"))) >= len(KERNELS)


def set_name(is_full: bool) -> str:
    """The folder of a set of kernels."""
    return "full" if is_full else "core"


def usable_folder() -> Path:
    """The cache's folder; where nothing can be written there, a copy of it that lasts as long as this process."""
    kept = cache_folder()
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=kept):
            return kept
    except OSError:
        copy = Path(tempfile.mkdtemp(prefix="parley-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        if kept.is_dir():
            shutil.copytree(kept, copy, dirs_exist_ok=True)
        return copy


@functools.cache
def kernels(is_full: bool) -> SimpleNamespace:
    """A set of kernels, compiled now or before, and kept on disk; they run without the GIL."""
    numba = _taught()
    from sim.fast import linking

    numba.config.CACHE_DIR = str(_folder() / set_name(is_full))
    books = "int64" if is_full else "uint64"  # the type of the first argument tells numba which set it compiles
    called = frozenset(function.__name__ for function in [*COLD, *FEATURES, *SELDOM])
    with linking.linking_once(frozenset(function.__name__ for function, _ in KERNELS), called):
        made = {function.__name__: numba.njit(arguments.replace("int64", books, 1), cache=True, nogil=True, error_model="numpy")(function)
                for function, arguments in KERNELS}  # fmt: skip
    return SimpleNamespace(**made)


@functools.cache
def _folder() -> Path:
    return usable_folder()


@functools.cache
def _taught() -> Any:
    """numba, once it knows everything that kernels are made of."""
    os.environ["NUMBA_CACHE_DIR"] = str(_folder())  # before numba is imported: it reads its settings once
    import numba

    from sim.fast import kernel_types

    kernel_types.teach_words()
    kernel_types.teach_prefetch(prefetch)
    core = kernel_types.teach_state(FIELDS, state_of)
    for function in [*LAWS, *PARTS, *COLD]:
        kernel_types.teach_part(function, is_inlined=function not in (*COLD, *SELDOM))
    for function in FEATURES:
        kernel_types.teach_feature(function, ABSENCES[str(function.__annotations__["return"])], core)
    return numba


def _nothing(s, *_):
    s.lane[0].stopped = ABSENT


def _no_number(s, *_):
    s.lane[0].stopped = ABSENT
    return 0


def _not_true(s, *_):
    s.lane[0].stopped = ABSENT
    return False


ABSENCES = {"None": _nothing, "int": _no_number, "bool": _not_true}  # of a feature in the core, by what it returns
