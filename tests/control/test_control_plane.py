"""Agents in their chairs: when they wake, what they see, what they do, and that nobody disturbs anybody."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field

import mesa
import pytest

from agents.agent import ControlAgent
from agents.control_plane import ControlPlane
from agents.policy import Needs, Verdict, View
from scenarios.load import loads
from sim.commands import Scale
from sim.mesh import Mesh
from tests.house.sources import ROOT

S = 1_000_000_000
HPA = "{target_cpu: 60%, min: 2, max: 12, sync_period: 5s, behavior: {scaleDown: {stabilizationWindowSeconds: 10}}}"
CROWD = f"""
version: 1
name: small_crowd
duration: 60s
cluster:
  zones: [east, west]
  nodes: {{box: {{count: 2, cpu: 8, memory: 16Gi, price: 0.40/h}}}}
network: {{same_zone: 0.25ms, cross_zone: {{lognormal: {{mean: 1.1ms, cv: 0.3}}}}}}
services:
  front:
    replicas: 2
    workers: 16
    resources: {{requests: {{cpu: 500m}}, limits: {{cpu: 1}}}}
    startup: {{lognormal: {{mean: 3s, cv: 0.4}}}}
    endpoints: {{home: [{{work: {{exponential: 6ms}}}}, {{parallel: [{{call: stock.list}}, {{call: ranks.rank}}]}}]}}
  stock:
    replicas: 2
    workers: 2
    resources: {{requests: {{cpu: 1}}}}
    startup: {{lognormal: {{mean: 3s, cv: 0.4}}}}
    endpoints: {{list: [{{work: {{exponential: 15ms}}}}]}}
  ranks: {{replicas: 3, workers: 4, resources: {{requests: {{cpu: 1}}}}, endpoints: {{rank: [{{work: {{exponential: 9ms}}}}]}}}}
routes:
  defaults: {{timeout: 500ms, per_try_timeout: 200ms, retries: {{num_retries: 2, retry_budget: {{budget_percent: 20%}}}}}}
workload:
  some: {{entry: front.home, arrivals: {{poisson: {{flash_crowd: {{base: 40/s, peak: 200/s, at: 15s, rise: 3s, hold: 15s}}}}}}}}
agents: {{front: {{scaling: {{hpa: {HPA}}}}}, stock: {{scaling: {{hpa: {HPA}}}}}}}
telemetry: {{scrape_interval: 5s}}
faults:
  slow: {{at: 25s, for: 5s, slow: {{service: stock, fraction: 30%, factor: 4}}}}
  dead: {{at: 20s, crash: {{service: front, fraction: 40%}}}}
