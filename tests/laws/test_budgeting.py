"""R7 and R8: budgets of retries that remember, held against the two projects' own test cases."""

from __future__ import annotations

import pytest

from sim.laws.budgeting import (
    SLOTS,
    TOKEN,
    deposit,
    deposit_amount,
    expire,
    is_short_of_tokens,
    spent_after,
    withdraw,
    withdrawal_amount,
)
from sim.records import RETRY_METER

MS = 1_000_000
Meter = RETRY_METER.make_class()


class Account:
    """One of tower's budgets, with a clock in ms."""

    def __init__(self, ttl_ms: int, min_per_sec: int, ratio: float) -> None:
        self.meter, self.slots, self.now_ns = Meter(), [7] + [0] * SLOTS, 0
        self.window_ns, self.gain, self.cost = ttl_ms * MS // SLOTS, deposit_amount(ratio), withdrawal_amount(ratio)
        self.reserve = min_per_sec * (ttl_ms // 1000) * self.cost

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now_ns += ms * MS

    def deposit(self) -> None:
        """A success."""
        deposit(self.meter, self.slots, 1, self.now_ns, self.window_ns, self.gain)

    def withdraw(self) -> bool:
        """A retry is asked for."""
        return withdraw(self.meter, self.slots, 1, self.now_ns, self.window_ns, self.cost, self.reserve)


def test_an_empty_account():
    """R7: tower's tps_empty: nothing comes from nothing."""
    assert not Account(1000, 0, 1.0).withdraw()


def test_an_old_deposit_has_leaked_away():
    """R7: tower's tps_leaky: three lifetimes later it is gone."""
    account = Account(1000, 0, 1.0)
    account.deposit()
    account.wait(3000)
    assert not account.withdraw()


def test_slots_empty_one_after_the_other():
    """R7: tower's tps_slots: 901 ms later two halves still make a whole; of three deposits the first may be too old."""
    account = Account(1000, 0, 0.5)
    account.deposit()
    account.deposit()
    account.wait(901)
    assert account.withdraw()
    account.wait(2001)
    account.deposit()
    account.wait(301)
    account.deposit()
    account.wait(801)
    account.deposit()
    assert account.withdraw()


def test_the_reserve():
    """R7: tower's tps_reserve: five a second of one second, and no sixth."""
    account = Account(1000, 5, 1.0)
    assert [account.withdraw() for _ in range(6)] == [True] * 5 + [False]


def test_the_defaults_of_tower():
    """R7: 20 % over 10 s and 10/s: a hundred retries from nothing, then one for every five successes."""
    account = Account(10_000, 10, 0.2)
    assert [account.withdraw() for _ in range(101)] == [True] * 100 + [False]
    for _ in range(4):
        account.deposit()
    assert not account.withdraw()
    account.deposit()
    assert [account.withdraw(), account.withdraw()] == [True, False]


def test_what_was_taken_comes_back():
    """R7: a withdrawal is a negative entry of its slot: when that is emptied, the reserve is whole again."""
    account = Account(1000, 2, 1.0)
    assert [account.withdraw() for _ in range(3)] == [True, True, False]
    account.wait(100)
    assert not account.withdraw()
    account.wait(1100)
    assert account.withdraw()


@pytest.mark.parametrize(("ratio", "gain", "cost"), [(0.0, 0, 1), (0.1, 1, 10), (0.2, 1, 5), (0.3, 1, 3), (1.0, 1, 1),
                                                       (2.0, 1000, 500), (3.0, 1000, 333), (1000.0, 1000, 1)])  # fmt: skip
def test_amounts(ratio, gain, cost):
    """R7: whole numbers, cut as tower cuts them: 30 % is one in three."""
    assert (deposit_amount(ratio), withdrawal_amount(ratio)) == (gain, cost)


@pytest.mark.parametrize(("elapsed", "kept"), [(99, "ABCDEFGHIJ"), (100, "KBCDEFGHIJ"), (101, "K0CDEFGHIJ"), (200, "K0CDEFGHIJ"),
                                               (201, "K00DEFGHIJ"), (1000, "K000000000"), (1001, "0000000000"), (10**9, "0000000000")])
def test_what_time_does_to_the_slots(elapsed, kept):
    """R7: ten letters stand for ten slots, K for what was written since; a window ends when it is as long as 100."""
    letters = {letter: n for n, letter in enumerate("0ABCDEFGHIJK")}
    meter, slots = Meter(written=letters["K"]), [letters[letter] for letter in "ABCDEFGHIJ"]
    expire(meter, slots, 0, elapsed, 100)
    assert slots == [letters[letter] for letter in kept]
    assert (meter.since_ns, meter.written) == ((elapsed, 0) if elapsed >= 100 else (0, letters["K"]))


def test_tokens_as_grpc_counts_them():
    """R8: gRPC's retry_throttle_test: four tokens, 1.6 won by a success; tokens left after each, and whether a retry may follow."""
    spent, story = 0, [("-", 3.0, True), ("+", 4.0, True), ("-", 3.0, True), ("-", 2.0, False), ("-", 1.0, False), ("-", 0.0, False),
                       ("-", 0.0, False), ("+", 1.6, False), ("+", 3.2, True), ("-", 2.2, True), ("-", 1.2, False), ("+", 2.8, True),
                       ("-", 1.8, False), ("+", 3.4, True), ("-", 2.4, True)]  # fmt: skip
    for what, left, allowed in story:
        spent = spent_after(spent, 4 * TOKEN, 1600, what == "+")
        assert (4 * TOKEN - spent, is_short_of_tokens(spent, 4 * TOKEN)) == (round(left * TOKEN), not allowed)
