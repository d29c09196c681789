"""What may stand at a place of a description: the schema's types, followed key by key."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Tag

from scenarios.schema.model import Part
from scenarios.schema.placed import Path
from scenarios.schema.words import Word


def members(annotation: Any) -> list[Any]:
    """The alternatives of a type, None left out; a type that is no union is its own only member."""
    bare = _bare(annotation)
    if get_origin(bare) in (Union, types.UnionType):
        return [member for arg in get_args(bare) for member in members_of(arg)]
    return [annotation]


def members_of(arg: Any) -> list[Any]:
    """Like `members`, but None gives nothing and a tagged member stays whole."""
    return [] if arg is type(None) else [arg] if tag_of(arg) else members(arg)


def part_at(annotation: Any, value: Any = None) -> type[Part] | None:
    """The Part that stands here; of several, the one whose tag is among the keys of `value`."""
    options = members(annotation)
    if len(options) > 1 and isinstance(value, Mapping):
        options = [option for option in options if tag_of(option) in value] or options
    bare = _bare(options[0]) if len(options) == 1 else None
    return bare if isinstance(bare, type) and issubclass(bare, Part) else None


def tag_of(annotation: Any) -> str | None:
    """The tag by which pydantic names a member of a union."""
    return next((meta.tag for meta in _metadata(annotation) if isinstance(meta, Tag)), None)


def value_type(annotation: Any) -> Any:
    """The type of a mapping's values or of a list's items; None where it is neither."""
    found = [_bare(member) for member in members(annotation)]
    origins = {get_origin(member): get_args(member) for member in found}
    if dict in origins:
        return origins[dict][1]
    return origins[tuple][0] if tuple in origins else None


def key_word(annotation: Any) -> Word | None:
    """The rule for a mapping's keys, if there is one."""
    args = next((get_args(_bare(m)) for m in members(annotation) if get_origin(_bare(m)) is dict), ())
    return next((meta for meta in _metadata(args[0]) if isinstance(meta, Word)), None) if args else None


def is_mapping(annotation: Any) -> bool:
    """Whether a mapping with free keys may stand here."""
    return any(get_origin(_bare(member)) is dict for member in members(annotation))


def is_list(annotation: Any) -> bool:
    """Whether a list may stand here."""
    return any(get_origin(_bare(member)) is tuple for member in members(annotation))


def below(annotation: Any, key: str | int, value: Any = None) -> Any:
    """The type one key further down; None where the schema knows no such key."""
    part = part_at(annotation, value)
    if part is not None:
        return part.field_types().get(str(key))
    args = next((get_args(_bare(m)) for m in members(annotation) if get_origin(_bare(m)) is tuple), ())
    if args and Ellipsis not in args:
        return args[key] if isinstance(key, int) and key < len(args) else None
    return value_type(annotation)


def untagged(root: Any, loc: Path) -> tuple[Path, list[Any]]:
    """pydantic's location without the tags of unions, and the type at each step of what remains, root first."""
    path: list[str | int] = []
    trail = [root]
    for component in loc:
        options = {tag_of(member): member for member in members(trail[-1])}
        if len(options) > 1 and component in options:
            trail[-1] = options[str(component)]
        elif component != "[key]":
            path.append(component)
            trail.append(below(trail[-1], component))
    return tuple(path), trail


def _bare(annotation: Any) -> Any:
    return _bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _metadata(annotation: Any) -> tuple[Any, ...]:
    return tuple(typing.get_args(annotation)[1:]) if get_origin(annotation) is Annotated else ()
