"""One text, two engines: every law compiled gives what it gives in Python, to the last bit."""

from __future__ import annotations

import math
import random
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import sim.fast.kernel
from sim import records
from sim.fast.host_records import BALANCER
from sim.laws import digesting
from sim.registry import LAWS
from sim.words import M64

ROUNDS = 300
LAW = {law.__name__: law for law in LAWS}
Args = tuple[Any, ...]


class Chance(random.Random):
    """Arguments of every kind that laws take; words are np.uint64, as keys are in compiled code."""

    def word(self) -> Any:
        return np.uint64(self.getrandbits(64))

    def stream(self) -> int:
        return self.getrandbits(63)

    def upto(self, most: int) -> int:
        return self.choice([0, 1, most, self.randint(0, most), self.randint(0, 1 << self.randint(0, most.bit_length() - 1))])

    def length(self) -> float:
        return float(self.choice([0, 1, 10 ** self.randint(0, 17), self.randint(0, 10**12), self.uniform(0, 1e9)]))

    def share(self) -> float:
        return self.choice([0.0, 0.5, 1 - 2**-53, self.random()])


ARGS: dict[str, Callable[[Chance], Args]] = {
    "has_arrived": lambda c: (c.upto(1 << 60), c.upto(1 << 40), c.upto(1 << 60)),
    "commit_wait_ns": lambda c: (c.randint(0, 2), c.upto(1 << 40), c.upto(1 << 40)),
    "opens_connection": lambda c: (c.upto(4), c.upto(4), c.upto(4), c.upto(4)),
    "is_kept": lambda c: (c.randint(0, 11),),
    "rank": lambda c: (c.randint(1, 7), c.upto((1 << 40) - 1), c.upto((1 << 18) - 1)),
    "arrival_rank": lambda c: (c.upto(1000), c.upto((1 << 40) - 1)),
    "mix": lambda c: (c.word(),),
    "bits": lambda c: (c.word(), c.stream(), c.upto(1 << 40)),
    "unit": lambda c: (c.word(), c.stream(), c.upto(1 << 40)),
    "child_key": lambda c: (c.word(), c.upto((1 << 20) - 1), c.upto((1 << 24) - 1), c.upto((1 << 20) - 1)),
    "indexed_key": lambda c: (c.word(), c.upto((1 << 63) - 1)),
    "pick": lambda c: (c.share(), c.upto(10**6) + 1),
    "gap_area": lambda c: (c.word(), c.stream(), c.random() < 0.5),
    "time_for_area": lambda c: (c.choice([0.0, c.uniform(0, 1e4)]), c.choice([0.0, c.uniform(-1e3, 1e3)]), c.uniform(0, 20)),
    "user_appears_ns": lambda c: (c.upto(10**7), c.choice([0.0, c.uniform(0.01, 1e4)])),
    "draw_candidate": lambda c: (c.word(), c.upto(100), c.upto(10_000) + 1),
    "is_less_busy": lambda c: (c.upto(5), c.upto(5)),
    "first_turn": lambda c: (c.word(), c.upto(10**6), c.upto(10_000) + 1),
    "next_turn": lambda c: (c.upto(5), 6),
    "busy_weight": lambda c: (float(c.upto(1000) + 1), c.upto(1000), c.choice([0.0, 1.0, c.uniform(0, 5)])),
    "early_weight": lambda c: (c.uniform(0, 1000),),
    "next_deadline": lambda c: (c.uniform(0, 1e6), c.uniform(0.001, 1000)),
    "is_due_before": lambda c: (c.choice([1.0, 2.0]), c.upto(5), c.choice([1.0, 2.0]), c.upto(5)),
    "early_picks": lambda c: (c.word(), c.upto(10**6), c.uniform(0, 1e6)),
    "early_share": lambda c: (c.upto(10**6), c.uniform(0.001, 1000), c.uniform(1, 1e6)),
    "other_candidate": lambda c: (c.word(), c.upto(5), 6),
    "peak_rtt_ns": lambda c: (c.length(), c.length(), c.length(), c.length() + 1.0),
    "is_dearer": lambda c: (c.length(), c.upto(1000), c.length(), c.upto(1000)),
    "warming_weight": lambda c: (c.uniform(0.1, 100), c.upto(10**10), c.upto(10**10), c.choice([1.0, c.uniform(0.1, 9)]), c.share()),
    "hashed": lambda c: (c.word(),),
    "ring_mark": lambda c: (c.word(), c.upto(10**7)),
    "ring_scale": lambda c: (1.0 / (1 + c.upto(10**4)), 1 + c.upto(10**6), 1 + c.upto(10**7)),
    "entries_up_to": lambda c: (c.uniform(0, 1e7),),
    "ring_entry": lambda c: (np.sort(np.array([c.word() for _ in range(9)])), c.upto(2), c.upto(6) + 1, c.word()),
    "later_entry": lambda c: (c.upto(1000), c.upto(9), 1001),
    "maglev_slot": lambda c: (c.word(), 1 + c.upto(10**7)),
    "maglev_word": lambda c: (c.word(), c.upto(9)),
    "maglev_place": lambda c: (c.word(), 2 + c.upto(10**7)),
    "maglev_skip": lambda c: (c.word(), 2 + c.upto(10**7)),
    "bounded_slots": lambda c: (c.upto(10**6), 100 + c.upto(10**4), 1.0 / (1 + c.upto(1000))),
    "overload": lambda c: (c.upto(1000), 1 + c.upto(1000)),
    "shuffled_place": lambda c: (c.word(), c.upto(9), 10 + c.upto(1000)),
    "nth_around": lambda c: (c.upto(9), c.upto(9), 10),
    "reported_weight": lambda c: (c.uniform(0, 1000), c.share(), c.uniform(0, 10), c.uniform(0, 3)),
    "stride_weight": lambda c: (c.choice([0.0, c.random()]), 1.0, c.random()),
    "strides_by": lambda c: (c.upto(65535), c.upto(1 << 40), c.upto(10_000)),
    "first_stride": lambda c: (c.word(), c.upto(1000)),
    "smoothed": lambda c: (c.length(), c.length(), c.share(), c.random() < 0.3),
    "unanswered_score": lambda c: (c.upto(1000),),
    "c3_score": lambda c: (c.length(), c.length(), c.uniform(0, 50), c.upto(100), c.upto(100) + 1),
    "probe_key": lambda c: (c.word(), c.upto(16)),
    "probe_target": lambda c: (c.word(), c.upto(10_000) + 1),
    "so_many_now": lambda c: (c.upto(10**9) + 1, c.uniform(0, 16)),
    "probe_uses": lambda c: (c.word(), c.upto(64), c.upto(1000) + 1, c.uniform(0, 16), c.uniform(0, 4), c.uniform(0, 3)),
    "subset_word": lambda c: (c.word(), c.word()),
    "subset_round": lambda c: (c.upto(10**6), 20 + c.upto(1000), c.upto(15) + 1),
    "subset_start": lambda c: (c.upto(10**6), 20 + c.upto(1000), c.upto(15) + 1),
    "may_eject": lambda c: (c.upto(20), c.upto(20) + 1, c.share(), c.random() < 0.5),
    "is_enforced": lambda c: (c.word(), c.upto(1000), c.share()),
    "ejection_ns": lambda c: (c.upto(1000), c.upto(10**12), c.upto(10**13)),
    "jitter_ns": lambda c: (c.word(), c.upto(1000), c.upto(10**12)),
    "is_in_panic": lambda c: (c.upto(100), 100 + c.upto(10), c.share()),
    "level_of": lambda c: (c.upto(3), c.upto(3), c.randint(-1, 3), c.randint(-1, 3), c.randint(-1, 3)),
    "health": lambda c: (c.upto(100), c.upto(100)),
    "is_level_in_panic": lambda c: (c.upto(100), c.upto(100), c.upto(100), c.share()),
    "effective_weight": lambda c: (c.length(), c.upto(100), c.upto(100)),
    "distributed_weight": lambda c: (c.upto(100), c.upto(10**6), c.upto(10**7)),
    "near_share": lambda c: (c.upto(10_000), c.upto(10_000)),
    "is_struck": lambda c: (c.upto(10**6), c.share(), c.uniform(0, 100)),
    "call_fails": lambda c: (c.word(), c.share()),
    "is_injected": lambda c: (c.word(), c.stream(), c.share()),
    "hedges_left": lambda c: (c.upto(5), c.upto(5)),
    "ends_race": lambda c: (c.randint(0, 11), c.random() < 0.5),
    "may_trigger": lambda c: (c.upto(5), c.upto(5), c.random() < 0.5, c.random() < 0.5),
    "gives_way": lambda c: (c.randint(-1, 2),),
    "is_expired": lambda c: (c.upto(5), c.upto(5)),
    "abort_outcome": lambda c: (c.choice([400, 429, 500, 599]),),
    "bucket": lambda c: (c.upto(1 << 62),),
    "is_bad": lambda c: (c.randint(0, 6), c.upto(1 << 40), c.upto(1 << 40)),
    "is_admitted": lambda c: (c.upto(2), c.upto(5), c.randint(-1, 5)),
    "is_retriable": lambda c: (c.getrandbits(8), c.randint(0, 7)),
    "back_off_bound_ns": lambda c: (c.upto(10**12), c.upto(10**13), c.randint(1, 120)),
    "jittered_back_off_ns": lambda c: (c.upto(10**12), c.upto(10**13), c.randint(1, 120), c.share(), c.share()),
    "another_pick_key": lambda c: (c.word(), c.upto(100)),
    "deposit_amount": lambda c: (c.choice([0.0, c.uniform(1e-4, 1), c.uniform(1, 1000)]),),
    "withdrawal_amount": lambda c: (c.choice([0.0, c.uniform(1e-4, 1), c.uniform(1, 1000)]),),
    "spent_after": lambda c: (c.upto(10**6), c.upto(10**6), c.upto(10**6), c.random() < 0.5),
    "is_short_of_tokens": lambda c: (c.upto(10**6), c.upto(10**6)),
    "back_off_ns": lambda c: (c.upto(10**12), c.upto(10**13), c.randint(1, 120), c.share()),
    "retry_allowed": lambda c: (c.upto(10**6), c.upto(10**6), c.share(), c.upto(1000)),
    "to_ns": lambda c: (c.choice([-1.0, -0.5, 0.5, 1.5, 2.5, 3.2e18, 1e300, c.length(), c.uniform(0, 1e19)]),),
    "exponential_ns": lambda c: (c.length(), c.word(), c.stream()),
    "uniform_ns": lambda c: (c.uniform(0, 1e6), c.uniform(1e6, 1e12), c.word(), c.stream()),
    "normal": lambda c: (c.word(), c.stream(), c.upto(1000)),
    "lognormal_sigma": lambda c: (c.uniform(0, 100),),
    "lognormal_ns": lambda c: (c.length(), c.uniform(0.01, 3), c.word(), c.stream()),
    "gamma_ns": lambda c: (c.length(), c.choice([1.0, c.uniform(0.05, 1), c.uniform(1, 100)]), c.word(), c.stream()),
    "pareto_ns": lambda c: (c.length(), c.uniform(1.01, 20), c.word(), c.stream()),
    "mixture_key": lambda c: (c.word(), c.upto(100)),
    "servers": lambda c: (c.upto(1000) + 1, c.upto(100_000)),
    "duration_ns": lambda c: (c.upto(10**18), c.choice([1000, 1 + c.upto(998)]), c.choice([1.0, c.uniform(0.01, 1e6)])),
    "sized_ns": lambda c: (c.upto(10**15), c.choice([0, 1_000_000_000, c.upto(10**12)])),
    "way": lambda c: (c.share(), np.sort(np.array([c.random() for _ in range(6)])), c.upto(2), c.upto(4)),
    "row_word": lambda c: (c.upto(10), c.upto(1 << 18), c.randint(-1, 1 << 30)),
    "area_ns": lambda c: (-c.upto(1 << 60), c.upto(1000), c.upto(1 << 50)),
    "crossing_ns": lambda c: (c.upto(1 << 50), c.upto(1 << 50), c.upto(1 << 50), c.upto(1 << 61)),
    "retransmission_ns": lambda c: (c.word(), c.stream(), c.share()),
    "next_measurement_ns": lambda c: (c.word(), c.upto(1000), c.upto(1 << 58), c.share()),
    "has_room": lambda c: (c.upto(5), c.upto(5)),
    "full_credit": lambda c: (c.upto(2**32 - 1), 50_000_000 + c.upto(10**9), c.upto(3)),
    "rejection_probability": lambda c: (c.upto(10**9), c.upto(10**9), c.choice([1.0, 2.0, c.uniform(1, 1000)])),
    "is_throttled": lambda c: (c.word(), c.share()),
    "is_accepted": lambda c: (c.randint(0, 11),),
    "denial_probability": lambda c: (c.upto(10**6), c.upto(10**6), 0.95, c.choice([1.0, 2.0, c.uniform(1, 50)]), c.share()),
    "is_denied": lambda c: (c.word(), c.share()),
    "is_busy_enough": lambda c: (c.upto(10**6), c.randint(0, 60), c.choice([0.0, 5.0])),
    "is_admitted_success": lambda c: (c.randint(0, 11),),
    "is_drop": lambda c: (c.randint(0, 11),),
    "digits": lambda c: (c.upto(10**6),),
    "partition_limit": lambda c: (c.upto(1000), c.share()),
    "stretch_of": lambda c: (c.upto(1 << 62), c.upto(1 << 58)),
    "uniform_key": lambda c: (c.upto(10**9) + 1, c.word(), c.stream()),
    "log1p_quotient": lambda c: (c.choice([0.0, c.uniform(-1e-7, 1e-7), c.uniform(-0.99, 10)]),),
    "expm1_quotient": lambda c: (c.choice([0.0, c.uniform(-1e-7, 1e-7), c.uniform(-20, 20)]),),
    "zipf_hat": lambda c: (c.uniform(1, 1e9), c.uniform(0, 20)),
    "zipf_area": lambda c: (c.uniform(1, 1e9), c.choice([0.0, 1.0, c.uniform(0, 20)])),
    "zipf_place": lambda c: zipf_area_below(c, c.choice([0.0, 1.0, 20.0, c.uniform(0, 20)])),
    "zipf_bounds": lambda c: (c.upto(10**9) + 1, c.choice([0.0, 1.0, c.uniform(0, 20)])),
    "zipf_key": lambda c: zipf_arguments(c, c.upto(10**6) + 1, c.choice([0.0, 1.0, c.uniform(0, 20)])),
    "is_fresh": lambda c: (c.upto(1000), c.upto(1000), c.upto(2000)),
    "stands_in": lambda c: (c.upto(1000), c.upto(1000), c.upto(1000), c.upto(3000)),
    "parts": lambda c: (c.share(),),
    "graded": lambda c: (c.upto(10**6), c.upto(10**6)),
    "level": lambda c: (c.randint(0, 3), c.randint(0, 3)),
    "takes_newest": lambda c: (c.randint(0, 3), c.upto(20), c.upto(20)),
    "codel_next_ns": lambda c: (c.upto(1 << 60), c.upto(1 << 40) + 1, c.upto(10**6) + 1),
    "shed_share": lambda c: (c.share(), c.share() / 2, 0.5 + c.share(), c.randint(0, 3)),
    "is_shed": lambda c: (c.word(), c.share()),
    "speed": lambda c: (c.upto(10**6) + 1, c.upto(10**6) + 1),
    "lap_number": lambda c: (c.upto(1000), c.upto(100) + 1, c.upto(100)),
}


