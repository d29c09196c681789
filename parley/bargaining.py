"""What bargaining came to in a run: how well the classes fared by their worth, how evenly, what it took, and who paid."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from agents.control_plane import ControlPlane
from agents.decision import Decision
from agents.mailbox import Fate
from agents.negotiation.mechanisms.fairness import jain
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import HOUR_NS
from sim.plane import Records


def negotiation_of(plane: ControlPlane, measured: Records) -> dict[str, Any]:
    """The part `negotiation` of summary.json; `measured` are the tallies of all classes since the warm-up.

    earned: the share of what all requests would be worth that good answers earned; violation: the rest; value_per_hour: what
    was earned, in the scenario's currency.
    """
    world, now_ns = plane.mesh.scenario, plane.mesh.now_ns
    worth, names = worths(world), list(world.workload)
    offered = {name: int(measured["offered"][i]) for i, name in enumerate(names)}
    good = {name: int(measured["good"][i]) for i, name in enumerate(names)}
    possible = sum(worth[name] * offered[name] for name in names)
    earned = sum(worth[name] * good[name] for name in names)
    shares = [good[name] / offered[name] for name in names if offered[name]]
    rounds = plane.rounds
    decisions = [one for one in plane.decisions if one.mind in plane.mechanisms]
    turned = reversals(one for one in decisions if one.service in world.services)
    messages = Counter(row.fate for row in plane.network.log)
    sent, hours = sum(messages.values()), max(0, now_ns - world.warmup) / HOUR_NS
    agreed = [one.settled_ns - one.began_ns for one in rounds if one.settled_ns is not None]
    return {
        "earned": earned / possible if possible else math.nan,
        "violation": 1 - earned / possible if possible else math.nan,
        "value_per_hour": earned / 1000 / hours if hours else math.nan,
        "jain": jain(shares) if shares else math.nan,
        "worst_class_good": min(shares, default=math.nan),
        "rounds": len(rounds), "agreement_ms": sum(agreed) / len(agreed) / 1e6 if agreed else math.nan,
        "messages": sent, "lost": sent - messages[Fate.DELIVERED],
        "messages_per_decision": sent / len(decisions) if decisions else math.nan,
        "reversals_per_hour": sum(turned.values()) / (now_ns / HOUR_NS) if now_ns else math.nan,
        "paid": plane.paid,
    }  # fmt: skip


def worths(world: Scenario) -> dict[str, float]:
    """What a thousand good answers of each class are worth: as the first negotiation says that names it, else 1."""
    found: dict[str, float] = {}
    for one in world.negotiations.values():
        found = {**one.chosen.worth, **found}
    return {name: found.get(name, 1.0) for name in world.workload}


def reversals(decisions: Iterable[Decision]) -> Mapping[str, int]:
    """How often each service's pods were scaled up after down, or down after up."""
    last: dict[str, int] = {}
    turned: Counter[str] = Counter()
    for one in decisions:
        if one.applied and one.after != one.before:
            direction = 1 if one.after > one.before else -1
            turned[one.service] += last.get(one.service, direction) != direction
            last[one.service] = direction
    return turned
