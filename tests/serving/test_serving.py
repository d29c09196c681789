"""`parley serve-scaler` as a process of its own, with a real bundle: a network in ONNX, signed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from agents.learning.bundles.policy import Policy
from agents.learning.bundles.signing import make_keys
from parley.cli import main
from parley.serving.recipe import recipe_of
from scenarios.errors import ParleyError
from tests.house.sources import ROOT
from tests.learning.bundles import lively, parts
from tests.serving.sources import Source, listening
from tests.serving.test_scaler import STUB, metrics, ref
from tests.serving.worlds import QUIET, SERVICES, listed

TOLD = ("policy", "serves", "asks", "KEDA", "metrics", "decisions")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed bundle, its key, and a list of services."""
    made = tmp_path_factory.mktemp("serving")
    make_keys(made / "team")
    parts(lively().network).written(made / "bundle", made / "team")
    (made / "services.yaml").write_text(SERVICES)
    return made


class Running:
    """The process, and what it said when it began."""

    def __init__(self, process: asyncio.subprocess.Process, said: dict[str, str]) -> None:
        self.process, self.said = process, said
        self.address = said["KEDA"].split(" ")[0]

    async def pods(self, service: str) -> int:
        """What KEDA is told, as soon as anything is."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            for _ in range(200):
                with contextlib.suppress(grpc.aio.AioRpcError):
                    return (await STUB(channel).GetMetrics(metrics(ref(service)))).metricValues[0].metricValue
                await asyncio.sleep(0.05)
        raise AssertionError("it said nothing for ten seconds")

    async def stopped(self, by: signal.Signals) -> int:
        """How it ends."""
        self.process.send_signal(by)
        return await asyncio.wait_for(self.process.wait(), 20)


@contextlib.asynccontextmanager
async def running(folder: Path, url: str, *words: str) -> AsyncIterator[Running]:
    """A scaler that was just begun."""
    command = ("-m", "parley", "serve-scaler", "bundle", "--key", "team.pub", "--prometheus", url, "--services", "services.yaml",
               "--port", "0", "--metrics-port", "0", *words)  # fmt: skip
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=folder, env={**os.environ, "COLUMNS": "200"},
                                                   stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        lines = [(await asyncio.wait_for(process.stdout.readline(), 60)).decode() for _ in TOLD]
        assert lines[-1], (await process.stderr.read()).decode()
        yield Running(process, {line[:10].strip(): line[10:].strip() for line in lines})
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def played(folder: Path, story: Callable[[Source, str], Awaitable[None]]) -> None:
    """With a Prometheus that knows two quiet services."""
    recipe = recipe_of(Policy.load(folder / "bundle", folder / "team.pub").described)

    async def whole() -> None:
        source = Source(recipe, lambda _, feature, __: QUIET.get(feature))
        async with listening(source) as url:
            await story(source, url)

    asyncio.run(whole())


def test_a_bundle_serves_and_outlives_a_restart(folder: Path, tmp_path: Path) -> None:
    """It tells what it does, decides, writes down why, ends on SIGTERM, and says the same when it is back, even without a Prometheus."""
    log = tmp_path / "decisions.jsonl"

    async def story(source: Source, url: str) -> None:
        async with running(folder, url, "--log", str(log), "--tolerance", "0") as scaler:
            assert scaler.said["serves"] == "front, cart in shop, every 15 s" and "signed by" in scaler.said["policy"]
            before = {name: await scaler.pods(name) for name in ("front", "cart")}
            assert await scaler.stopped(signal.SIGTERM) == 0
        rows = {row["service"]: row for row in map(json.loads, log.read_text().splitlines())}
        assert {name: row["published"] for name, row in rows.items()} == before and all(row["action"] for row in rows.values())
        source.broken = "error"
        async with running(folder, url, "--log", str(log)) as scaler:
            assert scaler.said["decisions"].endswith("as before: cart, front")
            assert {name: await scaler.pods(name) for name in before} == before
            assert await scaler.stopped(signal.SIGINT) == 0

    played(folder, story)


def test_the_network_decides(folder: Path, tmp_path: Path) -> None:
    """What is written down is what the bundle's own graph chooses on those readings, four looks alike."""
    policy = Policy.load(folder / "bundle", folder / "team.pub")
    log = tmp_path / "decisions.jsonl"

    async def story(_: Source, url: str) -> None:
        async with running(folder, url, "--log", str(log)) as scaler:
            await scaler.pods("front")

    played(folder, story)
    row = next(row for row in map(json.loads, log.read_text().splitlines()) if row["service"] == "front")
    seen = np.tile(np.array(list(row["readings"].values()), dtype=np.float32), policy.described.frames)[None]
    (action,) = policy.decides(seen, np.ones((1, len(policy.described.actions.labels)), dtype=np.bool_)).tolist()
    assert policy.described.actions.labels[action] == row["action"]


MISTAKES = [
    (("--prometheus", "prometheus:9090"), 2, "is no address; write it as http://"),
    (("--services", "nowhere.yaml"), 2, "nowhere.yaml"),
    (("--deadline", "0s"), 2, "give a time that is more than none"),
    (("--tolerance", "lots"), 2, "lots"),
    (("--token-file", "nobody.txt"), 5, "nobody.txt: cannot be read"),
    (("--unsigned",), 5, "one of them only"),
]


@pytest.mark.parametrize(("words", "code", "sentence"), MISTAKES, ids=[row[2] for row in MISTAKES])
def test_mistakes_are_told(folder: Path, words: tuple[str, ...], code: int, sentence: str, capsys: Any, monkeypatch: Any) -> None:
    """One message and an exit code each."""
    monkeypatch.chdir(folder)
    given = ["bundle", "--key", "team.pub", "--services", "services.yaml", "--prometheus", "http://127.0.0.1:1", "--port", "0", *words]
    monkeypatch.setattr(sys, "argv", ["parley", "serve-scaler", *given])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, sentence in " ".join(capsys.readouterr().err.split())) == (code, True)


LISTS = [
    ("services: {front: {}}", "scaling"),
    ("services: {front: {scaling: {staffing: {max: 8}}}}", "staffing needs a scenario"),
    ("services: {front: {scaling: {kpa: {target: 4}}}}", "kpa asks for more than a scaler knows"),
    ("services: {front: {scaling: {trend: {averageValue: 4, max: 9}}, objektive: 1s}}", "did you mean 'objective'?"),
    ("services: {}", "services"),
]


@pytest.mark.parametrize(("text", "sentence"), LISTS, ids=[row[1] for row in LISTS])
def test_lists_that_cannot_be_served(tmp_path: Path, text: str, sentence: str) -> None:
    """With the place, the value and the rule."""
    with pytest.raises(ParleyError) as caught:
        listed(tmp_path, text)
    assert sentence in str(caught.value)


def test_a_world_of_training_that_is_not_here_is_told_with_the_option(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    """A bundle names the file it was trained in as it was named then."""
    bundle = ROOT / "notebooks" / "last_years_rule" / "policy.zip"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["parley", "serve-scaler", str(bundle), "--unsigned", "--prometheus", "http://127.0.0.1:1"])
    with pytest.raises(SystemExit) as end:
        main()
    said = " ".join(capsys.readouterr().err.split())
    assert (end.value.code, "last_years_rule.yaml: there is no such file" in said, "--services" in said) == (2, True, True), said
