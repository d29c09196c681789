"""What a learned mind is shown of a bidder. What no mesh measures, agents that bid tell Prometheus of themselves: leases, prices, payments.

`$bidder` stands for its name, `$class` for those of its classes of requests, `$tick` for the time between two rounds.
"""

from __future__ import annotations

import math

from agents.learning.bidding.sight import Sight
from agents.learning.observing import Feature, Features

CENTS = 0.01  # an hour: what is less is nothing


def _log(value: float | None, base: float = 1.0) -> float | None:
    return None if value is None else math.log2(max(CENTS, value) / base)


def _short(sight: Sight) -> float | None:
    return None if sight.wanted is None else math.log2((1 + sight.wanted) / (1 + sight.held))


def _lateness(sight: Sight) -> float | None:
    return math.log2(max(sight.lateness.values())) if sight.lateness else None


OWN = '{bidder="$bidder"}'
RATE = 'sum(rate(istio_requests_total{destination_service_name="$bidder"}[$tick]))'

FEATURES: tuple[Feature, ...] = (
    Feature("rate", "requests a second", "log2 of 1 + 1/s", 0, 20, (3, 9), f"log2(1 + {RATE})",
            lambda sight: math.log2(1 + sight.rates[-1])),
    Feature("growth", "requests a second over those four ticks ago", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f"log2((1 + {RATE}) / (1 + {RATE} offset 4 * $tick))",
            lambda sight: math.log2((1 + sight.rates[-1]) / (1 + sight.rates[0]))),
    Feature("held", "units leased over those there are to lease", "share", 0, 1, (0, 0.6), f"lease_units{OWN} / on () pool_supply_units",
            lambda sight: sight.held / max(1, sight.supply)),
    Feature("short", "one more than the units that are worth their least price over one more than those leased", "log2 of a ratio", -6, 6,
            (-1, 1), f"log2((1 + bidder_wanted_units{OWN}) / (1 + lease_units{OWN}))", _short),
    Feature("marginal", "what one more unit is worth over the least price", "log2 of a ratio", -12, 12, (-4, 4),
            f"log2(clamp_min(bidder_marginal_value{OWN}, 0.01) / on () pool_reserve_price)",
            lambda sight: _log(sight.marginal, sight.price)),
    Feature("paid", "what a unit cost in the last round over the least price", "log2 of a ratio", -12, 12, (-1, 6),
            f"log2(clamp_min(bidder_payment{OWN} / clamp_min(lease_units{OWN}, 1), 0.01) / on () pool_reserve_price)",
            lambda sight: _log(sight.paid / max(1, sight.held), sight.price)),
    Feature("ready", "ready pods over those asked for; 1 of a class of requests", "share", 0, 4, (0.5, 1),
            'kube_deployment_status_replicas_ready{deployment="$bidder"} / kube_deployment_spec_replicas{deployment="$bidder"}',
            lambda sight: sight.ready, 1),
    Feature("lateness", "95th percentile end to end over its objective, of the class that is worst off", "log2 of a ratio", -8, 4, (-3, 1),
            'log2(max(histogram_quantile(0.95, sum by (le, workload) (rate(gateway_request_duration_milliseconds_bucket'
            '{workload=~"$class"}[$tick]))) / on (workload) objective_ms))', _lateness),
    Feature("multiple", "what it multiplied its last bid by", "log2 of a ratio", -1, 1.6, (-1, 1.6), f"log2(bidder_multiple{OWN})",
            lambda sight: math.log2(sight.multiple)),
    Feature("age", "how old the newest scrape is", "ticks", 0, 8, (0, 2),
            '(time() - max(timestamp(istio_requests_total{destination_service_name="$bidder"}))) / $tick',
            lambda sight: sight.age_ticks, 8),
)  # fmt: skip
BIDDING = Features(FEATURES)
