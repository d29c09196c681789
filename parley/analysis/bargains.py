"""What agents asked for, what they were granted until when, and at which price: read from the table of messages.

Protocols differ in their contents, so only what several have in common is read: an amount that is asked for (`amount`, a `rate`, or
`values`), a grant that has an end (`expires_ns`), a `price` a unit or what is to `pay` in all, a `pool`. What says none of this is counted
and no more. Flow is granted in thousandths of a request a second, and told in requests.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from agents.negotiation.leases import MILLI
from parley.recording.message_rows import MESSAGES
from parley.storage.tables import read_columns

ASKING, DENYING, GRANTING = ("propose", "request"), ("reject-proposal", "refuse"), ("accept-proposal", "agree", "inform")
FINAL, PRICING = ("accept-proposal", "agree"), ("accept-proposal", "agree", "inform", "query-ref")  # who calls names no price yet
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
    is_under_way: bool = False  # when the run ended

    @property
    def is_lost(self) -> bool:
        """Whether the receiver will never have it."""
        return math.isnan(self.delivered_s) and not self.is_under_way


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
    flows: frozenset[str] = frozenset()  # agents that speak for requests, not for pods

    @cached_property
    def pools(self) -> list[str]:
        """Of which something was granted, by name; one without a name where nobody names one."""
        return sorted({one.pool for one in self.grants})

    @cached_property
    def agents(self) -> list[str]:
        """Who asked for something or was granted something, by name."""
        return sorted({one.agent for one in self.asks} | {one.agent for one in self.grants})

    @cached_property
    def asks(self) -> list[Ask]:
        """In order of time."""
        denied = {(one.receiver, one.conversation) for one in self.said if one.performative in DENYING or one.content.get("amount") == 0}
        granted = {(one.receiver, one.conversation) for one in self.said if one.performative in FINAL}
        found: dict[Any, Ask] = {}
        for nth, one in enumerate(self.said):
            amount, mine = self._asked(one), (one.sender, one.conversation)
            if not math.isnan(amount):
                verdict = LOST if one.is_lost else DENIED if mine in denied else GRANTED if mine in granted else OPEN
                place = mine if "rate" in one.content else nth  # rates are asked for again and again, until they fit
                found[place] = Ask(one.sender, self._pool(one), one.sent_s, amount, verdict)
        return sorted(found.values(), key=lambda one: one.time_s)

    def speaks_of_flow(self, agent: str) -> bool:
        """Whether it asks for requests, not for pods: a class does, and so does a zone (`service@zone`)."""
        return agent in self.flows or "@" in agent

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
        """(time, price of a unit) by pool: what was agreed on, else what was to be paid, else what was named last at an instant."""
        named = [(one, number_in(one.content, "price")) for one in self.said if one.performative in PRICING]
        found: dict[str, dict[float, float]] = {}
        for kinds in (FINAL, PRICING):
            for one, price in named:
                pool = self._pool(one)
                if one.performative in kinds and not math.isnan(price) and (pool not in self._paid or kinds is FINAL):
                    found.setdefault(pool, {})[one.sent_s] = price
            if found:
                break
        paid = {pool: points for pool, points in self._paid.items() if pool not in found}
        return {pool: sorted(points.items()) for pool, points in sorted((found | paid).items())}

    @cached_property
    def _paid(self) -> dict[str, dict[float, float]]:
        """What a unit cost on average of all that was awarded at one instant, by pool."""
        sums: dict[tuple[str, float], tuple[float, float]] = {}
        for one in self.said:
            pay, amount = number_in(one.content, "pay"), number_in(one.content, "amount")
            if one.performative in FINAL and pay >= 0 and amount > 0 and one.receiver not in self.flows:
                key = self._pool(one), one.sent_s
                before = sums.get(key, (0.0, 0.0))
                sums[key] = before[0] + pay, before[1] + amount
        found: dict[str, dict[float, float]] = {}
        for (pool, at), (pay, amount) in sums.items():
            found.setdefault(pool, {})[at] = pay / amount
        return found

    def live(self, at_s: float, pool: str) -> float:
        """How much is held of a pool at an instant."""
        return sum(one.amount for one in self.grants if one.pool == pool and one.start_s <= at_s < one.end_s and not one.is_lost)

    def held_share(self, agent: str, end_s: float) -> float:
        """Of what an agent asked for, how much it held halfway to its next ask, or to the end, on average over time; nan without asks."""
        asks = [one for one in self.asks if one.agent == agent and one.amount > 0]
        held = [one for one in self.grants if one.agent == agent and not one.is_lost]
        asked = had = 0.0
        for one, after in zip(asks, [later.time_s for later in asks[1:]] + [end_s] * bool(asks), strict=True):
            lasts, middle = after - one.time_s, (one.time_s + after) / 2
            asked += lasts * one.amount
            had += lasts * min(one.amount, sum(grant.amount for grant in held if grant.start_s <= middle < grant.end_s))
        return had / asked if asked > 0 else math.nan

    @cached_property
    def _pool_of(self) -> dict[str, str]:
        """The pool of a conversation, from whoever named it in there."""
        return {one.conversation: str(one.content["pool"]) for one in self.said if one.content.get("pool") is not None}

    @cached_property
    def _granted_by(self) -> dict[str, str]:
        """The pool of whoever speaks for one, and for no other."""
        spoken: dict[str, set[str]] = {}
        for one in self.said:
            if one.content.get("pool") is not None and one.performative in (*FINAL, "cfp", "inform"):
                spoken.setdefault(one.sender, set()).add(str(one.content["pool"]))
        return {agent: next(iter(pools)) for agent, pools in spoken.items() if len(pools) == 1}

    def _pool(self, one: Said) -> str:
        """As it says, as was said before in its conversation, or that of who said it or was told it."""
        if one.content.get("pool") is not None:
            return str(one.content["pool"])
        told = self._granted_by
        return self._pool_of.get(one.conversation) or told.get(one.sender) or told.get(one.receiver, "")

    @cached_property
    def _calls(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What was called for in each conversation, by whom it was said to."""
        return {(one.receiver, one.conversation): one.content for one in self.said if one.performative == "cfp"}

    def _asked(self, one: Said) -> float:
        """How much a message asks for; nan where it asks for nothing."""
        if one.performative == "inform" and one.sender in self.flows and "expires_ns" not in one.content:
            return number_in(one.content, "rate")
        if one.performative not in ASKING:
            return math.nan
        values = one.content.get("values")
        if not isinstance(values, list):
            return number_in(one.content, "amount")
        call = self._calls.get((one.sender, one.conversation), {})
        price, step = number_in(call, "price"), number_in(call, "step")
        return units(values, 0.0 if math.isnan(price) else price) * (1.0 if math.isnan(step) else step)

    def _granted(self) -> Iterator[tuple[tuple[str, str], Grant]]:
        """What ends an earlier lease ends it: a newer one, or a `cancel` that names its token."""
        seen: set[tuple[str, str]] = set()
        for one in self.said:
            pool, token = self._pool(one), one.content.get("token")
            if one.performative == "cancel" and token is not None:
                yield (one.sender, pool), Grant(one.sender, pool, one.sent_s, one.sent_s, 0.0, math.nan, is_lost=False)
            amount = number_in(one.content, "amount") / (MILLI if self.speaks_of_flow(one.receiver) else 1)
            is_told = one.performative == "inform" and "expires_ns" not in one.content
            if one.performative not in GRANTING or math.isnan(amount) or is_told or one.is_under_way:
                continue
            key = (pool, str(token))
            if token is not None and key in seen:
                continue  # told again, or told back
            seen.add(key)
            start = one.sent_s if one.is_lost else one.delivered_s
            end = number_in(one.content, "expires_ns") / 1e9
            yield (one.receiver, pool), Grant(one.receiver, pool, start, start if math.isnan(end) else max(start, end), amount,
                                              number_in(one.content, "price"), one.is_lost)  # fmt: skip


