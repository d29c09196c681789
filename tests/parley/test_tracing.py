"""Waterfalls of requests, and the first row at which two runs part."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

import parley
from parley.analysis.tracing import Traces, print_traces
from parley.errors import UsageError
from parley.runs.differing import changes, differing_stretch, parting, print_difference
from tests.parley.worlds import SHOP, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("traced")
    written(made, SHOP)
    return made


@pytest.fixture(scope="module")
def shop(folder):
    return parley.run(written(folder, SHOP), spans="all", out=folder / "run")


def printed(show, *words, width=100):
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    show(console, *words)
    return console.file.getvalue()


def test_the_slowest_are_those_whose_clients_waited_longest(shop):
    """In order, as the spans say."""
    spans = shop.spans[shop.spans.parent == -1]
    waited = (spans.returned_ns - spans.sent_ns).sort_values(ascending=False)
    assert [trace.latency for trace in Traces(shop).slowest(5)] == list(waited.head(5))


def test_a_waterfall_indents_by_caller_and_shares_one_axis(shop):
    """A quiet request: the front works, waits for stock below it, and is back when stock is."""
    text = printed(print_traces, shop, 5, 0)
    front, stock = (next(line for line in text.splitlines() if line.lstrip().startswith(name)) for name in ("front.page", "stock.look_up"))
    assert stock.startswith("  stock.look_up @")
    assert set(front.split()[2]) == {"w", "-"}
    assert stock.index("n") >= front.index("-") - 1
    assert front.endswith("ok") and stock.endswith("ok")


def test_a_retry_and_its_orphan_are_seen(shop):
    """The try given up ends in `timed_out`, its pod works on for nobody, and the next try follows."""
    spans = shop.spans
    retried = spans[(spans.attempt == 1)].request.iloc[0]
    text = printed(print_traces, shop, 5, int(retried))
    assert "try 2" in text
    assert "timed_out" in text or "rejected" in text


def test_lines_fit_into_the_terminal(shop):
    """80 columns are enough."""
    assert max(map(len, printed(print_traces, shop, 5, None, width=80).splitlines())) <= 80


def test_a_request_without_spans_is_told(shop, folder):
    """By number, and where the run kept none at all."""
    with pytest.raises(UsageError, match="left no spans"):
        Traces(shop).request(10**9)
    bare = parley.run(folder / "world.yaml", spans="none", until="1s", out=folder / "bare")
    with pytest.raises(UsageError, match="--spans none"):
        Traces(bare)


def test_a_run_without_a_summary_has_waterfalls(folder):
    """As one has that was killed before its first checkpoint."""
    cut = parley.run(folder / "world.yaml", until="1s", out=folder / "cut")
    (cut.path / "summary.json").unlink()
    assert "requests with spans\n" in printed(print_traces, parley.load_run(cut.path), 1, None)


def test_the_same_trace_is_the_same_whatever_the_engine(shop, folder):
    """What differs is said, and that it made no difference."""
    other = parley.run(folder / "world.yaml", engine="reference", spans="none", out=folder / "reference")
    text = printed(print_difference, shop, other)
    assert text.startswith("the same trace, ") and "engine: fast → reference" in text


def test_a_shorter_run_of_the_same_is_the_same(shop, folder):
    """As far as both go, wherever the shorter one ended."""
    other = parley.run(folder / "world.yaml", until="1700ms", spans="none", out=folder / "shorter")
    text = printed(print_difference, shop, other)
    assert "the same trace, as far as both go: 1.7s" in text and "until: 6s → 1.7s" in text
    assert "different" not in text and "version" not in text


def test_a_difference_is_found_where_it_begins(shop, folder):
    """A service is slower from 3 s on: the traces part there, and the row shows it."""
    change = ["faults.late={at: 3s, slow: {service: stock, factor: 2}}"]
    other = parley.run(folder / "world.yaml", set=change, out=folder / "late")
    start, end = differing_stretch(shop, other)
    assert start <= 3_000_000_000 <= end
    found = parting(shop, other, (start, end))
    here, there = (rows[found.index] for rows in found.rows)
    assert here != there and 3_000_000_000 <= min(here.time_ns, there.time_ns) < end
    assert found.rows[0][: found.index] == found.rows[1][: found.index]
    assert [path for path, *_ in changes(shop, other)] == ["faults.late"]


def test_another_seed_is_named_and_the_rows_shown(shop, folder):
    """Two rows of context where there are any, a minus and a plus."""
    other = parley.run(folder / "world.yaml", seed=2, out=folder / "seed")
    text = printed(print_difference, shop, other)
    assert "seed: 1 → 2" in text
    assert "\n- 0.0" in text and "\n+ 0.0" in text
