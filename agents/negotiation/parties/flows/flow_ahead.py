"""What to do now who knows what will be asked for: a program over the rounds to come, of which the first is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.parties.flows.flow_plan import Plan, stretches_of, taken
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.valuing import Outlook
from agents.solving import Infeasible, Row, cheapest

GAP = 1e-3  # of the best worth: what a plan may miss, for being found in a fraction of the time
TOLD_ROUNDS = 2  # what is granted now has to do until the next round's grants are heard


@dataclass(frozen=True)
class Ahead:
    """What is known of the rounds to come."""

    outlooks: Sequence[Mapping[str, Outlook]]  # of each class, round by round from now on
    standing: Mapping[str, int]  # pods that each member has
    starts: Mapping[str, int]  # rounds until a pod of it serves that is asked for now


class _Program:
    """Its variables: stretches of flow, then the pods that serve, then the pods that are asked for; each round by round."""

    def __init__(self, classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], ahead: Ahead) -> None:
        self.classes, self.trades, self.ahead, self.rounds = classes, trades, ahead, len(ahead.outlooks)
        self.stretches = [(at, name, width, 3.6 * one.worth * used) for at, outlooks in enumerate(ahead.outlooks)
                          for name, one in classes.items() for width, used in stretches_of(outlooks[name])]  # fmt: skip
        self.members = list(trades)

    def serving(self, at: int, member: int) -> int:
        """The variable of the pods of a member that serve in a round."""
        return len(self.stretches) + at * len(self.members) + member

    def asked(self, at: int, member: int) -> int:
        """The variable of the pods of a member that are asked for in a round."""
        return self.serving(self.rounds + at, member)

    def rows(self, capacity: int) -> list[Row]:
        """Pods that serve are no more than were asked for all the time that they take to start, and carry what flows."""
        found: list[Row] = []
        for at in range(self.rounds):
            for i, name in enumerate(self.members):
                carried = {j: -self.classes[one].pods.get(name, 0.0) for j, (when, one, *_) in enumerate(self.stretches) if when == at}
                found.append((carried | {self.serving(at, i): 1.0}, 0.0))
                since = range(max(0, at - self.ahead.starts[name]), at + 1)
                found += [({self.serving(at, i): -1.0, self.asked(when, i): 1.0}, 0.0) for when in since]
            found.append(({self.asked(at, i): -float(self.trades[name].described.units) for i, name in enumerate(self.members)},
                          -float(capacity)))  # fmt: skip
        return found

    def solved(self, capacity: int, price: float) -> list[float]:
        """Its variables at their best. Raises Infeasible."""
        own = [self.trades[name].described for name in self.members]
        most = [float(capacity // one.units) for one in own]
        steps, pods = range(self.rounds), len(self.members) * self.rounds
        standing = [float(self.ahead.standing[name]) if at < self.ahead.starts[name] else most[i]
                    for at in steps for i, name in enumerate(self.members)]  # fmt: skip
        flows, floors = len(self.stretches), [float(one.floor) for _ in steps for one in own]
        return cheapest([-worth for *_, worth in self.stretches] + [0.0] * pods + [price * one.units for _ in steps for one in own],
                        self.rows(capacity), [0.0] * (flows + pods) + floors,
                        [width for _, _, width, _ in self.stretches] + standing + most * self.rounds,
                        [False] * (flows + pods) + [True] * pods, GAP)  # fmt: skip


def planned_ahead(classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], ahead: Ahead, capacity: int, price: float) -> Plan:
    """The first round of the plan that is worth most over all of them.

    Maximise sum_tk 3.6 worth_k E[min(D_tk, x_tk)] - price sum_ts u_s n_ts over flows x, serving pods m and pods asked for n,
    subject to m_ts >= sum_k a_ks x_tk, m_ts <= n_rs for all rounds r that a start takes, n_ts >= floor_s, sum_s u_s n_ts <= capacity.
    What is planned for later rounds is planned anew by then (receding horizon); pods are whole in them too, for parts of pods would
    move at less than a start costs, and always in the next round.
    """
    program = _Program(classes, trades, ahead)
    try:
        found = program.solved(capacity, price)
    except Infeasible:  # floors alone are more than there is: nobody gets more than his
        return Plan(dict.fromkeys(classes, 0.0), {name: trades[name].described.floor for name in trades})
    rates = [dict.fromkeys(classes, 0.0) for _ in ahead.outlooks]
    for (at, name, *_), rate in zip(program.stretches, found, strict=False):
        rates[at][name] += rate
    pods = {name: round(found[program.asked(0, i)]) for i, name in enumerate(trades)}
    return Plan(_raised(rates[0], rates[:TOLD_ROUNDS], classes, pods), pods)


def _raised(now: Mapping[str, float], rounds: Sequence[Mapping[str, float]], classes: Mapping[str, FlowClass],
            pods: Mapping[str, int]) -> dict[str, float]:  # fmt: skip
    """Flows of now, all raised alike towards their highest in these rounds, as far as the pods carry them together."""
    more = {name: max(one[name] for one in rounds) - rate for name, rate in now.items()}
    needed = {service: taken(more, classes, service) for service in pods}
    room = [(count - taken(now, classes, service)) / needed[service] for service, count in pods.items() if needed[service] > 0]
    factor = max(0.0, min([1.0, *room]))
    return {name: rate + factor * more[name] for name, rate in now.items()}
