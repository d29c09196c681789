"""L1 to L11, L14 and the lap: lengths of time against the textbook's distributions, cores, sizes."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scenarios.schema.distributions import Distribution
from scenarios.schema.sizes import Size
from sim.draws import SIZE, WORK, indexed_key
from sim.laws import service as law
from sim.sampling import sample_ns

N, ALARM, MS = 20_000, 1e-6, 1_000_000
KEYS = [indexed_key(77, n) for n in range(N)]


def lognormal(cv: float) -> object:
    """scipy's lognormal of mean 1."""
    sigma = math.sqrt(math.log1p(cv * cv))
    return stats.lognorm(sigma, scale=math.exp(-sigma * sigma / 2))


SAMPLERS = {  # drawn with mean 1 ms, and the textbook's distribution with mean 1
    "exponential": (lambda key: law.exponential_ns(1.0 * MS, key, WORK), stats.expon()),
    "uniform": (lambda key: law.uniform_ns(0.5 * MS, 1.5 * MS, key, WORK), stats.uniform(0.5, 1.0)),
    **{f"lognormal, cv {cv:g}": (lambda key, cv=cv: law.lognormal_ns(1.0 * MS, law.lognormal_sigma(cv), key, WORK), lognormal(cv))
       for cv in (0.1, 0.8, 2.0)},
    **{f"gamma, cv {cv:g}": (lambda key, cv=cv: law.gamma_ns(1.0 * MS, 1 / cv**2, key, WORK), stats.gamma(1 / cv**2, scale=cv**2))
       for cv in (0.1, 0.5, 1.0, 1.5)},
    **{f"pareto, alpha {a:g}": (lambda key, a=a: law.pareto_ns(1.0 * MS, a, key, WORK), stats.pareto(a, scale=(a - 1) / a))
       for a in (1.2, 2.5, 10.0)},
}  # fmt: skip
SAMPLES = {name: np.array([draw(key) for key in KEYS]) / MS for name, (draw, _) in SAMPLERS.items()}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_against_the_textbook(name):
    """L2, L3, L5 to L7: Kolmogorov-Smirnov on 20,000 draws, false alarm 1e-6."""
    assert stats.kstest(SAMPLES[name], SAMPLERS[name][1].cdf).pvalue > ALARM


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "pareto, alpha 1.2"])
def test_means_of_samplers(name):
    """L2, L3, L5 to L7: the mean asked for is the mean drawn, within 5 standard errors (alarm 6e-7)."""
    sample, textbook = SAMPLES[name], SAMPLERS[name][1]
    assert textbook.mean() == pytest.approx(1.0)
    assert abs(sample.mean() - 1.0) < 5 * textbook.std() / math.sqrt(N)


@pytest.mark.parametrize("name", ["exponential", "uniform", "lognormal, cv 0.1", "lognormal, cv 0.8", "gamma, cv 0.5", "gamma, cv 1.5"])
def test_variances_of_samplers(name):
    """L2, L3, L5, L6: where the fourth moment is tame, the variance within 5 of its standard errors."""
    textbook = SAMPLERS[name][1]
    variance, kurtosis = textbook.var(), float(textbook.stats(moments="k"))
    assert abs(SAMPLES[name].var() - variance) < 5 * variance * math.sqrt((kurtosis + 2) / N)


@pytest.mark.parametrize(("name", "q"), list(product(SAMPLERS, [0.01, 0.5, 0.9, 0.99, 0.999])))
def test_quantiles_of_samplers(name, q):
    """L2, L3, L5 to L7: the share of draws below the textbook's quantile is q, within 5 standard errors."""
    below = (SAMPLES[name] <= SAMPLERS[name][1].ppf(q)).mean()
    assert abs(below - q) < 5 * math.sqrt(q * (1 - q) / N)


def test_a_gamma_of_great_spread():
    """L6: at cv 3 a sixth of all lengths are below half a nanosecond and round to nothing; the rest is as the textbook's."""
    textbook = stats.gamma(1 / 9, scale=9.0)
    sample = np.array([law.gamma_ns(1.0 * MS, 1 / 9, key, WORK) for key in KEYS]) / MS
    nothing = textbook.cdf(0.5 / MS)
    assert abs((sample == 0).mean() - nothing) < 5 * math.sqrt(nothing / N)
    assert stats.kstest(sample[sample > 100 / MS], lambda x: 1 - textbook.sf(x) / textbook.sf(100.5 / MS)).pvalue > ALARM


def test_normal():
    """L4: standard normal; each draw tells where the next begins, so none is used twice."""
    pairs = [law.normal(key, WORK, 0) for key in KEYS]
    assert stats.kstest([z for z, _ in pairs], "norm").pvalue > ALARM
    assert all(k >= 2 and k % 2 == 0 for _, k in pairs)
    seconds = [law.normal(key, WORK, k)[0] for key, (_, k) in zip(KEYS, pairs, strict=True)]
    correlation = np.corrcoef([z for z, _ in pairs], seconds)[0, 1]
    assert abs(correlation) * math.sqrt(N) < stats.norm.isf(ALARM / 2)


def test_normal_rejects_as_often_as_the_circle_says():
    """L4: 4/pi pairs of draws a normal on average."""
    used = np.array([law.normal(key, WORK, 0)[1] for key in KEYS]) / 2
    deviation = math.sqrt(1 - math.pi / 4) / (math.pi / 4)
    assert abs(used.mean() - 4 / math.pi) < 5 * deviation / math.sqrt(N)