def zipf_area_below(chance: Chance, exponent: float) -> Args:
    """An area under the hat up to a thousand million keys, and the exponent."""
    return chance.choice([0.0, 1.0, chance.random()]) * LAW["zipf_area"](1e9, exponent), exponent


def zipf_arguments(chance: Chance, count: int, exponent: float) -> Args:
    """Of `zipf_key`, with the bounds that belong to count and exponent."""
    return *LAW["zipf_bounds"](count, exponent), exponent, count, chance.word(), chance.stream()


SHIFTS = ("shift_present", "shift_waiting", "shift_working", "shift_slow", "shift_stalled")
POOLS = {"is_spent", "is_idle"}
GATES = ("take_token", "refill", "change_rate", "enter_state", "turn_by_time", "permits_call", "learn_result", "release_permit",
         "clear_window", "note_total", "note_call", "move_on", "note_now", "note_time", "percentile_ns", "new_limit", "begin_minimum",
         "begin_adapting", "update_limit", "adapt_by_time", "learn_time")  # fmt: skip
LIMITS = {"lets_in", "busy_of", "shift_busy", "share_of", "learn_sample", "aimd_limit", "vegas_limit", "gradient2_limit", "note_long",
          "takes_for_noload"}  # fmt: skip
CPUS = ("pass_time", "renew", "is_over", "next_change_ns", "stalled", "uses_fraction")
PODS = ("patience_ns", "codel_drops", "look", *CPUS)
ACCOUNTS = ("expire", "deposit", "withdraw")
LOCALITIES = {"share_out", "chosen_level", "begin_turns", "next_locality", "are_zones_told_apart", "reckon_zones", "chosen_zone"}
OUTLIERS = {"note_outcome", "try_eject", "on_runs", "take_back", "volume", "success_rate", "failure_share", "is_judged", "judged_hosts",
            "rate_threshold", "judge", "sweep", "sweep_grpc", "try_eject_grpc", "work_off"}  # fmt: skip
