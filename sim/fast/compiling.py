"""The one door to numba. Decorators only register; `kernels()` compiles, once, everything that was registered.

Kernels see the state of a lane as one pointer: to its *book*, which holds address and length of every array. So a part
of a kernel is called with one word, nothing is counted or copied on the way, and an array that grows is an entry that
changes. `s.frames[f].gen` reads as in Python: `s.frames` is a pointer and a length, an element of it a record.

There are two sets of kernels: the core, for worlds that need no feature, compiles in half a minute and is a little
faster; the full set has everything. In the core what only features need is left out, and says so if it is asked for.

Compiled code is cached on disk under a hash of all that is compiled, because numba's own cache does not notice a
changed callee in another file.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import operator
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim import words
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
    numba.config.CACHE_DIR = str(_folder() / set_name(is_full))
    books = "int64" if is_full else "uint64"  # the type of the first argument tells numba which set it compiles
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
    from numba.extending import register_jitable

    _teach_words()
    core = _teach_state(FIELDS)
    for function in [*LAWS, *PARTS, *COLD]:
        register_jitable(forceinline=function not in (*COLD, *SELDOM))(function)
    for function in FEATURES:
        _teach_feature(function, core)
    return numba


def _teach_feature(function: Callable[..., Any], core: Any) -> None:
    """Compile a feature's part as it is, but in the core only that it is not there."""
    from numba.extending import overload

    def nothing(s, *_):
        s.lane[0].stopped = ABSENT

    def no_number(s, *_):
        s.lane[0].stopped = ABSENT
        return 0

    def not_true(s, *_):
        s.lane[0].stopped = ABSENT
        return False

    absent = {"None": nothing, "int": no_number, "bool": not_true}[str(function.__annotations__["return"])]

    @overload(function, strict=False)
    def chosen(s, *_):
        return absent if s == core else function


