"""Prices and rates: against the adversary, the synchronous iteration where nothing is lost, and grants that fit always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from agents.negotiation.messages import Performative
from agents.negotiation.protocols.dual_decomposition import PriceRules, PriceSetter, RateSetter
from tests.negotiation.adversary import STATEFUL, Adversary
from tests.negotiation.telling import told

ROUND, PATIENCE, DONE_BY, STEP = 6, 3, 80, 0.02
ROUTES = {"buy": ("cart", "stock"), "look": ("stock",), "pay": ("cart", "bank")}
CAPACITIES = {"cart": 10.0, "stock": 8.0, "bank": 20.0}
WEIGHTS = {"buy": 3.0, "look": 2.0, "pay": 1.0}


def rate_at(name: str, prices: Mapping[str, float]) -> float:
    """Of log utility: weight over price, and 20 at most."""
    price = sum(prices[resource] for resource in ROUTES[name])
    return min(20.0, WEIGHTS[name] / price) if price > 0 else 20.0


def rules(resource: str, calm_rounds: int = 3, tolerance: float = 1e-3) -> PriceRules:
    """Low and Lapsley's step, and a grant of an equal part of what is asked."""
    capacity = CAPACITIES[resource]

    def excess(rates: Mapping[str, float]) -> float:
        return sum(rates.values()) - capacity

    def is_calm(price: float, rates: Mapping[str, float]) -> bool:
        return excess(rates) <= tolerance * capacity and -price * excess(rates) <= tolerance * capacity

    def project(rates: Mapping[str, float]) -> dict[str, float]:
        share = min(1.0, capacity / max(sum(rates.values()), 1e-12))
        return {name: rate * share for name, rate in rates.items()}

    return PriceRules(lambda price, rates: max(0.0, price + STEP * excess(rates)), is_calm, project, calm_rounds, ROUND)


def parties(done_by_ns: int, tolerance: float = 1e-3) -> tuple[dict[str, PriceSetter], dict[str, RateSetter]]:
    """Three resources and three classes of traffic, prices from 0.1."""
    setters = {name: PriceSetter(name, "c1", [k for k, route in ROUTES.items() if name in route], 0.1, rules(name, 3, tolerance),
                                 done_by_ns) for name in CAPACITIES}  # fmt: skip
    classes = {name: RateSetter(name, "c1", dict.fromkeys(route, 0.1), lambda prices, name=name: rate_at(name, prices), PATIENCE,
                                done_by_ns + ROUND) for name, route in ROUTES.items()}  # fmt: skip
    return setters, classes


class Dual(Adversary):
    """Three resources and three classes of traffic on any network."""

    ends_ns, bears_nonsense = DONE_BY + ROUND, False  # a forged rate would be believed

    @initialize(late=st.sets(st.sampled_from(sorted(CAPACITIES))))
    def begins(self, late: set[str]) -> None:
        """All begin, some later."""
        self.setters, self.classes = parties(DONE_BY)
        self.roles = {**self.setters, **self.classes}
        for name, role in sorted(self.roles.items()):
            self.now_ns += name in late
            self.took(role.begin(self.now_ns))

    @invariant()
    def what_may_be_sent_fits(self) -> None:
        """At no instant may classes send more through a resource than it has."""
        if self.roles:
            for resource, capacity in CAPACITIES.items():
                sent = sum(role.rate for name, role in self.classes.items() if resource in ROUTES[name])
                assert sent <= capacity * (1 + 1e-9)

    @invariant()
    def questions_are_answered_once(self) -> None:
        """A question has one answer, and no rate is told unasked."""
        asked = {m.reply_with for _, m in self.sent if m.performative == Performative.QUERY_REF}
        answers = [m.in_reply_to for _, m in self.sent if m.performative == Performative.INFORM]
        assert len(answers) == len(set(answers))
        assert set(answers) <= asked

    def check_end(self) -> None:
        """All are over; each price setter has asked no more often than it might."""
        self.what_may_be_sent_fits()
        assert all(role.is_over for role in self.roles.values())
        for name, role in self.setters.items() if self.roles else ():
            heard = sum(m.performative == Performative.INFORM and m.receiver == name for _, m in self.delivered)
            assert role.rounds <= 1 + DONE_BY // ROUND + heard


TestDual = Dual.TestCase
TestDual.settings = STATEFUL


def synchronous(rounds: int) -> dict[str, float]:
    """Prices after so many rounds of the iteration itself, without messages."""
    prices = dict.fromkeys(CAPACITIES, 0.1)
    for _ in range(rounds):
        rates = {name: rate_at(name, {r: prices[r] for r in ROUTES[name]}) for name in sorted(ROUTES)}
        prices = {r: rules(r).next_price(prices[r], {k: rates[k] for k in sorted(rates) if r in ROUTES[k]}) for r in prices}
    return prices


def test_without_loss_it_is_the_synchronous_iteration() -> None:
    """After each number of rounds, prices are to the bit those of the iteration."""
    for rounds in (1, 2, 7):
        setters, classes = parties(10_000, tolerance=-1.0)
        told([*setters.values(), *classes.values()], [*classes, *setters], until_ns=2 * rounds)
        assert {name: role.rounds for name, role in setters.items()} == dict.fromkeys(CAPACITIES, rounds + 1)
        assert {name: role.price for name, role in setters.items()} == synchronous(rounds)


