"""Machine words: what Python's whole numbers and compiled ones spell differently. Here alone `sim.fast` has its own."""

from __future__ import annotations

M64 = 0xFFFF_FFFF_FFFF_FFFF


def unsigned(value: int) -> int:
    """The value modulo 2^64; compiled, a cast to uint64."""
    return value & M64


def bit_length(value: int) -> int:
    """How many bits a value from 0 to 2^63 - 1 has; compiled, one instruction."""
    return value.bit_length()
