"""Leases: what is granted is granted until a time, with a token that tells old from new.

Amounts are ints, times are int ns of somebody's own clock. `skew_ns` is how far any clock may be from true time. A holder
uses a lease while its own clock is before expiry - skew; the ledger promises the amount to others once its own clock is at
expiry + skew. So at every true instant what all holders may use is at most the capacity (Gray, Cheriton 1989), whatever
the network loses, doubles or delays and whoever crashes, as long as

* a holder keeps the newest token it saw where a crash does not reach (`Holding.newest_token`): a late copy of an older and
  larger lease is then refused (a fencing token, as Chubby's sequencer, Burrows 2006);
* a ledger keeps its epoch there, and the one that begins anew waits until all that it may have promised is over;
* two ledgers never share a capacity at one time: the next epoch begins after the last one's end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

EPOCH_SHIFT = 32  # a token is (epoch, number) in one int, so that a later epoch's are all larger
NUMBERS = (1 << EPOCH_SHIFT) - 1
MILLI = 1000  # leases of flow are of whole thousandths of a request a second


@dataclass(frozen=True, slots=True)
class Lease:
    """So much for one holder until a time, by the clock of whoever reads it."""

    holder: str
    amount: int
    token: int
    expires_ns: int

    @property
    def epoch(self) -> int:
        """Of the ledger that granted it."""
        return self.token >> EPOCH_SHIFT

    def content(self) -> dict[str, str | int]:
        """As a message carries it."""
        return {"holder": self.holder, "amount": self.amount, "token": self.token, "expires_ns": self.expires_ns}


@dataclass
class Ledger:
    """The granting side. A holder has one lease at a time: a further grant replaces it.

    Until the holder confirms the replacement, or the old lease is over, the larger of the two counts: the holder may not
    have heard. Every lease ends at most `term_ns` after it was granted. `restarted` makes the ledger of the next epoch.
    """

    capacity: int
    skew_ns: int
    epoch: int
    term_ns: int
    quiet_until_ns: int = 0  # before it nothing is granted: leases of an earlier epoch may be live
    _granted: dict[str, list[Lease]] = field(default_factory=dict)  # by holder, oldest first; only what may still be used
    _number: int = 0
    _latest_ns: int = 0  # what is over stays over, though the clock be set back: the latest of a clock's times is as right as any

    def __post_init__(self) -> None:
        """Refuses a negative figure, and a term too short for anybody to use (ValueError)."""
        if min(self.capacity, self.skew_ns, self.epoch, self.quiet_until_ns) < 0:
            raise ValueError(f"capacity {self.capacity}, skew {self.skew_ns} ns, epoch {self.epoch}: none may be negative")
        if self.term_ns <= self.skew_ns:
            raise ValueError(f"a term of {self.term_ns} ns is over before it begins: clocks differ by {self.skew_ns} ns")

    @classmethod
    def restarted(cls, capacity: int, skew_ns: int, last_epoch: int, term_ns: int, now_ns: int) -> Ledger:
        """The ledger of the next epoch, which remembers nothing of the last one but its number and its term.

        It waits for the longest term and three times the skew: the last grant was at now + skew in true time at the latest,
        by a clock that was at most skew ahead, and this clock may be skew behind when the end has come.
        """
        return cls(capacity, skew_ns, last_epoch + 1, term_ns, now_ns + term_ns + 3 * skew_ns)

    @property
    def leases(self) -> Mapping[str, tuple[Lease, ...]]:
        """All that are not known to be over, by holder, oldest first."""
        return MappingProxyType({holder: tuple(leases) for holder, leases in sorted(self._granted.items()) if leases})

    def is_quiet(self, now_ns: int) -> bool:
        """Whether leases of an earlier epoch may be live, so that nothing is granted."""
        return max(now_ns, self._latest_ns) < self.quiet_until_ns

    def live(self, now_ns: int) -> int:
        """The amount that may be in use; all of it while an earlier epoch's leases may be."""
        if self.is_quiet(now_ns):
            return self.capacity
        return sum(self.promised(holder, now_ns) for holder in self._granted)

    def promised(self, holder: str, now_ns: int) -> int:
        """The amount that one holder may be using: the largest of its leases that is not over."""
        return max((one.amount for one in self._granted.get(holder, ()) if not self._is_over(one, now_ns)), default=0)

    def free(self, now_ns: int) -> int:
        """What could be granted to a newcomer."""
        return max(0, self.capacity - self.live(now_ns))

    def room(self, holder: str, now_ns: int) -> int:
        """The largest amount that could be granted to a holder now, what it has already included."""
        if self.is_quiet(now_ns):
            return 0
        return max(0, self.capacity - self.live(now_ns) + self.promised(holder, now_ns))

    def grant(self, holder: str, amount: int, now_ns: int, until_ns: int) -> Lease | None:
        """A lease in place of the holder's present one; None where it does not fit, or ends too early or too late."""
        if amount < 0:
            raise ValueError(f"{holder} cannot be granted {amount}")
        now_ns = self._latest_ns = max(now_ns, self._latest_ns)
        ends_in_time = now_ns < until_ns <= now_ns + self.term_ns
        if not ends_in_time or amount > self.room(holder, now_ns) or self._number == NUMBERS:
            return None
        self._number += 1
        lease = Lease(holder, amount, (self.epoch << EPOCH_SHIFT) | self._number, until_ns)
        self._granted[holder] = [one for one in self._granted.get(holder, ()) if not self._is_over(one, now_ns)] + [lease]
        return lease

    def renew(self, holder: str, token: int, now_ns: int, until_ns: int) -> Lease | None:
        """The holder's newest lease once more, with a new token; None where the token is not the newest, or it is over."""
        newest = self.newest(holder)
        if newest is None or newest.token != token or self._is_over(newest, now_ns):
            return None
        return self.grant(holder, newest.amount, now_ns, until_ns)

    def newest(self, holder: str) -> Lease | None:
        """The last lease a holder was granted, if it may still be live."""
        return self._granted[holder][-1] if self._granted.get(holder) else None

    def confirm(self, holder: str, token: int) -> None:
        """The holder keeps to this lease and will use none that is older. A token that was not granted says nothing."""
        leases = self._granted.get(holder, [])
        if any(one.token == token for one in leases):
            self._granted[holder] = [one for one in leases if one.token >= token]

    def release(self, holder: str, token: int) -> None:
        """The holder uses neither this lease nor any older one any more. A token that was not granted says nothing."""
        leases = self._granted.get(holder, [])
        if any(one.token == token for one in leases):
            self._granted[holder] = [one for one in leases if one.token > token]

    def resize(self, capacity: int) -> None:
        """Another capacity. What is promised stays promised: less is granted until it fits (ValueError below 0)."""
        if capacity < 0:
            raise ValueError(f"a capacity of {capacity}")
        self.capacity = capacity

    def _is_over(self, lease: Lease, now_ns: int) -> bool:
        return max(now_ns, self._latest_ns) >= lease.expires_ns + self.skew_ns


