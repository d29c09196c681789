"""What a learned mind may do to a route: shorten its timeout, let fewer calls be under way, or none."""

from __future__ import annotations

from dataclasses import dataclass

from agents.learning.chair import ActionSet


@dataclass(frozen=True)
class Setting:
    """Of a route, as parts of what its file says."""

    name: str
    timeout: float  # share of the timeout
    bound: float  # share of max_requests; one at least is left, unless it is 0

    @property
    def is_open(self) -> bool:
        """Whether no call goes."""
        return self.bound == 0

    def timeout_ns(self, filed_ns: int) -> int:
        """Of a timeout in the file."""
        return max(1, round(self.timeout * filed_ns))

    def max_requests(self, filed: int) -> int:
        """Of a bound in the file."""
        return 0 if self.is_open else max(1, round(self.bound * filed))


@dataclass(frozen=True)
class BreakActions(ActionSet):
    """From all as the file has it to nothing."""

    settings: tuple[Setting, ...]

    def named(self, name: str) -> int:
        """The action of a setting."""
        return [setting.name for setting in self.settings].index(name)


def _set(name: str, *settings: Setting) -> BreakActions:
    return BreakActions(name, tuple(setting.name for setting in settings), 0, settings)


CLOSED, HASTY, MANY, SOME, FEW, PROBE, OPEN = (
    Setting("closed", 1, 1), Setting("hasty", 0.5, 1), Setting("many", 0.5, 1 / 4), Setting("some", 0.5, 1 / 8),
    Setting("few", 0.5, 1 / 16), Setting("probe", 0.5, 1 / 64), Setting("open", 0.5, 0))  # fmt: skip
LEVELS = _set("levels", CLOSED, HASTY, MANY, SOME, FEW, PROBE, OPEN)
SWITCH = _set("switch", CLOSED, PROBE, OPEN)
ACTION_SETS = {one.name: one for one in (LEVELS, SWITCH)}
