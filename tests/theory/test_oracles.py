"""The oracles give the figures printed in the field's tables, and agree with each other where they meet."""

from __future__ import annotations

import math

import pytest

from tests.theory import oracles


def test_workload_1():
    """W1 is exact: mean 10.288 ms, p99 41.22 ms."""
    assert oracles.w1_mean_ms() == pytest.approx(10.288, abs=5e-4)
    assert oracles.w1_p99_ms() == pytest.approx(41.22, abs=5e-3)


def test_workload_2():
    """W2's mean is exact by Burke: 27.469 ms."""
    assert oracles.w2_mean_ms() == pytest.approx(27.469, abs=5e-4)


def test_workload_3_lies_above_what_it_cannot_beat():
    """W3's recursion figure lies above its unloaded floor: root, 2 ms of network, the largest of ten leaves."""
    root = oracles.mmc_mean(0.2, 12.0, 4)
    floor = root + 2 + oracles.max_of_exponentials(12.0, 10)
    assert floor < oracles.W3_MEAN_MS < floor + 10 * oracles.mmc_mean_wait(0.2, 12.0, 4)


def test_mm1():
    """M/M/1 at ρ = 0.8: five services long, p99 4.605 times that."""
    assert oracles.mm1_mean(0.8, 1.0) == pytest.approx(5.0)
    assert oracles.mm1_quantile(0.8, 1.0, 0.99) == pytest.approx(4.605 * 5.0, rel=1e-4)


@pytest.mark.parametrize(
    ("servers", "rho", "waits", "mean", "p99_wait"),
    [(2, 0.8, 0.7111, 2.778, 10.66), (4, 0.8, 0.5964, 1.746, 5.11), (8, 0.8, 0.4576, 1.286, 2.39), (16, 0.9, 0.5913, 1.370, 2.55)],
)
def test_mmc(servers, rho, waits, mean, p99_wait):
    """The printed table of M/M/c: share that waits, mean time and p99 wait, in services."""
    rate = rho * servers
    assert oracles.erlang_c(rate, 1.0, servers) == pytest.approx(waits, abs=5e-5)
    assert oracles.mmc_mean(rate, 1.0, servers) == pytest.approx(mean, abs=5e-4)
    assert oracles.mmc_wait_quantile(rate, 1.0, servers, 0.99) == pytest.approx(p99_wait, abs=5e-3)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.999])
def test_mmc_with_one_server_is_mm1(share):
    """The general forms give the special one, in mean and in every quantile."""
    assert oracles.mmc_mean(0.7, 1.0, 1) == pytest.approx(oracles.mm1_mean(0.7, 1.0))
    assert oracles.mmc_quantile(0.7, 1.0, 1, share) == pytest.approx(oracles.mm1_quantile(0.7, 1.0, share))


@pytest.mark.parametrize(("rate", "servers"), [(6.4, 8), (7.0, 8), (0.5, 1), (1.9, 2)])
def test_mmc_survival_integrates_to_the_mean(rate, servers):
    """The mean is the area under the survival function; (7.0, 8) is the double root where cμ-λ = μ."""
    step, last = 0.01, 60_000 if rate == 1.9 else 6_000
    area = step * (0.5 + math.fsum(oracles.mmc_survival(rate, 1.0, servers, step * n) for n in range(1, last)))
    assert area == pytest.approx(oracles.mmc_mean(rate, 1.0, servers), rel=1e-4)


def test_general_service():
    """Pollaczek-Khinchine gives M/M/1 at cv 1 and M/D/1 at cv 0, whose wait is half."""
    assert oracles.mg1_mean(0.8, 1.0, cv=1.0) == pytest.approx(oracles.mm1_mean(0.8, 1.0))
    assert oracles.mg1_mean(0.8, 1.0, cv=0.0) == pytest.approx(oracles.md1_mean(0.8, 1.0))
    assert oracles.md1_mean(0.8, 1.0) - 1 == pytest.approx((oracles.mm1_mean(0.8, 1.0) - 1) / 2)


def test_limited_room():
    """M/M/1/K by its textbook form, also past saturation; with ample room it is M/M/c, with none Erlang B."""
    for rho in (0.5, 0.9, 1.7):
        textbook = (1 - rho) * rho**5 / (1 - rho**6)
        assert oracles.mm1k_blocking(rho, 1.0, 5) == pytest.approx(textbook)
    assert oracles.mm1k_blocking(1.0, 1.0, 5) == pytest.approx(1 / 6)
    assert oracles.mm1k_mean(0.8, 1.0, 400) == pytest.approx(oracles.mm1_mean(0.8, 1.0))
    assert oracles.mmck_mean(6.4, 1.0, 8, 400) == pytest.approx(oracles.mmc_mean(6.4, 1.0, 8))
    assert oracles.mmck_blocking(6.4, 1.0, 8, 8) == pytest.approx(oracles.erlang_b(6.4, 8))
    assert oracles.mmck_mean(6.4, 1.0, 8, 8) == pytest.approx(1.0)