def units(values: Sequence[Any], price: float) -> float:
    """For how many units a bid goes: those that are worth more than a price, each. It tells the worth of 0, 1, 2, ... units together, if
    it begins with nothing, else of each further one."""
    worth = [float(value) for value in values if isinstance(value, int | float)]
    further = [b - a for a, b in pairwise(worth)] if worth and worth[0] == 0 else worth
    return float(sum(value > price for value in further))


def bargains_of(folder: Path, flows: Collection[str] = ()) -> Bargains:
    """The messages of a run folder; none where its agents do not negotiate. `flows` are its workloads. Raises FolderError."""
    rows = read_columns(folder, MESSAGES)
    arrived: dict[tuple[Any, ...], float] = {}  # of each message, when the first of its copies did
    names = ("sent_ns", "sender", "receiver", "performative", "conversation_id", "reply_with")  # what copies have in common
    keys = list(zip(*(rows[name] for name in names), strict=True))
    for key, at in zip(keys, rows["delivered_ns"].astype(float), strict=True):
        arrived[key] = float(np.fmin(arrived.get(key, math.nan), at))
    open_ = {key for key, fate in zip(keys, rows["fate"], strict=True) if fate is None and math.isnan(arrived[key])}
    return Bargains([_said({name: column[nth] for name, column in rows.items()}, arrived[keys[nth]] / 1e9, keys[nth] in open_)
                     for nth in np.flatnonzero(~rows["is_copy"].astype(bool))], frozenset(flows))  # fmt: skip


def _said(row: dict[str, Any], delivered_s: float, is_under_way: bool) -> Said:
    content = json.loads(row["content"])
    return Said(float(row["sent_ns"]) / 1e9, delivered_s, row["sender"], row["receiver"], row["performative"], row["conversation_id"],
                content if isinstance(content, dict) else {}, is_under_way)  # fmt: skip


def number_in(content: dict[str, Any], name: str) -> float:
    """A number of a content; nan where it is none."""
    value = content.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
