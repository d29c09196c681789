"""A match afternoon: a real one where its file is there, and the shape that stands in for it."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

import parley
from scenarios.rates import Piece, peak_rate, pieces

FILE = Path(__file__).parents[3] / "shared/data/traffic/worldcup98_per_min_1998-05-22_06-18.csv.gz"
DAY, NOON, MINUTES, SCALE = "1998-06-15", "12:00:00", 180, 0.05
SIGMAS = 4
recorded = pytest.mark.skipif(not FILE.is_file(), reason=f"the recorded match days are not there: ../{FILE.relative_to(FILE.parents[3])}")


@pytest.fixture(scope="module")
def day():
    """Requests the site had in each minute of the day."""
    with gzip.open(FILE, "rt") as lines:
        return {minute: int(count) for minute, count in list(csv.reader(lines))[1:] if minute.startswith(DAY)}


@pytest.fixture(scope="module")
def expected(day):
    """Requests to expect in each minute of the run, as the file has them."""
    return SCALE * np.array([count for minute, count in day.items() if minute >= f"{DAY} {NOON}"][:MINUTES])


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """Requests offered in each minute of the run."""
    asked = f'{{rate_file: {{path: {FILE}, start: "{DAY} {NOON}", length: 3h, scale: {SCALE}}}}}'
    folder = tmp_path_factory.mktemp("matchday") / "run"
    run = parley.run("matchday", set=[f"workload.fans.arrivals.poisson={asked}"], spans="none", out=folder)
    fans = run.windows[run.windows.kind == "class"]
    return fans.offered.groupby(fans.start_ns // 60_000_000_000).sum().to_numpy()


@recorded
def test_every_ten_minutes_are_offered_what_the_file_counted(offered, expected):
    """Counts times scale, within 4 sigma of Poisson in each of the 18 windows and over the whole afternoon."""
    assert offered.shape == expected.shape == (MINUTES,)
    for minutes in (10, MINUTES):
        found, mean = (each.reshape(-1, minutes).sum(axis=1) for each in (offered, expected))
        assert (np.abs(found - mean) <= SIGMAS * np.sqrt(mean)).all(), (found - mean) / np.sqrt(mean)


@recorded
def test_the_peak_is_where_the_file_has_it(offered, expected, day):
    """To the minute: 14:29, when the day's highest count stands in the file."""
    assert offered.argmax() == expected.argmax() == 149
    assert max(day, key=day.__getitem__) == f"{DAY} 14:29:00"


@recorded
def test_the_published_ratios_are_those_of_the_file(day):
    """A peak of 3.8 daily means; in some ten minutes of the afternoon demand grows by about half."""
    counts = np.array(list(day.values()))
    assert counts.max() / counts.mean() == pytest.approx(3.8, abs=0.05)
    assert (counts[730:910] / counts[720:900]).max() == pytest.approx(1.5, abs=0.05)


@pytest.fixture(scope="module")
def shape():
    """The rate of the scenario as shipped, in straight pieces."""
    world = parley.load("matchday")
    arrivals = world.workload["fans"].arrivals
    return pieces(arrivals.poisson, 1.0, world.duration)


def rate(shape: list[Piece], minute: float) -> float:
    """The rate at a minute."""
    starts = [piece.start_ns / 60e9 for piece in shape] + [shape[-1].end_ns / 60e9]
    return float(np.interp(minute, starts, [piece.rate_start for piece in shape] + [shape[-1].rate_end]))


def test_the_shipped_shape_has_the_published_peak(shape):
    """3.8 times the 40/s of noon, which stand for the daily mean: between 3 and 4, as on the match days."""
    assert peak_rate(shape) / rate(shape, 0) == pytest.approx(3.8)
    assert peak_rate(shape) == rate(shape, 85)


def test_the_shipped_shape_grows_by_half_within_ten_minutes(shape):
    """Twice on the way to the kick-off, and never by more."""
    growth = np.array([rate(shape, minute + 10) / rate(shape, minute) for minute in range(170)])
    assert growth.max() == pytest.approx(1.5, abs=0.02)
    assert (growth[45], growth[55]) == (pytest.approx(1.5), pytest.approx(1.5, abs=0.02))
