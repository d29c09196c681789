"""HorizontalPodAutoscalers of a file as the minds of a scenario's agents."""

from __future__ import annotations

from agents.autoscaling.manifest_files import API_VERSION, KIND, hpa_of
from parley.manifests.documents import read_documents
from scenarios.errors import ScenarioError
from scenarios.load import loads
from scenarios.naming import suggestion
from scenarios.schema.changing import dumped
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_data, yaml_of


def import_hpa(text: str, world: Scenario, source: str = "hpa.yaml") -> Scenario:
    """A world whose services are scaled as a file says; others stay. Raises ScenarioError for what a scenario does not simulate."""
    data = as_data(world)
    agents = data.setdefault("agents", {})
    for place, one in read_documents(text, source, {KIND: API_VERSION}):
        try:
            name, hpa = hpa_of(one)
        except ScenarioError as fault:
            raise ScenarioError(f"{place}: {fault}") from None
        if name not in world.services:
            raise ScenarioError(f"{place}: spec.scaleTargetRef.name: {name!r} is no service of {world.name}"
                                f"{suggestion(name, world.services)}")  # fmt: skip
        agents[name] = {**agents.get(name, {}), "scaling": {"hpa": dumped(hpa)}}
    return loads(yaml_of(data))