PROBES = ("note_latency", "count_within", "latency_near", "note_rif", "rif_threshold", "is_better", "best_probe", "worst_probe",
          "drop_probe")  # fmt: skip
WITH_RECORDS = {*POOLS, "next_arrival", "is_measured", "count_finished", "count_quality", "fold", *SHIFTS, *GATES, *ACCOUNTS, *OUTLIERS,
                *PODS, *LOCALITIES, *LIMITS, *PROBES, "fill_maglev", "measure_rates", "learn_weight", "known_weight"}  # fmt: skip


@pytest.fixture(scope="module")
def compiled() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function as the kernels are: once they are there, every law is known to numba."""
    sim.fast.compiling.kernels(True)
    import numba

    return lambda function: numba.njit(function, error_model="numpy")


def plain(value: Any) -> Any:
    """A compiled result as Python would have it."""
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    return value.item() if isinstance(value, np.generic) else value


def test_every_law_is_compared():
    """A new law joins one of the tables here."""
    assert set(ARGS) | WITH_RECORDS == set(LAW)


@pytest.mark.parametrize("name", ARGS)
def test_a_compiled_law(name, compiled):
    """Random and extreme arguments: the same result, floats to the last bit, of the same kind."""
    chance, machine = Chance(name), compiled(LAW[name])
    for _ in range(ROUNDS):
        args = ARGS[name](chance)
        expected = LAW[name](*(int(one) if isinstance(one, np.uint64) else one for one in args))
        found = plain(machine(*args))
        if isinstance(expected, int) and not isinstance(expected, bool):
            found = found & M64 if expected > M64 >> 1 else found
        assert found == expected, (name, args)
        assert isinstance(found, bool) == isinstance(expected, bool)


def test_arrivals_compiled(compiled):
    """A3 on 300 rates of up to five pieces, some at nothing, each followed to its end."""
    chance, machine = Chance("next_arrival"), compiled(LAW["next_arrival"])
    for _ in range(ROUNDS):
        ends = sorted(chance.sample(range(1, 10**10), 5))
        rates = [(chance.choice([0.0, chance.uniform(0, 50)]), chance.choice([0.0, chance.uniform(0, 50)])) for _ in ends]
        table = np.array([(a, b, *rate) for a, b, rate in zip([0, *ends], ends, rates, strict=False)], dtype=records.SEGMENT.dtype)
        objects = [records.SEGMENT.make_class()(**{name: row[name].item() for name in table.dtype.names}) for row in table]
        at = (0, 0, 0.0)
        while at[1] >= 0:
            area = chance.choice([0.0, 1.0, chance.expovariate(1.0)])
            expected = LAW["next_arrival"](objects, at[0], 4, at[2], area)
            assert plain(machine(table, at[0], 4, at[2], area)) == expected
            at = expected if expected != at else (5, -1, 0.0)


@pytest.mark.parametrize(
    ("name", "record", "args"),
    [
        *((shift, records.POD_TALLY, lambda c: (c.randint(-1, 1), c.upto(1 << 40))) for shift in SHIFTS),
        ("count_finished", records.REQUEST_TALLY, lambda c: (c.randint(0, 6), c.upto(1 << 40), c.upto(1 << 40))),
        ("count_quality", records.REQUEST_TALLY, lambda c: (c.randint(0, 6), c.upto(10**6))),
        ("is_measured", records.INTERVAL, lambda c: (c.randint(0, 2), c.upto(1 << 20))),
    ],
)
def test_laws_of_records_compiled(name, record, args, compiled):
    """M2, M3, Q2: an object in Python, a row of an array in compiled code; the same result and the same record after."""
    law, chance = LAW[name], Chance(name)
    machine = compiled({1: lambda rows, a: law(rows[0], a), 2: lambda rows, a, b: law(rows[0], a, b),
                        3: lambda rows, a, b, d: law(rows[0], a, b, d)}[len(args(chance))])  # fmt: skip
    for _ in range(ROUNDS):
        one = record.make_class()(**{field: chance.upto(1 << 20) for field, _ in record.fields})
        rows, given = record.gather([one]), args(chance)
        assert plain(machine(rows, *given)) == law(one, *given)
        assert rows.tobytes() == record.gather([one]).tobytes()


def test_pools_compiled(compiled):
    """X7: connections of random ages and uses, against rules with and without each bound."""
    chance, spent, idle = Chance("pools"), LAW["is_spent"], LAW["is_idle"]
    connection, rule = records.CONNECTION.make_class(), records.POOL_RULE.make_class()
    machine = compiled(lambda ones, rules, now: (spent(ones[0], rules[0], now), idle(ones[0], rules[0], now)))
    for _ in range(ROUNDS):
        one = connection(opened_ns=chance.upto(50), freed_ns=chance.upto(50), uses=chance.upto(5))
        bounds, now = rule(idle_ns=chance.upto(50), life_ns=chance.upto(50), uses=chance.upto(5)), 50 + chance.upto(50)
        asked = machine(records.CONNECTION.gather([one]), records.POOL_RULE.gather([bounds]), now)
        assert plain(asked) == (spent(one, bounds, now), idle(one, bounds, now))


def gates_compared(compiled: Any, step: Callable[..., Any], rule: Any, record: Any, chance: Chance) -> None:
    """A gate asked at random 300 times, from one instant to the next: the same answers, and the same record and cells after."""
    machine, now = compiled(step), 0
    one, gate_of, cells = records.GATE.make_class()(permits=3, credit=5000), records.GATE.gather, [0] * 2000
    gates, compiled_cells, rules = gate_of([one]), np.zeros(len(cells), dtype=np.int64), record.gather([rule])
    for _ in range(ROUNDS):
        now += chance.upto(3 * 10**9)
        given = (now, chance.randint(0, 3), chance.randint(0, 1), chance.randint(0, 1))
        assert plain(machine(gates, compiled_cells, rules, *given)) == step([one], cells, [rule], *given)
        assert gates.tobytes() == gate_of([one]).tobytes()
        assert compiled_cells.tolist() == cells


@pytest.mark.parametrize("seed", range(12))
def test_breakers_compiled(seed, compiled):
    """X2, X3, X4: rules of every kind."""
    chance, permits, learn, release = Chance(seed), LAW["permits_call"], LAW["learn_result"], LAW["release_permit"]
    size, is_timed = chance.randint(1, 8), chance.randint(0, 1)
    rule = records.BREAKER_RULE.make_class()(
        size=size, cells=4 + (3 * size if is_timed else size), is_timed=is_timed, is_automatic=chance.randint(0, 1),
        minimum=chance.randint(1, 8), failure_rate=chance.choice([0.1, 1 / 3, 1.0]), slow_rate=chance.choice([0.5, 1.0]),
        wait_ns=1 + chance.upto(10**10), permitted=chance.randint(1, 5),
        half_open_ns=chance.choice([0, 1 + chance.upto(10**10)]))  # fmt: skip

    def step(gates, cells, rules, now, act, failed, slow):
        if act < 2:
            return permits(gates[0], cells, rules[0], now)
        if act == 2:
            learn(gates[0], cells, rules[0], now, failed, slow)
        else:
            release(gates[0], cells, rules[0], now)
        return False

    gates_compared(compiled, step, rule, records.BREAKER_RULE, chance)


def test_buckets_and_throttles_compiled(compiled):
    """W1, W2, W11, X4: tokens taken at rates that change, and stretches counted."""
    take, change, note = LAW["take_token"], LAW["change_rate"], LAW["note_now"]

    def step(gates, cells, rules, now, act, one, two):
        note(cells, 0, 7, now // 10**9, one, two, act)
        if one == 1:
            change(gates[0], 5000, act, 4000 * two, now)
        return take(gates[0], 5000, 10**9, act, now)

    gates_compared(compiled, step, records.BREAKER_RULE.make_class()(), records.BREAKER_RULE, Chance("bucket"))


@pytest.mark.parametrize("seed", range(6))
def test_adaptive_concurrency_compiled(seed, compiled):
    """W3, W4: phases and updates, of minima measured and given."""
    chance, begin, adapt, learn = Chance(seed), LAW["begin_adapting"], LAW["adapt_by_time"], LAW["learn_time"]
    rule = records.CONCURRENCY_RULE.make_class()(
        least=chance.randint(1, 4), most=chance.choice([4, 1000]), percentile=chance.choice([0.5, 0.95, 1.0]),
        update_every_ns=1 + chance.upto(10**9), interval_ns=1 + chance.upto(10**10), jitter=chance.choice([0.0, 0.15]),
        request_count=chance.randint(1, 9), buffer=0.25, fixed_ns=chance.choice([0, 0, 10**6]))  # fmt: skip

    def step(gates, cells, rules, now, act, one, two):
        if gates[0].limit == 0:
            begin(gates[0], cells, rules[0], now)
        adapt(gates[0], cells, rules[0], now)
        if act > 0:
            learn(gates[0], cells, rules[0], now - now // (2 + 1000 * act * one), now)
        return gates[0].limit

    gates_compared(compiled, step, rule, records.CONCURRENCY_RULE, chance)


@pytest.mark.parametrize("seed", range(9))
def test_learned_limits_compiled(seed, compiled):
    """W5 to W9: limits of every kind, with and without shares."""
    chance, enters, shift, learn = Chance(seed), LAW["lets_in"], LAW["shift_busy"], LAW["learn_sample"]
    rule = records.LIMIT_RULE.make_class()(
        limiter=1 + seed % 3, initial=chance.randint(1, 20), floor=chance.randint(1, 3), ceiling=chance.choice([4, 200]),
        ratio=chance.choice([0.5, 0.9]), drop_ns=1 + chance.upto(10**9), smoothing=chance.choice([0.2, 1.0, chance.random()]),
        tolerance=chance.choice([1.0, 1.5]), headroom=4.0, long_window=chance.choice([1, 600]), probe_every=chance.choice([1.0, 30.0]),
        critical_share=chance.choice([0.0, 0.7]), bulk_share=chance.choice([0.0, 0.3]))  # fmt: skip

    def step(gates, cells, rules, now, act, one, two):
        is_let_in = enters(gates[0], rules[0], act * one, act)
        if is_let_in:
            shift(gates[0], act, 1)
        if two == 1:
            shift(gates[0], act, -1)
            learn(gates[0], rules[0], now % 1000003, 1 + act * 7, one == 1)
        return is_let_in

    gates_compared(compiled, step, rule, records.LIMIT_RULE, chance)


def test_accounts_compiled(compiled):
    """R7: a thousand deposits and withdrawals at growing times, some far apart: the same account, slots included."""
    chance, meter, slots, now = Chance("accounts"), records.RETRY_METER.make_class()(), [0] * 20, 0
    rows, array = records.RETRY_METER.gather([meter]), np.zeros(20, dtype=np.int64)
    expire, deposit, withdraw = LAW["expire"], LAW["deposit"], LAW["withdraw"]
    machines = [compiled(lambda rows, slots, now: expire(rows[0], slots, 5, now, 100)),
                compiled(lambda rows, slots, now, amount: deposit(rows[0], slots, 5, now, 100, amount)),
                compiled(lambda rows, slots, now, amount, reserve: withdraw(rows[0], slots, 5, now, 100, amount, reserve))]  # fmt: skip
    for _ in range(1000):
        now += chance.choice([0, 1, 99, 100, 101, 1000, chance.upto(1 << 50)])
        which, args = chance.choice([(0, ()), (1, (chance.upto(9),)), (2, (chance.upto(9), chance.upto(20)))])
        expected = (expire, deposit, withdraw)[which](meter, slots, 5, now, 100, *args)
        assert plain(machines[which](rows, array, now, *args)) == expected
        assert (rows.tobytes(), array.tolist()) == (records.RETRY_METER.gather([meter]).tobytes(), slots)


@pytest.mark.parametrize("is_grpc", [False, True])
def test_outliers_compiled(is_grpc, compiled):
    """O1 to O7 on 300 crowds of six hosts: each has some tries that end, then sweeps are due; all that they call is in them."""
    chance, note, act, work_off = Chance("outliers"), *(compiled(LAW[name]) for name in ("note_outcome", "on_runs", "work_off"))
    for _ in range(ROUNDS):
        rules_row = some_rules(chance, is_grpc)
        rules = types.SimpleNamespace(**{name: rules_row[name].item() for name in rules_row.dtype.names})
        hosts, held = [records.HOST.make_class()(unejected_ns=-1) for _ in range(6)], records.HOST_SET.make_class()(next_sweep_ns=10**9)
        table, row = records.HOST.gather(hosts), records.HOST_SET.gather([held])
        for _ in range(60):
            i, outcome, now, key = chance.randint(0, 5), chance.choice([0, 0, 1, 2, 3, 5, 6, 8]), chance.upto(10**10), chance.word()
            reached = LAW["note_outcome"](hosts[i], rules, outcome, now % 2 == 0)
            assert note(table[i], rules_row, outcome, now % 2 == 0) == reached
            LAW["on_runs"](hosts[i], held, 6, reached, rules, int(key), now)
            act(table[i], row[0], 6, reached, rules_row, key, now)
            if chance.random() < 0.1:
                LAW["work_off"](hosts, 0, 6, held, rules, int(key), now)
                work_off(table, 0, 6, row[0], rules_row, key, now)
        assert (table.tobytes(), row.tobytes()) == (records.HOST.gather(hosts).tobytes(), records.HOST_SET.gather([held]).tobytes())


@pytest.mark.parametrize("seed", range(4))
def test_localities_compiled(seed, compiled):
    """Z3 to Z11: levels, localities in turn and zones, with random hosts, weights and callers."""
    chance, (out, level_for, begin, turn, apart, reckon, zone_for) = Chance(seed), (LAW[name] for name in (
        "share_out", "chosen_level", "begin_turns", "next_locality", "are_zones_told_apart", "reckon_zones", "chosen_zone"))  # fmt: skip

    def step(levels, zones, key, threshold, drawn, other):
        out(levels, 0, 4, threshold)
        at = level_for(levels, 0, 4, drawn)
        begin(zones, 0, 5, at, levels[at], key, 3)
        due = turn(zones, 0, 5, at, levels[at]) + 10 * turn(zones, 0, 5, at, levels[at])
        stays = reckon(zones, 0, 5, 2)
        return at, due, apart(zones, 0, 5, 2, 6), stays, zone_for(zones, 0, 5, 2, stays, drawn, other)

    machine, level, zone = compiled(step), records.LEVEL.make_class(), records.HOST_SET.make_class()
    for _ in range(ROUNDS):
        levels = [level(hosts=hosts, healthy=chance.randint(0, hosts)) for hosts in (chance.upto(9) for _ in range(4))]
        zones = [zone(level=chance.randint(-1, 3), share=chance.choice([0.0, 1.0, chance.uniform(0, 50)]), hosts=hosts,
                      healthy=chance.randint(0, hosts), callers=chance.upto(5))
                 for hosts in (chance.upto(9) for _ in range(5))]  # fmt: skip
        zones[2].callers += 1
        given = (chance.choice([0.0, 0.5, 1.0]), chance.share(), chance.share())
        key, tables = chance.word(), (records.LEVEL.gather(levels), records.HOST_SET.gather(zones))
        assert plain(machine(*tables, key, *given)) == step(levels, zones, int(key), *given)
        after = records.LEVEL.gather(levels), records.HOST_SET.gather(zones)
        assert [table.tobytes() for table in tables] == [table.tobytes() for table in after]


def some_rules(chance: Chance, is_grpc: bool) -> Any:
    """A row of the table of balancers."""
    rules = np.zeros(1, dtype=BALANCER.dtype)[0]
    for name, (kind, *_) in BALANCER.dtype.fields.items():
        share, count = chance.choice([0.0, 1.0, chance.random()]), chance.randint(1, 4)
        rules[name] = {"f": share, "i": count, "u": 0, "b": chance.random() < 0.5}[kind.kind]
    rules["is_grpc"], rules["interval"], rules["base_ejection_time"] = is_grpc, 10**9, chance.randint(1, 10**10)
    return rules


def test_maglev_compiled(compiled):
    """B12: tables of up to nine hosts of random shares."""
    chance, machine = Chance("maglev"), compiled(LAW["fill_maglev"])
    for _ in range(ROUNDS // 3):
        n, size = chance.randint(1, 9), chance.choice([11, 251])
        fillers = [records.FILLER.make_class()(host=i, share=chance.uniform(0.01, 1), place=chance.randint(0, size - 1),
                                               skip=chance.randint(1, size - 1)) for i in range(n)]  # fmt: skip
        rows, owners, table = records.FILLER.gather(fillers), [0] * size, np.zeros(size, dtype=np.int32)
        most = max(filler.share for filler in fillers)
        LAW["fill_maglev"](owners, 0, size, fillers, n, most)
        machine(table, 0, size, rows, n, most)
        assert table.tolist() == owners


def test_latencies_compiled(compiled):
    """B19: a pod's visits one after the other, and what it tells after each."""
    chance, note, tell = Chance("latencies"), compiled(LAW["note_latency"]), compiled(LAW["latency_near"])
    samples = [records.SAMPLE.make_class()() for _ in range(66)]
    rows = records.SAMPLE.gather(samples)
    for seen in range(ROUNDS):
        rif, latency = chance.upto(30), chance.upto(10**10)
        LAW["note_latency"](samples, 2, seen, rif, latency)
        note(rows, 2, seen, rif, latency)
        assert tell(rows, 2, seen + 1, rif + 1) == LAW["latency_near"](samples, 2, seen + 1, rif + 1)
    assert rows.tobytes() == records.SAMPLE.gather(samples).tobytes()


