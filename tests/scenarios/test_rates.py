"""Every rate shape becomes one list of straight pieces."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import rates
from scenarios.errors import ScenarioError
from scenarios.rates import Piece, mean_rate, peak_rate, pieces, timestamped
from scenarios.schema.workload import RateFile, RateShape, Timestamps
from scenarios.series import timestamps

S = 1_000_000_000


def shaped(shape: Any, seconds: float = 100, load: float = 1.0) -> list[Piece]:
    return pieces(RateShape.model_validate(shape), load, round(seconds * S))


def in_seconds(parts: list[Piece]) -> list[tuple[float, float, float, float]]:
    return [(p.start_ns / S, p.end_ns / S, p.rate_start, p.rate_end) for p in parts]


CROWD = {"flash_crowd": {"base": "10/s", "peak": "50/s", "at": "10s", "rise": "5s", "hold": "3s"}}
TABLE: list[tuple[Any, list[tuple[float, float, float, float]]]] = [
    ("300/s", [(0, 100, 300, 300)]),
    (CROWD, [(0, 10, 10, 10), (10, 15, 10, 50), (15, 18, 50, 50), (18, 23, 50, 10), (23, 100, 10, 10)]),
    ({"flash_crowd": {"base": "1/s", "peak": "5/s", "at": 0, "rise": 0, "hold": "9s"}}, [(0, 9, 5, 5), (9, 100, 1, 1)]),
    ({"ramp": {"from": "1/s", "to": "9/s", "over": "200s"}}, [(0, 100, 1, 5)]),
    ({"ramp": {"from": "1/s", "to": "9/s", "at": "200s", "over": "1s"}}, [(0, 100, 1, 1)]),
    ({"step": {"base": "1/s", "to": "3/s", "at": "9s"}}, [(0, 9, 1, 1), (9, 100, 3, 3)]),
    ({"step": {"base": "1/s", "to": "3/s", "at": 0, "hold": "3s"}}, [(0, 3, 3, 3), (3, 100, 1, 1)]),
    ({"pieces": {"points": [["5s", "1/s"], ["5s", "3/s"], ["9s", "0/s"]]}}, [(0, 5, 1, 1), (5, 9, 3, 0), (9, 100, 0, 0)]),
]


@pytest.mark.parametrize(("shape", "expected"), TABLE)
def test_shapes_have_the_pieces_worked_out_by_hand(shape: Any, expected: Any) -> None:
    """Levels, lines and steps lie where a ruler puts them."""
    assert in_seconds(shaped(shape)) == expected


def test_a_day_has_96_pieces_and_meets_peak_and_trough_exactly() -> None:
    """The grid goes through the peak, wherever the day begins."""
    day = shaped({"diurnal": {"trough": "1/s", "peak": "9/s", "period": "96s", "peak_at": "10s"}}, 96)
    assert len(day) == 96
    assert peak_rate(day) == 9.0
    assert min(p.rate_start for p in day) == 1.0
    assert next(p for p in day if p.start_ns == 10 * S).rate_start == 9.0
    assert mean_rate(day) == pytest.approx(5.0)


def test_load_multiplies_every_rate() -> None:
    """Mean and peak scale with `load`; times do not."""
    assert mean_rate(shaped(CROWD, load=2.5)) == pytest.approx(2.5 * mean_rate(shaped(CROWD)))
    assert peak_rate(shaped(CROWD, load=2.5)) == 125.0


rates_ = st.integers(0, 1000).map(lambda r: f"{r}/s")
times_ = st.integers(0, 500).map(lambda t: f"{t}s")
shapes = st.one_of(
    rates_,
    st.fixed_dictionaries({"base": rates_, "peak": rates_, "at": times_, "rise": times_, "hold": times_}).map(
        lambda v: {"flash_crowd": v}),
    st.fixed_dictionaries({"from": rates_, "to": rates_, "at": times_, "over": times_}).map(lambda v: {"ramp": v}),
    st.fixed_dictionaries({"base": rates_, "to": rates_, "at": times_, "hold": times_}).map(lambda v: {"step": v}),
    st.fixed_dictionaries({"trough": st.just("3/s"), "peak": st.integers(3, 99).map(lambda r: f"{r}/s"), "peak_at": times_}).map(
        lambda v: {"diurnal": {**v, "period": "77s"}}),
    st.lists(st.tuples(st.integers(0, 500), rates_), min_size=2, max_size=6).map(
        lambda points: {"pieces": {"points": [[f"{t}s", r] for t, r in sorted(points)]}}),
)  # fmt: skip


@settings(deadline=None)
@given(shapes, st.integers(1, 1000 * S))
def test_pieces_cover_the_run_without_a_gap(shape: Any, duration_ns: int) -> None:
    """From 0 to the duration, each piece has a length and begins where the one before ends."""
    parts = pieces(RateShape.model_validate(shape), 1.0, duration_ns)
    assert [p.start_ns for p in parts] == [0, *(p.end_ns for p in parts[:-1])]
    assert parts[-1].end_ns == duration_ns
    assert all(p.end_ns > p.start_ns and p.rate_start >= 0 and p.rate_end >= 0 for p in parts)


def test_too_many_pieces_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of a millisecond in a run of a year would not fit in memory."""
    monkeypatch.setattr(rates, "PIECES_MAX", 1000)
    with pytest.raises(ScenarioError, match="1,000 straight pieces"):
        shaped({"diurnal": {"trough": "1/s", "peak": "2/s", "period": "1ms"}}, 365 * 86_400)


