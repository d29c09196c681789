"""What numba is taught before it compiles kernels: the state, its rows of records or numbers, and a few functions.

A state is a pointer to a book of addresses, rows are a pointer and a length, a record is a pointer. Whole numbers are of
64 bits wherever they are not stored: so a part is compiled once, not once for every width it might be called with.

This module imports numba, which takes a second: only `compiling` imports it, once kernels are asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.core.typing import templates
from numba.extending import (
    intrinsic,
    lower_builtin,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    overload,
    register_model,
)
from numba.np.numpy_support import from_dtype

from sim import words


class RecordType(types.Type):
    """The address of a record; arrays of one layout share it, and it bears the name of the first of them."""

    def __init__(self, dtype: Any, name: str) -> None:
        self.dtype = dtype
        super().__init__(name=f"Record[{name}]")


class RowsType(types.Type):
    """An array's address and length; its elements are records or numbers."""

    def __init__(self, dtype: Any, element: Any) -> None:
        self.dtype, self.element = dtype, element
        super().__init__(name=f"Rows[{self.element.name}, {dtype.itemsize}]")


class StateType(types.Type):
    """The address of a lane's book, whose entries are address and length of these rows."""

    def __init__(self, name: str, rows: Mapping[str, RowsType]) -> None:
        self.rows, self.places = rows, {field: 2 * place for place, field in enumerate(rows)}
        super().__init__(name=name)


def worked_with(dtype: Any) -> Any:
    """The type of a stored number once it is loaded."""
    kind = from_dtype(dtype)
    return types.int64 if isinstance(kind, types.Integer) and kind.bitwidth < types.int64.bitwidth else kind


def teach_state(fields: Mapping[str, np.dtype[Any]], state_of: Callable[..., Any]) -> StateType:
    """Teach numba states of these fields, and `state_of(books, lane)`; returns the type of a state of the core.

    Books of unsigned words are of the core.
    """
    elements: dict[np.dtype[Any], Any] = {}
    for name, dtype in fields.items():
        elements.setdefault(dtype, RecordType(dtype, name) if dtype.names else worked_with(dtype))
    rows = {name: RowsType(dtype, elements[dtype]) for name, dtype in fields.items()}
    full, core = StateType("State", rows), StateType("CoreState", rows)

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

    return core


def teach_prefetch(prefetch: Callable[..., Any]) -> None:
    """`prefetch(rows, i, line)`: an instruction that waits for nothing and never fails."""

    @intrinsic
    def near(_: Any, rows: Any, i: Any, line: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            row = address_of(context, builder, sig.args[0], args[0], args[1])
            byte = cgutils.pointer_add(builder, row, builder.shl(args[2], args[2].type(6)), cgutils.voidptr_t)
            word = cgutils.int32_t
            kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [byte.type, word, word, word])
            instruction = builder.module.declare_intrinsic("llvm.prefetch", [byte.type], kind)
            builder.call(instruction, [byte, word(1), word(3), word(1)])  # to be written, used soon, data
            return context.get_dummy_value()

        return types.none(rows, types.intp, types.intp), code

    @overload(prefetch)
    def _prefetch(rows, i, line):
        return (lambda rows, i, line: near(rows, i, line)) if isinstance(rows, RowsType) else None


def teach_words() -> None:
    """The two functions of `sim.words`: a cast, and an instruction that counts leading zeros."""

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


register_model(RecordType)(models.OpaqueModel)
register_model(StateType)(models.OpaqueModel)


