"""Push-sum: mass is neither made nor doubled, whatever the network does, and estimates come to the mean where it works."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from agents.negotiation.messages import Performative
from agents.negotiation.protocols.gossip import Gossiper, Rules
from tests.negotiation.adversary import STATEFUL, Adversary
from tests.negotiation.telling import told

ROUND, DONE_BY = 5, 60
ZERO = (0.0, 0.0)


@dataclass(frozen=True)
class Held:
    """What one holds, has sent and has heard: a mechanism of running sums."""

    mass: tuple[Any, Any]
    sent: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    heard: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def plus(one: tuple[Any, Any], other: tuple[Any, Any], sign: int = 1) -> tuple[Any, Any]:
    return one[0] + sign * other[0], one[1] + sign * other[1]


def push(party: Held, targets: Collection[str]) -> Held:
    part = (party.mass[0] / (len(targets) + 1), party.mass[1] / (len(targets) + 1))
    return replace(party, mass=part, sent=party.sent | {name: plus(party.sent.get(name, ZERO), part) for name in targets})


def tell(party: Held, sender: str, total: tuple[Any, Any]) -> Held:
    known = party.heard.get(sender, ZERO)
    if total[1] <= known[1]:
        return party
    return replace(party, mass=plus(party.mass, plus(total, known, -1)), heard=party.heard | {sender: total})


def ring(names: list[str], values: list[Any], weight: Any) -> list[Gossiper[Held]]:
    """Everybody pushes to the next one, in every second round to the one before, too."""
    roles = []
    for i, name in enumerate(names):
        near = [names[(i + 1) % len(names)], names[i - 1]]
        rules = Rules(push, lambda party, target: party.sent[target], tell, lambda n, near=near: near[: 1 + n % 2])
        roles.append(Gossiper(name, "c1", near, Held((values[i], weight)), rules, ROUND, DONE_BY))
    return roles


class Gossip(Adversary):
    """Three to five in a ring."""

    bears_nonsense = False  # a forged total would be believed

    @initialize(values=st.lists(st.integers(-9, 9), min_size=3, max_size=5))
    def begins(self, values: list[int]) -> None:
        """All but one begin."""
        self.brought = (float(sum(values)), float(len(values)))
        for role in ring([f"node-{i}" for i in range(len(values))], [float(v) for v in values], 1.0):
            self.roles[role.name] = role
            if role.name != "node-0":
                self.took(role.begin(self.now_ns))

    @rule()
    def late(self) -> None:
        """The last one begins; what it heard before counts."""
        self.took(self.roles["node-0"].begin(self.now_ns))

    @invariant()
    def mass_is_conserved(self) -> None:
        """What all hold and what each is still owed is what there was; no weight is ever negative; nothing is not understood."""
        if not self.roles:
            return
        parties = {name: role.party for name, role in self.roles.items()}
        whole = ZERO
        for name, party in parties.items():
            whole = plus(whole, party.mass)
            assert party.mass[1] > 0
            for target, total in party.sent.items():
                owed = plus(total, parties[target].heard.get(name, ZERO), -1)
                assert owed[1] >= 0
                whole = plus(whole, owed)
        assert whole == pytest.approx(self.brought, abs=1e-9)
        assert not [m for _, m in self.sent if m.performative != Performative.INFORM]
        for name, role in self.roles.items():
            assert role.is_over or set(role.party.heard) == {m.sender for _, m in self.delivered if m.receiver == name}

    def check_end(self) -> None:
        """All are over, after no more rounds than there is time for."""
        self.mass_is_conserved()
        assert all(role.is_over or role.state == "new" for role in self.roles.values())
        assert all(role.rounds <= 1 + DONE_BY // ROUND for role in self.roles.values())


TestGossip = Gossip.TestCase
TestGossip.settings = STATEFUL


@pytest.mark.parametrize(("loss", "error"), [(0, 0.01), (3, 0.1)])
def test_estimates_come_to_the_mean(loss: int, error: float) -> None:
    """Without loss all five come within 1 % of the mean in twelve rounds; with three in ten messages lost, within a tenth."""
    roles = ring(list("abcde"), [1.0, 2.0, 3.0, 4.0, 10.0], 1.0)
    told(roles, "abcde", lambda n, _: n * n * 7 % 11 % 10 < loss)
    estimates = [role.party.mass[0] / role.party.mass[1] for role in roles]
    assert estimates == pytest.approx([4.0] * 5, rel=error)


def test_a_round_takes_time() -> None:
    """Rounds of no length would never end."""
    with pytest.raises(ValueError, match="let time pass"):
        Gossiper("a", "c1", ["b"], Held(ZERO), Rules(push, lambda *_: (0.0, 0.0), tell, lambda _: ["b"]), 0, 10)
