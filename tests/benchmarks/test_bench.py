"""The bench runs whole, takes turns, divides rightly, publishes every round, and nothing that names a machine."""

from __future__ import annotations

import io
import json
import socket
from dataclasses import replace

import pytest
import typer
from rich.console import Console

from tests.benchmarks import bench, fidelity, hops, memory, scale, threads, tracing, training
from tests.benchmarks.drawing import draw
from tests.benchmarks.publishing import PUBLISHED, machine, publish, published, versions
from tests.benchmarks.turns import Effort, kept, worst_over_best
from tests.benchmarks.workloads import WORKLOADS, parley_hops
from tests.sampling import sampled

BY_NAME = {workload.name: workload for workload in WORKLOADS}
TINY = Effort(rounds=1, share=0.001)


def printed(tables) -> str:
    """What a wide terminal would show."""
    shown = io.StringIO()
    Console(width=160, file=shown).print(*tables)
    return shown.getvalue()


@pytest.fixture(scope="module")
def measured():
    """Every part, very short: the largest worlds left out."""
    small = [replace(series, sizes=series.sizes[:2]) for series in scale.SERIES]
    return {
        "hops": hops.measure(TINY), "scale": scale.measure(TINY, tuple(small)), "memory": memory.measure(TINY),
        "threads": threads.measure(TINY), "tracing": tracing.measure(TINY),
        "training": training.measure(TINY), "fidelity": fidelity.measure(TINY),
    }  # fmt: skip


@pytest.mark.parametrize("part", bench.PARTS)
def test_a_part_measures_and_tells(part, measured):
    """Figures can be written and read back, tables and a sentence are made of them."""
    figures = json.loads(json.dumps(measured[part]))
    assert figures == measured[part]
    assert len(printed(bench.PARTS[part].tables(figures)).splitlines()) >= 5
    assert bench.PARTS[part].sentence(figures).endswith(".")


def test_everybody_runs_what_it_has(measured):
    """Each runner has a figure above 0 on its workloads; Ciw has no W3; SimPy is its own measure."""
    found = {name: workload["runners"] for name, workload in measured["hops"]["workloads"].items()}
    assert all(runner["median"] > 0 for runners in found.values() for runner in runners.values())
    assert {name for name, runners in found.items() if "ciw" not in runners} == {"W2t", "W3"}
    assert all(runners["simpy"]["ratio"] == 1 for runners in found.values())
    assert "(1x)" in printed(hops.tables(measured["hops"]))


def test_pictures_are_drawn_of_what_there_is(measured, tmp_path):
    """Two pictures when all is measured, one without the scale, none of nothing."""
    for part in ("hops", "scale", "memory"):
        assert len(list(draw(published(tmp_path), tmp_path))) == (part != "hops")
        publish(part, measured[part], TINY, tmp_path)
    assert [path.name for path in draw(published(tmp_path), tmp_path)] == ["speed.png", "scale.png"]
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("speed.png", "scale.png"))


def test_runners_take_turns_and_ratios_are_to_simpy():
    """Every runner runs once a round, warm-up first; medians and ratios follow from hops and CPU-seconds."""
    calls = []

    def runner(name, speed):
        def turn(workload, until_s):
            calls.append((name, workload.name))
            return 1000, 1000 / speed

        return hops.Runner(name, name, 1000, dict.fromkeys((w.name for w in WORKLOADS), turn))

    who = [runner("fast", 500), runner("fast_sampled", 400), runner("simpy", 10)]
    found = hops.measure(Effort(rounds=2), who)["workloads"]["W2"]
    assert calls == 3 * [(one.name, workload.name) for workload in WORKLOADS for one in who]
    assert found["runners"]["fast"] == {"median": 500, "rounds": [500, 500], "ratio": 50.0}
    assert found["sampled_spans_cost"] == 0.2


@pytest.mark.parametrize(("engine", "name"), sampled([(engine, name) for engine in ("fast", "reference") for name in BY_NAME],
                                                     lambda case: case != ("reference", "W3")))  # fmt: skip
def test_parley_sits_in_the_bench(engine, name):
    """Each engine does the hops the workload makes: a simulated minute, within 5 %."""
    workload, until_s = BY_NAME[name], 60 if engine == "fast" else 5
    done, cpu_s = parley_hops(workload, until_s, until_s, engine)
    assert done == pytest.approx(until_s * workload.hops_per_s, rel=0.05)
    assert cpu_s > 0


def test_a_part_that_is_measured_again_leaves_the_others(tmp_path):
    """Parts carry their own effort, so a file may hold parts of different runs, and no stranger's format."""
    (tmp_path / "speed.json").write_text('{"format": 1, "rounds": 5}')
    publish("threads", {"x": kept([1, 3, 2])}, TINY, tmp_path)
    publish("tracing", {"x": 1}, TINY, tmp_path)
    publish("threads", {"x": kept([4.04, 4.06], 1)}, Effort(rounds=2), tmp_path)
    parts = published(tmp_path)["parts"]
    assert (parts["threads"]["x"], parts["threads"]["effort"]["rounds"]) == ({"median": 4.05, "rounds": [4.0, 4.1]}, 2)
    assert parts["tracing"]["effort"]["share"] == 0.001


def test_only_names_what_there_is(tmp_path):
    """One part alone is measured and written; another word is refused, and so are short turns as published figures."""
    bench.main(only="threads", rounds=1, share=0.001, out=tmp_path)
    assert published(tmp_path)["parts"].keys() == {"threads"}
    with pytest.raises(typer.BadParameter, match="'speed' is not one of hops, scale"):
        bench.main(only="speed", out=tmp_path)
    with pytest.raises(typer.BadParameter, match="name a folder"):
        bench.main(share=0.5)


def test_a_flat_series_is_one():
    """Worst over best, whatever the order."""
    assert (worst_over_best([7, 7]), worst_over_best([4, 5, 2])) == (1.0, 2.5)


def test_nothing_names_the_machine():
    """Machine facts, versions and what is published carry no host name and no path."""
    text = json.dumps([machine(), versions(), published()])
    assert socket.gethostname() not in text
    assert "home" not in text
    assert str(PUBLISHED.parents[2]) not in text
