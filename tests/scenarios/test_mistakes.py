"""Every mistake is answered with its place, its value, the rule it breaks, and the nearest right name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.schema.scenario import Scenario
from scenarios.schema.topology import Service
from scenarios.yaml_reading import read_yaml
from tests.scenarios.shop import SHOP

# (what stands in the file, what stands there instead, pieces of the message)
SPOILED: list[tuple[str, str, Sequence[str]]] = [
    # keys
    ("replicas: 6", "replica: 6", ["<text>:11:5: ", "services.front.replica: is not a key here", "did you mean 'replicas'?"]),
    ("workload:\n", "workloads:\n", [":33:1: workloads: is not a key here; did you mean 'workload'?"]),
    ("name: shop\n", "", ["<text>:1:1: lacks 'name': what runs are called"]),
    ("cv: 0.8", "", [":16:18: services.front.endpoints.home.0.work.lognormal: lacks 'cv': standard deviation over mean"]),
    ("base: 30/s, peak: 90/s, ", "", ["flash_crowd: lacks 'base', 'peak'"]),
    ("zone: east", "colour: red", [":36:5: workload.shoppers.colour: is not a key here; the keys are entry, mix, load,"]),
    ("workers: 64", "replicas: 6", [":12:5: 'replicas' stands here twice; first in line 11"]),
    ("workers: 64", "on: 6", ["services.front.on: is not a key here"]),
    ("workers: 64", "1: 6", [":12:5: a key must be text; put 1 in quotes"]),
    ("workers: 64", "~: 6", [":12:5: a key must be text; put None in quotes"]),
    ("workers: 64", "[a]: 6", [":12:5: a key must be text, not a list or a mapping"]),
    ("workers: 64", "<<: {replicas: 6}", [":12:5: merge keys (<<) are not in YAML 1.2"]),
    ("front -> stock:", "* -> stock:", ["a key that begins with * needs quotes"]),
    ("version: 1", "version: 2", [":1:1: version = 2 must be 1"]),
    # names and choices
    ("name: shop", "name: a/b", [":2:1: name = 'a/b' is not a name"]),
    ("name: shop", "name: 7", [":2:1: name = 7 must be text; put it in quotes"]),
    ("  cart:\n", "  Cart:\n", [":22:3: services.Cart: is not a name: a small letter"]),
    ("least_request,", "least_requests,", [
        ":31:14: routes.defaults.lb_policy = 'least_requests' is not one of random, round_robin, least_request, peak_ewma",
        "did you mean 'least_request'?"]),
    ("lb_policy: least_request", "lb_policy: {maglev: {table_size: 1000}}", ["table_size 1000 is not a prime number", "997 is one"]),
    ("lb_policy: least_request", "lb_policy: {ring_hash: {minimum_ring_size: 9, maximum_ring_size: 8}}", [
        "is more than maximum_ring_size 8"]),
    ("lb_policy: least_request", "hash_policy: cookie", ["is looked at by ring_hash and maglev only", "hash_policy: null"]),
    ("lb_policy: least_request", "lb_policy: maglev, subset: 3", ["shows each caller other pods", "maglev would send one key to many"]),
    ("lb_policy: least_request", "lb_policy: maglev, load_balancing_weights: [1, 2]", ["are not modelled with maglev"]),
    ("lb_policy: least_request", "load_balancing_weights: [0, 0]", ["are all 0, so that nobody would be asked; give one pod some weight"]),
    ("front -> stock: {", "shoppers -> front: {zone_aware_lb_config: {}}\n  front -> stock: {", [
        "routes.shoppers -> front.zone_aware_lb_config: asks where", "shoppers has none: it is for calls between services"]),
    ("lb_policy: least_request", "view: callers", ["routes.defaults.view = 'callers' is not one of caller, zone, service",
                                                   "did you mean 'caller'?"]),
    ("[5xx]", "[5xx, conect-failure]", ["retries.retry_on.1 = 'conect-failure' is not one of", "'connect-failure'?"]),
    ("[5xx]", "5xx", ["retries.retry_on = '5xx' must be a list"]),
    ("workers: 64", "model: threads", ["model = 'threads' is not one of async, thread; did you mean 'thread'?"]),
    ("{lognormal: {mean: 3ms, cv: 0.8}}", "{lognormel: {mean: 3ms, cv: 0.8}}", ["work.lognormel: is not one of constant,",
                                                                               "did you mean 'lognormal'?"]),
    ("{lognormal: {mean: 3ms, cv: 0.8}}", "{exponential: 3ms, constant: 3ms}", [
        "home.0.work: must have exactly one of constant, exponential,", "it has constant, exponential"]),
    ("{lognormal: {mean: 3ms, cv: 0.8}}", "{}", ["home.0.work: must have exactly one of", "it has none"]),
    ("poisson:", "poison:", ["shoppers.arrivals.poison: is not one of poisson, constant", "did you mean 'poisson'?"]),
    ("        - work: {log", "        - wrk: {log", [":16:11: services.front.endpoints.home.0: must be one step", "'work'?"]),
    ("call: cart.get", "call: cart", [(":18:15: services.front.endpoints.home.1.parallel.0.call = 'cart' is not of the form "
                                      "service.endpoint")]),
    ("{scaling: {hpa: {target_cpu: 70%, min: 2, max: 40}}}", "{scaling: hap}", [
        "agents.front.scaling = 'hap' is not one of fixed, hpa, kpa, keda, cron, staffing,", "lookahead; did you mean 'hpa'?"]),
    ("min: 2, max: 40", "min: 2, maxReplicas: 40", ["hpa.maxReplicas: is not a key here; did you mean 'max'?"]),
    ("{scaling: {hpa: {target_cpu: 70%, min: 2, max: 40}}}", "{scaling: vpa}", ["lookahead; agents.NAME.sizing has it"]),
    ("timeout: 150ms,", "timeout: 150ms, circuit_breaker: {max_requests: 5},", [
        "circuit_breaker.max_requests: is not a key here; routes.NAME.circuit_breakers has it"]),
    ("timeout: 150ms,", "timeout: 150ms, adaptive_concurrency: {},", ["adaptive_concurrency: is not a key here; services.NAME has it"]),
    ("{target_cpu: 70%, min: 2, max: 40}", "{max: 40}", ["must have exactly one of target_cpu, as in target_cpu: 60%,", "it has neither"]),
    ("front -> stock:", "front->stock:", ["routes.front->stock: is not a route: write 'a -> b'"]),
    ("duration: 20s", "duration: 20s\ncurrency: euro", [":4:1: currency = 'euro' is not a currency: three capital letters"]),
    # values
    ("replicas: 6", "replicas: -1", [":11:5: services.front.replicas = -1 must be at least 0"]),
    ("replicas: 6", "replicas: 1000000", ["replicas = 1000000 must be at most 100,000"]),
    ("replicas: 6", "replicas: six", ["replicas = 'six' is not a whole number"]),
    ("replicas: 6", 'replicas: "6"', ["replicas = '6' is not a whole number"]),
    ("replicas: 6", "replicas: 1.5", ["replicas = 1.5 is not a whole number"]),
    ("replicas: 6", "replicas: true", ["replicas = true is not a whole number"]),
    ("replicas: 6", "replicas:", ["replicas = null is not a whole number"]),
    ("replicas: 6", "replicas: " + "9" * 400, ["is not a whole number"]),
    ("duration: 20s", "duration: 20", [":3:1: duration = 20 is not a duration; write it like 250ms, 1.5s, 20m or 12m03s"]),
    ("duration: 20s", "duration: 20 sec", ["duration = '20 sec' is not a duration"]),
    ("duration: 20s", "duration: 0s", ["duration = '0s' must be more than 0s"]),
    ("duration: 20s", "duration: 1e999s", ["longer than ten years"]),
    ("duration: 20s", "duration: .inf", ["duration = inf is not a duration"]),
    ("duration: 20s", "duration: " + "1ms" * 99, ["is not a duration"]),
    ("mean: 3ms", "mean: -3ms", ["lognormal.mean = '-3ms' is not a duration"]),
    ("cv: 0.8", "cv: 0", ["lognormal.cv = 0 must be at least 0.001"]),
    ("cv: 0.8", "cv: .nan", ["lognormal.cv = nan is not a finite number"]),
    ("base: 30/s", "base: 30", ["flash_crowd.base = 30 is not a rate; write it like 300/s, 90/m or 5/h"]),
    ("base: 30/s", "base: 1e300/s", ["flash_crowd.base = '1e300/s' is more than one event a nanosecond"]),
    ("memory: 64Gi", "memory: 64gb", ["general.memory = '64gb' is not an amount of memory or data"]),
    ("memory: 64Gi", "memory: 1e400", ["general.memory = inf is not an amount of memory"]),
    ("cpu: 16", "cpu: 0.1m", ["general.cpu = '0.1m' is less than a thousandth of a core"]),
    ("price: 0.40/h", "price: 0.40", ["general.price = 0.4 is not a price per h; write it like 0.40/h"]),
    ("probability: 20%", "probability: 120%", ["branch.0.probability = '120%' is not a share between 0 % and 100 %"]),
    ("target_cpu: 70%", "target_cpu: 0", ["hpa.target_cpu = 0 must be more than 0"]),
    ("p: 99", "p: 100", ["latency.p = 100 must be less than 100"]),
    ("at: 12s", "at: noon", ["faults.slow_stock.at = 'noon' is not a duration"]),
    ("for: 2s", "for: 0s", ["faults.slow_stock.for = '0s' must be more than 0s"]),
    # kinds of values
    ("zones: [east, west]\n", "zones: east\n", [":6:3: cluster.zones = 'east' must be a list"]),
    ("zones: [east, west]\n", "zones: []\n", ["cluster.zones: must not be empty"]),
    ("get: [{work: 5ms}]", "get: {work: 5ms}", ["services.cart.endpoints.get: must be a list"]),
    ("get: [{work: 5ms}]", "get: []", ["services.cart.endpoints.get: must not be empty"]),
    ("    endpoints:\n      get: [{work: 5ms}]\n", "    endpoints: {}\n", ["services.cart.endpoints: must not be empty"]),
    ("    endpoints:\n      get: [{work: 5ms}]\n", "", ["services.cart: lacks 'endpoints': programs by name"]),
    ("resources: {requests: {cpu: 500m}}", "resources: 2", ["services.cart.resources = 2 must be a mapping with the keys requests,"]),
    ("resources: {requests: {cpu: 500m}}", "resources:", ["services.cart.resources = null has no value; give one or leave"]),
    ("arrivals: {users: {count: 5, think: 1s}}", "arrivals: users", ["staff.arrivals = 'users' must have exactly one of"]),
    ("{flash_crowd: {base: 30/s, peak: 90/s, at: 8s, rise: 3s, hold: 4s}}", "{pieces: {points: [[0s], [1s, 3/s]]}}", [
        "pieces.points.0: needs 2 items"]),
    # rules within a part
    ("min: 2, max: 40", "min: 5, max: 4", ["agents.front.scaling.hpa: min (5) is more than max (4)"]),
    ("cpu: 1}, limits: {cpu: 2}", "cpu: 3}, limits: {cpu: 2}", ["resources: limits.cpu (2000m) is less than requests.cpu (3000m)"]),
    ("resources: {requests: {cpu: 500m}}", "resources: {cpu_model: cfs}", ["resources: cpu_model cfs shares out the quota of"]),
    ("  cart:\n", "  cart:\n    queue: {discipline: adaptive_lifo}\n", ["queue: lifo_switch_threshold belongs to discipline"]),
    ("  cart:\n", "  cart:\n    queue: {discipline: lifo, codel: {}}\n", ["queue: codel by rfc8289 judges a queue by who waited longest"]),
    ("  cart:\n", """\
  cart:
    adaptive_concurrency: {concurrency_limit_params: {concurrency_update_interval: 1s}, min_rtt_calc_params: {fixed_value: 1s}}
    concurrency_limit: {vegas: {}}
