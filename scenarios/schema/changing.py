"""Changes to a description before it is checked: one value at a path, or a whole file laid over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from scenarios.errors import Mistake, ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.mistakes import listed
from scenarios.schema.model import OneOf, Part
from scenarios.schema.placed import Place, PlacedMapping, copied, copied_list, place_of, written
from scenarios.schema.shape import below, is_list, is_mapping, key_word, part_at


def dumped(part: BaseModel) -> dict[str, Any]:
    """A part as a file would spell it: quantities with units, only what was given."""
    return part.model_dump(mode="json", by_alias=True, exclude_unset=True)


def laid_over(annotation: Any, base: Any, over: Any) -> Any:
    """`over` laid over `base`: mappings merge, everything else replaces; of a one-of the later choice holds.

    An empty value (null) takes a name out of a mapping of names.
    """
    part = part_at(annotation, over)
    if part is not None:
        base, over = part.spelled_out(base), part.spelled_out(over)
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    merged = copied(base)
    for key, value in over.items():
        _make_room(part, merged, key)
        if value is None and is_mapping(annotation):
            merged.pop(key, None)
        else:
            inner = laid_over(below(annotation, key), merged[key], value) if key in merged else value
            merged.put(key, inner, place_of(over, key))
    return merged


class Change(NamedTuple):
    """A value to be set at a path, as both were written, and what to call the place in messages."""

    path: str
    value: Any
    place: Place


def assigned(annotation: Any, data: Any, change: Change) -> Any:
    """Data with one value changed. Raises ScenarioError where the schema knows no such path."""
    keys = split(change.path)
    if keys is None:
        raise ScenarioError(f"{change.place}: {change.path!r} is not a path; write it like services.cart.replicas")
    return _assigned(annotation, data, keys, change)


def split(path: str) -> list[str] | None:
    """The keys of a dotted path; a key in quotes may hold dots. None where a quote or a key is missing."""
    keys, rest = [], path.strip()
    while True:
        quote = rest[:1] if rest[:1] in ("'", '"') else ""
        end = rest.find(quote, 1) if quote else rest.find(".")
        if quote and (end < 0 or rest[end + 1 : end + 2] not in ("", ".")):
            return None
        key, rest = (rest[1:end], rest[end + 1 :]) if quote else (rest, "") if end < 0 else (rest[:end], rest[end:])
        if not key:
            return None
        keys.append(key)
        if not rest:
            return keys
        rest = rest[1:]


def _assigned(annotation: Any, data: Any, keys: list[str], change: Change) -> Any:
    if not keys:
        return change.value
    part = part_at(annotation, data)
    if part is not None:
        return _in_part(part, data, keys, change)
    if is_mapping(annotation):
        return _in_mapping(annotation, data, keys, change)
    if is_list(annotation):
        return _in_list(annotation, data, keys, change)
    raise _refusal(change, keys, f"has no {keys[0]!r}; it is a single value")


def _in_part(part: type[Part], data: Any, keys: list[str], change: Change) -> Any:
    key = keys[0]
    types = part.field_types()
    if key not in types:
        raise _refusal(change, keys, _unknown(key, part.key_names()))
    changed = copied(part.spelled_out(data))
    _make_room(part, changed, key)
    changed.put(key, _assigned(types[key], changed.get(key), keys[1:], change), change.place)
    return changed


def _in_mapping(annotation: Any, data: Any, keys: list[str], change: Change) -> Any:
    count = _key_length(annotation, data, keys, change.value)
    key, rest = ".".join(keys[:count]), keys[count:]
    changed = copied(data)
    inner = below(annotation, key)
    if key not in changed and (_needs_more(inner, rest) or (not rest and change.value is None)):
        raise _refusal(change, keys, _unknown(key, list(changed)))
    if not rest and change.value is None:
        changed.pop(key)
    else:
        changed.put(key, _assigned(inner, changed.get(key), rest, change), change.place)
    return changed


def _in_list(annotation: Any, data: Any, keys: list[str], change: Change) -> Any:
    bare = isinstance(data, Mapping)  # one step may stand where a list of steps is meant
    if bare and not keys[0].isdecimal():
        return _assigned(below(annotation, 0), data, keys, change)
    items = data if isinstance(data, (list, tuple)) else (data,) if bare else ()
    if not keys[0].isascii() or not keys[0].isdecimal() or len(keys[0]) > 9 or int(keys[0]) >= len(items):
        raise _refusal(change, keys, f"has no item {keys[0]!r}; it has {len(items)}, counted from 0")
    index = int(keys[0])
    changed = copied_list(items)
    inner = below(annotation, index)
    changed[index] = _assigned(inner, items[index], keys[1:], change)
    changed.places[index] = change.place
    return changed


def _make_room(part: type[Part] | None, data: PlacedMapping, key: str) -> None:
    """Choosing one alternative of a one-of drops the other."""
    if part is not None and issubclass(part, OneOf) and key in part.alternatives():
        for other in part.alternatives():
            if other != key:
                data.pop(other, None)


def _key_length(annotation: Any, data: Any, keys: list[str], value: Any) -> int:
    """How many of the dotted keys are one key here: `routes.a.x -> b.y.timeout` has three, then a field."""
    word = key_word(annotation)
    lengths = [n for n in range(len(keys), 0, -1) if word is None or word.fits(".".join(keys[:n]))]
    goes_on = [n for n in lengths if _may_follow(below(annotation, keys[0]), keys[n:], value)]
    there = [n for n in goes_on if isinstance(data, Mapping) and ".".join(keys[:n]) in data]
    return next(iter([*there, *goes_on, *lengths[::-1]]), 1)


def _may_follow(inner: Any, rest: list[str], value: Any) -> bool:
    part = part_at(inner)
    if part is None:
        return True
    return rest[0] in part.field_types() if rest else isinstance(value, (Mapping, type(None)))


def _needs_more(inner: Any, rest: list[str]) -> bool:
    """Whether a new entry could not stand with the one value that a longer path gives it."""
    part = part_at(inner)
    return bool(rest) and part is not None and any(info.is_required() for info in part.model_fields.values())


def _unknown(key: str, right: list[str]) -> str:
    return f"has no {key!r}{suggestion(key, right) or '; it has ' + (listed(right) or 'nothing')}"


def _refusal(change: Change, keys: list[str], rule: str) -> ScenarioError:
    """A path that leads nowhere; `keys` is what was left of it."""
    above = tuple((split(change.path) or [])[: -len(keys)])
    return ScenarioError(f"{change.place}: {written(above) or 'a scenario'} {rule}", (Mistake(above, rule),))
