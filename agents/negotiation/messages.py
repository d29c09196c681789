"""What agents say to each other: FIPA's message fields (SC00061G) and the communicative acts in use here (SC00037J)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Content = Mapping[str, Any]  # plain JSON values; whoever holds one never changes it


class Performative(StrEnum):
    """What a message does by being said."""

    CFP = "cfp"  # calls for proposals
    PROPOSE = "propose"
    REFUSE = "refuse"
    ACCEPT_PROPOSAL = "accept-proposal"
    REJECT_PROPOSAL = "reject-proposal"
    INFORM = "inform"
    FAILURE = "failure"  # what was agreed could not be done
    CANCEL = "cancel"  # what was asked for is wanted no more
    NOT_UNDERSTOOD = "not-understood"
    REQUEST = "request"
    AGREE = "agree"
    QUERY_REF = "query-ref"  # asks for a value
    SUBSCRIBE = "subscribe"  # asks to be told of changes


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as it is sent and as it arrives."""

    performative: Performative
    sender: str
    receiver: str
    protocol: str
    conversation_id: str
    content: Content
    reply_with: str | None = None  # what an answer is to name; no two messages of a sender have the same
    in_reply_to: str | None = None  # the `reply_with` of what it answers
    reply_by_ns: int | None = None  # by when an answer is of use

    @property
    def mark(self) -> tuple[str, ...]:
        """What the copies of one message have in common, and no other message has."""
        return (self.sender, self.performative, self.reply_with or "", self.in_reply_to or "")
