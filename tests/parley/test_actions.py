"""The spelling of actions: what is understood, and how a mistake teaches."""

from __future__ import annotations

import pytest

from parley.errors import UsageError
from parley.interventions.actions import SPELLINGS, Drain, Fail, Kill, Load, Lose, Scale, Set, Slow, parsed
from scenarios.load import loads
from tests.parley.worlds import SHOP

SHOP_WORLD = loads(SHOP)


@pytest.mark.parametrize(("text", "action"), [
    ("Scale(stock,+4)", Scale("stock", 4)),
    ("Scale(stock, -2)", Scale("stock", -2)),
    (" scale ( stock , 10 ) ", Scale("stock", None, 10)),
    ("Kill(stock)", Kill("stock")),
    ("Kill(stock, 3)", Kill("stock", 3)),
    ("Kill(stock, stock-3)", Kill("stock", 3)),
    ("Kill(stock, 50%)", Kill("stock", share=0.5)),
    ("Slow(stock, 4)", Slow("stock", 4.0)),
    ("Slow(stock, x2.5, 25%)", Slow("stock", 2.5, 0.25)),
    ("Fail(stock, 20%)", Fail("stock", 0.2)),
    ("Drain(east)", Drain("east")),
    ("Lose(east, 1m30s)", Lose("east", 90_000_000_000)),
    ("Load(readers, x1.5)", Load("readers", 1.5)),
    ("Load(readers, 0)", Load("readers", 0.0)),
    ("Set(faults.late={at: 5s, crash: {service: stock}})", Set("faults.late", "{at: 5s, crash: {service: stock}}")),
])  # fmt: skip
def test_an_action_is_understood_and_told_as_it_is_written(text, action):
    """Names in any case, blanks anywhere; its own spelling is read as the same action."""
    assert parsed(text, SHOP_WORLD) == action
    assert parsed(str(action), SHOP_WORLD) == action


@pytest.mark.parametrize(("text", "rule"), [
    ("Scale stock", "is not an action; write it like Scale"),
    ("Scal(stock, 4)", "did you mean 'Scale'"),
    ("Explode(stock)", f"there are {', '.join(SPELLINGS)}"),
    ("Scale(stok, 4)", "there is no service 'stok'; did you mean 'stock'"),
    ("Scale(warehouse, 4)", "there are front, stock"),
    ("Scale(stock)", "it takes 2 arguments, not 1; write Scale(service, +4)"),
    ("Scale(stock, )", "it takes 2 arguments, not 1"),
    ("Scale(stock, many)", "'many' is not a number of pods"),
    ("Scale(stock, +200000)", "more than 100,000 pods"),
    ("Kill(stock, 0%)", "a share of 0% is nobody"),
    ("Kill(stock, front-1)", "is not a share"),
    ("Slow(stock, 0)", "is not above 0"),
    ("Slow(stock, -1)", "'-1' is not a factor"),
    ("Fail(stock, 120%)", "is not a share between 0 % and 100 %"),
    ("Lose(east, soon)", "is not a duration"),
    ("Load(stock, x2)", "there is no workload 'stock'"),
    ("Set(services.stock.workers)", "is not path=value"),
    ("__import__('os')(1)", "is not an action"),
])  # fmt: skip
def test_a_mistake_teaches(text, rule):
    """The action as written, what is wrong with it, the nearest right name, and how it is written."""
    with pytest.raises(UsageError) as told:
        parsed(text, SHOP_WORLD)
    assert repr(text) in str(told.value)
    assert rule in str(told.value)
