"""What a mechanism is to someone who asks: the fields of a case, those of its answer, and the function between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scenarios.schema.model import Part

Answer = dict[str, Any]  # what JSON can hold


@dataclass(frozen=True)
class Mechanism:
    """One law or rule. A case is a Part, so that unknown keys, wrong values and missing ones are answered with the rule."""

    name: str  # as on the command line
    says: str  # what is computed, in a sentence without its dot
    case: type[Part]
    answers: Mapping[str, str]  # each field of an answer, and what it means
    answer: Callable[[Any], Answer]  # of a case, the fields of `answers` and no others
    example: Mapping[str, Any]  # a case, as JSON has it
