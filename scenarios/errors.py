"""What can be wrong with a description, as one tree.

    ParleyError                 anything a user can mend; the command line prints it and exits with `exit_code`
    ├── ExtraMissing            something needs a package that is not installed (exit code 2)
    └── ScenarioError           a scenario file, or a value set over it, breaks a rule (exit code 2)
        └── UnitError           a value is not a quantity of the unit asked for; also a ValueError, as pydantic expects
"""

from __future__ import annotations

from typing import NamedTuple, Self


class Mistake(NamedTuple):
    """One broken rule: where in the file's tree, and the rule as the end of a sentence that begins with the place."""

    path: tuple[str | int, ...]
    rule: str  # "must be at least 0", "is not one of random, round_robin; did you mean 'random'?"
    of_key: bool = False  # the rule is about the last key of the path, not about what stands under it


class ParleyError(Exception):
    """Anything a user can mend. `exit_code` is what the command line returns."""

    exit_code = 2


class ExtraMissing(ParleyError):
    """Something needs a package that is not installed."""

    @classmethod
    def of(cls, what: str, extras: str, fault: ImportError) -> Self:
        """`what` needs it; `extras` bring it, as pip spells them: `serve,export`."""
        missing = (fault.name or "").partition(".")[0]
        return cls(f"{what} needs the extra `{extras}` ({missing} is missing): pip install 'parley[{extras}]' -c constraints.txt")


class ScenarioError(ParleyError):
    """A description of a world breaks a rule; the message gives place, value, rule and the nearest right name.

    `mistakes` has one entry for each broken rule where several were found at once.
    """

    def __init__(self, message: str, mistakes: tuple[Mistake, ...] = ()) -> None:
        super().__init__(message)
        self.mistakes = mistakes


class UnitError(ScenarioError, ValueError):
    """A value is not a quantity of the unit asked for. `rule` is the sentence without the value."""

    def __init__(self, value: object, rule: str) -> None:
        super().__init__(f"{quoted(value)} {rule}")
        self.args = (value, rule)  # so that it survives pickling between processes
        self.rule = rule

    def __str__(self) -> str:
        return f"{quoted(self.args[0])} {self.rule}"


def quoted(value: object) -> str:
    """A value as a message shows it: text in quotes, the rest as YAML has it, at most 60 characters."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    text = repr(value[:100] if isinstance(value, str) else value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[0] if isinstance(value, str) else ''}"
