"""Addressed randomness: a draw is a pure function of (key, stream, k), whoever asks and whenever.

Every request, attempt, pod and fault has a 64-bit key made from the seed and *names*, never from counters of the run,
so two policies meet the same arrivals, sizes and failures (common random numbers). The generator is SplitMix64
(Steele, Lea, Flood 2014; finalizer by Stafford, variant 13): `bits(key, stream, k)` is output k of the generator
seeded with `mix(key ^ stream)`, so its published sequence is a known answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sim.registry import law
from sim.words import M64, unsigned

GOLDEN = 0x9E37_79B9_7F4A_7C15
UNIT = 1.0 / 9007199254740992.0  # 2^-53

STEP_BITS, BRANCH_BITS, ATTEMPT_BITS = 20, 24, 20  # 64 in all, so that every (step, branch, attempt) is its own word


@law
def mix(z: int) -> int:
    """D1 SplitMix64's finalizer, a bijection on 64-bit words. `z` is unsigned."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


@law
def bits(key: int, stream: int, k: int) -> int:
    """D2 Output k = 0, 1, ... of SplitMix64 seeded with mix(key ^ stream)."""
    return mix((mix(key ^ unsigned(stream)) + unsigned(k + 1) * GOLDEN) & M64)


@law
def unit(key: int, stream: int, k: int) -> float:
    """D2 A double in [0, 1) from the upper 53 bits of a draw."""
    return (bits(key, stream, k) >> 11) * UNIT


@law
def child_key(parent: int, step: int, branch: int, attempt: int) -> int:
    """D3 Key of what a program does at a step, in its branch-th repetition, at its attempt-th try; injective."""
    word = unsigned((step << 44) | (branch << 20) | attempt)
    return mix(mix(parent ^ GOLDEN) ^ word)


@law
def indexed_key(base: int, n: int) -> int:
    """D3 Key of the n-th thing of a family (request n of a workload, pod n of a service); injective in n."""
    return mix(mix(base) ^ unsigned(n))


@law
def pick(word_unit: float, n: int) -> int:
    """D2 An index 0 ... n-1 from a draw in [0, 1)."""
    return int(word_unit * n)


def name_hash(name: str) -> int:
    """64 bits of BLAKE2b: the address of a service, a workload or a route."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def stream(name: str) -> int:
    """Address of a family of draws: 63 bits, so that compiled code sees every stream as one type of integer."""
    return name_hash(f"stream:{name}") >> 1


@dataclass(frozen=True)
class Seeds:
    """One each for what comes, for what strikes, and for all else: two of them may be kept where the third differs."""

    demand: int  # when requests come, and how much each of them asks for
    service: int  # starts of pods, picks of balancers, levers, nodes, agents
    faults: int  # whom faults and failures strike, and when

    def of(self, family: str) -> int:
        """The seed of a family of things."""
        return self.demand if family == "workload" else self.faults if family in ("fault", "failure") else self.service


Seed = int | Seeds  # one for all, or one for each


def family_key(seed: Seed, family: str, name: str) -> int:
    """Base key of a family of things, as ("workload", "shoppers") or ("service", "cart"), under a seed."""
    mine = seed.of(family) if isinstance(seed, Seeds) else seed
    return mix(mix((mine ^ GOLDEN) & M64) ^ name_hash(f"{family}:{name}"))


WORK = stream("work")  # demand of a work or wait step
SIZE = stream("size")  # how much a request asks for
PICK = stream("pick")  # the balancer's draws
OUTWARD = stream("outward")  # latency of a request on its way
BACKWARD = stream("backward")  # latency of its answer
LOST_OUTWARD = stream("lost_outward")  # how often a request is lost on its way
LOST_BACKWARD = stream("lost_backward")  # how often its answer is
CANCEL = stream("cancel")  # latency of a cancel on its way after its try
LOST_CANCEL = stream("lost_cancel")  # how often it is lost
TIE = stream("tie")  # latency of the word that the other of two tied tries has begun
LOST_TIE = stream("lost_tie")  # how often it is lost
BACK_OFF = stream("back_off")  # wait before a retry
BRANCH = stream("branch")  # which way a branch goes
ARRIVAL = stream("arrival")  # gap to the next request
ENTRY = stream("entry")  # which entry of a mix
THINK = stream("think")  # a user's think time or pause
STARTUP = stream("startup")  # a pod's start-up time
ROTATION = stream("rotation")  # where a round robin begins
HASHED = stream("hashed")  # what a key or an address hashes to
SHUFFLE = stream("shuffle")  # in which order hosts are tried whose share is used up
FAULT = stream("fault")  # who is struck, which call fails
PROBE_LIMIT = stream("probe_limit")  # when a limit takes the time without load anew
JITTER = stream("jitter")  # how much later the next measurement of a minimum begins
CONNECT = stream("connect")  # how long a connection takes to open
ADMIT = stream("admit")  # which calls admission control turns away
THROTTLE = stream("throttle")  # which tries an adaptive throttle holds back
KEYS = stream("keys")  # which key of many a step asks for
ENFORCE = stream("enforce")  # whether a detected outlier is ejected
EJECTION_JITTER = stream("ejection_jitter")  # how much longer it stays out
LEVEL = stream("level")  # which level of hosts a try goes to
ZONE = stream("zone")  # whether it stays in its zone, and where it goes else
SHED = stream("shed")  # which calls are shed by priority
DELAYED = stream("delayed")  # which calls an injected delay strikes
ABORTED = stream("aborted")  # and which an abort
SAMPLE = stream("sample")  # which requests leave spans
PROBES = stream("probes")  # whom a balancer's probes go to, and how often each is used
PROBE = stream("probe")  # whether a deep probe meets an error
DISCOVERY = stream("discovery")  # how long a change of the list takes to be known
LAG = stream("lag")  # by how much a standby is behind
PROMOTION = stream("promotion")  # how long a standby takes to become the primary
OUTAGE = stream("outage")  # when a domain fails next
PROVISION = stream("provision")  # how long a new node takes
REPAIR = stream("repair")  # how long that lasts
