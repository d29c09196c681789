"""Two parties that give way in turn: Zeuthen's strategy, which knows both utilities, and MiCRO, which knows only its own.

Zeuthen (1930), Harsanyi (Econometrica 24, 1956), as the monotonic concession protocol of Rosenschein and Zlotkin (Rules of
Encounter, 1994); de Jonge (IJCAI 2022) for MiCRO. A party is 0 or 1; utilities are gains over conflict, as `frontier` of
bargaining.py has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.mechanisms.allocation import require_finite

Gains = Mapping[str, Sequence[float]]  # (of party 0, of party 1) by the name of the deal, none negative, none dominated


@dataclass(frozen=True, slots=True)
class Talks:
    """How two parties came to a deal."""

    agreed: str | None
    offers: tuple[tuple[str, str], ...]  # what each has on the table, round by round


def risk(gains: Gains, party: int, own: str, other: str) -> float:
    """How much of its gain a party loses by taking the other's offer; it is ready to risk a conflict at odds up to this."""
    mine, theirs = gains[own][party], gains[other][party]
    return (mine - theirs) / mine if mine > 0 else 1.0


def lower_risk(gains: Gains, offers: tuple[str, str]) -> int:
    """Zeuthen's rule: the party of LOWER risk concedes; equals: party 0."""
    first, second = (risk(gains, party, offers[party], offers[1 - party]) for party in (0, 1))
    return 0 if first <= second else 1


def conceded(gains: Gains, party: int, offers: tuple[str, str], conceder: Callable[[Gains, tuple[str, str]], int] = lower_risk) -> str:
    """Just enough: of the deals worse for the party than its own, the best after which it is the other's turn; else the other's offer."""
    own, other = offers[party], offers[1 - party]
    for deal in _ranked(gains, party):
        if gains[other][party] < gains[deal][party] < gains[own][party]:
            after = (deal, other) if party == 0 else (other, deal)
            if conceder(gains, after) != party:
                return deal
    return other


def zeuthen(gains: Gains, party: int, own: str, other: str) -> str:
    """What a party offers next: its own deal again while the other should concede, a smaller one, or the other's, which accepts it."""
    offers = (own, other) if party == 0 else (other, own)
    return conceded(gains, party, offers) if lower_risk(gains, offers) == party else own


def concession_talks(gains: Gains, conceder: Callable[[Gains, tuple[str, str]], int] = lower_risk) -> Talks:
    """Both begin with what is best for them, and one concedes a round, until one is offered no less than it asks for.

    At most as many rounds as there are deals. With Zeuthen's rule the deal is the one of the highest product of gains (nash).
    """
    if not gains:
        return Talks(None, ())
    offers = (_ranked(gains, 0)[0], _ranked(gains, 1)[0])
    history = [offers]
    while (agreed := _agreed(gains, offers)) is None:
        party = conceder(gains, offers)
        deal = conceded(gains, party, offers, conceder)
        offers = (deal, offers[1]) if party == 0 else (offers[0], deal)
        history.append(offers)
    return Talks(agreed, tuple(history))


def micro(utilities: Mapping[str, float], offered: Sequence[str], heard: Sequence[str], reservation: float = 0.0) -> str | None:
    """MiCRO's next offer: the next best deal if the other has made as many different offers, else the last again.

    Where the other's last offer is worth no less than that, it is the answer, and so accepted. `offered` and `heard` are the
    offers so far, oldest first. None: nothing is worth the reservation. (The paper repeats one of its offers at random; the
    last is as good and needs no dice.)
    """
    require_finite("a utility", utilities.values())
    ranked = sorted((deal for deal in utilities if utilities[deal] >= reservation), key=lambda deal: (-utilities[deal], deal))
    if not ranked:
        return None
    mine, theirs = len(dict.fromkeys(offered)), len(dict.fromkeys(heard))
    is_my_turn = mine <= theirs
    offer = ranked[min(mine if is_my_turn else mine - 1, len(ranked) - 1)]
    if heard and utilities.get(heard[-1], -float("inf")) >= utilities[offer]:
        return heard[-1]
    return offer


def micro_talks(utilities: tuple[Mapping[str, float], Mapping[str, float]], rounds_max: int,
                reservations: tuple[float, float] = (0.0, 0.0)) -> Talks:  # fmt: skip
    """Two parties that both play MiCRO, party 0 first, until one accepts; no deal after so many offers of each, or where one has none."""
    offered: tuple[list[str], list[str]] = ([], [])
    for turn in range(2 * rounds_max):
        party = turn % 2
        offer = micro(utilities[party], offered[party], offered[1 - party], reservations[party])
        if offer is None:
            break
        if offered[1 - party] and offer == offered[1 - party][-1]:
            return Talks(offer, tuple(zip(*offered, strict=False)))
        offered[party].append(offer)
    return Talks(None, tuple(zip(*offered, strict=False)))


def _ranked(gains: Gains, party: int) -> list[str]:
    """Best for a party first; of equals the one that is better for the other, then by name."""
    return sorted(gains, key=lambda deal: (-gains[deal][party], -gains[deal][1 - party], deal))


def _agreed(gains: Gains, offers: tuple[str, str]) -> str | None:
    """The offer that gives the other no less than it asks for itself; where both do, party 1's."""
    for party in (0, 1):
        if gains[offers[1 - party]][party] >= gains[offers[party]][party]:
            return offers[1 - party]
    return None
