"""The commented file that `parley init` writes: small enough to read in a minute, whole enough to run."""

from __future__ import annotations

SCHEMA_FILE = "parley.schema.json"  # what `parley schema` writes beside it

TEMPLATE = """\
# yaml-language-server: $schema={schema}
# A world in one file. Check it with `parley check {file}`, run it with `parley run {file}`.
version: 1
name: {name}
question: Does the shop answer 99% of requests within 100 ms while a crowd comes and goes?
duration: 3m                      # simulated time; units are written out: 250ms, 1.5s, 3m
warmup: 20s                       # requests that arrive earlier are not measured

services:
  shop:
    replicas: 2                   # pods
    workers: 8                    # requests a pod works on at once
    endpoints:
      browse:                     # a program: what answering one request takes
        - work: {{lognormal: {{mean: 4ms, cv: 0.5}}}}     # CPU time
        - call: stock.look_up     # another service; its answer is waited for
  stock:
    replicas: 2
    workers: 4
    endpoints:
      look_up:
        - work: {{exponential: 10ms}}
        - wait: 1ms               # a disk, say: time without a core

routes:                           # the most specific pattern wins: "shop -> stock", "* -> stock", defaults
  defaults: {{lb_policy: least_request}}
  shop -> stock: {{timeout: 500ms, retries: {{num_retries: 1}}}}

workload:
  visitors:
    entry: shop.browse
    arrivals:
      poisson: {{flash_crowd: {{base: 100/s, peak: 400/s, at: 1m, rise: 10s, hold: 30s}}}}
    slo: {{latency: {{p: 99, under: 100ms}}, availability: 99.9%}}

expect:                           # a scenario is a test: `parley run` exits with 3 when a line here fails
  - {{good: ">= 99%"}}
"""


def first_file(name: str = "first", file: str = "first.yaml", schema: str = SCHEMA_FILE) -> str:
    """The text of a first scenario called `name`, to be written to `file`; `schema` is where editors find the rules."""
    return TEMPLATE.format(name=name, file=file, schema=schema)
