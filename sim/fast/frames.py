"""Frames come and go: a list of free ones, and counts of who still needs each."""

from __future__ import annotations

from typing import Any

from sim.clock import CALLS_MAX
from sim.draws import child_key
from sim.fast.agenda import ENDS, RUNS, SENDS, todo
from sim.fast.compiling import cold, part
from sim.fast.state import BRANCH, CALL, CANCELS, END, FREE, TIED, TOO_MANY, VISIT
from sim.laws.digesting import fold
from sim.laws.grading import FULL
from sim.laws.measuring import BUCKETS
from sim.laws.retrying import PENDING


@part
def row(s: Any, request: int, word: int, value: int) -> None:
    """Emit a trace row at now."""
    lane = s.lane[0]
    fold(s.digest, lane.now_ns, request, word, value)
    if lane.recording == 1:
        keep_row(s, request, word, value)


@cold
def keep_row(s: Any, request: int, word: int, value: int) -> None:
    """Keep a row for whoever wants to read it."""
    lane = s.lane[0]
    kept = s.rows[lane.rows]
    kept.time_ns, kept.request, kept.word, kept.value = lane.now_ns, request, word, value
    lane.rows += 1


@part
def count(s: Any, histogram: int, b: int) -> None:
    """M1: note a length by its bucket, which grows later, many at once, because it is seldom near."""
    lane = s.lane[0]
    s.counted[lane.counted] = histogram * BUCKETS + b
    lane.counted += 1
    if lane.counted == len(s.counted):
        grow_buckets(s)


@cold
def grow_buckets(s: Any) -> None:
    """Let the buckets grow of all lengths noted."""
    lane = s.lane[0]
    for i in range(lane.counted):
        s.histogram[s.counted[i]] += 1
    lane.counted = 0


@part
def take_frame(s: Any, kind: int) -> int:
    """A free frame, with nothing of its former life but `gen` and `epoch`."""
    lane = s.lane[0]
    f = lane.free
    frame = s.frames[f]
    lane.free = frame.next
    lane.free_count -= 1
    frame.kind = kind
    frame.delivered_ns = frame.started_ns = -1
    frame.worked_ns = 0
    frame.lap = frame.at_work = frame.slow_core = frame.is_shed = frame.inside = 0
    frame.trying = frame.repetition = frame.backing_off = frame.joining = 0
    frame.child = frame.next = -1
    frame.served = PENDING
    frame.sampled = 0
    if lane.graded == 1:
        s.extras[f].quality = FULL
    return int(f)


@part
def number_call(s: Any, client: int) -> int:
    """The request's next call number; too many are noted for Python to refuse."""
    frame = s.frames[client]
    number = frame.next_call
    if number > CALLS_MAX:
        s.lane[0].stopped, s.lane[0].culprit = TOO_MANY, frame.request_number
        return CALLS_MAX
    frame.next_call = number + 1
    return int(number)


@part
def drop(s: Any, f: int) -> None:
    """One less needs this frame; a visit or branch nobody needs lets go of what it needed."""
    while f >= 0:
        frame = s.frames[f]
        frame.refs -= 1
        if frame.refs > 0:
            return
        above = -1
        if frame.kind == BRANCH:
            above = frame.visit
        elif frame.kind == VISIT:
            above = frame.request
        frame.kind = FREE
        frame.gen += 1
        frame.epoch += 1
        lane = s.lane[0]
        frame.next = lane.free
        lane.free = f
        lane.free_count += 1
        f = above


@part
def chained(s: Any, first: int, last: int, f: int) -> int:
    """Append frame f to a chain (by `next`) from `first`, which is -1 if it is empty, to `last`; the first from now on."""
    s.frames[f].next = -1
    if first < 0:
        return f
    s.frames[last].next = f
    return first


@cold
def link_branch(s: Any, visit: int, branch: int) -> None:
    """A branch of a visit that may be cancelled begins: it is the last, as its number is the highest."""
    of, own = s.extras[visit], s.extras[branch]
    own.before, own.after = of.last if of.branches > 0 else -1, -1
    if own.before < 0:
        of.first = branch
    else:
        s.extras[own.before].after = branch
    of.last = branch
    of.branches += 1


