"""Modules, functions, names and sentences keep to the budgets of the house, and every budget bites."""

from __future__ import annotations

import pytest

from tests.house import budgets
from tests.house.sources import collected, everything, ours, planted

OF_OURS = [
    budgets.modules_too_long,
    budgets.functions_too_long,
    budgets.modules_named_for_nothing,
    budgets.undocumented,
]
OF_TESTS = [budgets.tests_without_a_sentence, budgets.tests_too_long]
OF_EVERYTHING = [budgets.lines_too_wide, budgets.modules_named_for_nothing]

BREACHES = {
    "a long module": (budgets.modules_too_long, "sim.a", "x = 1\n" * 451, "sim.a has 451 lines"),
    "long modules": (budgets.modules_too_long, "sim.a", "x = 1\n" * 301, "p90 module is 301 lines"),
    "middling modules": (budgets.modules_too_long, "sim.a", "x = 1\n" * 151, "median module is 151 lines"),
    "a long function": (budgets.functions_too_long, "sim.a", "def f():\n" + "    x = 1\n" * 70, "sim.a.f has 71 lines"),
    "long functions": (budgets.functions_too_long, "sim.a", "def f():\n" + "    x = 1\n" * 30, "p90 function is 31 lines"),
    "middling functions": (budgets.functions_too_long, "sim.a", "def f():\n" + "    x = 1\n" * 8, "median function is 9"),
    "a wide line": (budgets.lines_too_wide, "sim.a", "x = " + "1" * 140, "sim.a:1 is 144 wide"),
    "a drawer": (budgets.modules_named_for_nothing, "sim.utils", "", "'utils' does not say"),
    "a base": (budgets.modules_named_for_nothing, "agents.base_agent", "", "'base_agent' does not say"),
    "a mute module": (budgets.undocumented, "sim.a", "x = 1", "sim.a has no docstring"),
    "a mute function": (budgets.undocumented, "sim.a", '"""."""\ndef f(): pass', "sim.a.f has no docstring"),
    "a mute class": (budgets.undocumented, "sim.a", '"""."""\nclass C: pass', "sim.a.C has no docstring"),
    "a mute method": (
        budgets.undocumented, "sim.a", '"""."""\nclass C:\n    """."""\n    def m(self): pass', "sim.a.C.m has no docstring",
    ),
    "a mute promise": (
        budgets.undocumented, "sim.a", '"""."""\nclass P(Protocol):\n    """."""\n    def m(self): ...', "sim.a.P.m has no",
    ),
    "a mute test": (budgets.tests_without_a_sentence, "tests.test_a", "def test_x(): pass", "test_a.test_x has no"),
    "long tests": (budgets.tests_too_long, "tests.test_a", "def test_x():\n" + "    x = 1\n" * 15, "median test is 16"),
}  # fmt: skip


@pytest.mark.parametrize("rule", OF_OURS, ids=lambda rule: rule.__name__)
def test_our_modules_keep_the_budget(rule):
    """Every module of the four floors."""
    assert rule(ours()) == []


@pytest.mark.parametrize("rule", OF_TESTS, ids=lambda rule: rule.__name__)
def test_our_tests_keep_the_budget(rule):
    """Every test reads as a sentence and is short."""
    assert rule(collected()) == []


@pytest.mark.parametrize("rule", OF_EVERYTHING, ids=lambda rule: rule.__name__)
def test_everything_keeps_the_budget(rule):
    """The tests' own modules as well."""
    assert rule(everything()) == []


@pytest.mark.parametrize(("rule", "name", "text", "sentence"), BREACHES.values(), ids=BREACHES)
def test_a_planted_breach_is_named(rule, name, text, sentence):
    """Each budget has been seen to fail, and says where."""
    assert any(sentence in breach for breach in rule([planted(name, text)])), rule([planted(name, text)])


def test_a_docstring_costs_nothing():
    """A function's length is that of its code."""
    text = 'def f():\n    """' + "word\n" * 80 + '    """\n    return 1\n'
    assert budgets.functions_too_long([planted(text=text)]) == []


def test_a_kept_promise_needs_no_second_docstring():
    """What a Protocol or a parent of ours documents, its keepers need not repeat."""
    promise = planted("sim.plane", '"""."""\nclass Plane(Protocol):\n    """."""\n    def advance(self):\n        """On."""\n')
    keeper = planted("sim.fast", '"""."""\nclass Fast:\n    """."""\n    def advance(self): pass\n    def dig(self): pass\n')
    assert budgets.undocumented([promise, keeper]) == ["sim.fast.Fast.dig has no docstring"]


@pytest.mark.parametrize("name", ["sim.laws.queueing", "agents.negotiation.auction", "parley.runs.running", "sim.baseline"])
def test_a_good_name_passes(name):
    """Names of the field are welcome."""
    assert budgets.modules_named_for_nothing([planted(name)]) == []
