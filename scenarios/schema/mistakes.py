"""From pydantic's findings to sentences: place, value, rule, nearest right name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scenarios.errors import Mistake, ScenarioError, UnitError, quoted
from scenarios.naming import CLOSE, suggestion
from scenarios.schema.homes import home
from scenarios.schema.model import OneOf, Part
from scenarios.schema.placed import Path, find, written
from scenarios.schema.programs import STEP_KINDS
from scenarios.schema.shape import is_list, is_mapping, part_at, untagged
from scenarios.schema.units import format_duration, parse_duration

SHOWN_MAX = 10
LISTED_MAX = 12  # names in "one of ..."
Made = TypeVar("Made", bound=Part)


def broken(mistakes: Sequence[Mistake], data: Any, whole: str = "a scenario") -> ScenarioError:
    """One error that lists the mistakes, each with its place in `data`, which is a `whole`, at most SHOWN_MAX of them."""
    lines = [_sentence(mistake, data, whole) for mistake in mistakes[:SHOWN_MAX]]
    more = [f"... and {len(mistakes) - SHOWN_MAX} more"] if len(mistakes) > SHOWN_MAX else []
    return ScenarioError("\n".join([*lines, *more]), tuple(mistakes[:SHOWN_MAX]))


def validated(kind: type[Made], data: Any, whole: str) -> Made:
    """A part of the schema from plain data, which is a `whole`. Raises ScenarioError with place, value and rule."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise broken(mistakes_of(kind, data, error), data, whole) from None


def mistakes_of(root: type[Part], data: Any, error: ValidationError) -> list[Mistake]:
    """pydantic's findings in the schema's words, in the order of the file where it is known."""
    details = error.errors(include_url=False)
    deeper = {tuple(item["loc"][:end]) for item in details for end in range(len(item["loc"]))}
    missing: dict[Path, tuple[type[Part], list[str]]] = {}
    mistakes = []
    for item in details:
        path, trail = untagged(root, item["loc"])
        part = part_at(trail[-2]) if item["type"] == "missing" else None
        if part is not None:
            missing.setdefault(path[:-1], (part, []))[1].append(str(path[-1]))
        elif item["type"] != "too_short" or tuple(item["loc"]) not in deeper:
            mistakes.append(_mistake(path, trail, item, data))
    mistakes += _lacking(missing, {mistake.path[:-1]: mistake.rule for mistake in mistakes if mistake.of_key})
    return sorted(mistakes, key=lambda mistake: (find(data, mistake.path).place or ("",))[1:])


def listed(names: Sequence[str]) -> str:
    """`a, b, c`, cut where it grows long."""
    return ", ".join(names[:LISTED_MAX]) + (", ..." if len(names) > LISTED_MAX else "")


def _sentence(mistake: Mistake, data: Any, whole: str) -> str:
    path, value, place = find(data, mistake.path)
    plain = (value is None or isinstance(value, (str, int, float))) and not mistake.of_key
    shown = f" = {quoted(value)}" if plain else ""
    where = f"{place}: " if place is not None else ""
    name = written(path) or ("" if place is not None else whole)
    subject = f"{name}{shown} " if shown or not name else f"{name}: "
    return f"{where}{subject.lstrip()}{mistake.rule}"


def _mistake(path: Path, trail: list[Any], item: ErrorDetails, data: Any) -> Mistake:
    kind = item["type"]
    if kind == "missing":
        return Mistake(path[:-1], f"needs {int(path[-1]) + 1} items")
    if kind == "extra_forbidden":
        return _unknown(path, trail, data)
    value = find(data, path).value
    if kind in _EXPECTS_CONTAINER:
        return Mistake(path, _wants(trail[-1], value))
    phrase = _PHRASES.get(kind)
    rule = phrase(item.get("ctx", {}), value) if phrase else item["msg"][:1].lower() + item["msg"][1:]
    return Mistake(path, rule, of_key=item["loc"][-1:] == ("[key]",))


_EXPECTS_CONTAINER = frozenset({"model_type", "model_attributes_type", "dict_type", "tuple_type"})


