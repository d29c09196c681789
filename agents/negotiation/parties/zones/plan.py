"""Which zone should serve how much of whose calls: the transport problem that a planner solves, and that bargains are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from agents.negotiation.parties.flows.flow_plan import stretches_of
from agents.negotiation.parties.valuing import Outlook
from agents.negotiation.parties.zones.crossing import Crossing
from agents.solving import Row, cheapest

Flows = dict[str, dict[str, float]]  # requests a second by the callers' zone and by the serving one


def planned(crossing: Crossing, outlooks: Mapping[str, Outlook], capacities: Mapping[str, float]) -> Flows:
    """The flows that are worth most less what their ways cost; what nobody can serve stays at home.

    Demand of each zone comes in stretches, from what is sure to be used to what hardly ever is. Maximise
    sum_zky u_zk (worth_z - price_zy) x_zky, each stretch's capacity being kept free whether it is used or not:
    sum_y x_zky <= width_zk, sum_zk x_zky <= capacity_y. What is answered are the flows that are used on average.
    """
    cut = [(zone, width, used) for zone in crossing.zones for width, used in stretches_of(outlooks[zone])]
    ways = [(index, other) for index, other in product(range(len(cut)), crossing.zones)]
    prices, worth = {zone: crossing.prices(zone) for zone in crossing.zones}, {zone: crossing.worth(zone) for zone in crossing.zones}
    costs = [cut[index][2] * (prices[cut[index][0]][other] - worth[cut[index][0]]) for index, other in ways]
    rows: list[Row] = [({way: -1.0 for way, (at, _) in enumerate(ways) if at == index}, -width) for index, (_, width, _) in enumerate(cut)]
    rows += [({way: -1.0 for way, (_, other) in enumerate(ways) if other == zone}, -capacities[zone]) for zone in crossing.zones]
    high = [cut[index][1] for index, _ in ways]
    found = cheapest(costs, rows, [0.0] * len(ways), high, [False] * len(ways)) if ways else []
    flows: Flows = {zone: dict.fromkeys(crossing.zones, 0.0) for zone in crossing.zones}
    for (index, other), rate in zip(ways, found, strict=True):
        flows[cut[index][0]][other] += cut[index][2] * rate
    for zone, flow in flows.items():
        flow[zone] += max(0.0, outlooks[zone].rate - sum(flow.values()))
    return flows
