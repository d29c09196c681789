"""A feature of all services in one question: each service's own query, told apart by a label.

A query of policy.json answers with one number of one service. `label_replace(…, "served", "front", "", "")` names it, and `or` puts
all of them into one vector, whatever the queries are made of; so a tick costs as many questions as there are features.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template

from agents.learning.watched import GROWTH_TICKS
from parley.serving.prometheus import Sample
from parley.serving.services import Served

LABEL = "served"


@dataclass(frozen=True)
class Asking:
    """How queries are filled in."""

    tick_s: float
    window_s: float  # what rates are taken over: two samples have to lie in it

    def question(self, query: str, services: Sequence[Served]) -> str | None:
        """Of all services that it can be asked of; None where there is none."""
        own = [(one.name, filled) for one in services if (filled := self._filled(query, one)) is not None]
        return " or ".join(f'label_replace({filled}, "{LABEL}", "{name}", "", "")' for name, filled in own) or None

    def _filled(self, query: str, service: Served) -> str | None:
        """None where a placeholder stands for something that the service has not: an objective."""
        words = {
            "service": service.name, "namespace": service.namespace, "workload": _quoted(service.workload),
            "tick": f"{_seconds(self.tick_s)}s", "tick_seconds": _seconds(self.tick_s), "window": f"{_seconds(self.window_s)}s",
            "before": f"{_seconds(GROWTH_TICKS * self.tick_s)}s",
        }  # fmt: skip
        if service.objective_ms is not None:
            words["objective_ms"] = f"{service.objective_ms:g}"
        wanted = Template(query)
        return wanted.substitute(words) if set(wanted.get_identifiers()) <= words.keys() else None


def answers(samples: Sequence[Sample]) -> dict[tuple[float, str], float]:
    """The numbers by (moment, service); a service with several at a moment has none, for which of them is meant?"""
    found = {(one.at_s, one.labels.get(LABEL, "")): one.value for one in samples}
    times = Counter((one.at_s, one.labels.get(LABEL, "")) for one in samples)
    return {key: value for key, value in found.items() if times[key] == 1}


def known(raw: float | None, name: str) -> float | None:
    """A number that can be used. The logarithm of no pods is -Inf, and says that there are none."""
    if raw is None or math.isfinite(raw):
        return raw
    return raw if name == "asked" and raw == -math.inf else None


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(value: float) -> str:
    """PromQL knows whole units only."""
    return str(max(1, round(value)))


Readings = Mapping[str, Mapping[str, float]]  # by service, by feature: those that are known