def test_little():
    """L = λW counts what the stationary distribution counts."""
    inside = oracles.mmck_distribution(0.8, 1.0, 1, 400)
    assert math.fsum(n * p for n, p in enumerate(inside)) == pytest.approx(oracles.little_number(0.8, oracles.mm1_mean(0.8, 1.0)))


@pytest.mark.parametrize(("rho", "chosen", "random"), [(0.9, 2.35, 9.0), (0.95, 3.21, 19.0), (0.99, 5.38, 99.0)])
def test_power_of_two(rho, chosen, random):
    """Two choices against one, mean jobs a server."""
    assert oracles.power_of_choices_mean_number(rho) == pytest.approx(chosen, abs=6e-3)
    assert oracles.little_number(rho, oracles.mm1_mean(rho, 1.0)) == pytest.approx(random)


def test_fan_out():
    """One slow leaf in a hundred spoils 63.4 % of hundred-way requests; maxima grow as the harmonic numbers."""
    assert oracles.fan_out_slow_share(0.01, 100) == pytest.approx(0.634, abs=5e-4)
    assert oracles.fan_out_slow_share(0.0001, 2000) == pytest.approx(0.181, abs=5e-4)
    for leaves, times in ((10, 2.93), (100, 5.19), (1000, 7.49)):
        assert oracles.max_of_exponentials(1.0, leaves) == pytest.approx(times, abs=5e-3)


def test_retries_and_availability():
    """Three retries at even odds make 1.875 attempts; five layers of three 243; thirty times 99.99 % is 99.70 %."""
    assert oracles.attempts_per_call(0.5, 3) == pytest.approx(1.875)
    assert oracles.attempts_per_call(1.0, 2) ** 5 == pytest.approx(243)
    assert oracles.availability_in_series(0.9999, 30) == pytest.approx(0.9970, abs=5e-5)


def test_no_answer_where_there_is_none():
    """A saturated queue and a room smaller than its servers are refused with the figure."""
    with pytest.raises(ValueError, match="utilization 1 is not below 1"):
        oracles.mmc_mean(8.0, 1.0, 8)
    with pytest.raises(ValueError, match="room 3 is less than 8 servers"):
        oracles.mmck_blocking(1.0, 1.0, 8, 3)


def test_priorities_share_the_wait():
    """Kleinrock's conservation law: the waits, weighted by load, are those of first come, first served; equal classes split evenly."""
    rates, service = [0.2, 0.3, 0.3], 1.0
    waits = oracles.priority_waits(rates, service)
    assert waits == pytest.approx([0.8 / 0.8, 0.8 / (0.8 * 0.5), 0.8 / (0.5 * 0.2)])
    assert sum(r * w for r, w in zip(rates, waits, strict=True)) / 0.8 == pytest.approx(oracles.mm1_mean(0.8, 1.0) - 1)


def test_the_newest_first():
    """M/M/1 at ρ = 0.8: E[W²] is 40 first come, first served, and 200 last come, first served."""
    assert oracles.mm1_wait_square(0.8, 1.0) == pytest.approx(40)
    assert oracles.mm1_wait_square(0.8, 1.0, last_in_first_out=True) == pytest.approx(200)
    assert oracles.ps_mean(0.8, 1.0) == pytest.approx(5)


def test_erlang_a():
    """The printed example of Garnett, Mandelbaum and Reiman: 48 calls a minute of 1 minute, 50 agents, patience of 2 minutes.

    3.1 % leave and the mean wait is 3.7 s; if nobody left it would be 20.8 s. Who waits leaves at rate 1/2.
    """
    found = oracles.impatient(48, 1, 50, oracles.exponential_patience(2))
    assert found.abandoned == pytest.approx(0.031, abs=5e-4)
    assert 60 * found.wait == pytest.approx(3.7, abs=0.05)
    assert 60 * oracles.mmc_mean_wait(48, 1, 50) == pytest.approx(20.8, abs=0.05)
    assert found.abandoned == pytest.approx(found.wait / 2)


@pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (3.0, 2), (8.0, 8)])
def test_patience_as_short_as_service(rate, servers):
    """Whoever leaves as fast as it would be served makes the number inside Poisson, as if there were workers for all."""
    waiting = math.fsum((n - servers) * math.exp(-rate) * rate**n / math.factorial(n) for n in range(servers + 1, 100))
    assert oracles.impatient(rate, 1, servers, oracles.exponential_patience(1)).wait == pytest.approx(waiting / rate)


