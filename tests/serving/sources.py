"""A monitoring system that speaks Prometheus' HTTP API, and knows the numbers it is told by service, feature and moment."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
from aiohttp import web

from parley.serving.recipe import Recipe

OWN = re.compile(r'label_replace\((?P<query>.*?), "served", "(?P<service>[^"]+)", "", ""\)(?: or |$)')
Numbers = Callable[[str, str, float], float | None]  # (service, feature, seconds) -> number, or no series


class Source:
    """Numbers, and what may be wrong with them."""

    def __init__(self, recipe: Recipe, numbers: Numbers) -> None:
        self.numbers, self.asked = numbers, 0
        self.delay_s = 0.0
        self.broken: str | bytes = ""  # "" | "error" | "html" | "twice" | "nonsense", or what it answers instead
        self._features = {_shape(one.query): one.name for one in recipe.inputs}

    async def query(self, request: web.Request) -> web.Response:
        """`/api/v1/query`."""
        form = await request.post()
        at_s = float(str(form["time"]))
        series = [{"metric": {"served": service}, "value": [at_s, _text(value)]}
                  for service, feature in self._meant(str(form["query"])) if (value := self.numbers(service, feature, at_s)) is not None]
        return await self._answer("vector", series * (2 if self.broken == "twice" else 1))

    async def query_range(self, request: web.Request) -> web.Response:
        """`/api/v1/query_range`."""
        form = await request.post()
        start, end, step = (float(str(form[key])) for key in ("start", "end", "step"))
        times = np.arange(start, end + step / 2, step).tolist()
        series = [{"metric": {"served": service}, "values": [[at_s, _text(value)] for at_s in times
                   if (value := self.numbers(service, feature, at_s)) is not None]}
                  for service, feature in self._meant(str(form["query"]))]  # fmt: skip
        return await self._answer("matrix", series)

    def _meant(self, question: str) -> Iterator[tuple[str, str]]:
        """The features of which services; every query has to be one that a policy asks."""
        assert "$" not in question
        for own in OWN.finditer(question):
            yield own["service"], next(name for shape, name in self._features.items() if re.fullmatch(shape, own["query"]))

    async def _answer(self, kind: str, series: list[object]) -> web.Response:
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        if isinstance(self.broken, bytes):
            return web.Response(body=self.broken, content_type="application/json")
        if self.broken == "error":
            return web.json_response({"status": "error", "errorType": "execution", "error": "too many series"}, status=422)
        if self.broken == "html":
            return web.Response(text="<html>log in first</html>", content_type="text/html")
        if self.broken == "nonsense":
            return web.json_response({"status": "success", "data": {"resultType": kind, "result": [{"metric": 3}]}})
        return web.json_response({"status": "success", "data": {"resultType": kind, "result": series}})


@contextlib.asynccontextmanager
async def listening(source: Source) -> AsyncIterator[str]:
    """Its address, as long as one is inside."""
    site = web.Application()
    site.add_routes([web.post("/api/v1/query", source.query), web.post("/api/v1/query_range", source.query_range)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _shape(query: str) -> str:
    """A query with anything for its placeholders."""
    return re.sub(r"\\\$[a-z_]+", ".*?", re.escape(query))


def _text(value: float) -> str:
    """As Prometheus writes numbers."""
    return "NaN" if value != value else f"{value:+}".replace("inf", "Inf") if np.isinf(value) else repr(float(value))
