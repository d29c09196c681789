"""`parley conformance`: a law or rule alone, fed cases as JSON lines, so that the real system's own tables can be held to it.

Each line that is not blank gets one line of answer, in order. A line that is no case of the mechanism is answered with
its place and the rule, and the lines after it are still answered; the exit code then is 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from parley.errors import UsageError
from parley.mechanisms.mechanism import Mechanism
from parley.mechanisms.table import MECHANISMS
from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part


@dataclass(frozen=True)
class Answered:
    """What one line came to."""

    line: int  # of the input, from 1
    content: dict[str, Any]  # the answer, or {"error": ...}

    @property
    def error(self) -> str | None:
        """What was wrong with the line, with its number; None where it was answered."""
        return self.content.get("error")


def mechanism(name: str) -> Mechanism:
    """The mechanism of that name. Raises UsageError with the nearest right one."""
    if name not in MECHANISMS:
        raise UsageError(f"{name!r} is not a mechanism{suggestion(name, MECHANISMS)}; `parley conformance` lists them")
    return MECHANISMS[name]


def answered(asked: Mechanism, lines: Iterable[str]) -> Iterator[Answered]:
    """An answer for every line that is not blank, as they come."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield Answered(number, asked.answer(case_of(asked.case, line)))
            except ScenarioError as fault:
                yield Answered(number, {"error": f"line {number}: {'; '.join(str(fault).splitlines())}"})
            except ValidationError as error:  # of a part of the schema that a case's settings are made to
                yield Answered(number, {"error": f"line {number}: {'; '.join(map(_rule, error.errors()))}"})


def case_of(kind: type[Part], line: str) -> Any:
    """A line as a case. Raises ScenarioError with the field, its value, the rule and the nearest right name."""
    try:
        data = json.loads(line, parse_constant=_refused)
    except ValueError as fault:
        raise ScenarioError(f"is not JSON: {fault}") from None
    except RecursionError:
        raise ScenarioError("is not JSON: it is nested too deeply") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"is not a case; write an object with the fields {', '.join(kind.key_names())}")
    return validated(kind, data, "")


def listing() -> Iterator[tuple[str, str, list[tuple[str, str]], list[tuple[str, str]]]]:
    """Of every mechanism its name, what it says, and (name, meaning) of the fields of a case and of an answer."""
    for one in MECHANISMS.values():
        yield one.name, one.says, [*_fields(one.case)], [*one.answers.items()]


def _fields(kind: type[Part]) -> Iterator[tuple[str, str]]:
    for name, info in kind.model_fields.items():
        optional = "" if info.is_required() else f" [{json.dumps(_plain(info.default))}]"
        yield info.alias or name, f"{info.description}{optional}"


def _rule(error: ErrorDetails) -> str:
    """The field of a part, and what pydantic says of it."""
    return f"{'.'.join(map(str, error['loc']))}: {error['msg'].removeprefix('Value error, ')}"


def _plain(default: Any) -> Any:
    if isinstance(default, Part):
        return default.model_dump(mode="json", by_alias=True)
    return list(default) if isinstance(default, tuple) else default


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not a number in JSON")
