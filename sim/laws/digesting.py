"""The trace digest: a 128-bit fold of trace rows in trace order."""

from __future__ import annotations

from typing import Any

from sim.draws import mix
from sim.registry import law
from sim.words import M64, unsigned


@law
def row_word(kind: int, call: int, place: int) -> int:
    """T1 Kind, call and place of a row as one word; all rows of a try share all but the kind."""
    return kind | (call << 6) | ((place + 1) << 24)


@law
def fold(digest: Any, time_ns: int, request: int, word: int, value: int) -> None:
    """T1 Fold one row into two 64-bit lanes; each lane takes two words, and the upper half of each goes into both.

    Every step is a bijection of the lanes, so two traces that differ in one word can never meet again by that word alone.
    """
    a = ((((digest[0] ^ unsigned(time_ns)) * 0x9E3779B97F4A7C15) ^ unsigned(word)) * 0xBF58476D1CE4E5B9) & M64
    b = ((((digest[1] ^ unsigned(request)) * 0xC2B2AE3D27D4EB4F) ^ unsigned(value)) * 0x94D049BB133111EB) & M64
    digest[0] = a ^ (b >> 32)
    digest[1] = b ^ (a >> 32)


def unpacked(word: int) -> tuple[int, int, int]:
    """T1 Kind, call and place of a row's word."""
    return word & 0x3F, (word >> 6) & 0x3FFFF, (word >> 24) - 1


def start() -> list[int]:
    """T1 The lanes before the first row."""
    return [0x243F6A8885A308D3, 0x13198A2E03707344]  # the first hexadecimal digits of pi


def text(lanes: Any) -> str:
    """T1 The digest as 32 hexadecimal digits."""
    return "".join(f"{mix(int(lane)):016x}" for lane in lanes)