def _lacking(missing: dict[Path, tuple[type[Part], list[str]]], misspelt: dict[Path, str]) -> Iterator[Mistake]:
    """One mistake for all keys a part lacks; a key that was only misspelt is told there."""
    for path, (part, keys) in missing.items():
        absent = [key for key in keys if f"did you mean {key!r}" not in misspelt.get(path, "")]
        fields = part.model_fields.items() if len(absent) == 1 else ()
        meaning = next((f": {info.description}" for name, info in fields if absent[0] in (name, info.alias)), "")
        if absent:
            yield Mistake(path, f"lacks {', '.join(repr(key) for key in absent)}{meaning}")


def _unknown(path: Path, trail: list[Any], data: Any) -> Mistake:
    """An unknown key; in a choice, a word that is none of its alternatives."""
    above, name = path[:-1], str(path[-1])
    part = part_at(trail[-2])
    keys = part.key_names() if part is not None else []
    is_choice = part is not None and issubclass(part, OneOf)
    hint = suggestion(name, keys, CLOSE) or _elsewhere(trail[0], name) or suggestion(name, keys)
    if is_choice and find(data, above).value == name:
        return Mistake(above, f"is not one of {listed(keys)}{hint}")
    rule = f"{'is not one of' if is_choice else 'is not a key here; the keys are'} {listed(keys)}"
    return Mistake(path, f"is not a key here{hint}" if hint and not is_choice else rule + hint, of_key=True)


def _elsewhere(root: type[Part], key: str) -> str:
    """The place of a right word that stands in a wrong one."""
    found = home(root, key)
    return "" if found is None else f"; {found} has it"


def _wants(annotation: Any, value: Any) -> str:
    if value is None:
        return "has no value; give one or leave the key out"
    if is_list(annotation):
        return "must be a list, each item on a line with '- ' before it, or [one, other]"
    part = part_at(annotation)
    if is_mapping(annotation) or part is None:
        return "must be a mapping of names"
    if issubclass(part, OneOf):
        return f"must have exactly one of {listed(part.alternatives())}"
    return f"must be a mapping with the keys {listed(part.key_names())}"


def _choice(ctx: dict[str, Any], value: Any) -> str:
    choices = re.findall(r"'([^']*)'", str(ctx["expected"]))
    if not choices:
        return f"must be {ctx['expected']}"
    return f"is not one of {', '.join(choices)}{suggestion(str(value), choices)}"


def _bound(words: str, key: str) -> Callable[[dict[str, Any], Any], str]:
    return lambda ctx, value: f"must be {words} {_as_written(ctx[key], value)}"


def _as_written(limit: Any, value: Any) -> str:
    """A bound in the unit in which the value was written, where that is time."""
    plain = f"{limit:g}" if isinstance(limit, float) else f"{limit:,}"
    try:
        return format_duration(limit) if isinstance(value, str) and parse_duration(value) >= 0 else plain
    except UnitError:
        return plain


def _count(words: str, key: str) -> Callable[[dict[str, Any], Any], str]:
    return lambda ctx, _: "must not be empty" if ctx[key] == 1 else f"must have {words} {ctx[key]:,} items"


def _raised(ctx: dict[str, Any], _: Any) -> str:
    error = ctx["error"]
    return error.rule if isinstance(error, UnitError) else str(error)


def _step(_: dict[str, Any], value: Any) -> str:
    keys = list(value) if isinstance(value, dict) else [str(value)]
    hint = next(filter(None, (suggestion(str(key), STEP_KINDS) for key in keys)), "")
    return f"must be one step: {', '.join(STEP_KINDS)}{hint}"


_PHRASES: dict[str, Callable[[dict[str, Any], Any], str]] = {
    "literal_error": _choice,
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _count("at least", "min_length"),
    "too_long": _count("at most", "max_length"),
    "string_too_long": lambda ctx, _: f"is longer than {ctx['max_length']} characters",
    "string_type": lambda _, value: "has no value" if value is None else "must be text; put it in quotes",
    "int_type": lambda *_: "is not a whole number",
    "value_error": _raised,
    "step_kind": _step,
    "invalid_key": lambda *_: "has a key that is not text",
    "recursion_loop": lambda *_: "contains itself, or is nested too deeply",
}