ROWS = "minute,requests,errors\n08:00,60,1\n08:01,120,2\n08:02,30,3\n"


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "counts.csv"
    path.write_text(ROWS)
    return str(path)


def test_a_rate_file_is_level_within_each_row_and_zero_after_the_last(table: str) -> None:
    """Counts per interval become rates; what the file does not cover has no load."""
    assert in_seconds(shaped({"rate_file": table}, 200)) == [
        (0, 60, 1, 1), (60, 120, 2, 2), (120, 180, 0.5, 0.5), (180, 200, 0, 0)]  # fmt: skip


def test_a_slice_of_a_rate_file(table: str) -> None:
    """Start, length, scale, interval and column each do what they say."""
    spec = {"path": table, "start": "08:01", "length": "15s", "scale": 10, "interval": "10s", "column": "errors"}
    assert in_seconds(shaped({"rate_file": spec}, 20)) == [(0, 10, 2, 2), (10, 15, 3, 3), (15, 20, 0, 0)]


def test_a_gzipped_file_without_header_reads_alike(tmp_path: Path) -> None:
    """A first row that counts is no header."""
    path = tmp_path / "counts.csv.gz"
    path.write_bytes(gzip.compress(b"a,60\r\nb,120\r\n", mtime=0))
    assert [p.rate_start for p in shaped({"rate_file": str(path)})] == [1, 2]


@pytest.mark.parametrize(
    ("text", "spec", "says"),
    [
        (ROWS, {"start": "09:00"}, "no row begins with '09:00'; the rows go from '08:00' to '08:02'"),
        (ROWS, {"column": "request"}, "no column 'request'; .* did you mean 'requests'"),
        (ROWS.replace("120", "many"), {}, "row 3: 'many' is not a count"),
        (ROWS.replace("120", "-1"), {}, "row 3: '-1' is not a count"),
        (ROWS.replace("120", "NaN"), {}, "row 3: 'NaN' is not a count"),
        (ROWS.replace(",120,2", ""), {}, "row 3: 1 columns, but 2 are needed"),
        ("", {}, "the file is empty"),
        ("only\n", {}, "row 1: 1 columns, but 2 are needed"),
        ("x" * 70_000, {}, "a line is longer than"),
    ],
)
def test_a_broken_rate_file_names_the_row(tmp_path: Path, text: str, spec: dict[str, str], says: str) -> None:
    """Each fault of a table has its own sentence."""
    path = tmp_path / "counts.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=says):
        shaped({"rate_file": {"path": str(path), **spec}}, 1000)


@pytest.mark.parametrize(
    ("name", "content"), [("cut.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:-9]), ("no.csv.gz", b"x"), ("b.csv", b"\xff")]
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    """Half a gzip, no gzip and no text end in a ScenarioError, not a traceback."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScenarioError, match="cannot be read"):
        shaped({"rate_file": str(tmp_path / name)}, 1e6)


def test_timestamps_are_exact_to_the_nanosecond(tmp_path: Path) -> None:
    """Seconds as decimal text never pass through a float; a header is found by its column."""
    path = tmp_path / "times.csv"
    path.write_text("0\n1.000000001\n1.000000001\n8000000.123456789\n")
    exact = [0, S + 1, S + 1, 8_000_000_123_456_789]
    assert timestamps(Timestamps(path=str(path))) == exact
    path.write_text("id,at\n1,0.5\n2,0.75\n")
    assert timestamps(Timestamps(path=str(path), column="at")) == [S // 2, 3 * S // 4]


@pytest.mark.parametrize(
    ("text", "says"),
    [("1\n0.5\n", "row 2: '0.5' s comes after a later time"), ("1\nx\n", "row 2: 'x' is not a time in seconds"),
     ("1e17\n", "more than ten years")],
)  # fmt: skip
def test_broken_timestamps_name_the_row(tmp_path: Path, text: str, says: str) -> None:
    """Disorder, words and eternity are refused."""
    path = tmp_path / "times.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=says):
        timestamps(Timestamps(path=str(path)))


def test_recorded_arrivals_have_a_mean_and_a_peak() -> None:
    """Ten arrivals in the first of two seconds: mean 5, peak 10."""
    parts = timestamped([0] * 10, 2 * S)
    assert (mean_rate(parts), peak_rate(parts)) == (5.0, 10.0)


def test_a_missing_rate_file_is_said(tmp_path: Path) -> None:
    """The path stands in the message."""
    with pytest.raises(ScenarioError, match=r"nowhere\.csv: there is no such file"):
        next(iter(shaped({"rate_file": str(tmp_path / "nowhere.csv")})))
    assert RateFile.model_validate("x.csv").path == "x.csv"