@register_model(RowsType)
class RowsModel(models.StructModel):
    """A pointer and a length."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("data", types.voidptr), ("size", types.intp)])


@templates.infer_getattr
class FieldOfState(templates.AttributeTemplate):
    """`s.frames`: rows."""

    key = StateType

    def generic_resolve(self, state: Any, name: str) -> Any:
        """Rows of that name, if there are any."""
        return state.rows.get(name)


@lower_getattr_generic(StateType)
def field_of_state(context: Any, builder: Any, state: Any, value: Any, name: str) -> Any:
    """The address and length in the state's book, at the field's place."""
    word = context.get_value_type(types.intp)
    book = builder.bitcast(value, word.as_pointer())
    address, size = (builder.load(builder.gep(book, [word(state.places[name] + i)])) for i in range(2))
    for loaded in (address, size):  # books change between calls of a kernel only
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    made = cgutils.create_struct_proxy(state.rows[name])(context, builder)
    made.data = builder.inttoptr(address, made.data.type)
    made.size = size
    return made._getvalue()


@templates.infer_getattr
class FieldOfRecord(templates.AttributeTemplate):
    """`frame.pod`, to be read or to be set."""

    key = RecordType

    def generic_resolve(self, record: Any, name: str) -> Any:
        """The type of the number, if there is a field of that name."""
        return worked_with(record.dtype.fields[name][0]) if name in record.dtype.fields else None


def place_in_record(context: Any, builder: Any, record: RecordType, value: Any, name: str) -> tuple[Any, Any]:
    """How a field is stored, and its address."""
    dtype, offset = record.dtype.fields[name][:2]
    kind = from_dtype(dtype)
    return kind, cgutils.pointer_add(builder, value, offset, context.get_data_type(kind).as_pointer())


@lower_getattr_generic(RecordType)
def field_of_record(context: Any, builder: Any, record: Any, value: Any, name: str) -> Any:
    """The number that is stored there."""
    kind, place = place_in_record(context, builder, record, value, name)
    return context.cast(builder, context.unpack_value(builder, kind, place), kind, worked_with(record.dtype.fields[name][0]))


@lower_setattr_generic(RecordType)
def set_field_of_record(context: Any, builder: Any, sig: Any, args: Any, name: str) -> Any:
    """Store a number as wide as the field is."""
    kind, place = place_in_record(context, builder, sig.args[0], args[0], name)
    context.pack_value(builder, kind, context.cast(builder, args[1], sig.args[1], kind), place)


@templates.infer_global(operator.getitem)
class ElementOfRows(templates.AbstractTemplate):
    """`rows[i]`: a record in place, or a number."""

    def generic(self, args: Any, _: Any) -> Any:
        """Of an element, where these are rows."""
        return templates.signature(args[0].element, args[0], types.intp) if isinstance(args[0], RowsType) else None


@templates.infer_global(operator.setitem)
class SetElementOfRows(templates.AbstractTemplate):
    """`rows[i] = number`."""

    def generic(self, args: Any, _: Any) -> Any:
        """Of nothing, where these are rows of numbers."""
        fits = isinstance(args[0], RowsType) and not isinstance(args[0].element, RecordType)
        return templates.signature(types.none, args[0], types.intp, args[0].element) if fits else None


def address_of(context: Any, builder: Any, rows: RowsType, value: Any, i: Any) -> Any:
    """Where an element lies."""
    data = cgutils.create_struct_proxy(rows)(context, builder, value=value).data
    return cgutils.pointer_add(builder, data, builder.mul(i, i.type(rows.dtype.itemsize), flags=["nsw"]))


def number_of(context: Any, builder: Any, rows: RowsType, value: Any, i: Any) -> tuple[Any, Any]:
    """How an element that is a number is stored, and where."""
    kind = from_dtype(rows.dtype)
    return kind, builder.bitcast(address_of(context, builder, rows, value, i), context.get_data_type(kind).as_pointer())


@lower_builtin(operator.getitem, RowsType, types.intp)
def get_element(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """A record's address, or a number."""
    rows = sig.args[0]
    if isinstance(rows.element, RecordType):
        return address_of(context, builder, rows, *args)
    kind, place = number_of(context, builder, rows, *args)
    return context.cast(builder, context.unpack_value(builder, kind, place), kind, rows.element)


@lower_builtin(operator.setitem, RowsType, types.intp, types.Any)
def set_element(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Store a number as wide as the elements are."""
    kind, place = number_of(context, builder, sig.args[0], *args[:2])
    context.pack_value(builder, kind, context.cast(builder, args[2], sig.args[2], kind), place)
    return context.get_dummy_value()


@templates.infer_global(len)
class LengthOfRows(templates.AbstractTemplate):
    """`len(rows)`."""

    def generic(self, args: Any, _: Any) -> Any:
        """Of a number, where these are rows."""
        return templates.signature(types.intp, args[0]) if isinstance(args[0], RowsType) else None


@lower_builtin(len, RowsType)
def length_of_rows(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """As the book has it."""
    return cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0]).size


def teach_part(function: Callable[..., Any], *, is_inlined: bool) -> None:
    """Compile a function into its callers, or to be called by them."""
    _overload(function, lambda *_: function, is_inlined=is_inlined)


def teach_feature(function: Callable[..., Any], absent: Callable[..., Any], core: StateType) -> None:
    """Compile a feature's part, to be called; in the core another in its place."""
    _overload(function, lambda s, *_: absent if s == core else function, is_inlined=False)


def _overload(function: Callable[..., Any], chosen: Callable[..., Any], *, is_inlined: bool) -> None:
    """What is chosen for the types of a call is compiled without the wrappers that only Python and C need."""
    # forceinline is said even where it is not wanted: numba hands it down from caller to callee
    options: Any = {"forceinline": is_inlined, "no_cfunc_wrapper": True}
    overload(function, jit_options=options, strict=False)(chosen)
