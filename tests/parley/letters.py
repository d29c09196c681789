"""Messages between agents made by hand: an auction of pods every 15 s, as a run that negotiates would keep it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.mailbox import Fate, Posted
from parley.recording.message_rows import message_columns
from parley.storage.tables import as_parquet

S = 1_000_000_000
WAY, ROUND, LEASE = 5_000_000, 15 * S, 32 * S  # ns: a message's way, from round to round, a lease
POOL = "general"
SUPPLY = 10


@dataclass
class Letter:
    """A message, and what became of it."""

    sent_ns: int
    performative: str
    content: Mapping[str, Any]
    sender: str = "stock"
    receiver: str = "auctioneer"
    protocol: str = "contract-net"
    conversation_id: str = "round-1"
    reply_with: str | None = None
    in_reply_to: str | None = None
    reply_by_ns: int | None = None
    delivered_ns: int | None = None
    fate: Fate = Fate.IN_FLIGHT
    is_copy: bool = False

    def posted(self) -> Posted:
        """As the network logs it."""
        return Posted(**vars(self) | {"content": json.dumps(self.content, sort_keys=True)})


def arrived(letter: Letter) -> Letter:
    """The same, delivered a moment later."""
    return replace(letter, delivered_ns=letter.sent_ns + WAY, fate=Fate.DELIVERED)


def lost(letter: Letter) -> Letter:
    """The same, never delivered."""
    return replace(letter, delivered_ns=None, fate=Fate.LOST)


def auction(nth: int, wanted: Mapping[str, Sequence[float]], supply: int = SUPPLY, unheard: Iterable[str] = ()) -> list[Letter]:
    """A round: a call, bids by marginal value, and who won. Messages of an acceptance to the unheard are lost."""
    at, name = (nth + 1) * ROUND, f"round-{nth}"
    said = [arrived(Letter(at, "cfp", {"pool": POOL, "supply": supply}, "auctioneer", who, conversation_id=name, reply_by_ns=at + S))
            for who in wanted]  # fmt: skip
    said += [arrived(Letter(at + 2 * WAY, "propose", {"values": list(values)}, who, conversation_id=name, reply_with=f"{who}-{nth}"))
             for who, values in wanted.items() if values]  # fmt: skip
    bids = sorted(((value, who) for who, values in wanted.items() for value in values), reverse=True)
    price = bids[supply][0] if len(bids) > supply else 0.0
    for order, who in enumerate(wanted):
        amount = sum(one == who for _, one in bids[:supply])
        content = {"amount": amount, "expires_ns": at + S + LEASE, "token": nth * 100 + order, "price": price, "pool": POOL}
        kind = "accept-proposal" if amount else "reject-proposal"
        letter = Letter(at + S, kind, content if amount else {"price": price}, "auctioneer", who, conversation_id=name)
        said.append(lost(letter) if who in unheard else arrived(letter))
    return said


def kept(folder: Path, said: Sequence[Letter]) -> None:
    """Put messages into a run folder."""
    (folder / "messages").mkdir()
    rows = message_columns([one.posted() for one in sorted(said, key=lambda one: one.sent_ns)])
    (folder / "messages" / "part-00000.parquet").write_bytes(as_parquet("messages", rows))
