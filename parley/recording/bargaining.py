"""What bargaining came to in a run: how well the classes fared by their worth, how evenly, what it took, and who paid."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from agents.control_plane import ControlPlane
from agents.decision import Decision
from agents.mailbox import Fate, Posted
from agents.negotiation.mechanisms.fairness import jain
from agents.negotiation.parties.rounds import Round
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import HOUR_NS
from sim.plane import Records

LOST_TO = {"loss": Fate.LOST, "cut": Fate.CUT, "crash": Fate.CRASHED}
BETTER = (*LOST_TO.values(), Fate.IN_FLIGHT, Fate.DELIVERED)  # of two copies of a message, the one that counts


def negotiation_of(plane: ControlPlane, measured: Records) -> dict[str, Any]:
    """The part `negotiation` of summary.json, all of it since the warm-up; `measured` are the tallies of all classes since then.

    earned: the share of what all requests would be worth that good answers earned; violation: the rest; value_per_hour: what
    was earned, in the scenario's currency; paid: by party.
    """
    world = plane.mesh.scenario
    worth, names = worths(world), list(world.workload)
    offered = {name: int(measured["offered"][i]) for i, name in enumerate(names)}
    good = {name: int(measured["good"][i]) for i, name in enumerate(names)}
    possible = sum(worth[name] * offered[name] for name in names)
    earned = sum(worth[name] * good[name] for name in names)
    shares = [good[name] / offered[name] for name in names if offered[name]]
    decisions = [one for one in plane.decisions if one.mind in plane.mechanisms]
    turned = reversals((one for one in decisions if one.service in world.services), world.warmup)
    hours = max(0, plane.mesh.now_ns - world.warmup) / HOUR_NS
    rounds = [one for one in plane.rounds if one.began_ns >= world.warmup]
    before = plane.paid if plane.warm is None else plane.warm.paid
    return {
        "earned": earned / possible if possible else math.nan,
        "violation": 1 - earned / possible if possible else math.nan,
        "value_per_hour": earned / 1000 / hours if hours else math.nan,
        "jain": jain(shares) if shares else math.nan,
        "worst_class_good": min(shares, default=math.nan),
        **_agreement(rounds, plane.mesh.now_ns), **_talk(plane, len(rounds), [one for one in decisions if one.time_ns >= world.warmup]),
        "reversals_per_hour": sum(turned.values()) / hours if hours else math.nan,
        "paid": {name: paid - before[name] for name, paid in plane.paid.items()},
    }  # fmt: skip


def _agreement(rounds: Sequence[Round], now_ns: int) -> dict[str, float]:
    """How many rounds began, and of those that are over which share is settled, and after how long: on average, and 19 in 20."""
    over = [one for one in rounds if one.until_ns < now_ns]
    took_ms = [(one.settled_ns - one.began_ns) / 1e6 for one in over if one.settled_ns is not None]
    return {
        "rounds": len(rounds), "settled": len(took_ms) / len(over) if over else math.nan,
        "agreement_ms": sum(took_ms) / len(took_ms) if took_ms else math.nan,
        "agreement_p95_ms": float(np.quantile(took_ms, 0.95, method="inverted_cdf")) if took_ms else math.nan,
    }  # fmt: skip


def _talk(plane: ControlPlane, rounds: int, decisions: Sequence[Decision]) -> dict[str, Any]:
    """What was said since the warm-up, what lost some of it, and how much was said for a round, and for a change of the mesh."""
    warmup = plane.mesh.scenario.warmup
    fates = Counter(fates_of(row for row in plane.network.log if row.sent_ns >= warmup))
    lost = {cause: fates[fate] for cause, fate in LOST_TO.items()}
    changes = sum(one.applied for one in decisions)
    return {
        "messages": fates.total(), "lost": sum(lost.values()), "lost_to": lost, "in_flight": fates[Fate.IN_FLIGHT],
        "messages_per_round": fates.total() / rounds if rounds else math.nan,
        "messages_per_change": fates.total() / changes if changes else math.nan,
    }  # fmt: skip


def fates_of(log: Iterable[Posted]) -> list[Fate]:
    """Of each message, in order of sending; a copy that the network made is none of its own, and arrives in place of the other."""
    found: list[Fate] = []
    for row in log:
        if row.is_copy:
            found[-1] = max(found[-1], row.fate, key=BETTER.index)
        else:
            found.append(row.fate)
    return found


def worths(world: Scenario) -> dict[str, float]:
    """What a thousand good answers of each class are worth: as the first negotiation says that names it, else 1."""
    found: dict[str, float] = {}
    for one in world.negotiations.values():
        found = {**one.chosen.worth, **found}
    return {name: found.get(name, 1.0) for name in world.workload}


def reversals(decisions: Iterable[Decision], since_ns: int = 0) -> Mapping[str, int]:
    """How often each service's pods were scaled up after down, or down after up, since an instant; what it is after may be before."""
    last: dict[str, int] = {}
    turned: Counter[str] = Counter()
    for one in decisions:
        if one.applied and one.after != one.before:
            direction = 1 if one.after > one.before else -1
            turned[one.service] += one.time_ns >= since_ns and last.get(one.service, direction) != direction
            last[one.service] = direction
    return turned
