"""Where the schema knows a key: for those who write the right word in the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from scenarios.schema.model import Part
from scenarios.schema.shape import members, part_at, value_type


@cache
def home(root: type[Part], key: str) -> str | None:
    """The path of the one part that has such a key, NAME standing for any name; None where it is none, or no single one."""
    found = [path for path, part in _parts(root).items() if key in part.key_names() and path]
    return found[0] if len(found) == 1 else None


@cache
def _parts(root: type[Part]) -> dict[str, type[Part]]:
    """Every part by its shortest path, where it is used first."""
    found: dict[str, type[Part]] = {"": root}
    seen = {root}
    for path, part in (ahead := [("", root)]):
        for key, annotation in part.field_types().items():
            for below, target in _targets(annotation, f"{path}.{key}".lstrip(".")):
                if target not in seen:
                    seen.add(target)
                    found[below] = target
                    ahead.append((below, target))
    return found


def _targets(annotation: object, path: str) -> Iterator[tuple[str, type[Part]]]:
    """The parts that a field may hold, itself or in a mapping or list."""
    for member in members(annotation):
        inner = value_type(member)
        if inner is not None:
            yield from _targets(inner, f"{path}.NAME")
        elif (part := part_at(member)) is not None:
            yield path, part
