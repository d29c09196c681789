"""Parts are written by a thread of their own: in order, in bounded memory, and what goes wrong there is told here."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

import parley
from parley.errors import DiskFull
from parley.recording import recording
from parley.storage.parts import WAITING, TableWriter, Writer
from parley.storage.run_folder import RunFolder
from parley.storage.tables import Words, as_parquet, read_columns
from scenarios.load import loads
from sim.fast import engine as fast
from sim.mesh import Mesh
from sim.reference import engine as reference
from tests.parley.worlds import LONG, SHOP

PART, HELD = 200, 1_100  # rows, in these tests


@pytest.fixture
def small(monkeypatch):
    """Parts of few rows, and planes that hold few spans."""
    monkeypatch.setattr(recording, "SPANS_A_PART", PART)
    for engine in (fast, reference):
        monkeypatch.setattr(engine, "SPANS_HELD", HELD)


@pytest.fixture
def slow(monkeypatch):
    """A disk that takes its time; the longest queue before it so far, in a list."""
    longest, write, hand_over = [0], RunFolder.write_bytes, Writer.hand_over

    def write_slowly(self, name, data):
        time.sleep(0.005)
        write(self, name, data)

    def measured(self, job):
        hand_over(self, job)
        longest[0] = max(longest[0], len(self._under_way))

    monkeypatch.setattr(RunFolder, "write_bytes", write_slowly)
    monkeypatch.setattr(Writer, "hand_over", measured)
    return longest


def refusing(monkeypatch, file, fault):
    """Let every write of a file raise a fault."""
    write = RunFolder.write_bytes

    def write_or_raise(self, name, data):
        if name == file:
            raise fault
        write(self, name, data)

    monkeypatch.setattr(RunFolder, "write_bytes", write_or_raise)


def writers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("parley-writer")]


def test_jobs_are_done_in_order_and_the_thread_ends():
    """However many; `finish` waits for the last."""
    done = []
    with Writer() as writer:
        for i in range(5 * WAITING):
            writer.hand_over(lambda i=i: done.append(i))
        writer.finish()
        assert done == list(range(5 * WAITING))
    assert writers() == []


def test_whoever_hands_over_too_much_waits():
    """Only so many jobs are under way; the next one waits for the first to be done."""
    gate, done = threading.Semaphore(0), threading.Event()
    with Writer() as writer:
        for _ in range(WAITING):
            writer.hand_over(gate.acquire)
        more = threading.Thread(target=lambda: (writer.hand_over(gate.acquire), done.set()))
        more.start()
        assert not done.wait(0.05)
        gate.release()
        assert done.wait(60)
        gate.release(WAITING)
        more.join()


def test_a_fault_is_raised_in_the_run_and_the_rest_is_tried():
    """At the next look and again at the end: the first one, though another followed; later jobs are done all the same."""
    done = []
    with Writer() as writer:
        for fault in (DiskFull("first"), DiskFull("second")):
            writer.hand_over(lambda fault=fault: (_ for _ in ()).throw(fault))
        writer.hand_over(lambda: done.append(True))
        for look in (writer.finish, writer.check):
            with pytest.raises(DiskFull, match="first"):
                look()
    assert done == [True]


def test_somebody_in_a_hurry_waits_for_one_job_only():
    """A second Ctrl-C: what the thread had not begun is left."""
    done, began = [], threading.Event()
    writer = Writer()
    writer.hand_over(lambda: (began.set(), time.sleep(0.1), done.append(0)))
    writer.hand_over(lambda: done.append(1))
    began.wait()
    writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert (done, writers()) == ([0], [])


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_slow_disk_does_not_fill_the_memory(tmp_path, small, slow, engine):
    """16,000 spans in one window: they leave the plane while it lasts, the run waits for the disk, no row is lost."""
    run = parley.run(loads(LONG), engine=engine, spans="all", until="20s", out=tmp_path / "run")
    sizes = [pq.read_metadata(part).num_rows for part in (run.path / "spans").iterdir()]
    assert len(run.windows) == 2, "one of the class and one of the service"
    assert slow[0] == WAITING
    assert len(sizes) > WAITING and max(sizes) <= HELD + PART
    assert sum(sizes) == run.summary["routes"]["jobs -> q"]["attempts"]


def test_parts_do_not_change_the_rows(tmp_path, small):
    """Small parts or large ones: the same rows in the same order, as the plane had them."""
    run = parley.run(loads(SHOP), spans="all", out=tmp_path / "run")
    mesh = Mesh(loads(SHOP), 1, span_share=1.0)
    mesh.advance(mesh.scenario.duration)
    rows = np.concatenate([mesh.plane.take_spans(), mesh.plane.open_spans()])
    for column in ("request", "call", "sent_ns", "worked_ns"):
        assert run.spans[column].tolist() == rows[column].tolist()
    assert run.spans.pod.tolist() == [["front-0", "front-1", "stock-0", "stock-1"][pod] for pod in rows["pod"]]


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_drained_plane_keeps_few(small, engine):
    """The same spans as without, some at a time; its twin goes on by itself."""
    plain, drained = (Mesh(loads(LONG), 1, engine, span_share=1.0) for _ in range(2))
    taken = []
    drained.plane.drain_spans(lambda spans: taken.append(spans.copy()))
    for mesh in (plain, drained):
        mesh.advance(10_000_000_000)
    twin = drained.plane.fork()
    twin.advance(20_000_000_000)
    assert len(taken) > 5 and max(map(len, taken)) <= HELD
    assert np.concatenate([*taken, drained.plane.take_spans()]).tolist() == plain.plane.take_spans().tolist()
    assert len(twin.take_spans()) > HELD


def test_a_checkpoint_follows_its_parts(tmp_path, monkeypatch, slow):
    """Whenever the manifest tells a digest, the windows and spans up to there are on disk."""
    write, told = RunFolder.write_bytes, []

    def look_and_write(self, name, data):
        if name == "manifest.json" and (checkpoints := json.loads(data)["checkpoints"]):
            ends = [np.nanmax(read_columns(self.path, table)[column]) for table, column in (("windows", "end_ns"), ("spans", "ended_ns"))]
            told.append((checkpoints[-1][0], *ends))
        write(self, name, data)

    monkeypatch.setattr(RunFolder, "write_bytes", look_and_write)
    parley.run(loads(SHOP), spans="all", out=tmp_path / "run")
    assert len(told) > 10
    assert all(time_ns <= window and time_ns - span < 50_000_000 for time_ns, window, span in told)


def test_a_full_disk_leaves_no_gap(tmp_path, monkeypatch, small):
    """The spans end before the part that failed; the windows go on, the manifest says why, the thread is gone."""
    refusing(monkeypatch, "spans/part-00003.parquet", DiskFull("no room"))
    with pytest.raises(DiskFull, match="no room"):
        parley.run(loads(SHOP), spans="all", out=tmp_path / "run")
    run = parley.load_run(tmp_path / "run")
    assert (run.state, run.manifest["fault"], writers()) == ("partial", "no room", [])
    assert [part.name for part in sorted((run.path / "spans").iterdir())] == [f"part-{i:05}.parquet" for i in range(3)]
    assert run.windows.end_ns.max() == run.manifest["simulated_ns"] < 6_000_000_000


def test_a_disk_that_fills_up_at_the_end_is_told_too(tmp_path, monkeypatch):
    """What the run hands over last fails after it: partial all the same."""
    refusing(monkeypatch, "pods/part-00000.parquet", DiskFull("no room"))
    with pytest.raises(DiskFull):
        parley.run(loads(SHOP), until="50ms", out=tmp_path / "run")
    assert (parley.load_run(tmp_path / "run").manifest["state"], writers()) == ("partial", [])


def test_a_mistake_of_ours_is_not_swallowed(tmp_path, monkeypatch):
    """What is no user's fault comes out as it is."""
    refusing(monkeypatch, "windows/part-00000.parquet", ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="ours"):
        parley.run(loads(SHOP), out=tmp_path / "run")
    assert writers() == []


def test_a_table_keeps_nothing_after_a_gap():
    """A part that failed is the last one tried."""
    with Writer() as writer:
        table = TableWriter(writer, RunFolder(None), "windows", lambda items: items[0])
        for _ in range(2):
            table.add([{}])
            table.flush(now=True)
        with pytest.raises(StopIteration):
            writer.finish()
    assert not table.is_whole


def test_words_from_few_come_back(tmp_path):
    """Repeated, absent, or last by -1: each row has its word."""
    words = {"agent": Words(["a", None, "a", "b"], np.array([0, 1, 2, -1, 3])), "service": Words([None], np.zeros(5, dtype=int))}
    (tmp_path / "decisions").mkdir()
    (tmp_path / "decisions" / "part-00000.parquet").write_bytes(as_parquet("decisions", words))
    read = read_columns(tmp_path, "decisions")
    assert (list(read["agent"]), list(read["service"])) == (["a", None, "a", "b", "b"], [None] * 5)