@dataclass
class Holding:
    """The holder's side of one thing it leases. After a crash: `Holding(holder, skew_ns, newest_token=what was kept)`."""

    holder: str
    skew_ns: int
    newest_token: int = -1  # kept where a crash does not reach, before it is acted upon
    lease: Lease | None = None

    def take(self, lease: Lease) -> bool:
        """Keep to a lease from now on, if it is newer than all that were seen; whether it is.

        Confirm it to the ledger once no more than its amount is in use.
        """
        if lease.holder != self.holder or lease.token <= self.newest_token:
            return False
        self.newest_token, self.lease = lease.token, lease
        return True

    def usable(self, now_ns: int) -> int:
        """How much it may use."""
        return 0 if self.lease is None or self.is_over(self.lease, now_ns) else self.lease.amount

    def is_over(self, lease: Lease, now_ns: int) -> bool:
        """Whether a lease may not be used any more."""
        return now_ns >= lease.expires_ns - self.skew_ns

    def drop_if_over(self, now_ns: int) -> bool:
        """Let go of the lease if it is over; whether it was."""
        drops = self.lease is not None and self.is_over(self.lease, now_ns)
        if drops:
            self.lease = None
        return drops

    def give_back(self) -> int | None:
        """Use nothing any more; the token to tell the ledger (`release`), None where there is no lease."""
        token = None if self.lease is None else self.lease.token
        self.lease = None
        return token