def _teach_words() -> None:
    """The two functions of `sim.words`: a cast, and an instruction that counts leading zeros."""
    from numba.core import types
    from numba.extending import intrinsic, overload

    @intrinsic
    def counted(_: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.sub(args[0].type(64), builder.ctlz(args[0], context.get_constant(types.boolean, 0)))

        return types.int64(types.int64), code

    @overload(words.unsigned)
    def _unsigned(value):  # bare, because numba compares the two signatures, annotations included
        return lambda value: np.uint64(value)

    @overload(words.bit_length)
    def _bit_length(value):
        return lambda value: counted(value)


def _teach_state(fields: Mapping[str, np.dtype[Any]]) -> Any:
    """Teach numba the types of kernel code: the state (a pointer to a book), and rows (a pointer and a length).

    The state has a type of its own in the core, which is returned.
    """
    from numba.core import types
    from numba.np.numpy_support import from_dtype

    class RowsType(types.Type):
        """An array's address and length; its elements are records or numbers."""

        def __init__(self, name: str, dtype: Any) -> None:
            self.dtype = dtype
            super().__init__(name=f"Rows[{name}]")

    class StateType(types.Type):
        """The address of a lane's book."""

    _teach_elements(RowsType)
    _teach_prefetch(RowsType)
    _teach_length(RowsType)
    _teach_fields(StateType, {name: RowsType(name, from_dtype(dtype)) for name, dtype in fields.items()})
    full, core = StateType(name="State"), StateType(name="CoreState")
    _teach_entry(full, core)
    return core


def _teach_fields(state_type: Any, rows: Mapping[str, Any]) -> None:
    """`s.frames`: the address and length in the state's book, at the field's place."""
    from numba.core import cgutils, types
    from numba.core.typing import templates
    from numba.extending import lower_getattr_generic, models, register_model

    register_model(state_type)(models.OpaqueModel)
    places = list(rows)

    @templates.infer_getattr
    class Fields(templates.AttributeTemplate):
        key = state_type

        def generic_resolve(self, _: Any, name: str) -> Any:
            return rows.get(name)

    @lower_getattr_generic(state_type)
    def field_of_state(context: Any, builder: Any, _: Any, value: Any, name: str) -> Any:
        word = context.get_value_type(types.intp)
        book = builder.bitcast(value, word.as_pointer())
        address, size = (builder.load(builder.gep(book, [word(2 * places.index(name) + i)])) for i in range(2))
        for loaded in (address, size):  # books change between calls of a kernel only
            loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        made = cgutils.create_struct_proxy(rows[name])(context, builder)
        made.data = builder.inttoptr(address, made.data.type)
        made.size = size
        return made._getvalue()


def _teach_elements(rows_type: Any) -> None:
    """`rows[i]`: a record in place, or a number; `rows[i] = number`."""
    from numba.core import cgutils, types
    from numba.core.typing import templates
    from numba.extending import lower_builtin, models, register_model

    @register_model(rows_type)
    class RowsModel(models.StructModel):
        def __init__(self, manager: Any, kind: Any) -> None:
            super().__init__(manager, kind, [("data", types.CPointer(kind.dtype)), ("size", types.intp)])

    @templates.infer_global(operator.getitem)
    class Get(templates.AbstractTemplate):
        def generic(self, args: Any, _: Any) -> Any:
            return templates.signature(args[0].dtype, args[0], types.intp) if isinstance(args[0], rows_type) else None

    @templates.infer_global(operator.setitem)
    class Set(templates.AbstractTemplate):
        def generic(self, args: Any, _: Any) -> Any:
            fits = isinstance(args[0], rows_type) and not isinstance(args[0].dtype, types.Record)
            return templates.signature(types.none, args[0], types.intp, args[0].dtype) if fits else None

    def element(context: Any, builder: Any, kind: Any, value: Any, index: Any) -> Any:
        return builder.gep(cgutils.create_struct_proxy(kind)(context, builder, value=value).data, [index])

    @lower_builtin(operator.getitem, rows_type, types.intp)
    def get(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind, place = sig.args[0].dtype, element(context, builder, sig.args[0], *args)
        return place if isinstance(kind, types.Record) else context.unpack_value(builder, kind, place)

    @lower_builtin(operator.setitem, rows_type, types.intp, types.Any)
    def put(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        context.pack_value(builder, sig.args[0].dtype, args[2], element(context, builder, sig.args[0], *args[:2]))
        return context.get_dummy_value()


def _teach_prefetch(rows_type: Any) -> None:
    """`prefetch(rows, i, line)`: an instruction that waits for nothing and never fails."""
    from numba.core import cgutils, types
    from numba.extending import intrinsic, overload

    @intrinsic
    def near(_: Any, rows: Any, i: Any, line: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = builder.gep(cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0]).data, [args[1]])
            byte = cgutils.pointer_add(builder, place, builder.shl(args[2], args[2].type(6)), cgutils.voidptr_t)
            word = cgutils.int32_t
            kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [byte.type, word, word, word])
            instruction = builder.module.declare_intrinsic("llvm.prefetch", [byte.type], kind)
            builder.call(instruction, [byte, word(1), word(3), word(1)])  # to be written, used soon, data
            return context.get_dummy_value()

        return types.none(rows, types.intp, types.intp), code

    @overload(prefetch)
    def _prefetch(rows, i, line):
        return (lambda rows, i, line: near(rows, i, line)) if isinstance(rows, rows_type) else None


def _teach_length(rows_type: Any) -> None:
    """`len(rows)`."""
    from numba.core import cgutils, types
    from numba.core.typing import templates
    from numba.extending import lower_builtin

    @templates.infer_global(len)
    class Length(templates.AbstractTemplate):
        def generic(self, args: Any, _: Any) -> Any:
            return templates.signature(types.intp, args[0]) if isinstance(args[0], rows_type) else None

    @lower_builtin(len, rows_type)
    def length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0]).size


def _teach_entry(full: Any, core: Any) -> None:
    """`state_of(books, lane)`: the address of a book."""
    from numba.core import cgutils, types
    from numba.extending import intrinsic, overload

    @intrinsic
    def row_of_book(_: Any, book: Any, lane: Any) -> Any:
        state = core if book.dtype == types.uint64 else full

        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            array = context.make_array(sig.args[0])(context, builder, args[0])
            strides = cgutils.unpack_tuple(builder, array.strides)
            place = cgutils.pointer_add(builder, array.data, builder.mul(args[1], strides[0]))
            return builder.bitcast(place, context.get_value_type(state))

        return state(book, types.intp), code

    @overload(state_of)
    def _state_of(books, lane):
        return lambda books, lane: row_of_book(books, lane)
