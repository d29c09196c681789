"""Closed forms of queueing theory: the answers a simulator has to find.

Times are seconds (or any one unit, kept throughout), rates are per that unit. A queue is written Kendall's way:
arrivals / service / servers / room, FCFS unless said. Simulated figures stand here only where no closed form exists.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import integrate, optimize

# DESIGN section 8: a Lindley-type recursion written apart from Parley; no closed form is known for either.
W2_P99_MS = 69.54  # over 9 M requests
W3_MEAN_MS = 54.57  # over 3.6 M requests
W3_P99_MS = 116.2  # over 3.6 M requests


def utilization(rate: float, mean_service: float, servers: int = 1) -> float:
    """ρ = λs/c, the share of time a server works; 1 or more means the queue grows without end."""
    return rate * mean_service / servers


def little_number(rate: float, mean_time: float) -> float:
    """Little: L = λW, the mean number inside any system that is neither filling nor emptying."""
    return rate * mean_time


# -- one queue, unlimited room ---------------------------------------------------------------------------------------


def mm1_mean(rate: float, mean_service: float) -> float:
    """Mean time in an M/M/1: s/(1-ρ)."""
    return mean_service / (1 - _stable(rate, mean_service))


def mm1_quantile(rate: float, mean_service: float, share: float) -> float:
    """Quantile of the time in an M/M/1, which is exponential: -ln(1-share) times its mean."""
    return -math.log(1 - share) * mm1_mean(rate, mean_service)


def md1_mean(rate: float, service: float) -> float:
    """Mean time in an M/D/1: its wait is half that of an M/M/1."""
    rho = _stable(rate, service)
    return service * (1 + rho / (2 * (1 - rho)))


def mg1_mean(rate: float, mean_service: float, cv: float) -> float:
    """Mean time in an M/G/1 (Pollaczek-Khinchine); `cv` is the service's deviation over its mean."""
    rho = _stable(rate, mean_service)
    return mean_service * (1 + rho * (1 + cv * cv) / (2 * (1 - rho)))


def erlang_b(load: float, servers: int) -> float:
    """Share of arrivals lost by an M/G/c/c offered `load` = λs; by the recursion over c, which never overflows."""
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = load * blocked / (c + load * blocked)
    return blocked


def erlang_c(rate: float, mean_service: float, servers: int) -> float:
    """Share of arrivals that wait in an M/M/c."""
    rho = _stable(rate, mean_service, servers)
    blocked = erlang_b(rate * mean_service, servers)
    return blocked / (1 - rho * (1 - blocked))


def mmc_mean_wait(rate: float, mean_service: float, servers: int) -> float:
    """Mean wait in an M/M/c, those who do not wait included: C/(cμ-λ)."""
    return erlang_c(rate, mean_service, servers) / (servers / mean_service - rate)


def mmc_wait_quantile(rate: float, mean_service: float, servers: int, share: float) -> float:
    """Quantile of the wait in an M/M/c: zero with probability 1-C, else exponential at rate cμ-λ."""
    waits = erlang_c(rate, mean_service, servers)
    return max(0.0, math.log(waits / (1 - share)) / (servers / mean_service - rate))


def mmc_mean(rate: float, mean_service: float, servers: int) -> float:
    """Mean time in an M/M/c: wait and service."""
    return mmc_mean_wait(rate, mean_service, servers) + mean_service


def mmc_survival(rate: float, mean_service: float, servers: int, time: float) -> float:
    """P(time in an M/M/c > `time`): its own service alone, or with an exponential wait before it."""
    mu, drain = 1 / mean_service, servers / mean_service - rate
    waits = erlang_c(rate, mean_service, servers)
    served = math.exp(-mu * time)
    if math.isclose(mu, drain, rel_tol=1e-9):
        both = (1 + mu * time) * served
    else:
        both = (drain * served - mu * math.exp(-drain * time)) / (drain - mu)
    return (1 - waits) * served + waits * both