""", ["each finds a limit of its own, so keep one"]),
    ("  cart:\n", "  cart:\n    concurrency_limit: {vegas: {}, partitions: {bulk: 50%, critical: 51%}}\n", [
        "partitions: come to 101% together; at most 100 %"]),
    ("  cart:\n", "  cart:\n    shedding: {start: 80%}\n", ["shedding: start (80%) is not less than full (80%)"]),
    ("    zone: east\n", "    zone: east\n    priority: high\n", ["priority = 'high' is not one of critical, degraded, best_effort, bulk"]),
    ("            - call: stock.look_up\n", "            - call: stock.look_up\n          join: 3\n", [
        "home.1: join waits for 3 branches, but there are 2"]),
    ("            - call: stock.look_up\n", "            - call: stock.look_up\n          join: most\n", [
        "home.1.join = 'most' is not one of all, first"]),
    ("            - call: stock.look_up\n", "            - call: stock.look_up\n          join: 0\n", ["join = 0 must be at least 1"]),
    ("steps: [{call: stock.reserve}]}", "steps: [wait: 1s]}\n            - {probability: 81%, steps: [wait: 1s]}", [
        ":20:11: services.front.endpoints.home.2.branch: has probabilities of 101% together"]),
    ("{weight: 1, of: 1ms}", "{weight: 1, of: {mixture: [{weight: 1, of: 1ms}]}}", ["mixture.0.of: is a mixture inside a mixture"]),
    ("work: 5ms}]\n  stock", "work: {uniform: {low: 2s, high: 1s}}}]\n  stock", ["uniform: low (2s) is more than high (1s)"]),
    ("{flash_crowd: {base: 30/s, peak: 90/s, at: 8s, rise: 3s, hold: 4s}}", "{pieces: {points: [[5s, 3/s], [1s, 3/s]]}}", [
        "pieces.points: is out of order: 1s comes after 5s"]),
    ("{flash_crowd: {base: 30/s, peak: 90/s, at: 8s, rise: 3s, hold: 4s}}", "{diurnal: {trough: 9/s, peak: 3/s}}", [
        "diurnal: trough (9/s) is more than peak (3/s)"]),
    ("{flash_crowd: {base: 30/s, peak: 90/s, at: 8s, rise: 3s, hold: 4s}}",
     "{diurnal: {trough: 1/s, peak: 3/s, period: 1us}}", ["diurnal.period = '1us' must be at least 96us"]),
    ("num_retries: 2", "retry_back_off: {base_interval: 1s, max_interval: 1ms}", ["max_interval is less than base_interval"]),
    ("num_retries: 2", "max_retries: 3, retry_budget: {}", ["has retry_budget and max_retries", "keep one of them"]),
    ("num_retries: 2", "host_selection_retry_max_attempts: 3", ["means nothing without retry_host_predicate"]),
    ("num_retries: 2", "tower_budget: {retry_percent: 0.001%}", ["less than one retry for 10,000 successes"]),
    ("num_retries: 2", "tower_budget: {ttl: 2m}", ["tower_budget.ttl"]),
    ("timeout: 150ms,", "timeout: 150ms, fault: {},", ["fault: injects nothing; give it a delay, an abort, or both"]),
    ("timeout: 150ms,", "timeout: 150ms, fault: {abort: {percentage: 5%, http_status: 200}},", ["http_status = 200 must be at least 400"]),
    ("timeout: 150ms,", "timeout: 150ms, hedge_policy: {},", ["hedge_policy: hedges nothing; give it hedge_on_per_try_timeout: true or"]),
    ("timeout: 150ms,", "timeout: 150ms, hedge_policy: {tied: true, max_attempts: 3, hedging_delay: 1s},", [
        "ties 3 tries; tied tries are two"]),
    ("timeout: 150ms,", "timeout: 150ms, hedge_policy: {max_attempts: 3},", ["has max_attempts without hedging_delay"]),
    ("timeout: 150ms,", "timeout: 150ms, hedge_policy: {hedge_on_per_try_timeout: true, hedging_delay: 1s},", ["keep one of"]),
    ("timeout: 150ms,", "timeout: 150ms, hedge_policy: {hedging_delay: 5ms},", [
        "routes.front -> stock.hedge_policy: hedges front -> stock after a delay, which knows neither retries nor per_try_timeout"]),
    ("timeout: 150ms,", "timeout: 150ms, hedge_policy: {hedge_on_per_try_timeout: true},", ["it needs a per_try_timeout, and retries"]),
    ("    entry: front.home\n", "", [":34:3: workload.shoppers: must have exactly one of entry, mix"]),
    ("cart.get: 1, stock.look_up: 2", "cart.get: 0", ["workload.staff: must have a mix whose weights are not negative"]),
    ("slow: {service: stock, zone: west, factor: 8}", "crash: {service: stock}", [
        "faults.slow_stock: is a crash, which is an instant; leave out 'for'"]),
    ('good: ">= 99%"', "good: 99%", ["expect.0.good = '99%' is not a comparison: write one of < <= > >= and a value"]),
    ('good: ">= 99%"', 'good: ">= 300ms"', ["expect.0.good = '>= 300ms' is not a share"]),
    ('good: ">= 99%"', 'p99: "< 3"', ["expect.0.p99 = '< 3' is not a duration"]),
    ('good: ">= 99%", ', "", [":47:5: expect.0: asserts nothing; give at least one of good, availability, quality, mean"]),
    # rules between parts
    ("call: cart.get", "call: crat.get", [(":18:15: services.front.endpoints.home.1.parallel.0.call = 'crat.get' names a service "
                                          "'crat' that is not there; did you mean 'cart.get'?")]),
    ("call: cart.get", "call: cart.got", ["names an endpoint 'got' that service 'cart' does not have; did you mean 'get'?"]),
    ("entry: front.home", "entry: front.hme", [":35:5: workload.shoppers.entry = 'front.hme'", "did you mean 'home'?"]),
    ("stock.look_up: 2", "stock.zzz: 2", [":40:24: workload.staff.mix.'stock.zzz' = 2 names an endpoint 'zzz'", "look_up, reserve"]),
    ("think: 1s", "think: 1s, session: {start: cat.get, requests: 2}", ["users.session.start = 'cat.get'", "'cart.get'?"]),
    ("front -> stock:", "frnt -> stock:", [":32:3: routes.frnt -> stock: fits no call of this world; did you mean 'front -> stock'?"]),
    ("front -> stock:", "cart -> front:", ["routes.cart -> front: fits no call of this world"]),
    ("  staff:", "  cart:", [":39:3: workload.cart: bears the name of a service"]),
    ("  front: {scaling", "  frnt: {scaling", [":43:3: agents.frnt: is not a service of this world; did you mean 'front'?"]),
    ("  front: {scaling", "  stock: {scaling", [(":43:21: agents.stock.scaling.hpa: measures CPU against a request; give "
                                                "services.stock.resources.requests.cpu")]),
    ("slow: {service: stock", "slow: {service: stok", [":45:41: faults.slow_stock.slow.service = 'stok'", "did you mean 'stock'?"]),
    ("zone: west, factor", "zone: wset, factor", ["faults.slow_stock.slow.zone = 'wset' is not a zone of this world", "'west'?"]),
    ("    zone: east", "    zone: north", [":36:5: workload.shoppers.zone = 'north' is not a zone of this world; there are east, west"]),
    ("general: {zones: [east, west]", "general: {zones: [east, wst]", [":8:29: cluster.nodes.general.zones.1 = 'wst'", "'west'?"]),
    ("zones: [east, west]\n", "zones: [east, west, east]\n", ["cluster.zones.2 = 'east' stands here twice"]),
    ("workload: shoppers", "workload: shopers", ["expect.0.workload = 'shopers' is not a workload", "'shoppers'?"]),
    ("warmup: 2s", "warmup: 20s", [":4:1: warmup = '20s' must be shorter than the duration of 20s"]),
    ("from: 4s", "from: 20s", [":47:42: expect.0.from = '20s' lies beyond the duration of 20s"]),
    ("from: 4s", "until: 21s", ["expect.0.until = '21s' lies beyond the duration of 20s"]),
    ("from: 4s", "until: 2s", ["expect.0: covers no time"]),
    ("arrivals: {users: {count: 5, think: 1s}}", "arrivals: {timestamps: t.csv}\n    load: 2", ["workload.staff.load = 2 has no meaning"]),
    ("get: [{work: 5ms}]", "get: [{call: front.home}]", [("home.1.parallel.0.call = 'cart.get' calls itself in a circle that never "
                                                         "ends: front.home -> cart.get -> front.home")]),
    ("get: [{work: 5ms}]", "get: [{branch: [{probability: 60%, steps: [{call: cart.get, repeat: 2}]}]}]", [
        "get.0.branch.0.steps.0.call = 'cart.get' closes a circle of calls among cart.get: each visit leads to 1.2 more"]),
    ("get: [{work: 5ms}]", "get: [{call: stock.look_up, on_failure: {fallback: [{call: cart.get}]}}]", [
        "circle that never ends when calls fail and fallbacks are taken: cart.get -> cart.get"]),
    # files beside the file
    ("{flash_crowd: {base: 30/s, peak: 90/s, at: 8s, rise: 3s, hold: 4s}}", "{rate_file: no.csv}", [
        ":37:26: workload.shoppers.arrivals.poisson.rate_file", "no.csv: there is no such file"]),
    ("{users: {count: 5, think: 1s}}", "{timestamps: no.csv}", [":41:16: workload.staff.arrivals.timestamps", "no such file"]),
    # not a scenario
    ("version: 1\n", "\tversion: 1\n", [":1:1: not YAML", "indent with spaces, not tabs"]),
    ("version: 1\n", "version: 1\n---\n", [":2:1: a second document begins"]),
    ("replicas: 6", "replicas: !!python/object/apply:os.system [true]", [":11:15: tag ", "is refused; a scenario is plain data"]),
    ("replicas: 6", "replicas: !env X", [":11:15: tag '!env' is refused"]),
    ("replicas: 6", "replicas: *six", [":11:15: alias *six has no anchor before it"]),
    ("replicas: 6", "replicas: [1, 2", ["not YAML: while parsing a flow sequence"]),
    ("replicas: 6", "replicas: {" + "a: {" * 120, ["nested more than 100 levels deep"]),
    (SHOP, "", ["<text>: the file is empty; `parley init` writes a first one"]),
    (SHOP, "# nothing but a comment", ["<text>: the file is empty"]),
    (SHOP, "- version: 1", ["<text>:1:1: a scenario is a mapping that begins with 'version: 1'"]),
    (SHOP, "shop", ["a scenario is a mapping", "not 'shop'"]),
    (SHOP, "a: \x00", ["<text>: not text: control characters are not allowed"]),
]  # fmt: skip


def message(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        loads(text)
    return str(caught.value)


def test_the_world_is_sound_before_it_is_spoiled() -> None:
    """Otherwise every row below would prove nothing."""
    assert loads(SHOP).name == "shop"


@pytest.mark.parametrize(("old", "new", "pieces"), SPOILED, ids=[new.strip()[:40] for _, new, _ in SPOILED])
def test_a_mistake_is_one_line_with_place_value_and_rule(old: str, new: str, pieces: Sequence[str]) -> None:
    """One mistake, one line, and in it everything a reader needs to mend it."""
    assert old in SHOP
    told = message(SHOP.replace(old, new, 1))
    assert len(told.splitlines()) == 1, told
    for piece in pieces:
        assert piece in told


def test_several_mistakes_are_listed_in_the_order_of_the_file() -> None:
    """Each on its own line, with its own place."""
    text = SHOP.replace("replicas: 6", "replicas: six").replace("cv: 0.8", "cv: -1").replace("duration: 20s", "duration: 20")
    assert [line.split(": ")[0] for line in message(text).splitlines()] == ["<text>:3:1", "<text>:11:5", "<text>:16:41"]


def test_at_most_ten_mistakes_are_listed() -> None:
    """The rest is counted."""
    text = SHOP.replace("  stock:\n", "".join(f"  s{i}: {{endpoints: {{x: [{{work: {i}}}]}}}}\n" for i in range(1, 15)) + "  stock:\n")
    lines = message(text).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "... and 4 more"


def test_the_error_carries_its_mistakes_as_data() -> None:
    """A program, too, can find the place."""
    with pytest.raises(ScenarioError) as caught:
        loads(SHOP.replace("replicas: 6", "replicas: -1"))
    assert [(m.path, m.rule) for m in caught.value.mistakes] == [(("services", "front", "replicas"), "must be at least 0")]


def test_aliases_are_welcome_and_bombs_are_not() -> None:
    """An anchor used twice is the same value twice; a tower of them is refused before it is built."""
    assert loads(SHOP.replace("replicas: 6", "replicas: &n 6").replace("workers: 64", "workers: *n")).services["front"].workers == 6
    rows = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "more than 500,000 values, aliases expanded" in message("\n".join(["a0: &a0 [1]", *rows]))


def test_scalars_mean_what_yaml_1_2_says() -> None:
    """`on` is a word, 12:30 is no number of minutes, 1e3 is a number, 010 is ten."""
    text = "[on, yes, 12:30, 1e3, 1_0, 010, 0o17, 0x1F, ~, true, .5, 2024-01-01, '1']"
    assert read_yaml(text, "t") == ["on", "yes", "12:30", 1000.0, "1_0", 10, 15, 31, None, True, 0.5, "2024-01-01", "1"]


def test_a_world_built_in_python_meets_the_same_rules() -> None:
    """Without a file there is no line, but path, value, rule and suggestion stay."""
    cart = Service.model_validate({"endpoints": {"get": [{"work": "5ms"}]}})
    built = {"version": 1, "name": "x", "duration": "1s", "services": {"cart": cart}}
    arrivals = {"poisson": "1/s"}
    assert Scenario(**built, workload={"u": {"entry": "cart.get", "arrivals": arrivals}}).services["cart"] is cart
    with pytest.raises(ScenarioError, match=r"^workload\.u\.entry = 'crt\.get' names a service .* did you mean 'cart\.get'\?$"):
        Scenario(**built, workload={"u": {"entry": "crt.get", "arrivals": arrivals}})
    with pytest.raises(ScenarioError, match=r"^workload\.u\.load = -1 must be at least 0$"):
        Scenario.model_validate({**built, "workload": {"u": {"entry": "cart.get", "load": -1, "arrivals": arrivals}}})


@pytest.mark.parametrize(
    ("name", "content", "piece"),
    [
        ("utf16.yaml", SHOP.encode("utf-16"), "utf16.yaml: is written in UTF-16 or UTF-32; save it as UTF-8"),
        ("latin.yaml", SHOP.replace("shop", "sh\xf6p").encode("latin-1"), "latin.yaml:2: is not text in UTF-8 (byte 0xf6)"),
        ("binary.yaml", b"version: 1\n\x00\x00", "binary.yaml:2: is binary, not text"),
        ("huge.yaml", b"#" * (8 * 2**20 + 1), "huge.yaml: larger than 8 MiB"),
        ("empty.yaml", b"", "empty.yaml: the file is empty"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, name: str, content: bytes, piece: str) -> None:
    """Encodings, binaries and giants end in one sentence."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load(name, folder=tmp_path)
    assert piece in str(caught.value)


def test_a_byte_order_mark_of_utf_8_is_passed_over(tmp_path: Path) -> None:
    """Editors on Windows write it."""
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + SHOP.encode())
    assert load("bom.yaml", folder=tmp_path).name == "shop"