def test_constant_and_endless_patience():
    """M/M/1+D by Barrer's form, at, below and above saturation; ample patience is no impatience, none is Erlang's loss."""
    for rho in (0.5, 0.9, 1.7):
        decay = math.exp(-(1 - rho) * 3)
        found = oracles.impatient(rho, 1, 1, oracles.constant_patience(3))
        assert found.abandoned == pytest.approx((1 - rho) * rho * decay / (1 - rho**2 * decay))
        assert found.wait == pytest.approx(found.offered_wait - found.abandoned)  # a wait that is too long is so by one service
    assert oracles.impatient(3.2, 1, 4, oracles.constant_patience(300)).wait == pytest.approx(oracles.mmc_mean_wait(3.2, 1, 4))
    for patience in (oracles.constant_patience, oracles.uniform_patience, oracles.exponential_patience):
        assert oracles.impatient(3.2, 1, 4, patience(1e-7)).abandoned == pytest.approx(oracles.erlang_b(3.2, 4), rel=1e-5)


def test_uniform_patience():
    """Busy servers serve whoever does not leave, and a patience that is spread loses more than the constant of its mean."""
    uniform, constant = (oracles.impatient(1.5, 1, 2, patience) for patience in (oracles.uniform_patience(4), oracles.constant_patience(2)))
    assert constant.abandoned < uniform.abandoned < constant.abandoned * 2
    assert uniform.wait < constant.wait


def test_closed_network():
    """One user never queues; two of the balanced kind by hand; without thinking N users on M like stations do N/(N+M-1) a service."""
    stations = [(5, 1, 1), (4, 1, 1), (3, 1, 1)]
    assert oracles.closed_network(1, 15, stations) == pytest.approx((1 / 27, 12))
    assert oracles.closed_network(2, 15, stations)[1] == pytest.approx(12 + 50 / 27)  # 5(1 + 5/27) + 4(1 + 4/27) + 3(1 + 3/27)
    assert oracles.closed_network(7, 0, [(2, 1, 1)] * 3) == pytest.approx((7 / 9 / 2, 18))
    assert oracles.closed_network(500, 15, stations)[0] == pytest.approx(1 / 5)  # the slowest station is the limit
    assert oracles.closed_network(7, 4, [(1, 1, 3)]) == pytest.approx(oracles.closed_network(7, 4, [(3, 1, 1)]))


@pytest.mark.parametrize(("users", "servers"), [(3, 1), (10, 4), (40, 4), (4, 5)])
def test_closed_network_of_one_station(users, servers):
    """The machine repair model by its births and deaths: n of the users are at the station, the rest think."""
    weights = [1.0]
    for n in range(1, users + 1):
        weights.append(weights[-1] * (users - n + 1) / 20 * 2 / min(n, servers))
    busy = math.fsum(min(n, servers) * weight for n, weight in enumerate(weights)) / math.fsum(weights)
    throughput, response = oracles.closed_network(users, 20, [(2, servers, 1)])
    assert throughput == pytest.approx(busy / 2)
    assert response == pytest.approx(users / throughput - 20)


def test_feedback():
    """A queue to which a share p returns is as slow as one whose service is 1/(1-p) as long; a tandem is the case without returns."""
    assert oracles.jackson_visits([1], [[0.4]]) == pytest.approx([1 / 0.6])
    assert oracles.jackson_mean(0.3, [(1, 1)], [1 / 0.6]) == pytest.approx(oracles.mm1_mean(0.3, 1 / 0.6))
    assert oracles.jackson_visits([1, 0], [[0, 1], [0.5, 0]]) == pytest.approx([2, 2])
    row = [(4.8, 4), (9.6, 8), (7.2, 6)]
    visits = oracles.jackson_visits([1, 0, 0], [[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert oracles.jackson_mean(0.5, row, visits, delay=4) == pytest.approx(oracles.tandem_mean(0.5, row, delay=4))


def test_infinite_servers():
    """A steady rate fills to λs; a ramp lags by E[S²]/2E[S]; a cosine is damped and late by its angle (Eick, Massey, Whitt)."""
    def exponential(u):
        return math.exp(-u / 2)

    assert oracles.infinite_servers_mean(lambda t: 10 + 0 * t, exponential, 3) == pytest.approx(20 * (1 - math.exp(-1.5)))
    assert oracles.infinite_servers_mean(lambda t: 5.0 * t, exponential, 60) == pytest.approx(2 * 5 * (60 - 2))
    assert oracles.infinite_servers_mean(lambda t: 5.0 * t, lambda u: float(u < 2), 60, [2]) == pytest.approx(2 * 5 * (60 - 1))
    angle = math.atan(0.5 * 2)
    late = 2 * (10 + 4 * math.cos(angle) * math.cos(0.5 * 61 - angle))
    assert oracles.infinite_servers_mean(lambda t: 10 + 4 * math.cos(0.5 * t), exponential, 61) == pytest.approx(late)