@pytest.mark.parametrize(
    ("value", "ns"),
    [(-1.0, 0), (-0.1, 0), (0.0, 0), (0.49, 0), (0.5, 1), (1.4999, 1), (2.5, 3), (1e18, 10**18), (1e19, 3_200_000_000_000_000_000),
     (math.inf, 3_200_000_000_000_000_000)],
)  # fmt: skip
def test_to_ns(value, ns):
    """L1: to the nearest, never negative, at most a hundred years."""
    assert law.to_ns(value) == ns


def test_lengths_of_nothing():
    """L2 to L7: a mean of 0 is no time."""
    lengths = [law.exponential_ns(0.0, 1, 2), law.uniform_ns(0.0, 0.0, 1, 2), law.lognormal_ns(0.0, 1.0, 1, 2),
               law.gamma_ns(0.0, 2.0, 1, 2), law.pareto_ns(0.0, 2.0, 1, 2)]  # fmt: skip
    assert lengths == [0] * 5


def test_lognormal_sigma():
    """L5: cv^2 = exp(sigma^2) - 1."""
    for cv in (1e-6, 0.3, 1.0, 5.0):
        assert math.expm1(law.lognormal_sigma(cv) ** 2) == pytest.approx(cv * cv)


def test_a_mixture_draws_its_part_by_weight():
    """L8: the choice and the chosen part's draws have keys of their own, so they are independent."""
    mixture = Distribution.model_validate({"mixture": [{"weight": 1, "of": {"exponential": "1ms"}},
                                                       {"weight": 3, "of": {"uniform": {"low": "1h", "high": "2h"}}}]})  # fmt: skip
    lengths = np.array([sample_ns(mixture, key, WORK) for key in KEYS])
    short = lengths[lengths < 3_600_000 * MS]
    assert abs(len(short) - N / 4) < 5 * math.sqrt(N * 3 / 16)
    assert stats.kstest(short / MS, "expon").pvalue > ALARM
    assert len({law.mixture_key(5, component) for component in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("workers", "limit", "cores"),
    [(4, 0, 4), (4, 1, 1), (4, 1000, 1), (4, 1001, 2), (4, 2500, 3), (4, 3001, 4), (4, 64_000, 4), (1, 2500, 1)],
)
def test_servers(workers, limit, cores):
    """L9: workers, and with a limit of n cores at most ceil(n)."""
    assert law.servers(workers, limit) == cores


@pytest.mark.parametrize(
    ("demand", "millicores", "slowdown", "ns"),
    [(7, 1000, 1.0, 7), (10, 500, 1.0, 20), (10, 250, 2.0, 80), (10, 1000, 1.55, 16), (10, 1000, 0.5, 5), (0, 1, 9.0, 0),
     (1 << 62, 1000, 1.0, 1 << 62), (10**15, 3, 1.0, 333_333_333_333_333_312)],
)  # fmt: skip
def test_duration(demand, millicores, slowdown, ns):
    """L10: demand over speed, slowed; a whole core that is not slowed gives the demand itself."""
    assert law.duration_ns(demand, millicores, slowdown) == ns


@pytest.mark.parametrize(
    ("demand", "size", "ns"),
    [(10, 10**9, 10), (10, 25 * 10**8, 25), (10, 550_000_000, 6), (7, 0, 0), (0, 10**12, 0), ((1 << 62) + 1, 10**9, (1 << 62) + 1),
     (10**18, 10**12, 3_200_000_000_000_000_000)],
)  # fmt: skip
def test_sized(demand, size, ns):
    """L14, L15: a demand times a size in billionths, to the nearest; a request of mean size gives the demand itself."""
    assert law.sized_ns(demand, size) == ns


@pytest.mark.parametrize(("size", "textbook"), [
    ({"lognormal": {"cv": 0.8}}, lognormal(0.8)), ({"gamma": {"cv": 0.5}}, stats.gamma(4, scale=0.25)),
    ({"pareto": {"alpha": 2.5}}, stats.pareto(2.5, scale=0.6)),
])  # fmt: skip
def test_sizes_against_the_textbook(size, textbook):
    """L14: sizes are of mean 1 and of the textbook's shape (Kolmogorov-Smirnov, false alarm 1e-6)."""
    sample = np.array([sample_ns(Size.model_validate(size).distribution, key, SIZE) for key in KEYS]) / 1e9
    assert textbook.mean() == pytest.approx(1.0)
    assert stats.kstest(sample, textbook.cdf).pvalue > ALARM


def test_a_mixture_of_sizes_is_taken_in_proportion():
    """L14: three of 1 to one of 5 have mean 2, so they are 0.5 and 2.5."""
    size = Size.model_validate({"mixture": [{"weight": 3, "of": 1}, {"weight": 1, "of": 5}]})
    sample = [sample_ns(size.distribution, key, SIZE) for key in KEYS]
    assert set(sample) == {500_000_000, 2_500_000_000}
    assert size.distribution.mean_ns == 1e9
    assert abs(sample.count(2_500_000_000) - N / 4) < 5 * math.sqrt(N * 3 / 16)


@pytest.mark.parametrize(
    ("u", "taken"), [(0.0, 0), (0.29, 0), (0.3, 2), (0.79, 2), (0.8, 3), (0.999, 3)]
)  # fmt: skip
def test_way(u, taken):
    """L11: bounds 30 %, 30 % (a way of 0 %), 80 %; what is left is none of them."""
    assert law.way(u, [9.0, 0.3, 0.3, 0.8], 1, 3) == taken


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 49)), min_size=1, max_size=4))
def test_laps_can_be_told_apart(nest):
    """D3: repetitions within repetitions count like digits: every pass of every nest has its own branch index."""
    lap = 0
    for repeat, k in nest:
        lap = law.lap_number(lap, repeat, k % repeat)
    for repeat, k in reversed(nest):
        assert lap % repeat == k % repeat
        lap //= repeat
    assert lap == 0