def mmc_quantile(rate: float, mean_service: float, servers: int, share: float) -> float:
    """Quantile of the time in an M/M/c: the survival function inverted by bisection to the last bit."""
    low, high = 0.0, mean_service
    while mmc_survival(rate, mean_service, servers, high) > 1 - share:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if mmc_survival(rate, mean_service, servers, middle) > 1 - share else (low, middle)
    return high


# -- other orders than first come, first served ----------------------------------------------------------------------


def ps_mean(rate: float, mean_service: float) -> float:
    """Mean time in an M/G/1 under processor sharing: that of an M/M/1, whatever the distribution (insensitivity)."""
    return mm1_mean(rate, mean_service)


def mm1_wait_square(rate: float, mean_service: float, last_in_first_out: bool = False) -> float:
    """Second moment of the wait in an M/M/1: 2ρs²/(1-ρ)², and 1/(1-ρ) times as much where the newest is next."""
    rho = _stable(rate, mean_service)
    return 2 * rho * mean_service**2 / (1 - rho) ** (3 if last_in_first_out else 2)


def priority_waits(rates: list[float], mean_service: float) -> list[float]:
    """Cobham (1954): mean waits of the classes of an M/M/1, most important first, when nobody is interrupted.

    W_k = R / ((1 - σ_{k-1})(1 - σ_k)), where R is the mean work left of whoever is served, and σ_k the load of classes up to k.
    """
    left = sum(rates) * mean_service**2
    loads = [sum(rates[:k]) * mean_service for k in range(len(rates) + 1)]
    _stable(sum(rates), mean_service)
    return [left / ((1 - above) * (1 - upto)) for above, upto in itertools.pairwise(loads)]


# -- one queue, limited room -----------------------------------------------------------------------------------------


def mmck_distribution(rate: float, mean_service: float, servers: int, room: int) -> list[float]:
    """P(n inside) of an M/M/c/K for n = 0 … K; `room` K counts those in service. Holds above saturation too."""
    if room < servers:
        raise ValueError(f"room {room} is less than {servers} servers: the surplus servers never work")
    weights = [1.0]
    for n in range(1, room + 1):
        weights.append(weights[-1] * rate * mean_service / min(n, servers))
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def mmck_blocking(rate: float, mean_service: float, servers: int, room: int) -> float:
    """Share of arrivals an M/M/c/K turns away: they see it as time does (PASTA), so P(K inside)."""
    return mmck_distribution(rate, mean_service, servers, room)[-1]


def mmck_mean(rate: float, mean_service: float, servers: int, room: int) -> float:
    """Mean time in an M/M/c/K of those let in: Little with the rate that enters."""
    inside = mmck_distribution(rate, mean_service, servers, room)
    return math.fsum(n * p for n, p in enumerate(inside)) / (rate * (1 - inside[-1]))


def mm1k_blocking(rate: float, mean_service: float, room: int) -> float:
    """Share of arrivals an M/M/1/K turns away."""
    return mmck_blocking(rate, mean_service, 1, room)


def mm1k_mean(rate: float, mean_service: float, room: int) -> float:
    """Mean time in an M/M/1/K of those let in."""
    return mmck_mean(rate, mean_service, 1, room)


# -- callers who do not wait for ever ----------------------------------------------------------------------------------


class Impatience(NamedTuple):
    """What becomes of the arrivals at a queue that some of them leave."""

    abandoned: float  # share that is never served
    offered_wait: float  # mean wait until their turn, of those too who do not wait for it
    wait: float  # mean wait until served or gone


def exponential_patience(mean: float) -> Callable[[float], float]:
    """E[min(patience, x)] of an exponential patience; with it an M/M/c is Palm's, which is called Erlang A."""
    return lambda x: -mean * math.expm1(-x / mean)


def constant_patience(most: float) -> Callable[[float], float]:
    """E[min(patience, x)] where everybody waits as long."""
    return lambda x: min(x, most)


def uniform_patience(most: float) -> Callable[[float], float]:
    """E[min(patience, x)] of a patience that is uniform between nothing and `most`."""
    return lambda x: min(x, most) * (1 - min(x, most) / (2 * most))


