"""The table of messages between agents: what a message must tell to be a row, and which may be written while the run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from parley.run_folder import plain
from parley.tables import Columns, columns_of_objects

MESSAGES = "messages"
_COLUMNS = columns_of_objects(MESSAGES)


class Posted(Protocol):
    """A copy of a message under way, or at its end. Times are integer ns of simulated time."""

    @property
    def sent_ns(self) -> int:
        """When its sender let go of it."""

    @property
    def delivered_ns(self) -> int | None:
        """When its receiver had it; None where it never did, or not yet."""

    @property
    def sender(self) -> str:
        """Who spoke."""

    @property
    def receiver(self) -> str:
        """To whom."""

    @property
    def performative(self) -> str:
        """FIPA's word for what it does: cfp, propose, accept-proposal, ..."""

    @property
    def protocol(self) -> str:
        """The protocol it is part of: contract-net, ..."""

    @property
    def conversation_id(self) -> str:
        """Which conversation."""

    @property
    def reply_with(self) -> str | None:
        """What an answer names."""

    @property
    def in_reply_to(self) -> str | None:
        """The `reply_with` of what it answers."""

    @property
    def reply_by_ns(self) -> int | None:
        """Until when an answer is of use."""

    @property
    def content(self) -> Mapping[str, Any]:
        """Plain JSON values."""

    @property
    def fate(self) -> str | None:
        """What became of it, as the network says: delivered, lost, ...; None while it is under way."""

    @property
    def copy(self) -> int:
        """0, or the number of a duplicate."""


class Outbox:
    """A log of messages in order of sending, and how much of it is written."""

    def __init__(self, log: Sequence[Posted]) -> None:
        self._log, self._taken = log, 0

    def take(self, at_the_end: bool = False) -> list[Posted]:
        """Those that were not taken before, up to the first whose fate is open; at the end the rest of them, too."""
        first = last = self._taken
        while last < len(self._log) and (at_the_end or self._log[last].fate is not None):
            last += 1
        self._taken = last
        return list(self._log[first:last])


def message_columns(posted: list[Any]) -> Columns:
    """A row each; the content is JSON with its keys in order, so that equal contents are equal texts."""
    return _COLUMNS(posted) | {"content": [as_text(one.content) for one in posted]}


def as_text(content: Mapping[str, Any]) -> str:
    """JSON in a line; nan and infinity become null."""
    return json.dumps(plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
