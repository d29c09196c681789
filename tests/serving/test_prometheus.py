"""Queries of features are PromQL: by a parser always, and by Prometheus itself where there is one to ask."""

from __future__ import annotations

import asyncio
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest

from agents.learning.scaling.features import FEATURES
from parley.serving.prometheus import Prometheus, SourceError
from parley.serving.questions import LABEL, Asking
from tests.serving.worlds import TICK_NS, listed

ASKING = Asking(TICK_NS / 1e9, 30.0)
START = 1_700_000_400  # a multiple of a tick
PODS = {"front": 4, "cart": 8}
PORT = 19_090
needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None or shutil.which("promtool") is None,
                                      reason="prometheus and promtool are not installed")  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_of_all_services_is_one_question(feature: object, tmp_path: Path) -> None:
    """Of a type that answers with a vector, whatever the query is made of."""
    question = ASKING.question(feature.query, listed(tmp_path))
    assert question is not None and "$" not in question
    assert promql_parser.parse(question) is not None


def test_a_query_without_its_placeholder_is_not_asked(tmp_path: Path) -> None:
    """cart has no objective, so its latency is nothing to compare with."""
    latency = next(one.query for one in FEATURES if one.name == "latency")
    question = ASKING.question(latency, listed(tmp_path))
    assert question is not None and '"front"' in question and '"cart"' not in question
    assert ASKING.question(latency, [one for one in listed(tmp_path) if one.name == "cart"]) is None


def exposed() -> Iterator[str]:
    """A quarter of an hour of two services: 20 requests a second a pod, half a core in use, 100 to 200 ms each, a pod not ready."""
    here = 'namespace="shop"'
    for name, pods in PODS.items():
        istio = f'destination_service_name="{name}",destination_service_namespace="shop"'
        for at in range(START, START + 900, 15):
            past = at - START
            for n in range(pods):
                pod = f'pod="{name}-5d4f-x{n}",{here}'
                yield f'container_cpu_usage_seconds_total{{container="app",{pod}}} {past / 2} {at}'
                yield f'container_cpu_usage_seconds_total{{container="",{pod}}} {past} {at}'
                yield f'kube_pod_container_resource_requests{{resource="cpu",{pod}}} 1 {at}'
                yield f'envoy_http_downstream_rq_active{{{pod}}} 3 {at}'
            for gauge, value in (("spec_replicas", pods), ("status_replicas_ready", pods - 1), ("status_replicas_unavailable", 1)):
                yield f'kube_deployment_{gauge}{{deployment="{name}",{here},instance="ksm"}} {value} {at}'
                yield f'kube_deployment_{gauge}{{deployment="{name}",namespace="test",instance="ksm"}} 99 {at}'
            for side in ("source", "destination"):
                yield f'istio_requests_total{{reporter="{side}",{istio}}} {20 * pods * past} {at}'
            for edge, share in (("100.0", 0), ("200.0", 1), ("+Inf", 1)):
                count = 20 * pods * past * share
                yield f'istio_request_duration_milliseconds_bucket{{reporter="destination",{istio},le="{edge}"}} {count} {at}'


def by_family(lines: Iterator[str]) -> str:
    """OpenMetrics wants the samples of a series together."""
    samples = sorted((series, int(at), value) for series, value, at in (line.rsplit(" ", 2) for line in lines))
    return "".join(f"{series} {value} {at}\n" for series, at, value in samples) + "# EOF\n"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """A Prometheus that has seen all that."""
    (tmp_path / "seen.txt").write_text(by_family(exposed()))
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "seen.txt", "data"], cwd=tmp_path, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    (tmp_path / "prometheus.yml").write_text("global: {scrape_interval: 15s}\n")
    process = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                                "--storage.tsdb.retention.time=100y",
                                f"--web.listen-address=127.0.0.1:{PORT}"], cwd=tmp_path, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        yield f"http://127.0.0.1:{PORT}"
    finally:
        process.terminate()
        process.wait()


async def numbers(url: str, folder: Path, at_s: float) -> dict[str, dict[str, float]]:
    """What it answers, by feature and service; asked until it is up."""
    async with Prometheus(url, 20.0) as source:
        deadline = time.monotonic() + 60
        while True:
            try:
                return {one.name: {sample.labels[LABEL]: sample.value for sample in await source.instant(question, at_s)}
                        for one in FEATURES if (question := ASKING.question(one.query, listed(folder))) is not None}  # fmt: skip
            except SourceError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.2)


@pytest.mark.slow
@needs_prometheus
def test_prometheus_answers_with_what_there_is(prometheus: str, tmp_path: Path) -> None:
    """Worked by hand; another namespace, the other reporter and the pods' own cgroups are not counted in."""
    found = asyncio.run(numbers(prometheus, tmp_path, START + 600))
    for name, pods in PODS.items():
        expected = {"utilization": 0.5, "asked": math.log2(pods), "ready": (pods - 1) / pods, "starting": 1 / pods, "rate": math.log2(21),
                    "growth": 0.0, "concurrency": 2.0, "age": 0.0}  # fmt: skip
        assert {key: found[key][name] for key in expected} == pytest.approx(expected, abs=1e-6), name
        assert math.hypot(found["day_sine"][name], found["day_cosine"][name]) == pytest.approx(1)
    assert found["latency"] == pytest.approx({"front": math.log2(195 / 750)}) and found["objective"] == {} == found["proposal"]