def impatient(rate: float, mean_service: float, servers: int, borne: Callable[[float], float]) -> Impatience:
    """M/M/c+G, first come, first served (Baccelli, Hebuterne 1981; Zeltyn, Mandelbaum 2005); `borne` is E[min(patience, x)].

    Who does not stay until its turn brings no work. So the wait offered at x > 0 has the density P(c-1 busy)·λ·exp(λ·borne(x) - cμx),
    and below c busy states go as in an M/M/c. What is served, λ(1 - abandoned), is what the busy servers do.
    """
    drain = servers / mean_service

    def over(of: Callable[[float], float]) -> float:
        found = integrate.quad(lambda x: of(x) * math.exp(rate * borne(x) - drain * x), 0, math.inf, limit=500, epsabs=0, epsrel=1e-9)
        return float(found[0])

    mass = over(lambda x: x**0)
    whole = 1 / erlang_b(rate * mean_service, servers - 1) + rate * mass
    abandoned = (1 + (rate - drain) * mass) / whole
    return Impatience(abandoned, rate * over(lambda x: x) / whole, rate * over(borne) / whole)


# -- queues in a row, side by side, and callers that choose -----------------------------------------------------------


def tandem_mean(rate: float, stations: list[tuple[float, int]], delay: float = 0.0) -> float:
    """Mean time through M/M/c stations (mean service, servers) in a row and a fixed `delay`.

    Burke: what leaves an M/M/c is Poisson again and independent of what is inside, so the means just add.
    """
    return delay + math.fsum(mmc_mean(rate, mean_service, servers) for mean_service, servers in stations)


