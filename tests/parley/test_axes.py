"""What `--vary` may say, to the value."""

from __future__ import annotations

import pytest

from parley.errors import UsageError
from parley.sweeps.axes import Axis, axes_of, axis


@pytest.mark.parametrize(
    ("spec", "values"),
    [("2..5", "2 3 4 5"), ("2..12..4", "2 6 10"), ("0.2..1.0..0.2", "0.2 0.4 0.6 0.8 1.0"), ("0.5,1,2", "0.5 1 2"),
     ("10ms,20ms", "10ms 20ms"), ("10ms..50ms..20ms", "10ms 30ms 50ms"), ("10..50ms..20", "10ms 30ms 50ms"),
     ("20%..60%..20%", "20% 40% 60%"), ("100/s..300/s..100/s", "100/s 200/s 300/s"), ("7", "7"), ("-1..1", "-1 0 1"),
     ("1..10..4", "1 5 9"), ("fifo, lifo", "fifo lifo"), ("../a.csv,../b.csv", "../a.csv ../b.csv")],
)  # fmt: skip
def test_values_of_an_axis(spec, values):
    """Both ends are meant where the step leads there; decimals are exact; one unit is enough."""
    assert axis("a.b", spec).values == tuple(values.split())


def test_commas_within_brackets_and_quotes_part_nothing():
    """A value may be a mapping, a list or a text."""
    assert axis("a", "{x: 1, y: 2},[1,2],'a,b'").values == ("{x: 1, y: 2}", "[1,2]", "'a,b'")


def test_python_may_give_values():
    """Numbers, truths and mappings as a file would write them."""
    assert axes_of({"a.b": [1, 0.5, "10ms"], "c": [True, {"x": 1}], "d": "1..2"}) == (
        Axis("a.b", ("1", "0.5", "10ms")), Axis("c", ("true", '{"x": 1}')), Axis("d", ("1", "2")))  # fmt: skip


def test_values_are_numbers_where_all_are():
    """So that a table can be drawn and sorted."""
    assert axis("a", "2..4").figures() == (2, 3, 4)
    assert axis("a", "0.5,1").figures() == (0.5, 1.0)
    assert axis("a", "1,10ms").figures() == ("1", "10ms")


@pytest.mark.parametrize(
    ("varied", "rule"),
    [(["a.b"], "write PATH=VALUES"), (["=1..2"], "write PATH=VALUES"), ([], "nothing is varied"),
     (["a=1..2", "a=3"], "a: is varied twice"), (["a=0.5..2"], "needs a step; write it like 0.2..1.0..0.1"),
     (["a=5..2"], "goes down"), (["a=1..2..0"], "step of 0; it must be more than 0"), (["a=1ms..2s"], "has the units ms and s"),
     (["a=1..99999"], "more than 10,000 values"), (["a=1,,2"], "a value is missing"), (["a=1,2,1"], "1 stands there twice"),
     (["a=x..y"], "is not a range"), (["a="], "a value is missing")],
)  # fmt: skip
def test_a_mistake_is_told(varied, rule):
    """With the path, the value and the rule."""
    with pytest.raises(UsageError, match=rule):
        axes_of(varied)
