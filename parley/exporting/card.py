"""MODEL_CARD.md: what a policy is, how well it does, where it fails, and what nobody should do with it."""

from __future__ import annotations

from agents.learning.bundles.described import Against, Described, Judged
from parley.wording import number, percent, signed

DRIFT_LOOK, DRIFT_FALL_BACK = 0.1, 0.25  # of the population stability index, as is customary


def card(described: Described) -> bytes:
    """For people, in Markdown."""
    sections = (_what, _results, _failures, _forbidden, _drift, _verification)
    return "\n\n".join([f"# {described.name}", *(section(described) for section in sections)]).encode() + b"\n"


def _what(one: Described) -> str:
    task, training, actions = one.task, one.training, one.actions
    varied = "".join(f"\n- `{path}` drawn from {between}" for path, between in task.varied.items()) or "\n- nothing varied but the seed"
    return f"""\
A policy for the chair **{one.chair}**: every {one.tick_s:g} s it looks at one service and chooses one of {len(actions.labels)} actions
({actions.name}: {", ".join(actions.labels)}) on what the service's own calibrated rule asks for. A guard stands behind it: at most
{one.guard.up:g} times and at least {one.guard.down:g} times the pods asked for in one decision, the rule's own bounds, and the rule alone
where metrics are older than {one.guard.stale_ticks:g} ticks.

## What it was trained on

- task: {task.id or "a world of its own"}, scenario `{task.scenario}` (sha256 `{task.scenario_sha256[:16]}…`),
  {task.ticks} decisions an episode
- training: seed {training.seed} of {training.seeds}, leg {training.leg}, {training.decisions:,} decisions; `{training.command}`{varied}
- it sees {len(one.features)} features of its own service in {one.frames} looks, all from Prometheus; `policy.json` has each query
- reward weights: {", ".join(f"{name} {weight:g}" for name, weight in task.weights.items())}"""


def _results(one: Described) -> str:
    found = one.measured
    rows = "\n".join(_row(*one) for one in (("the rule", found.rule), ("the policy", found.policy), ("its tree", found.tree)))
    return f"""\
## Results

Means of a tick over {len(found.seeds)} held-out episodes (seeds {found.seeds[0]} to {found.seeds[-1]}), on which nothing was
trained or chosen:

| | reward | objectives missed | pods asked for |
|---|---|---|---|
{rows}

The policy against the rule: {_lead(found.policy_over_rule)}.
The tree (leaves: {found.leaves}) against the policy: {_lead(found.tree_over_policy)};
it does the same in {percent(found.agreement)} of its decisions. Pairs of the same episode; intervals are of episodes and not of training
seeds, and of one simulated world. Whether another seed of the same training does as well stands in the training's own folder."""


def _row(name: str, one: Judged) -> str:
    return f"| {name} | {number(one.reward, 4)} | {percent(one.violation)} | {number(one.pods, 3)} |"


def _lead(one: Against) -> str:
    if one.half_width is None:
        return f"{signed(one.difference)} (one episode, so no interval)"
    verdict = "clear" if abs(one.difference) > one.half_width else "not clear: the interval holds zero"
    return f"{signed(one.difference)} ± {number(one.half_width, 2)} (95 %, {verdict})"


def _failures(one: Described) -> str:
    worst = min(range(len(one.measured.seeds)), key=lambda place: one.measured.policy.rewards[place] - one.measured.rule.rewards[place])
    behind = one.measured.policy.rewards[worst] - one.measured.rule.rewards[worst]
    age = one.safe_region["age"]
    said = (f"On seed {one.measured.seeds[worst]} it is paid {number(-behind, 3)} less than the rule." if behind < 0
            else "On no held-out episode was it paid less than the rule; there are few of them.")  # fmt: skip
    return f"""\
## Known failures

- {said}
- It learned in simulation. How far a cluster is from the simulator was not measured here.
- It has met samples of {age[0]:.1f} to {age[1]:.1f} ticks of age; beyond, its choices were never rewarded or punished.
- It guides a rule: where the rule is badly calibrated, a multiple of it is bad too.
- Outside of `safe_region` in `policy.json` it is an extrapolation."""


def _forbidden(_: Described) -> str:
    return """\
## Not to be used

- without the guard, or with a wider one than it was trained behind
- with features in another order, unit or cadence than `policy.json` lists
- for services whose scaling can harm people, before a dry run and a canary with somebody watching
- beside another autoscaler that sets the same number of pods
- as evidence that learning beats rules: that takes several seeds, and tasks it never saw"""


def _drift(_: Described) -> str:
    return f"""\
## Drift

`policy.json` has, for each feature, the deciles it had in training and the share of readings in each. With the shares of today's readings
q and those of training p, the population stability index is the sum of (q - p) ln(q / p). Look at it above {DRIFT_LOOK:g};
above {DRIFT_FALL_BACK:g} let the rule decide alone and train again."""


def _verification(one: Described) -> str:
    return f"""\
## To check it

`manifest.json` lists the SHA-256 of every file and `manifest.sig`, if there is one, signs it with Ed25519:
`openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in manifest.json -sigfile manifest.sig`. `vectors.npz` has observations, masks and
the actions that whoever runs `policy.onnx` must come to. Nothing in a bundle is pickled.
Weights it was made of: sha256 `{one.training.weights_sha256}`."""