def power_of_choices_mean_number(rho: float, choices: int = 2) -> float:
    """Mean number a server when each arrival joins the shortest of d random queues of very many: Σ ρ^((d^i-1)/(d-1))."""
    return math.fsum(rho ** ((choices**i - 1) // (choices - 1)) for i in range(1, 20))


def fan_out_slow_share(slow: float, leaves: int) -> float:
    """Share of requests that meet at least one slow leaf of `leaves`, each slow with probability `slow`."""
    return 1 - (1 - slow) ** leaves


def max_of_exponentials(mean: float, count: int) -> float:
    """Mean of the largest of `count` independent exponentials: the harmonic number times the mean."""
    return mean * math.fsum(1 / n for n in range(1, count + 1))


def attempts_per_call(failure: float, retries: int) -> float:
    """Mean attempts of a call when each fails independently and up to `retries` more are made."""
    return math.fsum(failure**n for n in range(retries + 1))


def availability_in_series(share: float, parts: int) -> float:
    """Share of requests that find all of `parts` independent dependencies up."""
    return share**parts


def dm1_mean(rate: float, mean_service: float) -> float:
    """Mean time in a D/M/1, whose time inside is exponential: s/(1-σ) with σ = exp(-(1-σ)/ρ), found by going round."""
    rho, sigma = _stable(rate, mean_service), 0.5
    for _ in range(1000):
        sigma = math.exp(-(1 - sigma) / rho)
    return mean_service / (1 - sigma)


def mixed_exponential_quantile(means: list[float], weights: list[float], share: float) -> float:
    """Quantile of a time that is exponential with one of some means: its survival inverted by bisection."""
    low, high = 0.0, max(means) * -math.log(1 - share) + 1
    for _ in range(200):
        middle = (low + high) / 2
        survival = math.fsum(weight * math.exp(-middle / mean) for mean, weight in zip(means, weights, strict=True))
        low, high = (middle, high) if survival > 1 - share else (low, middle)
    return low


# -- networks of queues ------------------------------------------------------------------------------------------------


def jackson_visits(entries: Sequence[float], routing: Sequence[Sequence[float]]) -> list[float]:
    """Mean visits of a request to each station: v = e + vP, where it enters at i by chance e_i and goes on from i to j by P_ij."""
    matrix = np.eye(len(entries)) - np.asarray(routing, dtype=float).T
    return [float(visits) for visits in np.linalg.solve(matrix, np.asarray(entries, dtype=float))]


def jackson_mean(rate: float, stations: Sequence[tuple[float, int]], visits: Sequence[float], delay: float = 0.0) -> float:
    """Mean time of a request in a Jackson network (1957, 1963) of stations (mean service, servers), and a fixed `delay`.

    Streams that feed back are not Poisson, yet each station holds as many as an M/M/c of the same rate would, independently of
    the others: so its visits take as long, on average. All visits of a station need one and the same exponential service.
    """
    return delay + math.fsum(v * mmc_mean(rate * v, mean, servers) for (mean, servers), v in zip(stations, visits, strict=True))


def closed_network(users: int, think: float, stations: Sequence[tuple[float, int, float]]) -> tuple[float, float]:
    """Throughput and mean response of `users` who think between requests to stations (mean service, servers, visits): exact MVA.

    Reiser and Lavenberg (1980): with k users an arrival sees the network of k-1 in its steady state. P(j at a station | k)
    is X·v·s/min(j, c)·P(j-1 | k-1), a visit takes Σ s·j/min(j, c)·P(j-1 | k-1), and X = k / (think + response).
    """
    seen = [[1.0] for _ in stations]  # P(j at the station), j = 0 ... k
    for k in range(1, users + 1):
        services = [[s / min(j, c) for j in range(1, k + 1)] for s, c, _ in stations]
        response = math.fsum(v * math.fsum(j * one * p for j, (one, p) in enumerate(zip(service, at, strict=True), 1))
                             for (_, _, v), service, at in zip(stations, services, seen, strict=True))  # fmt: skip
        throughput = k / (think + response)
        for i, ((_, _, v), service) in enumerate(zip(stations, services, strict=True)):
            some = [throughput * v * one * p for one, p in zip(service, seen[i], strict=True)]
            seen[i] = [1 - math.fsum(some), *some]
    return throughput, response


def infinite_servers_mean(rate: Callable[[float], float], survival: Callable[[float], float], time: float,
                          corners: Sequence[float] = ()) -> float:  # fmt: skip
    """Mean number at `time` in an Mt/G/inf that was empty at 0 (Palm 1943; Eick, Massey, Whitt 1993), a Poisson number.

    m(t) = ∫ λ(t-u) P(service > u) du: who came u ago and is still there. `corners` are u at which the integrand has a corner.
    """
    edges = [0.0, *sorted(u for u in corners if 0 < u < time), time]
    parts = itertools.pairwise(edges)
    return math.fsum(integrate.quad(lambda u: rate(time - u) * survival(u), *part, limit=200)[0] for part in parts)


# -- retries that keep an overload alive -------------------------------------------------------------------------------


def down_frontier(tries: float) -> float:
    """The least ρ at which a queue that answers nobody in time stays as it is: every request makes all its tries, 1/tries.

    Nothing that is served is waited for, so work is offered at ρ·tries; the queue drains only while that is below 1.
    """
    return 1 / tries


def budget_tries(share: float, back_off: float) -> float:
    """Mean tries a request when all fail by timeout and a budget limits retries *in flight*, as Envoy's does.

    `back_off` is the mean wait before a retry over the timeout of a try. With λ requests and r retries a second, tries in
    flight are (λ + r)·timeout and retries under way, their waits included, r·(timeout + wait): at the limit
    r/λ = share/(1 - share + back_off). A budget of the *rate* of retries would give 1 + share.
    """
    return 1 + share / (1 - share + back_off)


def comes_back(rho: float, fault_s: float, factor: float = 4.0) -> bool:
    """Whether a fluid of requests is through with its backlog 3 s after a fault: a queue of M/M/8's, worked out in steps of 1 ms.

    Tries come evenly, are served in order at capacity, and last 8 ms (exponential; `factor` times that during the fault) once
    they begin. What is not answered 100 ms after it came is tried again 12.5 ms later, twice; what was given up is served all
    the same. It is a fluid, so it knows nothing of the chance that fills a queue at high load before a fault begins.
    """
    servers, service, timeout, wait, tries, ms = 8, 0.008, 100, 12, 3, 0.001
    begin, end = 200, 200 + round(fault_s * 1000)
    steps = end + 3000
    came = np.zeros((tries, steps + timeout + wait + 2))
    came[0] = rho * servers / service * ms
    answered, left, head = np.zeros((tries, steps)), np.zeros(steps), 0
    for now in range(steps):
        mean = service * (factor if begin <= now < end else 1.0)
        room, left[now] = servers / mean * ms, came[:, now].sum()
        while head <= now and room > 1e-12:
            taken = min(room, left[head])
            in_time = max(0.0, (head + timeout - now) * ms)
            answered[:, head] += came[:, head] * (taken / came[:, head].sum()) * (1 - math.exp(-in_time / mean))
            room, left[head] = room - taken, left[head] - taken
            if left[head] > 1e-12 or head == now:
                break
            head += 1
        if now >= timeout:
            given_up = came[:-1, now - timeout] - answered[:-1, now - timeout]
            came[1:, now + wait] += np.maximum(0.0, given_up)
    return bool(left.sum() <= timeout * ms * servers / service)


def short_fault_frontier(fault_s: float) -> float:
    """The least ρ at which the outage after a fault of that length stays: of three tries 1/3, or what fills the queue in time."""
    low, high = down_frontier(3), 1.0
    if not comes_back(low + 0.002, fault_s):
        return low
    while high - low > 0.002:
        middle = (low + high) / 2
        low, high = (middle, high) if comes_back(middle, fault_s) else (low, middle)
    return (low + high) / 2


# -- the workloads of DESIGN section 8 --------------------------------------------------------------------------------


def w1_mean_ms() -> float:
    """W1 = M/M/8, 800/s, 8 ms."""
    return mmc_mean(0.8, 8.0, 8)


def w1_p99_ms() -> float:
    """W1's 99th percentile, exact."""
    return mmc_quantile(0.8, 8.0, 8, 0.99)


def w2_mean_ms() -> float:
    """W2 = gateway 4 x 4.8 ms → app 8 x 9.6 ms → db 6 x 7.2 ms at 500/s, 1 ms each way over two links."""
    return tandem_mean(0.5, [(4.8, 4), (9.6, 8), (7.2, 6)], delay=4.0)


def _stable(rate: float, mean_service: float, servers: int = 1) -> float:
    rho = utilization(rate, mean_service, servers)
    if not 0 <= rho < 1:
        raise ValueError(f"utilization {rho:.4g} is not below 1: this queue has no stationary state")
    return rho


# -- caches ----------------------------------------------------------------------------------------------------------


def cache_hit_ratio(p: Sequence[float], capacity: int, policy: str) -> float:
    """Exact hit ratio of LRU or FIFO under independent references (King 1971); sums over all orders of kept keys.

    FIFO keeps a set in proportion to the product of its probabilities, in any order. LRU keeps keys in the order they
    were last asked for: p1 · p2/(1-p1) · p3/(1-p1-p2) ...
    """
    total = hit = 0.0
    for kept in itertools.permutations(p, capacity):
        weight, left = 1.0, 1.0
        for one in kept:
            weight *= one / left if policy == "lru" else one
            left -= one if policy == "lru" else 0.0
        total += weight
        hit += weight * sum(kept)
    return hit / total


def che_hit_ratio(p: Any, capacity: int) -> float:
    """LRU by Che's approximation (2002): Σ p(1 - exp(-pt)), where t is such that Σ (1 - exp(-pt)) is the capacity."""
    t = optimize.brentq(lambda t: float(np.sum(-np.expm1(-p * t))) - capacity, 0.0, 1e9)
    return float(np.sum(p * -np.expm1(-p * t)))


def ttl_hit_ratio(rate: float, ttl: float) -> float:
    """Of one key that is asked for at a Poisson rate, filled at once and kept for ttl: λT / (1 + λT)."""
    return rate * ttl / (1 + rate * ttl)
