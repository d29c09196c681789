"""What agents asked for, what they were granted until when, and at which price: read from the table of messages.

Protocols differ in their contents, so only what all have in common is read: an amount that is asked for (`amount`, or a list of
`values`, one a unit), a grant that has an end (`expires_ns`), a `price`, a `pool`. What says none of this is counted and no more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from parley.message_rows import MESSAGES
from parley.tables import read_columns

ASKING, DENYING, GRANTING = ("propose", "request"), ("reject-proposal", "refuse"), ("accept-proposal", "agree", "inform")
PRICING = ("cfp", "accept-proposal", "reject-proposal", "agree", "inform")  # who grants says the price; a proposal only bids
VERDICTS = GRANTED, DENIED, LOST, OPEN = ("granted", "denied", "lost", "open")  # what became of an ask


@dataclass(frozen=True)
class Said:
    """One message; the copies of a duplicate are none of their own. Times are seconds."""

    sent_s: float
    delivered_s: float  # nan where it never arrived
    sender: str
    receiver: str
    performative: str
    conversation: str
    content: dict[str, Any]

    @property
    def is_lost(self) -> bool:
        """Whether the receiver never had it."""
        return math.isnan(self.delivered_s)

    @property
    def amount(self) -> float:
        """What is spoken of, in units; nan where nothing is."""
        values = self.content.get("values")
        return float(len(values)) if isinstance(values, list) else number_in(self.content, "amount")


@dataclass(frozen=True)
class Ask:
    """Somebody asks for so much."""

    agent: str
    pool: str
    time_s: float
    amount: float
    verdict: str


@dataclass(frozen=True)
class Grant:
    """Somebody holds so much, until a lease ends, a newer one replaces it, or it is given back."""

    agent: str
    pool: str
    start_s: float
    end_s: float
    amount: float
    price: float  # nan where it has none
    is_lost: bool  # promised, and never heard of


@dataclass(frozen=True)
class Bargains:
    """All messages of a run in order of sending, and what they say."""

    said: Sequence[Said]

    @cached_property
    def pools(self) -> list[str]:
        """By name; one without a name where nobody names one."""
        return sorted({self._pool(one) for one in self.said if not math.isnan(one.amount)})

    @cached_property
    def agents(self) -> list[str]:
        """Who asked for something or was granted something, by name."""
        return sorted({one.agent for one in self.asks} | {one.agent for one in self.grants})

    @cached_property
    def asks(self) -> list[Ask]:
        """In order of time."""
        denied = {(one.receiver, one.conversation) for one in self.said if one.performative in DENYING}
        granted = {(one.receiver, one.conversation) for one in self.said if one.performative in GRANTING}
        found = []
        for one in self.said:
            if one.performative in ASKING and not math.isnan(one.amount):
                mine = one.sender, one.conversation
                verdict = LOST if one.is_lost else GRANTED if mine in granted else DENIED if mine in denied else OPEN
                found.append(Ask(one.sender, self._pool(one), one.sent_s, one.amount, verdict))
        return found

    @cached_property
    def conversations(self) -> int:
        """How many there were."""
        return len({one.conversation for one in self.said})

    @cached_property
    def grants(self) -> list[Grant]:
        """In order of time. Who holds a lease of a pool and is granted another holds that one from then on."""
        found: list[Grant] = []
        latest: dict[tuple[str, str], int] = {}
        for key, one in self._granted():
            if key in latest and not one.is_lost:  # who never heard of it goes on with what there was
                before = found[latest[key]]
                found[latest[key]] = replace(before, end_s=max(before.start_s, min(before.end_s, one.start_s)))
            if not one.is_lost:
                latest[key] = len(found)
            found.append(one)
        return [one for one in found if one.amount > 0]

    @cached_property
    def prices(self) -> dict[str, list[tuple[float, float]]]:
        """(time, price) by pool; of those said at one instant the last."""
        found: dict[str, dict[float, float]] = {}
        for one in self.said:
            price = number_in(one.content, "price")
            if one.performative in PRICING and not math.isnan(price):
                found.setdefault(self._pool(one), {})[one.sent_s] = price
        return {pool: sorted(points.items()) for pool, points in sorted(found.items())}

    def live(self, at_s: float, pool: str) -> float:
        """How much is held of a pool at an instant."""
        return sum(one.amount for one in self.grants if one.pool == pool and one.start_s <= at_s < one.end_s and not one.is_lost)

    @cached_property
    def _pool_of(self) -> dict[str, str]:
        """The pool of a conversation, from whoever named it in there."""
        return {one.conversation: str(one.content["pool"]) for one in self.said if one.content.get("pool") is not None}

    def _pool(self, one: Said) -> str:
        return str(one.content["pool"]) if one.content.get("pool") is not None else self._pool_of.get(one.conversation, "")

    def _granted(self) -> Iterator[tuple[tuple[str, str], Grant]]:
        """What ends an earlier lease ends it: a newer one, or a `cancel` that names its token."""
        seen: set[tuple[str, str]] = set()
        for one in self.said:
            pool, token = self._pool(one), one.content.get("token")
            if one.performative == "cancel" and token is not None:
                yield (one.sender, pool), Grant(one.sender, pool, one.sent_s, one.sent_s, 0.0, math.nan, is_lost=False)
            is_told = one.performative == "inform" and "expires_ns" not in one.content
            if one.performative not in GRANTING or math.isnan(one.amount) or is_told:
                continue
            key = (pool, str(token))
            if token is not None and key in seen:
                continue  # told again, or told back
            seen.add(key)
            start = one.sent_s if one.is_lost else one.delivered_s
            end = number_in(one.content, "expires_ns") / 1e9
            yield (one.receiver, pool), Grant(one.receiver, pool, start, start if math.isnan(end) else max(start, end), one.amount,
                                              number_in(one.content, "price"), one.is_lost)  # fmt: skip


def bargains_of(folder: Path) -> Bargains:
    """The messages of a run folder; none where its agents do not negotiate. Raises FolderError."""
    rows = read_columns(folder, MESSAGES)
    arrived: dict[tuple[Any, ...], float] = {}  # of each message, when the first of its copies did
    names = ("sent_ns", "sender", "receiver", "performative", "conversation_id", "reply_with")  # what copies have in common
    keys = list(zip(*(rows[name] for name in names), strict=True))
    for key, at in zip(keys, rows["delivered_ns"].astype(float), strict=True):
        arrived[key] = float(np.fmin(arrived.get(key, math.nan), at))
    return Bargains([_said({name: column[nth] for name, column in rows.items()}, arrived[keys[nth]] / 1e9)
                     for nth in np.flatnonzero(rows["copy"] == 0)])  # fmt: skip


def _said(row: dict[str, Any], delivered_s: float) -> Said:
    content = json.loads(row["content"])
    return Said(float(row["sent_ns"]) / 1e9, delivered_s, row["sender"], row["receiver"], row["performative"], row["conversation_id"],
                content if isinstance(content, dict) else {})  # fmt: skip


def number_in(content: dict[str, Any], name: str) -> float:
    """A number of a content; nan where it is none."""
    value = content.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
