"""Where leases are granted: a ledger, what everyone is meant to have, and how to get there without promising too much."""

from __future__ import annotations

from collections.abc import Mapping

from agents.negotiation.leases import Lease, Ledger


class LeaseOffice:
    """A pool's ledger, and the division it is brought to. Who is to have less hears it first; who is to have more waits for that."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._aims: dict[str, int] = {}
        self._until_ns = 0
        self._kept: dict[str, int] = {}  # the newest token that each holder is known to keep to

    def aim(self, amounts: Mapping[str, int], now_ns: int, until_ns: int) -> dict[str, Lease]:
        """Bring the holders to these amounts: a lease for each, as large as there is room for now; none while others may be live."""
        if self.ledger.is_quiet(now_ns):
            return {}
        self._aims, self._until_ns = dict(amounts), until_ns
        order = sorted(amounts, key=lambda holder: (amounts[holder] > self.ledger.promised(holder, now_ns), holder))
        leases = {}
        for holder in order:
            amount = min(amounts[holder], self.ledger.room(holder, now_ns))
            lease = self.ledger.grant(holder, amount, now_ns, until_ns)
            if lease is not None:
                leases[holder] = lease
        return leases

    def confirmed(self, holder: str, token: int, now_ns: int) -> dict[str, Lease]:
        """A holder keeps to its lease: leases for those whose aim there is room for now."""
        self.ledger.confirm(holder, token)
        if any(one.token == token for one in self.ledger.leases.get(holder, ())):
            self._kept[holder] = token
        return self._topped_up(now_ns, partly=False)

    @property
    def is_settled(self) -> bool:
        """Whether all are known to keep to what they were meant to have."""
        newest = {holder: self.ledger.newest(holder) for holder in self._aims}
        return all(one is not None and one.amount >= self._aims[holder] and one.token == self._kept.get(holder)
                   for holder, one in newest.items())  # fmt: skip

    def surely_held(self, holder: str, now_ns: int) -> tuple[int, int]:
        """(the amount that a holder has whether it has heard of its newest lease or not, until when), at least; (0, now) if nothing.

        It keeps to the lease that it confirmed, or to one that it was granted since.
        """
        leases = self.ledger.leases.get(holder, ())
        if not leases or leases[0].token != self._kept.get(holder) or now_ns >= leases[0].expires_ns - self.ledger.skew_ns:
            return 0, now_ns
        return min(one.amount for one in leases), min(one.expires_ns for one in leases)

    def closing(self, now_ns: int) -> dict[str, Lease]:
        """No more is heard in this round: what is free goes to who was to have more."""
        return self._topped_up(now_ns, partly=True)

    def _topped_up(self, now_ns: int, *, partly: bool) -> dict[str, Lease]:
        leases = {}
        for holder, aim in sorted(self._aims.items()):
            newest, room = self.ledger.newest(holder), self.ledger.room(holder, now_ns)
            amount = min(aim, room) if partly else aim
            if newest is None or newest.amount >= amount or amount > room:
                continue
            lease = self.ledger.grant(holder, amount, now_ns, self._until_ns)
            if lease is not None:
                leases[holder] = lease
        return leases