@cold
def unlink_branch(s: Any, visit: int, branch: int) -> None:
    """Such a branch is over."""
    of, own = s.extras[visit], s.extras[branch]
    if own.before < 0:
        of.first = own.after
    else:
        s.extras[own.before].after = own.after
    if own.after < 0:
        of.last = own.before
    else:
        s.extras[own.after].before = own.before
    of.branches -= 1


@part
def may_be_cancelled(s: Any, visit: int) -> bool:
    """Whether the route a visit came by cancels, or ties."""
    return s.routes[s.frames[visit].route].special & (CANCELS | TIED) != 0


@part
def next_step(s: Any, f: int, pc: int) -> int:
    """Strand f goes on at pc. Returns the todo: the two most frequent steps are known for what they are."""
    s.frames[f].pc = pc
    code = s.ops[pc].code
    if code == END:
        return todo(f, ENDS)
    return todo(f, SENDS if code == CALL else RUNS)


@part
def is_abandoned(s: Any, f: int) -> bool:
    """Whether nobody waits for this strand any more: some join above it is settled (D12)."""
    while s.frames[f].visit >= 0 and s.frames[f].visit != f:  # a branch
        parent = s.frames[f].parent
        if s.frames[parent].gen != s.frames[f].parent_gen:
            return True
        f = parent
    return False


@part
def caller_pod(s: Any, f: int) -> int:
    """Pod a strand runs in; -1 for a client."""
    visit = s.frames[f].visit
    return s.frames[visit].pod if visit >= 0 else -1


@part
def base_key(s: Any, f: int) -> int:
    """Key that a strand's steps derive theirs from: the visit's, or the request's."""
    visit = s.frames[f].visit
    return s.frames[visit].key if visit >= 0 else s.frames[f].key


@part
def step_key(s: Any, f: int) -> int:
    """D3: key of the step strand f is at, in its lap."""
    strand = s.frames[f]
    return child_key(base_key(s, f), s.ops[strand.pc].step, strand.lap, 0)


@part
def pair_hash(key: int) -> int:
    """Where in the table a pair would like to be; to be masked. Small factors: Python's ints and int64 agree."""
    return (key >> 32) * 0x9E3779B1 ^ (key & 0xFFFFFFFF) * 0x85EBCA77


@part
def pair_slot(pairs: Any, key: int) -> int:
    """Where (view, pod) is, or would be, in the table of tries in flight."""
    mask = len(pairs) - 1
    i = pair_hash(key) & mask
    while pairs[i].key != key and pairs[i].key != 0:
        i = (i + 1) & mask
    return i


@part
def pair_key(view: int, pod: int) -> int:
    """A view and a pod as one key that is never 0."""
    return ((view + 1) << 32) | pod


@part
def in_flight(s: Any, view: int, pod: int) -> int:
    """Tries a view waits for from a pod."""
    return int(s.pairs[pair_slot(s.pairs, pair_key(view, pod))].count)


@part
def one_more(s: Any, view: int, pod: int) -> None:
    """A view sent a try to a pod."""
    slot = s.pairs[pair_slot(s.pairs, pair_key(view, pod))]
    if slot.key == 0:
        slot.key = pair_key(view, pod)
        slot.count = 0
        s.lane[0].pairs += 1
    slot.count += 1


@part
def one_less(s: Any, view: int, pod: int) -> None:
    """A view waits for one less; an entry at zero is taken out."""
    hole = pair_slot(s.pairs, pair_key(view, pod))
    s.pairs[hole].count -= 1
    if s.pairs[hole].count > 0:
        return
    s.lane[0].pairs -= 1
    take_out(s.pairs, hole)


@part
def take_out(pairs: Any, hole: int) -> None:
    """Take an entry out of a table; later ones of its run move up."""
    mask = len(pairs) - 1
    i = hole
    while True:
        i = (i + 1) & mask
        key = pairs[i].key
        if key == 0:
            break
        home = pair_hash(key) & mask
        if ((i - home) & mask) >= ((i - hole) & mask):
            pairs[hole].key, pairs[hole].count = key, pairs[i].count
            hole = i
    pairs[hole].key = 0
    pairs[hole].count = 0
