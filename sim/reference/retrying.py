"""A route's retries: which failure is tried again, within which budget, after how long, and on which pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.schema.retrying import Retries
from sim.draws import BACK_OFF, unit
from sim.laws import budgeting
from sim.laws.hedging import TWIN_PICKS, hedges_left
from sim.laws.retrying import (
    OK,
    back_off_ns,
    is_retriable,
    jittered_back_off_ns,
    mask_of,
    retry_allowed,
)

if TYPE_CHECKING:
    from sim.reference.life import Try
    from sim.reference.pod import Pod
    from sim.reference.route import Route, View


def note(route: Route, view: View, outcome: int, now_ns: int) -> None:
    """R7, R8: a try is over, and what its view remembers for its budget changes."""
    retries = route.policy.retries
    if retries is None:
        return
    if retries.tower_budget is not None and outcome == OK:
        amount = budgeting.deposit_amount(retries.tower_budget.retry_percent)
        budgeting.deposit(view.meter, view.slots, 0, now_ns, retries.tower_budget.ttl // budgeting.SLOTS, amount)
    if retries.retry_throttling is not None and (outcome == OK or is_retriable(_mask(retries), outcome)):
        most, gain = budgeting.TOKEN * retries.retry_throttling.max_tokens, round(budgeting.TOKEN * retries.retry_throttling.token_ratio)
        view.meter.spent = budgeting.spent_after(view.meter.spent, most, gain, outcome == OK)


def is_wanted(route: Route, view: View, attempt: int, outcome: int, now_ns: int) -> bool:
    """Whether another try follows the failed one: number, then kind of failure, then budget (R1, R4)."""
    retries = route.policy.retries
    if retries is None or attempt >= retries.num_retries or not is_retriable(_mask(retries), outcome):
        return False
    allowed = _is_allowed(retries, view, now_ns)
    route.tally.refused_retries += not allowed
    return allowed


def may_follow(route: Route, view: View, attempt: int, now_ns: int) -> bool:
    """Whether another try may follow this one of a call that hedges: number, then budget (G1)."""
    retries, hedging = route.policy.retries, route.policy.hedge_policy
    if hedging is not None and hedging.hedging_delay is not None:
        return hedges_left(attempt, hedging.max_attempts)
    if retries is None or not hedges_left(attempt, 1 + retries.num_retries):
        return False
    allowed = _is_allowed(retries, view, now_ns)
    route.tally.refused_retries += not allowed
    return allowed


def is_named(route: Route, outcome: int) -> bool:
    """Whether a call that hedges may go on after such a failure of a try (G3)."""
    retries, hedging = route.policy.retries, route.policy.hedge_policy
    if hedging is not None and hedging.hedging_delay is not None:
        return is_retriable(mask_of(hedging.non_fatal), outcome)
    return retries is not None and is_retriable(_mask(retries), outcome)


def _mask(retries: Retries) -> int:
    return mask_of(retries.retry_on)


def _is_allowed(retries: Retries, view: View, now_ns: int) -> bool:
    if retries.retry_budget is not None:
        budget = retries.retry_budget
        return retry_allowed(view.active, view.retrying, budget.budget_percent, budget.min_retry_concurrency)
    if retries.max_retries is not None:
        return retry_allowed(view.active, view.retrying, 0.0, retries.max_retries)
    if retries.tower_budget is not None:
        tower = retries.tower_budget
        amount = budgeting.withdrawal_amount(tower.retry_percent)
        reserve = tower.min_per_sec * (tower.ttl // 1_000_000_000) * amount
        return budgeting.withdraw(view.meter, view.slots, 0, now_ns, tower.ttl // budgeting.SLOTS, amount, reserve)
    if retries.retry_throttling is not None:
        return not budgeting.is_short_of_tokens(view.meter.spent, budgeting.TOKEN * retries.retry_throttling.max_tokens)
    return True


def wait_ns(route: Route, failed: Try, retry: int) -> int:
    """R2, R5: how long the caller waits before its retry-th retry."""
    assert route.policy.retries is not None
    spec, u = route.policy.retries.retry_back_off, unit(failed.key, BACK_OFF, 0)
    most = 10 * spec.base_interval if spec.max_interval is None else spec.max_interval
    if spec.jitter is not None:
        return jittered_back_off_ns(spec.base_interval, most, retry, spec.jitter, u)
    return back_off_ns(spec.base_interval, most, retry, u)


def pick(route: Route, view: View, one: Try, tried: list[Pod | None]) -> Pod | None:
    """R9: a pod; a retry picks again while its pick was tried before, so often and not oftener."""
    pod = route.pick(view, one)
    for again in range(1, _picks_again(route) + 1):
        if pod is None or pod not in tried:
            break
        pod = route.pick(view, one, again)
    return pod


def _picks_again(route: Route) -> int:
    """R9, G6: how often a try picks again while its pick was tried before."""
    retries, hedging = route.policy.retries, route.policy.hedge_policy
    if hedging is not None and hedging.tied:
        return TWIN_PICKS
    return retries.host_selection_retry_max_attempts if retries is not None and retries.retry_host_predicate is not None else 0
