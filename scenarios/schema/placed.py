"""Data that remembers where in a file it stands: dicts and lists whose items have a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where something was written. Line and column count from 1; line 0 means a source without lines."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class PlacedMapping(dict[str, Any]):
    """A mapping that stands `here`, with the place of each key."""

    def __init__(self, here: Place | None = None) -> None:
        super().__init__()
        self.here = here
        self.places: dict[str | int, Place] = {}

    def put(self, key: str, value: Any, place: Place | None) -> None:
        """Set an item and its place."""
        self[key] = value
        if place is not None:
            self.places[key] = place


class PlacedList(list[Any]):
    """A list that stands `here`, with the place of each item."""

    def __init__(self, here: Place | None = None) -> None:
        super().__init__()
        self.here = here
        self.places: dict[str | int, Place] = {}


class Found(NamedTuple):
    """What stands at a path: as much of the path as is written out, the value there, and its place."""

    path: Path
    value: Any
    place: Place | None


def find(data: Any, path: Path) -> Found:
    """Follow a path through data; a component that a short form leaves unwritten is passed over."""
    shown: list[str | int] = []
    place = getattr(data, "here", None)
    for component in path:
        if has(data, component):
            place = place_of(data, component) or place
            data = data[component]
            shown.append(component)
    return Found(tuple(shown), data, place)


def has(data: Any, component: str | int) -> bool:
    """Whether a mapping has this key, or a list this index."""
    if isinstance(data, Mapping):
        return component in data
    return isinstance(data, (list, tuple)) and isinstance(component, int) and 0 <= component < len(data)


def place_of(data: Any, component: str | int) -> Place | None:
    """Where an item of data stands, if that is known."""
    places: Mapping[str | int, Place] = getattr(data, "places", {})
    return places.get(component)


def copied(data: Any) -> PlacedMapping:
    """A shallow copy of a mapping with its places, or an empty one where there is none."""
    copy = PlacedMapping(getattr(data, "here", None))
    if isinstance(data, Mapping):
        copy.update(data)
        copy.places.update(getattr(data, "places", {}))
    return copy


def copied_list(data: list[Any] | tuple[Any, ...]) -> PlacedList:
    """A shallow copy of a list with its places."""
    copy = PlacedList(getattr(data, "here", None))
    copy.extend(data)
    copy.places.update(getattr(data, "places", {}))
    return copy


def written(path: Path) -> str:
    """A path as it is written after --set; a key with a dot stands in quotes."""
    return ".".join(f"'{part}'" if isinstance(part, str) and "." in part else str(part) for part in path)