def test_probes_compiled(compiled):
    """B20, B21: RIFs one after the other, and pools of up to six probes."""
    chance, rifs, array = Chance("probes"), [0] * 130, np.zeros(130, dtype=np.int32)
    note, threshold, best, worst, drop = (compiled(LAW[name]) for name in (
        "note_rif", "rif_threshold", "best_probe", "worst_probe", "drop_probe"))  # fmt: skip
    for seen in range(ROUNDS):
        rif, quantile = chance.upto(20), chance.choice([0.0, 0.84, 1.0])
        LAW["note_rif"](rifs, 2, seen, rif)
        note(array, 2, seen, rif)
        at = LAW["rif_threshold"](rifs, 2, seen + 1, quantile)
        assert (array.tolist(), threshold(array, 2, seen + 1, quantile)) == (rifs, at)
        pool = [records.BALANCER_PROBE.make_class()(serial=i, rif=chance.upto(20), latency_ns=chance.upto(9)) for i in range(6)]
        rows, n = records.BALANCER_PROBE.gather(pool), chance.randint(1, 5)
        chosen = LAW["best_probe"](pool, 1, n, at)
        assert (best(rows, 1, n, at), worst(rows, 1, n, at)) == (chosen, LAW["worst_probe"](pool, 1, n, at))
        LAW["drop_probe"](pool, 1, n, chosen)
        drop(rows, 1, n, chosen)
        assert rows.tobytes() == records.BALANCER_PROBE.gather(pool).tobytes()


