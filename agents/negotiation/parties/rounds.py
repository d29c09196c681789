"""Rounds of whatever is bargained for: when each began, which leases it told, and when all of them were confirmed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Round:
    """One round, in true time.

    It is settled when everybody who was asked was heard, it has come to a decision, and every lease that it told is confirmed:
    of several for one holder, the newest. A decision to tell nobody anything settles it at once; so does no other lack of leases.
    """

    began_ns: int
    until_ns: int  # when all that it waits for has come, or will not
    _settled_ns: int | None = None
    _has_decided: bool = False
    _has_missed: bool = False
    _open: dict[str, int] = field(default_factory=dict)  # by holder, the token that it has not confirmed

    @property
    def settled_ns(self) -> int | None:
        """When the last of its leases was confirmed; None where it is not settled."""
        return None if self._has_missed else self._settled_ns

    def tell(self, tokens: Mapping[str, int], now_ns: int, until_ns: int) -> None:
        """It decides, and tells leases, by holder, or none at all; they will be confirmed by `until_ns`, or never."""
        self._has_decided, self.until_ns = True, max(self.until_ns, until_ns)
        self._open |= tokens
        self._look(now_ns)

    def confirm(self, holder: str, token: int, now_ns: int) -> None:
        """A holder keeps to a lease that this round told."""
        if self._open.get(holder) == token:
            del self._open[holder]
            self._look(now_ns)

    def miss(self) -> None:
        """Somebody who was asked was not heard."""
        self._has_missed = True

    def _look(self, now_ns: int) -> None:
        if self._open:
            self._settled_ns = None
        elif self._has_decided and self._settled_ns is None:
            self._settled_ns = now_ns


class Rounds:
    """All rounds that an agent began, the newest last. A crash does not reach them: they are what is told of it, not what it knows."""

    def __init__(self) -> None:
        self.all: list[Round] = []
        self._telling: dict[tuple[str, int], Round] = {}  # by holder and token, until their round is over

    def begin(self, now_ns: int, until_ns: int) -> None:
        """A round begins; what is said in it from here on is of it."""
        self.all.append(Round(now_ns, until_ns))
        self._telling = {key: one for key, one in self._telling.items() if one.settled_ns is None and one.until_ns >= now_ns}

    def tell(self, tokens: Mapping[str, int], now_ns: int, until_ns: int) -> None:
        """The newest round decides, and tells these leases; nothing where none was begun yet."""
        if self.all:
            self.all[-1].tell(tokens, now_ns, until_ns)
            self._telling |= dict.fromkeys(tokens.items(), self.all[-1])

    def confirm(self, holder: str, token: int, now_ns: int) -> None:
        """A holder keeps to a lease: that counts for the round that told it, whichever is on."""
        told = self._telling.get((holder, token))
        if told is not None:
            told.confirm(holder, token, now_ns)

    def miss(self, now_ns: float = math.inf) -> None:
        """Somebody was not heard whom the newest round asked, of those that began before now: another may begin at this instant."""
        asked = next((one for one in reversed(self.all) if one.began_ns < now_ns), None)
        if asked is not None:
            asked.miss()
