"""Budgets of retries that remember what has been: tower's, of deposits and withdrawals, and gRPC's, of tokens."""

from __future__ import annotations

from typing import Any

from sim.registry import law

NO_METER, TOWER, TOKENS = range(3)
SLOTS = 10  # so many stretches of time a deposit of tower's is remembered for
TOKEN = 1000  # a token in thousandths, as gRPC counts them


@law
def deposit_amount(ratio: float) -> int:
    """R7 tower: what a try that succeeded pays in, where `ratio` retries are allowed for each."""
    if ratio == 0.0:
        return 0
    return 1 if ratio <= 1.0 else 1000


@law
def withdrawal_amount(ratio: float) -> int:
    """R7 tower: what a retry costs, cut to a whole number."""
    if ratio == 0.0:
        return 1
    return int(1.0 / ratio) if ratio <= 1.0 else int(1000.0 / ratio)


@law
def expire(meter: Any, slots: Any, first: int, now_ns: int, window_ns: int) -> None:
    """R7 tower: time passes on an account: what was written goes into its slot, those of windows gone by are emptied."""
    elapsed = now_ns - meter.since_ns
    if elapsed < window_ns:
        return
    slots[first + meter.slot] = meter.written
    meter.written = 0
    empty = (elapsed - 1) // window_ns
    for k in range(min(empty, SLOTS)):
        slots[first + (meter.slot + 1 + k) % SLOTS] = 0
    meter.slot = (meter.slot + 1 + empty) % SLOTS
    meter.since_ns = now_ns


@law
def deposit(meter: Any, slots: Any, first: int, now_ns: int, window_ns: int, amount: int) -> None:
    """R7 tower: pay into an account."""
    expire(meter, slots, first, now_ns, window_ns)
    meter.written += amount


@law
def withdraw(meter: Any, slots: Any, first: int, now_ns: int, window_ns: int, amount: int, reserve: int) -> bool:
    """R7 tower: take from an account what its slots, what was written since and the reserve together allow."""
    expire(meter, slots, first, now_ns, window_ns)
    left = reserve + meter.written
    for k in range(SLOTS):
        left += slots[first + k]
    if left < amount:
        return False
    meter.written -= amount
    return True


@law
def spent_after(spent: int, most: int, gain: int, succeeded: bool) -> int:
    """R8 gRPC's retry throttling: tokens spent, in thousandths, after a success (less a gain) or a failure (one more)."""
    return max(spent - gain, 0) if succeeded else min(spent + TOKEN, most)


@law
def is_short_of_tokens(spent: int, most: int) -> bool:
    """R8 gRPC: no retry while half the tokens or fewer are left."""
    return most - spent <= most // 2
