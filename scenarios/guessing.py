"""Numbers that nobody knows: `{guess: 8ms, low: 5ms, high: 14ms}` stands wherever the schema has a number.

Of a world the guess is what counts: `settled` puts it in the form's place, so that a Scenario is as without it. Where uncertain
numbers stand, and between which ends, is told by `guesses_in`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from scenarios.errors import ScenarioError, quoted
from scenarios.naming import suggestion
from scenarios.schema.changing import Change, assigned, dumped
from scenarios.schema.mistakes import mistakes_of
from scenarios.schema.model import Part
from scenarios.schema.placed import Path, Place, PlacedMapping, copied, copied_list, place_of, written
from scenarios.schema.shape import below, is_list, is_mapping, part_at

WORDS = ("guess", "low", "high")
EXAMPLE = "{guess: 8ms, low: 5ms, high: 14ms}"
LOGARITHMIC_FROM = 10  # high over low
Inside = int | float  # a quantity in inside units: nanoseconds, per second, ...


@dataclass(frozen=True)
class NumberKind:
    """What kind of number stands at a place: how it is read from a file, and written into one."""

    adapter: TypeAdapter[Any] = field(compare=False, repr=False)

    def inside(self, value: Any) -> Inside:
        """A value in inside units. Raises ValidationError where it breaks a rule of the schema, TypeError where it is no number."""
        found = self.adapter.validate_python(value)
        if isinstance(value, bool) or isinstance(found, bool) or not isinstance(found, int | float):
            raise TypeError(f"{quoted(value)} is no number")
        return found

    def written(self, value: Inside) -> Any:
        """A value in inside units as a file has it."""
        return self.adapter.dump_python(value, mode="json")

    @staticmethod
    def is_whole(value: Inside) -> bool:
        """Whether the place takes whole numbers (of nanoseconds, bytes, ...) only, told from a value in inside units."""
        return isinstance(value, int)


@dataclass(frozen=True)
class Guess:
    """A number of a scenario that is uncertain: where it stands, and as a file has it its guess and the ends it lies between."""

    path: str  # as --set takes it
    guess: Any
    low: Any
    high: Any
    kind: NumberKind

    @property
    def is_logarithmic(self) -> bool:
        """Whether its ends are so far apart that its order of magnitude is what is uncertain."""
        low, high = self.kind.inside(self.low), self.kind.inside(self.high)
        return low > 0 and high >= LOGARITHMIC_FROM * low

    def at(self, share: float) -> Any:
        """The value at a share 0 … 1 of its range, as a file has it; every whole number is given the same room."""
        low, high = self.kind.inside(self.low), self.kind.inside(self.high)
        end = high + 1 if self.kind.is_whole(low) else high
        value = low * (end / low) ** share if self.is_logarithmic else low + (end - low) * share
        return self.kind.written(min(high, math.floor(value)) if self.kind.is_whole(low) else min(high, value))


@dataclass(frozen=True)
class Uncertain:
    """The form, once it is understood, in the place of the number it stands for."""

    guess: Any
    low: Any
    high: Any
    kind: NumberKind


def understood(annotation: Any, data: Any, path: Path = ()) -> Any:
    """Data of this type with an Uncertain for every form in it. Raises ScenarioError where one is wrong, or none may stand."""
    if isinstance(data, Mapping) and _is_form(annotation, data):
        return _uncertain(annotation, data, path)
    changed = None
    for key, value, inner in _inside(annotation, data):
        new = understood(inner, value, (*path, key))
        if new is not value:
            changed = changed if changed is not None else copied(data) if isinstance(data, Mapping) else copied_list(data)
            changed[key] = new
    return data if changed is None else changed


def settled(data: Any) -> Any:
    """The same data with the guess in place of every Uncertain."""
    if isinstance(data, Uncertain):
        return data.guess
    changed = None
    for key, value in _items(data):
        new = settled(value)
        if new is not value:
            changed = changed if changed is not None else copied(data) if isinstance(data, Mapping) else copied_list(data)
            changed[key] = new
    return data if changed is None else changed


def guesses_in(annotation: Any, data: Any, path: Path = ()) -> Iterator[Guess]:
    """Every Uncertain of understood data, in the order of the file, with a path that --set takes."""
    if isinstance(data, Uncertain):
        yield Guess(written(path), data.guess, data.low, data.high, data.kind)
        return
    part = part_at(annotation, data)
    if part is not None and part.short is not None and isinstance(data, list):
        yield from guesses_in(part.field_types()[part.short], data, (*path, part.short))
    elif part is None and is_list(annotation) and isinstance(data, Mapping):  # one step where a list of steps is meant
        yield from guesses_in(below(annotation, 0), data, (*path, 0))
    else:
        for key, value, inner in _inside(annotation, data):
            yield from guesses_in(inner, value, (*path, key))


def guess_between(world: Part, path: str, low: Any, high: Any, place: Place) -> Guess:
    """The number that a world has at a path, as a guess between two ends. Raises ScenarioError, which speaks of the place."""
    keys = _keys(assigned(type(world), dumped(world), Change(path, _MARK, place)))
    assert keys is not None
    form, annotation, guess = PlacedMapping(place), _type_at(type(world), dumped(world), keys), _value(world, keys)
    kind = _number(annotation)
    if kind is None or isinstance(guess, bool) or not isinstance(guess, int | float):
        raise ScenarioError(f"{place}: {written(keys)} is no number in this scenario; give it one by --set '{path}={EXAMPLE}'")
    for word, value in zip(WORDS, (kind.written(guess), low, high), strict=True):
        form.put(word, value, place)
    found = _uncertain(annotation, form, keys)
    return Guess(written(keys), found.guess, found.low, found.high, kind)


_MARK = object()


def _keys(data: Any) -> Path | None:
    """Where the mark is."""
    if data is _MARK:
        return ()
    return next(((key, *rest) for key, value in _items(data) if (rest := _keys(value)) is not None), None)


def _type_at(annotation: Any, data: Any, keys: Path) -> Any:
    """The type of what stands at keys of data."""
    for key in keys:
        annotation = _typed(annotation, key, data)
        data = data.get(key) if isinstance(data, Mapping) else data[int(key)] if isinstance(data, list | tuple) else None
    return annotation


def _value(part: Any, keys: Path) -> Any:
    """What a world has at keys, defaults included; of a short form the value it stands for."""
    for key in keys:
        if isinstance(part, Part):
            named = (name for name, info in type(part).model_fields.items() if key in (info.alias, name))
            part = getattr(part, next(named, str(key)), None)
        else:
            part = part.get(key) if isinstance(part, Mapping) else part[int(key)] if isinstance(part, tuple) else None
    while isinstance(part, Part) and part.short is not None:
        part = getattr(part, part.short)
    return part


def _is_form(annotation: Any, data: Mapping[str, Any]) -> bool:
    """Whether a mapping is meant as the form: not where `guess` may be a name, or is a key of its own."""
    if "guess" not in data or annotation is None or isinstance(data["guess"], Mapping | list):
        return False
    part = part_at(annotation, data)
    return not is_mapping(annotation) and (part is None or "guess" not in part.field_types())


def _uncertain(annotation: Any, data: Mapping[str, Any], path: Path) -> Uncertain:
    place, name = getattr(data, "here", None), written(path) or "this"
    where = f"{place}: {name}" if place is not None else name
    for word in data:
        if word not in WORDS:
            raise ScenarioError(f"{place_of(data, word) or place}: {name} has no {word!r}{suggestion(word, WORDS) or f'; write {EXAMPLE}'}")
    if missing := [word for word in WORDS if word not in data]:
        raise ScenarioError(f"{where}: needs {' and '.join(missing)} as well; write it like {EXAMPLE}")
    kind = _number(annotation)
    if kind is None:
        raise ScenarioError(f"{where}: a guess stands for a number, and here is none")
    guess, low, high = (_read(kind, data, word, name) for word in WORDS)
    if not low < high:
        raise ScenarioError(f"{place_of(data, 'low') or place}: {name}: low ({data['low']}) must be less than high ({data['high']})")
    if not low <= guess <= high:
        raise ScenarioError(f"{place_of(data, 'guess') or place}: {name}: the guess {data['guess']} must be between low ({data['low']}) "
                            f"and high ({data['high']})")  # fmt: skip
    return Uncertain(data["guess"], data["low"], data["high"], kind)


def _read(kind: NumberKind, data: Mapping[str, Any], word: str, name: str) -> Inside:
    place, value = place_of(data, word) or getattr(data, "here", None), data[word]
    start = f"{place}: " if place is not None else ""
    try:
        return kind.inside(value)
    except ValidationError as fault:
        rule = mistakes_of(Part, value, fault)[0].rule
        raise ScenarioError(f"{start}{name}.{word} = {quoted(value)} {rule}") from None
    except TypeError:
        raise ScenarioError(f"{start}{name}.{word} = {quoted(value)} is no number; write the guess like {EXAMPLE}") from None


def _inside(annotation: Any, data: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(key, value, type) of what data holds; of a short form what it stands for."""
    part = part_at(annotation, data)
    if part is not None and part.short is not None and isinstance(data, list):
        annotation, part = part.field_types()[part.short], None
    elif part is None and is_list(annotation) and isinstance(data, Mapping):
        annotation = below(annotation, 0)
    for key, value in _items(data):
        yield key, value, _typed(annotation, key, data)


def _items(data: Any) -> list[tuple[Any, Any]]:
    if isinstance(data, Mapping):
        return list(data.items())
    return list(enumerate(data)) if isinstance(data, list | tuple) else []


def _typed(annotation: Any, key: str | int, data: Any) -> Any:
    """As `below`, with the rules that a field of a part adds to its type."""
    part = part_at(annotation, data)
    if part is None:
        return below(annotation, key, data)
    info = next((info for name, info in part.model_fields.items() if key in (info.alias, name)), None)
    if info is None:
        return None
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


def _number(annotation: Any) -> NumberKind | None:
    """The kind of number that stands here, for a short form the one it stands for; None where none can."""
    while (part := part_at(annotation)) is not None:
        if part.short is None:
            return None
        annotation = _typed(part, part.short, None)
    try:
        return None if annotation is None else NumberKind(TypeAdapter(annotation))
    except PydanticUserError:
        return None
