"""Which key a step asks for, and in which store it is."""

from __future__ import annotations

from typing import Any

from sim.draws import KEYS, indexed_key
from sim.fast.blocks import cell_key
from sim.fast.compiling import part
from sim.fast.frames import caller_pod, step_key
from sim.laws.keys import uniform_key, zipf_key


@part
def asked_key(s: Any, f: int, of: Any) -> int:
    """The cell of the key that strand f's step asks for; `of` is the step's cache or lock."""
    return cell_key(store_of(s, f, of), drawn(of, step_key(s, f) if of.header == 0 else header_key(s, f, of)))


@part
def header_key(s: Any, f: int, of: Any) -> int:
    """B14: key of a header's value: the same for the whole request."""
    return indexed_key(s.frames[s.frames[f].request].key, of.header)


@part
def store_of(s: Any, f: int, of: Any) -> int:
    """S5, S11: where its keys are: the pod's own, or the service's."""
    return of.store + s.pods[caller_pod(s, f)].stores if of.of_pod == 1 else of.store


@part
def drawn(of: Any, key: int) -> int:
    """S1, S2: one of its keys."""
    if of.is_zipf == 1:
        return zipf_key(of.first, of.last, of.sure, of.exponent, of.count, key, KEYS)
    return uniform_key(of.count, key, KEYS)
