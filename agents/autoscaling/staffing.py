"""Square-root staffing: how many servers an offered load needs so that few wait (Halfin and Whitt, Operations Research 29:3, 1981)."""

from __future__ import annotations

import math

BETA_MAX = 10.0  # nobody waits beyond: the probability is below 1e-22


def wait_probability(beta: float) -> float:
    """P(wait) in the limit of many servers, R + beta sqrt R of them for an offered load R; beta >= 0 (H19)."""
    density = math.exp(-beta * beta / 2) / math.sqrt(2 * math.pi)
    below = (1 + math.erf(beta / math.sqrt(2))) / 2
    return 1 / (1 + beta * below / density)


def beta_for(target_wait: float) -> float:
    """The beta at which so many wait; by bisection, to the last bit (H19)."""
    low, high = 0.0, BETA_MAX
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if wait_probability(middle) > target_wait else (low, middle)
    return high


def erlang_c(servers: int, load: float) -> float:
    """P(wait) of M/M/c exactly: Erlang's second formula, from his first by its recursion; 1 where the load is too much (H19)."""
    if load >= servers:
        return 1.0
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def servers_for(load: float, target_wait: float) -> int:
    """The least whole number of servers not below R + beta sqrt R (H19)."""
    return math.ceil(load + beta_for(target_wait) * math.sqrt(load))


def exact_servers_for(load: float, target_wait: float) -> int:
    """The fewest servers with Erlang C at most the target (H19)."""
    servers = math.floor(load) + 1
    while erlang_c(servers, load) > target_wait:
        servers += 1
    return servers
