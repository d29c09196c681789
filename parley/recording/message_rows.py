"""The table of messages between agents: which of them may be written while the run goes on, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.mailbox import Fate, Posted
from parley.storage.tables import Columns, columns_of_objects

MESSAGES = "messages"
_COLUMNS = columns_of_objects(MESSAGES)


class Outbox:
    """A log of messages in order of sending, and how much of it is written."""

    def __init__(self, log: Sequence[Posted]) -> None:
        self._log, self._taken = log, 0

    def take(self, at_the_end: bool = False) -> list[Posted]:
        """Those that were not taken before, up to the first that is under way; at the end the rest of them, too."""
        first = last = self._taken
        while last < len(self._log) and (at_the_end or self._log[last].fate is not Fate.IN_FLIGHT):
            last += 1
        self._taken = last
        return list(self._log[first:last])


def message_columns(posted: list[Any]) -> Columns:
    """A row each; `fate` is null where the run ended first."""
    return _COLUMNS(posted) | {"fate": [None if one.fate is Fate.IN_FLIGHT else str(one.fate) for one in posted]}
