"""Words with a rule: names, targets, and numbers that must be whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError


@dataclass(frozen=True)
class Word:
    """A pattern that a whole text must match, and what such a text is called."""

    pattern: str
    what: str

    def fits(self, text: str) -> bool:
        """Whether the whole text matches."""
        return re.fullmatch(self.pattern, text, re.ASCII) is not None

    def require(self, text: str) -> str:
        """The text itself. Raises PydanticCustomError where it does not fit."""
        if not self.fits(text):
            raise PydanticCustomError("word", "is not {what}", {"what": self.what})
        return text


def word(pattern: str, what: str) -> tuple[Any, ...]:
    """Metadata of a text that must match a pattern."""
    rule = Word(pattern, what)
    return rule, AfterValidator(rule.require), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


_NAME = r"[a-z][a-z0-9_-]{0,62}"
_A_NAME = "a name: a small letter, then small letters, digits, - or _, 63 at most"

Whole = Annotated[int, Strict()]  # neither true nor "5"
WEIGHT_MAX = 1_000_000
HostWeight = Annotated[Whole, Field(ge=0, le=WEIGHT_MAX)]
Name = Annotated[str, *word(_NAME, _A_NAME)]
AgentName = Annotated[str, *word(rf"{_NAME}(?:@{_NAME})?", "the name of an agent: write 'name', or 'service@zone'")]
Target = Annotated[str, *word(rf"{_NAME}\.{_NAME}", "of the form service.endpoint")]
Pattern = Annotated[str, *word(rf"defaults|(?:{_NAME}(?:\.{_NAME})?|\*) -> {_NAME}(?:\.{_NAME})?",
                               "a route: write 'a -> b', 'a.x -> b.y', '* -> b' or defaults")]  # fmt: skip
RunName = Annotated[str, *word(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", "a name: letters, digits, - or _, 63 at most")]
PolicyReference = Annotated[str, *word(r"[^\n]+@sha256:[0-9a-f]{64}", "a policy: write 'path/to/bundle@sha256:…' with the 64 digits that "
                                       "`parley export` tells")]  # fmt: skip
Currency = Annotated[str, *word(r"[A-Z]{3}", "a currency: three capital letters")]