def test_reports_compiled(compiled):
    """B16: rates measured, weights learnt and asked for, at growing times."""
    chance, now = Chance("reports"), 0
    measure, learn, known = (compiled(LAW[name]) for name in ("measure_rates", "learn_weight", "known_weight"))
    report, host = records.REPORT.make_class()(capacity=3.0), records.HOST.make_class()(reporting_ns=-1)
    rules = np.zeros(1, dtype=BALANCER.dtype)
    rules["blackout_period"], rules["weight_expiration_period"] = 3 * 10**9, 20 * 10**9
    plain_rules = types.SimpleNamespace(blackout_period=3 * 10**9, weight_expiration_period=20 * 10**9)
    reports, hosts = records.REPORT.gather([report]), records.HOST.gather([host])
    for n in range(ROUNDS):
        now += chance.upto(10**10)
        LAW["measure_rates"](report, now // 2, 10 * n, n, now)
        measure(reports[0], now // 2, 10 * n, n, now)
        weight = chance.choice([0.0, chance.random()])
        LAW["learn_weight"](host, weight, now)
        learn(hosts[0], weight, now)
        at = now + chance.upto(3 * 10**10)
        assert known(hosts[0], rules[0], at) == LAW["known_weight"](host, plain_rules, at)
    assert (reports.tobytes(), hosts.tobytes()) == (records.REPORT.gather([report]).tobytes(), records.HOST.gather([host]).tobytes())


QUEUES = {"control": 2, "dropping": 1, "moves": 1, "length": 5}  # the most that a field may be, where it matters
SHARED = {"model": 2, "working": 8, "is_throttled": 1, "millicores": 5000, "left_ns": 1 << 30, "virtual_ns": 1 << 40}


@pytest.mark.parametrize(
    ("name", "record", "most", "args"),
    [
        ("patience_ns", records.QUEUE, QUEUES, lambda c: (c.upto(1 << 40),)),
        ("codel_drops", records.QUEUE, QUEUES, lambda c: (c.upto(1 << 21), c.randint(0, 3), c.upto(1 << 22))),
        ("look", records.GUARD, {}, lambda c: (c.upto(1 << 50), c.upto(1 << 40))),
        ("pass_time", records.CPU, SHARED, lambda c: ((1 << 20) + c.upto(1 << 40),)),
        ("renew", records.CPU, SHARED, lambda c: (c.upto(1 << 40),)),
        ("is_over", records.CPU, SHARED, lambda c: (float(c.upto(1 << 40)),)),
        ("next_change_ns", records.CPU, SHARED, lambda c: (c.uniform(0, 1 << 40), c.upto(1 << 40))),
        ("stalled", records.CPU, SHARED, lambda _: ()),
        ("uses_fraction", records.CPU, SHARED, lambda _: ()),
    ],
)
def test_laws_of_pods_compiled(name, record, most, args, compiled):
    """L12, L13, Q6, Q7, Q9: the same result, the same record after it, floats to the last bit."""
    law, chance = LAW[name], Chance(name)
    machine = compiled({0: lambda rows: law(rows[0]), 1: lambda rows, a: law(rows[0], a), 2: lambda rows, a, b: law(rows[0], a, b),
                        3: lambda rows, a, b, d: law(rows[0], a, b, d)}[len(args(chance))])  # fmt: skip
    for _ in range(ROUNDS):
        one = record.make_class()()
        for field, kind in record.fields:
            value = chance.randint(name == "next_change_ns", most[field]) if field in most else 1 + chance.upto(1 << 20)
            setattr(one, field, float(value) if kind == "f8" else value)
        rows, given = record.gather([one]), args(chance)
        assert plain(machine(rows, *given)) == law(one, *given)
        assert rows.tobytes() == record.gather([one]).tobytes()


def test_the_digest_compiled(compiled):
    """T1: a thousand rows folded one after the other, extremes among them."""
    chance, machine = Chance("fold"), compiled(LAW["fold"])
    lanes, array = digesting.start(), np.array(digesting.start(), dtype=np.uint64)
    for _ in range(1000):
        word = digesting.row_word(chance.randint(0, 9), chance.upto((1 << 18) - 1), chance.randint(-1, 10**6))
        row = (chance.upto(1 << 62), chance.upto((1 << 40) - 1), word, chance.upto(1 << 62))
        digesting.fold(lanes, *row)
        machine(array, *row)
    assert digesting.text(lanes) == digesting.text(array)


SIZES = np.concatenate([np.random.default_rng(1).random(50_000), 10 ** np.random.default_rng(2).uniform(-300, 2.8, 50_000)])
BOTH_SIGNS = np.append(SIZES, -SIZES)


@pytest.mark.parametrize(
    ("function", "values"),
    [(math.log, SIZES), (math.log1p, BOTH_SIGNS[BOTH_SIGNS > -1]), (math.exp, BOTH_SIGNS), (math.expm1, BOTH_SIGNS),
     (math.sqrt, SIZES), (math.floor, BOTH_SIGNS)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_mathematics_compiled(function, values, compiled):
    """What laws take from `math`, on 100,000 values of every size: the same double in Python and compiled."""

    @compiled
    def all_of(values: Any, results: Any) -> None:
        for i in range(len(values)):
            results[i] = function(values[i])

    results = np.zeros(len(values))
    all_of(values, results)
    assert [function(value) for value in values.tolist()] == results.tolist()


def test_a_long_back_off_compiled(compiled):
    """R2: any base and number of retries that a scenario may give."""
    day = 86_400 * 10**9
    machine = compiled(LAW["back_off_ns"])
    assert machine(day, 10 * day, 30, 0.5) == LAW["back_off_ns"](day, 10 * day, 30, 0.5)
