"""Scenario → run folder: the one way a world is run, by hand, by the command line and by everything above it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, TypedDict, Unpack

from agents.learning.bundles.policy import Policy
from agents.learning.seating import policies_of
from parley.errors import FolderError, Interrupted, UsageError
from parley.interventions.interventions import Intervention, seat
from parley.recording.conserving import require_balance
from parley.recording.recording import Manifest, Recording
from parley.recording.spans import MODES, TAIL, span_share
from parley.recording.warming import pilot
from parley.runs.results import Run
from parley.storage.parts import Writer
from parley.storage.run_folder import FORMAT, MANIFEST, SCENARIO, RunFolder, new_folder, this_process
from scenarios.errors import ParleyError
from scenarios.load import load, loads
from scenarios.naming import suggestion
from scenarios.schema.routing import DEFAULTS
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import AUTO, format_duration, parse_duration
from scenarios.writing import as_yaml
from sim.build import ENGINES
from sim.mesh import Mesh
from sim.trace import SEMANTICS

STRETCH_S = 0.1  # wall time between two looks at signals and progress, about
LIBRARIES = ("parley", "numpy", "simpy", "mesa", "numba")


@dataclass(frozen=True)
class Order:
    """What is to be run."""

    scenario: Scenario
    seed: int
    engine: str
    until_ns: int
    spans: str
    command: str
    interventions: tuple[Intervention, ...] = ()  # what is done to it from outside
    whatif: Mapping[str, Any] | None = None  # for the manifest


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    now_ns: int
    until_ns: int
    wall_s: float
    requests: int  # offered so far
    hops: int  # visits to pods so far


Watcher = Callable[[Progress], None]
Described = Scenario | str | os.PathLike[str]  # a scenario, a file, or the name of a shipped one
Source = Described | Order  # or what was asked for and checked before


class Asked(TypedDict, total=False):
    """What may be asked for beside the scenario; `run` says what each means."""

    seed: int
    engine: str
    until: str | int | None
    set: Sequence[str]
    spans: str
    policy: Policy | str | None


class Stop:
    """Set by a signal; a run looks at it between stretches."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[Stop]:
        """Within, the first SIGINT or SIGTERM only sets this, and the next one does what it always does."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def take(number: int, _: Any) -> None:
            self.signal_number = number
            signal.signal(number, usual[signal.Signals(number)])

        for number in usual:
            signal.signal(number, take)
        try:
            yield self
        finally:
            for number, handler in usual.items():
                signal.signal(number, handler)


def run(scenario: Source, *, out: str | os.PathLike[str] | None = None, progress: Watcher | None = None, **asked: Unpack[Asked]) -> Run:
    """Run a scenario (an object, a file, or the name of a shipped one) and return its run folder, opened.

    `seed` (1) and `engine` ("fast", "reference") say how; `until` ends it early ("10m", or nanoseconds); `set` are changes as
    "services.cart.replicas=5"; `spans` is "sample", "tail" (requests that failed or took longer than their class's latency
    objective), "all" or "none"; `policy` guides whoever scales: a `parley.Policy` that was loaded, or "BUNDLE@sha256:…"; `out` is a
    folder that is new or empty, results/runs/… if absent; `progress` is called now and then.
    Raises ParleyError for what the user can mend, and Interrupted on Ctrl-C, with what there is in the folder.
    """
    order = ordered(scenario, **asked)
    folder = new_folder(out, f"{order.scenario.name}-{order.seed}")
    with Stop().on_signals() as stop:
        simulate(order, folder, stop, progress)
    if stop.signal_number is not None:
        raise Interrupted(folder.path, stop.signal_number)
    return Run(folder.path)


def ordered(scenario: Source, **asked: Unpack[Asked]) -> Order:
    """What `run` is asked for, checked; an order stays as it is. Raises ParleyError."""
    if isinstance(scenario, Order):
        return scenario
    changes = asked.get("set", ())
    asked["set"] = changes = (changes,) if isinstance(changes, str) else tuple(changes)
    if (policy := asked.get("policy")) is not None:
        asked["set"] = changes = (*changes, *_seating(policy, resolved(scenario, changes)))
    world = resolved(scenario, changes)
    seed, engine, spans = asked.get("seed", 1), asked.get("engine", "fast"), asked.get("spans", "sample")
    for name, given, right in (("engine", engine, tuple(ENGINES)), ("spans", spans, MODES)):
        if given not in right:
            raise UsageError(f"{name} is one of {', '.join(right)}, not {given!r}{suggestion(given, right)}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise UsageError(f"a seed is a whole number from 0 to 2^63 - 1, not {seed!r}")
    until_ns = _until_ns(world, asked.get("until"))
    return Order(_warmed(world, seed, engine), seed, engine, until_ns, spans, command_line("run", scenario, asked))


def _seating(policy: Policy | str, world: Scenario) -> Iterator[str]:
    """The changes that let a policy guide whoever scales. Raises UsageError."""
    reference = policy.reference if isinstance(policy, Policy) else policy
    if "@sha256:" not in reference:
        raise UsageError(f"policy is one that was loaded, as parley.Policy.load({reference!r}, key='team.pub'), or {reference}@sha256:…")
    if not any(one.scaling is not None and one.scaling.fixed is None for one in map(world.minds, world.services)):
        raise UsageError(f"{world.name}: nobody scales here, so there is no rule for a policy to guide")
    yield f"agents.defaults.policy={json.dumps(reference)}"
    yield from (f"agents.{name}.policy=null" for name, one in world.agents.items() if one.policy is not None and name != DEFAULTS)


def resolved(scenario: Described, changes: Sequence[str] = ()) -> Scenario:
    """A scenario from whatever names one, with changes laid over it. Raises ScenarioError."""
    if not isinstance(scenario, Scenario):
        return load(scenario, changes)
    return loads(as_yaml(scenario), changes) if changes else scenario


def scenario_digest(scenario: Scenario) -> str:
    """SHA-256 of the resolved scenario, as written to scenario.yaml."""
    return hashlib.sha256(as_yaml(scenario).encode()).hexdigest()


def simulate(order: Order, folder: RunFolder, stop: Stop, progress: Watcher | None = None) -> None:
    """Run an order into its folder, to the end or until stopped; the manifest says which."""
    folder.write_bytes(SCENARIO, as_yaml(order.scenario).encode())
    manifest = Manifest(folder, _manifest(order))
    manifest.write()
    mesh = Mesh(order.scenario, order.seed, order.engine, span_share=span_share(order.scenario, order.spans),
                span_tail=order.spans == TAIL)  # fmt: skip
    with Writer() as writer:
        recording = Recording(mesh, seat(mesh, order.interventions), manifest, writer)
        recording.begin()
        try:
            _advance_told(mesh, order.until_ns, stop, progress, recording)
        except ParleyError as fault:
            writer.hand_over(partial(folder.write_bytes, MANIFEST, manifest.changed(**_cut_short(mesh, fault))))
            recording.end()
            with contextlib.suppress(FolderError):
                writer.finish()
            raise
        summary = recording.end()
        try:
            writer.finish()
        except FolderError as fault:
            with contextlib.suppress(FolderError):
                manifest.write(**_cut_short(mesh, fault))
            raise
    is_over = mesh.now_ns >= order.until_ns
    manifest.write(state="complete" if is_over else "partial", simulated_ns=mesh.now_ns,
                   trace_digest=summary["trace_digest"])  # fmt: skip
    require_balance(summary["conservation"], mesh.now_ns)


def _cut_short(mesh: Mesh, fault: ParleyError) -> dict[str, Any]:
    """What the manifest of a run says that could not go on."""
    return {"state": "partial", "simulated_ns": mesh.now_ns, "fault": str(fault)}


def advance_in_stretches(mesh: Mesh, until_ns: int, stop: Stop, look: Callable[[], None] | None = None) -> None:
    """Up to a time, or until stopped, in stretches of about STRETCH_S of wall time; `look` is called after each.

    How time is divided changes nothing in the trace.
    """
    stretch = max(1, until_ns // 1000)
    while mesh.now_ns < until_ns and stop.signal_number is None:
        since = time.monotonic()
        mesh.advance(min(until_ns, mesh.now_ns + stretch))
        took = time.monotonic() - since
        stretch = max(1, int(stretch * min(2.0, max(0.25, STRETCH_S / max(took, 1e-9)))))
        if look is not None:
            look()


def _advance_told(mesh: Mesh, until_ns: int, stop: Stop, progress: Watcher | None, recording: Recording) -> None:
    mesh.advance(0)  # what compiles does so now, and counts for no rate
    began = time.monotonic()

    def tell() -> None:
        if progress is not None:
            last = recording.last
            progress(Progress(mesh.now_ns, until_ns, time.monotonic() - began, last.offered, last.visits))

    advance_in_stretches(mesh, until_ns, stop, tell)


def _warmed(world: Scenario, seed: int, engine: str) -> Scenario:
    """The world with its warm-up found, where that is auto, by a pilot run under one seed."""
    if world.warmup != AUTO:
        return world
    mesh = Mesh(world.with_(warmup=0), seed, engine)
    seat(mesh)
    return pilot(mesh)


def _until_ns(scenario: Scenario, until: str | int | None) -> int:
    end = scenario.duration if until is None else until if isinstance(until, int) else parse_duration(until)
    if end <= 0:
        raise UsageError(f"until {until} leaves nothing to run; write it like 10m")
    if end > scenario.duration:
        raise UsageError(f"until {until} is not within the run of {format_duration(scenario.duration)}; "
                         f"a longer one is asked for by --set duration={until}")  # fmt: skip
    return end


def _manifest(order: Order) -> dict[str, Any]:
    scenario = order.scenario
    whatif = {} if order.whatif is None else {"whatif": order.whatif}
    policies = {"policies": named} if (named := policies_of(scenario)) else {}
    return {
        "format": FORMAT, "state": "running", "scenario": scenario.name, "question": scenario.question,
        "currency": scenario.currency, "scenario_digest": scenario_digest(scenario), "semantics": SEMANTICS,
        "seed": order.seed, "engine": order.engine, "spans": order.spans, "until_ns": order.until_ns, "simulated_ns": 0,
        "versions": versions(),
        "command": order.command, "process": this_process(), "trace_digest": None, **policies, **whatif, "checkpoints": [],
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Of Python and of what figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def command_line(verb: str, scenario: Described, asked: Asked, more: Sequence[str] = ()) -> str:
    """The command line that asks for the same."""
    words = ["parley", verb, SCENARIO if isinstance(scenario, Scenario) else os.fspath(scenario)]
    words += [word for name, value in _options(asked) for word in (f"--{name}", value)]
    return shlex.join([*words, *more])


def _options(asked: Asked) -> Iterator[tuple[str, str]]:
    yield "seed", str(asked.get("seed", 1))
    if (until := asked.get("until")) is not None:
        yield "until", until if isinstance(until, str) else format_duration(until)
    for name, value, usual in (("engine", asked.get("engine"), "fast"), ("spans", asked.get("spans"), "sample")):
        if value not in (None, usual):
            yield name, str(value)
    for change in asked.get("set", ()):
        yield "set", change