"""


@dataclass
class Scripted:
    """A mind that asks for what it was told to, and keeps what it saw."""

    plan: dict[int, int] = field(default_factory=dict)  # second -> replicas
    cadence_ns: int = 2 * S
    mind: str = "scripted"
    needs: Needs = field(default_factory=Needs)
    seen: list[View] = field(default_factory=list)
    done: list[tuple[Scale, int]] = field(default_factory=list)

    def decide(self, view):
        """What the plan says for this second."""
        self.seen.append(view)
        replicas = self.plan.get(view.now_ns // S)
        return Verdict("as planned", () if replicas is None else (Scale(view.service, replicas),), replicas)

    def carried_out(self, command, view):
        """Keep it."""
        self.done.append((command, view.now_ns))


def run(*changes, engine="fast", minds=None, until=60 * S):
    """The small crowd with its control plane, advanced."""
    mesh = Mesh(loads(CROWD, list(changes)), 1, engine)
    plane = ControlPlane(mesh, minds)
    mesh.advance(until)
    return mesh, plane


def test_an_agent_wakes_on_its_own_cadence():
    """The first time one cadence from the start, then each, until the end of the run, which is not part of it."""
    mind = Scripted()
    run(minds={"ranks": mind}, until=10 * S)
    assert [view.now_ns // S for view in mind.seen] == [2, 4, 6, 8]


def test_only_services_that_somebody_scales_have_an_agent():
    """Two by the scenario, none of them the service whose replicas are those of the file."""
    _, plane = run(until=1)
    assert [(agent.name, agent.policy.mind) for agent in plane.agents] == [("front", "hpa"), ("stock", "hpa")]


def test_the_defaults_hold_unless_a_service_has_its_own_word():
    """`defaults` gives everybody a mind; `fixed` takes it from one."""
    _, plane = run(f"agents.defaults.scaling={{hpa: {HPA}}}", "agents.stock.scaling=fixed", until=1)
    assert list(plane.seats) == ["front", "ranks"]


def test_every_decision_is_a_row_with_its_reason():
    """Before, recommended, after, why, and whether it took effect; staying is a decision too."""
    mind = Scripted({4: 5, 6: 5})
    _, plane = run(minds={"ranks": mind}, until=9 * S)
    rows = [(d.time_ns // S, d.mind, d.before, d.recommended, d.after, d.reason, d.applied)
            for d in plane.decisions if d.agent == "ranks"]  # fmt: skip
    assert rows == [
        (2, "scripted", 3, None, 3, "as planned", False), (4, "scripted", 3, 5, 5, "as planned", True),
        (6, "scripted", 5, 5, 5, "as planned", False), (8, "scripted", 5, None, 5, "as planned", False),
    ]  # fmt: skip
    assert mind.done == [(Scale("ranks", 5), 4 * S)]


def test_a_view_shows_pods_and_late_metrics_only():
    """At 6 s: samples of the scrape at 5 s, none of a pod that is starting; asked for 4, of whom one is terminating."""
    mind = Scripted({2: 4, 4: 3})
    run("services.ranks.startup=3s", "services.ranks.endpoints.rank=[{wait: 60s}]", minds={"ranks": mind}, until=7 * S)
    view = mind.seen[2]
    assert (view.replicas, view.request_millicores) == (3, 1000)
    assert [(pod.name, pod.is_ready, pod.usage_millicores, pod.sampled_ns // S) for pod in view.pods] == [
        (f"ranks-{number}", True, 0, 5) for number in range(3)
    ]
    assert [(pod.name, pod.is_ready, pod.usage_millicores) for pod in mind.seen[1].pods][3] == ("ranks-3", False, None)


def test_a_view_shows_pending_and_terminating_pods():
    """Pods that fit nowhere are Pending; a draining pod is terminating and still Ready."""
    mind = Scripted({2: 60, 4: 1})
    run("services.ranks.endpoints.rank=[{wait: 60s}]", minds={"ranks": mind}, until=7 * S)
    waiting = [pod for pod in mind.seen[1].pods if pod.phase == "Pending"]
    assert waiting and all(pod.start_ns is None and not pod.is_ready for pod in waiting)
    leaving = [(pod.is_ready, pod.phase) for pod in mind.seen[2].pods if pod.is_terminating]
    assert leaving and set(leaving) == {(True, "Running")}


def test_both_engines_decide_alike():
    """The crowd with faults, crashes and two autoscalers: one digest, one list of decisions, one log."""
    (slow, slow_plane), (fast, fast_plane) = (run(engine=engine) for engine in ("reference", "fast"))
    assert slow.plane.digest() == fast.plane.digest()
    assert slow_plane.decisions == fast_plane.decisions
    assert slow.cluster.log == fast.cluster.log
    changes = [decision.after - decision.before for decision in fast_plane.decisions if decision.applied]
    assert max(changes) > 0 > min(changes)


def test_any_partition_of_a_run_gives_the_same_decisions():
    """Advanced at once, or in uneven pieces that fall between and on the instants of control."""
    whole, plane = run()
    mesh = Mesh(loads(CROWD), 1)
    other = ControlPlane(mesh)
    for time_ns in (1, 5 * S, 5 * S + 1, 17 * S, 20 * S, 33_333_333_333, 60 * S):
        mesh.advance(time_ns)
    assert (mesh.plane.digest(), other.decisions) == (whole.plane.digest(), plane.decisions)


@pytest.mark.parametrize("cadence_s", [2, 5])
def test_an_agent_more_reorders_nobody(cadence_s):
    """An onlooker that wakes at the same instants, before or after the others by name, changes no row of theirs."""
    alone, plane = run()
    crowd, together = run(minds={"ranks": Scripted(cadence_ns=cadence_s * S)})
    assert crowd.plane.digest() == alone.plane.digest()
    assert [decision for decision in together.decisions if decision.agent != "ranks"] == plane.decisions


def test_agents_of_one_instant_act_in_the_order_of_their_names():
    """Whatever order they were seated in."""
    _, plane = run(minds={"ranks": Scripted(cadence_ns=5 * S)}, until=6 * S)
    assert [decision.agent for decision in plane.decisions] == ["front", "ranks", "stock"]


def test_scale_events_count_once_they_are_carried_out():
    """A policy of 2 pods in 60 s allows one step of 2, and no more while it is remembered."""
    rules = "{scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 60}]}}"
    _, plane = run(f"agents.stock.scaling.hpa.behavior={rules}", "agents.front.scaling=fixed", until=58 * S)
    assert max(decision.after for decision in plane.decisions) == 4
    assert any("limited to 4 by scaleUp policy Pods 2/60s" in decision.reason for decision in plane.decisions)


def test_it_is_a_mesa_model_of_mesa_agents():
    """Both worlds know them: `isinstance` holds for our classes and for Mesa's."""
    _, plane = run(until=1)
    assert isinstance(plane, ControlPlane) and isinstance(plane, mesa.Model)
    assert all(isinstance(agent, mesa.Agent) and agent.model is plane for agent in plane.agents)


def test_services_are_in_mesas_registry():
    """By the class one imports, with the pods that are asked for."""
    _, plane = run(until=1)
    assert plane.agents_by_type[ControlAgent].get(["name", "pods"]) == [["front", 2], ["stock", 2]]
    assert plane.agents.groupby(lambda agent: agent.policy.mind).count() == {"hpa": 2}


def test_whoever_is_removed_decides_no_more():
    """And everybody else goes on."""
    mesh = Mesh(loads(CROWD), 1)
    plane = ControlPlane(mesh)
    mesh.advance(7 * S)
    plane.seats["front"].remove()
    mesh.advance(20 * S)
    assert {d.agent for d in plane.decisions if d.time_ns > 7 * S} == {"stock"}
    assert plane.agents.get("name") == ["stock"]


def test_step_is_mesas_door():
    """One control interval a step, the shortest cadence; a DataCollector sees the world; the end is the end."""
    plane = ControlPlane(Mesh(loads(CROWD, ["duration=12s"]), 1))
    collector = mesa.DataCollector({"ready": lambda model: model.mesh.cluster.counts("front").ready})
    while plane.running:
        plane.step()
        collector.collect(plane)
    assert (plane.steps, plane.mesh.now_ns) == (3, 12 * S)
    assert len(collector.get_model_vars_dataframe()) == 3


def test_importing_the_control_plane_does_not_import_mesa():
    """Mesa waits for the first model, so that `parley --help` does not wait for Mesa."""
    code = "import sys, agents.control_plane; sys.exit('mesa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
