"""YAML 1.2 (core schema) to placed data, in one pass over the parser's events, within bounds.

Nothing is constructed but dicts, lists, texts, numbers, booleans and null: tags are refused before they mean anything.
Depth, size and what aliases expand to are counted while reading, so a hostile file ends in one sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from scenarios.errors import ScenarioError
from scenarios.schema.placed import Place, PlacedList, PlacedMapping

DEPTH_MAX = 100
NODES_MAX = 500_000  # in all files together, aliases expanded

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,300}", re.ASCII)
_HEX_OR_OCTAL = re.compile(r"0x[0-9a-fA-F]{1,64}|0o[0-7]{1,64}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass
class Budget:
    """How many nodes may still be read."""

    nodes: int = NODES_MAX

    def take(self, nodes: int, place: Place) -> None:
        """Raises ScenarioError when the budget is spent."""
        self.nodes -= nodes
        if self.nodes < 0:
            raise ScenarioError(f"{place}: more than {NODES_MAX:,} values, aliases expanded; this is no scenario")


def read_yaml(text: str, source: str, budget: Budget | None = None, lines: bool = True) -> Any:
    """The one document of a text; None if there is nothing. Raises ScenarioError.

    Places, and so messages, have line and column unless `lines` is False: a value typed on a command line has none.
    """
    reader = _Reader(source, budget or Budget(), lines)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except yaml.MarkedYAMLError as fault:
        raise ScenarioError(_not_yaml(fault, source, text if lines else "")) from None
    except (yaml.YAMLError, UnicodeError) as fault:
        reason = getattr(fault, "reason", fault)
        raise ScenarioError(f"{source}: not text: {reason}") from None
    return reader.root


def plain_value(text: str) -> Any:
    """What an unquoted scalar means in the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _HEX_OR_OCTAL.fullmatch(text):
        return int(text, 0)
    return float(text.replace(".inf", "inf").replace(".nan", "nan")) if _FLOAT.fullmatch(text) else text


@dataclass
class _Open:
    """A collection that is being read. `before` is the budget when it began."""

    value: PlacedMapping | PlacedList
    place: Place
    anchor: str | None
    before: int
    key: str | None = None
    key_place: Place | None = None


class _Reader:
    """Takes events in order and builds placed data; a stack of its own instead of recursion."""

    def __init__(self, source: str, budget: Budget, lines: bool) -> None:
        self.source = source
        self.lines = lines
        self.budget = budget
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.documents = 0
        self.root: Any = None

    def take(self, event: yaml.Event) -> None:
        """One event. Raises ScenarioError on everything a scenario must not hold."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._refusal(event, "a second document begins; a scenario is one document, use extends for more")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._admit(event)
        value = plain_value(event.value) if event.implicit[0] else event.value
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self._put(value, place)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = self._place(event)
        if event.anchor not in self.anchors:
            raise self._refusal(event, f"alias *{event.anchor} has no anchor before it{_STAR_HINT}")
        value, size = self.anchors[event.anchor]
        self.budget.take(size, place)
        self._put(value, place)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        place = self._admit(event)
        if len(self.stack) == DEPTH_MAX:
            raise self._refusal(event, f"nested more than {DEPTH_MAX} levels deep")
        if self.stack and self._awaits_key():
            raise self._refusal(event, "a key must be text, not a list or a mapping")
        value = PlacedMapping(place) if isinstance(event, yaml.MappingStartEvent) else PlacedList(place)
        self.stack.append(_Open(value, place, event.anchor, self.budget.nodes))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.value, done.before - self.budget.nodes + 1)
        self._put(done.value, done.place)

    def _put(self, value: Any, place: Place) -> None:
        """Hand a finished value to the collection around it: an item, a key, or a key's value."""
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.value, PlacedList):
            top.value.places[len(top.value)] = place
            top.value.append(value)
        elif self._awaits_key():
            self._put_key(top, value, place)
        else:
            assert top.key is not None
            top.value.put(top.key, value, top.key_place)
            top.key = None

    def _put_key(self, top: _Open, key: Any, place: Place) -> None:
        if key == "<<":
            raise ScenarioError(f"{place}: merge keys (<<) are not in YAML 1.2; repeat the keys, or use extends")
        if not isinstance(key, str):
            raise ScenarioError(f"{place}: a key must be text; put {key!r} in quotes")
        assert isinstance(top.value, PlacedMapping)
        if key in top.value:
            raise ScenarioError(f"{place}: {key!r} stands here twice; first in line {top.value.places[key].line}")
        top.key, top.key_place = key, place

    def _awaits_key(self) -> bool:
        top = self.stack[-1]
        return isinstance(top.value, PlacedMapping) and top.key is None

    def _admit(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Place:
        """The place of a node that carries no tag and is within the budget."""
        place = self._place(event)
        if event.tag is not None:
            raise self._refusal(event, f"tag {event.tag!r} is refused; a scenario is plain data")
        self.budget.take(1, place)
        return place

    def _place(self, event: yaml.Event) -> Place:
        if not self.lines:
            return Place(self.source)
        assert event.start_mark is not None
        return Place(self.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refusal(self, event: yaml.Event, rule: str) -> ScenarioError:
        return ScenarioError(f"{self._place(event)}: {rule}")


_STAR_HINT = "; a key that begins with * needs quotes, as '* -> cart'"


def _not_yaml(fault: yaml.MarkedYAMLError, source: str, text: str) -> str:
    mark = fault.problem_mark or fault.context_mark
    place = Place(source, mark.line + 1, mark.column + 1) if mark is not None and text else Place(source)
    problem = " ".join(str(part) for part in (fault.context, fault.problem) if part)
    line = text.splitlines()[mark.line : mark.line + 1] if mark is not None else []
    hint = "; indent with spaces, not tabs" if line and line[0].lstrip(" ").startswith("\t") else ""
    return f"{place}: not YAML: {problem}{hint or (_STAR_HINT if 'alias' in problem else '')}"
