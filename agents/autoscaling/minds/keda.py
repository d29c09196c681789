"""KEDA in an agent's chair: its own polls, and the HPA it would create, which is shown the triggers' values."""

from __future__ import annotations

from dataclasses import replace

from agents.autoscaling import hpa, keda
from agents.autoscaling.cron import Schedule, is_within
from agents.autoscaling.manifest import Behavior, MetricSpec
from agents.autoscaling.minds.hpa import Controller, behavior_of, series_named
from agents.policy import Alternating, Needs, Verdict, View, asking_for
from scenarios.schema.keda import CpuUsageTrigger, CronTrigger, Keda, PrometheusTrigger
from scenarios.schema.units import NS_PER_S
from sim.commands import Command


class KedaPolicy(Alternating):
    """Polls decide between none and some; syncs of the HPA decide above."""

    mind = "keda"

    def __init__(self, described: Keda, service: str) -> None:
        self.spec, self.hpa = scaled_object(described), Controller(hpa_spec(described))
        self._triggers = {f"s{index}-{_kind(one)}": one for index, one in enumerate(described.triggers)}
        self._series = {name: series_named(one.prometheus.metric, one.prometheus.of, service) for name, one in self._triggers.items()
                        if isinstance(one, PrometheusTrigger)}  # fmt: skip
        self._polling_ns, self._sync_ns = described.pollingInterval * NS_PER_S, described.sync_period
        super().__init__(self._polling_ns, self._sync_ns)
        self.needs = Needs(series=tuple(self._series.values()))
        self.state = keda.KedaState()
        self._is_by_hpa = False  # the command of the last verdict

    def decide(self, view: View) -> Verdict | None:
        """A poll, a sync, both, or neither, by the time."""
        values = {name: self._value_milli(name, view) for name in self._triggers if name not in self._cpu}
        if view.now_ns % self._polling_ns == 0:
            step = self._poll(view, values)
            if step.replicas != view.replicas:
                self._is_by_hpa = False
                return Verdict(step.reason, asking_for(step.replicas, view))
        is_paused = self.spec.is_paused or self.spec.paused_replicas is not None
        return None if view.now_ns % self._sync_ns or is_paused else self._sync(view, values)

    @property
    def _cpu(self) -> set[str]:
        return {name for name, one in self._triggers.items() if isinstance(one, CpuUsageTrigger)}

    def _poll(self, view: View, values: dict[str, int | None]) -> keda.Step:
        is_active = not values or any(self._is_active(name, value) for name, value in values.items())
        is_error = any(value is None for value in values.values())
        step, self.state = keda.polled(self.spec, self.state, view.replicas, is_active, is_error, view.now_ns)
        return step

    def _sync(self, view: View, values: dict[str, int | None]) -> Verdict:
        told = {} if view.replicas == 0 else {name: self._told(name, value, view) for name, value in values.items()}
        self._is_by_hpa = True
        return self.hpa.sync(view, {name: value for name, value in told.items() if value is not None})

    def _told(self, name: str, value: int | None, view: View) -> int | None:
        """What the HPA is told of a trigger that was read, or what stands in for it."""
        self.state, fallback = keda.answered(self.state, name, failed=value is None), self.spec.fallback
        if value is not None or fallback is None or self.state.failures[name] <= fallback.failure_threshold:
            return value
        trigger = self._triggers[name]
        assert isinstance(trigger, PrometheusTrigger)
        ready = sum(pod.is_ready for pod in view.pods) if trigger.prometheus.metricType == "Value" else None
        return keda.fallback_milli(fallback, view.replicas, trigger.prometheus.threshold, ready)

    def _value_milli(self, name: str, view: View) -> int | None:
        trigger = self._triggers[name]
        if isinstance(trigger, CronTrigger):
            schedule = Schedule(trigger.cron.start, trigger.cron.end, trigger.cron.period, trigger.cron.desiredReplicas)
            return 1000 * schedule.replicas if is_within(schedule, view.now_ns) else 0
        return view.values_milli.get(self._series[name])

    def _is_active(self, name: str, value: int | None) -> bool:
        trigger = self._triggers[name]
        least = trigger.prometheus.activationThreshold if isinstance(trigger, PrometheusTrigger) else 0
        return value is not None and value > least

    def carried_out(self, command: Command, view: View) -> None:
        """Remember the scale event where it was the HPA's."""
        if self._is_by_hpa:
            self.hpa.carried_out(command, view)


def scaled_object(described: Keda) -> keda.ScaledObject:
    """The schema's words as KEDA has them."""
    fallback = described.fallback
    return keda.ScaledObject(
        min_replicas=described.minReplicaCount,
        max_replicas=described.maxReplicaCount,
        idle_replicas=described.idleReplicaCount,
        cooldown_ns=described.cooldownPeriod * NS_PER_S,
        initial_cooldown_ns=described.initialCooldownPeriod * NS_PER_S,
        is_paused=described.paused,
        paused_replicas=described.paused_replicas,
        is_scale_in_paused=described.paused_scale_in,
        is_scale_out_paused=described.paused_scale_out,
        fallback=None if fallback is None else keda.Fallback(fallback.failureThreshold, fallback.replicas, fallback.behavior),
    )


def hpa_spec(described: Keda) -> hpa.HpaSpec:
    """The HPA that KEDA creates: at least one pod, a metric a trigger, and directions that are paused disabled."""
    written = described.advanced.horizontalPodAutoscalerConfig.behavior
    behavior = None if written is None else behavior_of(written)
    if described.paused_scale_in or described.paused_scale_out:
        behavior = behavior or Behavior()
        up, down = behavior.scale_up, behavior.scale_down
        behavior = Behavior(replace(up, select_policy="Disabled") if described.paused_scale_out else up,
                            replace(down, select_policy="Disabled") if described.paused_scale_in else down)  # fmt: skip
    return hpa.HpaSpec(
        min_replicas=max(1, described.minReplicaCount),
        max_replicas=described.maxReplicaCount,
        metrics=tuple(_metric(index, one) for index, one in enumerate(described.triggers)),
        behavior=behavior,
        flags=hpa.ControllerFlags(tolerance=described.tolerance, sync_period_ns=described.sync_period),
    )


def _metric(index: int, trigger: PrometheusTrigger | CronTrigger | CpuUsageTrigger) -> MetricSpec:
    name = f"s{index}-{_kind(trigger)}"
    match trigger:
        case CpuUsageTrigger():
            return hpa.CpuUtilization(trigger.cpu.value)
        case CronTrigger():
            return hpa.SourceAverageValue(name, 1000)
        case _ if trigger.prometheus.metricType == "Value":
            return hpa.SourceValue(name, trigger.prometheus.threshold)
    return hpa.SourceAverageValue(name, trigger.prometheus.threshold)


def _kind(trigger: PrometheusTrigger | CronTrigger | CpuUsageTrigger) -> str:
    return "cron" if isinstance(trigger, CronTrigger) else "cpu" if isinstance(trigger, CpuUsageTrigger) else "prometheus"
