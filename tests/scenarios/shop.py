"""The world that the tests of this folder spoil, line by line."""

SHOP = """\
version: 1
name: shop
duration: 20s
warmup: 2s
cluster:
  zones: [east, west]
  nodes:
    general: {zones: [east, west], count: 3, cpu: 16, memory: 64Gi, price: 0.40/h}
services:
  front:
    replicas: 6
    workers: 64
    resources: {requests: {cpu: 1}, limits: {cpu: 2}}
    endpoints:
      home:
        - work: {lognormal: {mean: 3ms, cv: 0.8}}
        - parallel:
            - call: cart.get
            - call: stock.look_up
        - branch:
            - {probability: 20%, steps: [{call: stock.reserve}]}
  cart:
    resources: {requests: {cpu: 500m}}
    endpoints:
      get: [{work: 5ms}]
  stock:
    endpoints:
      look_up: [{work: 5ms}]
      reserve: [{work: {mixture: [{weight: 1, of: 1ms}, {weight: 2, of: 3ms}]}}]
routes:
  defaults: {lb_policy: least_request, timeout: 1s}
  front -> stock: {timeout: 150ms, retries: {num_retries: 2, retry_on: [5xx]}}
workload:
  shoppers:
    entry: front.home
    zone: east
    arrivals: {poisson: {flash_crowd: {base: 30/s, peak: 90/s, at: 8s, rise: 3s, hold: 4s}}}
    slo: {latency: {p: 99, under: 300ms}}
  staff:
    mix: {cart.get: 1, stock.look_up: 2}
    arrivals: {users: {count: 5, think: 1s}}
agents:
  front: {scaling: {hpa: {target_cpu: 70%, min: 2, max: 40}}}
faults:
  slow_stock: {at: 12s, for: 2s, slow: {service: stock, zone: west, factor: 8}}
expect:
  - {good: ">= 99%", workload: shoppers, from: 4s}
"""
