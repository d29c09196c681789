"""What kernels keep of keys: of steps that enclose others, of caches and the values they keep, of locks."""

from __future__ import annotations

from sim.records import CACHE_TALLY, LOCK_TALLY, Record

BLOCK = Record("Block", (  # a step that a strand is inside of, and whose end must be looked after
    ("key", "i8"),  # the store and key it is busy with; 0: none
    ("op", "i4"),  # where that step is
    ("outer", "i4"),  # the block around it, and one, 0: none; free: the next free block
    ("is_turn", "i4"),  # 1 where others wait for the key
    ("first", "i4"),  # who does, linked by `next`; -1: nobody
    ("last", "i4"),
    ("lap", "i4"),  # the strand's when it began
    ("quality", "i4"),
))  # fmt: skip
KEY_SPACE = (  # which keys a step asks for
    ("count", "i8"),
    ("first", "f8"),  # of Zipf's keys: see `zipf_bounds`
    ("last", "f8"),
    ("sure", "f8"),
    ("exponent", "f8"),
    ("is_zipf", "i4"),
    ("of_pod", "i4"),
    ("store", "i4"),  # where they are, counted from the pod's first store where each pod has its own
    ("header", "u8"),  # address of the header whose value is the key (B14); 0: the step draws its own
)
CACHE_STEP = Record("CacheStep", (
    *CACHE_TALLY.fields,
    ("ttl_ns", "i8"),
    ("stale_ns", "i8"),
    *KEY_SPACE,
    ("capacity", "i4"),  # -1: no limit
    ("is_lru", "i4"),
    ("coalesces", "i4"),
    ("stale_quality", "i4"),  # parts per million
))  # fmt: skip
LOCK_STEP = Record("LockStep", (*LOCK_TALLY.fields, *KEY_SPACE))
STORE = Record("Store", (("count", "i4"), ("oldest", "i4"), ("newest", "i4")))  # of values, in the order they have to go
CACHED = Record("Cached", (
    ("key", "i8"),  # store and key
    ("filled_ns", "i8"),
    ("older", "i4"),
    ("newer", "i4"),  # free: the next free one
))  # fmt: skip