def test_all_end_when_all_are_calm() -> None:
    """It ends by itself, long before its time, with the rates of the iteration; what has room is free."""
    setters, classes = parties(10_000, tolerance=1e-6)
    said = told([*setters.values(), *classes.values()], [*classes, *setters])
    assert said[-1][0] < 5000
    assert all(role.is_over for role in (*setters.values(), *classes.values()))
    settled = synchronous(5000)
    for name, role in classes.items():
        assert role.rate == pytest.approx(rate_at(name, {r: settled[r] for r in ROUTES[name]}), rel=1e-3)
    assert setters["bank"].price == 0.0


def test_time_ends_what_does_not_settle() -> None:
    """With a tenth of all messages lost and hardly any time, all end by their deadlines, with grants that fit."""
    setters, classes = parties(40, tolerance=1e-9)
    told([*setters.values(), *classes.values()], [*classes, *setters], lambda n, _: n % 10 == 5)
    assert all(role.is_over for role in (*setters.values(), *classes.values()))
    for name, role in setters.items():
        assert sum(role.granted.values()) <= CAPACITIES[name] * (1 + 1e-9)


def test_who_was_never_heard_is_granted_nothing() -> None:
    """A class whose rates are all lost has no grant, and may send nothing; the others share what there is."""
    setters, classes = parties(40)
    told([*setters.values(), *classes.values()], [*classes, *setters], lambda _, m: m.sender == "buy")
    assert classes["buy"].rate == 0.0
    assert classes["look"].rate == pytest.approx(8.0, rel=0.02)
    assert "buy" not in setters["cart"].granted


def test_what_does_not_fit_is_cut() -> None:
    """Time is up after one round, when 20 is asked for twice where there is 8: half of 8 is granted to each."""
    setters, classes = parties(2)
    told([*setters.values(), *classes.values()], [*classes, *setters])
    assert setters["stock"].rates == {"buy": 15.0, "look": 20.0}
    assert setters["stock"].granted == pytest.approx({"buy": 8 * 15 / 35, "look": 8 * 20 / 35})
    assert classes["buy"].rate == min(setters["stock"].granted["buy"], setters["cart"].granted["buy"])


def test_a_missing_grant_stops_a_class() -> None:
    """Without a word from one of its two resources a class sends nothing."""
    setters, classes = parties(40)
    told([*setters.values(), *classes.values()], [*classes, *setters],
         lambda _, m: m.performative == Performative.AGREE and (m.sender, m.receiver) == ("cart", "buy"))  # fmt: skip
    assert (classes["buy"].rate, set(classes["buy"].grants)) == (0.0, {"stock"})


def test_late_rates_are_known_and_not_heard() -> None:
    """A rate of the round before is the last known where nothing newer came, and the round still waits for its own answer."""
    setter = PriceSetter("cart", "c1", ["buy"], 0.1, rules("cart"), DONE_BY)
    buy = RateSetter("buy", "c1", {"cart": 0.1}, lambda prices: 1.0 / prices["cart"], PATIENCE, DONE_BY + ROUND)
    first = buy.receive(setter.begin(0).messages[0], 1).messages[0]
    second = setter.expire(ROUND).messages[0]
    assert setter.receive(first, ROUND + 1).messages == ()
    assert (setter.rates, setter.rounds) == ({"buy": 10.0}, 2)
    setter.price = 0.5
    third = setter.receive(buy.receive(replace(second, content=second.content | {"price": 0.5}), 9).messages[0], 9)
    assert (setter.rates, setter.rounds, len(third.messages)) == ({"buy": 2.0}, 3, 1)
    setter.receive(replace(first, reply_with="late"), 10)
    assert setter.rates == {"buy": 2.0}


def test_patience_ends_and_grants_stand() -> None:
    """Who hears one of two prices answers after its patience; after a grant no older price of that resource is taken."""
    buy = RateSetter("buy", "c1", {"cart": 0.1, "stock": 0.4}, lambda prices: 1.0 / sum(prices.values()), PATIENCE, DONE_BY)
    setter = PriceSetter("cart", "c1", ["buy"], 0.6, rules("cart"), ROUND)
    asked = setter.begin(0).messages[0]
    assert buy.receive(asked, 1).due_ns == 1 + PATIENCE
    answer = buy.expire(1 + PATIENCE).messages[0]
    assert (answer.content["rate"], answer.content["calm"]) == (1.0, 0)
    setter.receive(answer, 5)
    grant = setter.expire(ROUND).messages[0]
    early = RateSetter("buy", "c1", {"cart": 0.1, "stock": 0.4}, lambda _: 1.0, PATIENCE, DONE_BY)
    early.receive(asked, 1)
    early.receive(grant, 2)
    assert early.expire(1 + PATIENCE).messages == ()  # who has granted asks no more
    buy.receive(grant, 7)
    assert buy.receive(replace(asked, reply_with="late", content=asked.content | {"round": 9, "price": 7.0}), 8).messages == ()
    assert buy.prices == {"cart": grant.content["price"], "stock": 0.4}


def test_nonsense_is_refused() -> None:
    """Nobody to ask, no round, no patience: none of these could come to an end."""
    with pytest.raises(ValueError, match="no rate setters"):
        PriceSetter("cart", "c1", [], 0.1, rules("cart"), DONE_BY)
    with pytest.raises(ValueError, match="at least 1"):
        rules("cart", calm_rounds=0)
    with pytest.raises(ValueError, match="patience"):
        RateSetter("buy", "c1", {"cart": 0.1}, lambda _: 1.0, 0, DONE_BY)
