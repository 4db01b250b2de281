"""A simulation that was killed is continued to the bytes of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openntz.compute import executors
from openntz.errors import InputError
from openntz.workflows import simulate as simulate_module
from openntz.workflows import simulated_chunks
from openntz.workflows.check import run_check
from openntz.workflows.simulate import SimulateRequest, Simulation, run_simulate
from openntz.workflows.simulated_rows import HEADERS
from tests.workflows.quiet import QUIET

SCENARIO = """
title = "killed"
start = 2021-01-04
days = 60
seed = 5
[[arm]]
name = "drug"
people = 5
doses = [{ every_week = 4, count = 3 }]
[[arm]]
name = "placebo"
people = 2
"""
needs_fork = pytest.mark.skipif(not executors.FORKS, reason="this system has no fork")


def _file(folder: Path, text: str = SCENARIO) -> Path:
    file = folder / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return file


def _request(file: Path, out: Path, **options: Any) -> SimulateRequest:
    given: dict[str, Any] = {"trajectories": True, "chunk_people": 2} | options
    return SimulateRequest(scenario=file, out=out, **given)


def _bytes(out: Path) -> dict[str, bytes]:
    files = (f for f in out.rglob("*") if f.is_file())
    return {str(f.relative_to(out)): f.read_bytes() for f in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    run_simulate(_request(_file(folder), folder / "out"))
    return _bytes(folder / "out")


def test_a_finished_folder_holds_tables_states_and_nothing_else(whole: dict[str, bytes]) -> None:
    states = {f"trajectories/states-{n:06d}.parquet" for n in range(4)}
    assert set(whole) == {f"{t}.csv" for t in HEADERS} | states | {"simulation.json"}
    people = whole["people.csv"].decode().splitlines()[1:]
    named = [f"A1-{n:06d}" for n in range(1, 6)] + ["A2-000001", "A2-000002"]
    assert [line.split(",")[0] for line in people] == named


def _killed_at(request: SimulateRequest, call: str, number: int) -> None:
    """Run until the n-th call of a system function, and be killed just before it."""
    real, seen = getattr(os, call), 0

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)

    setattr(os, call, counted)
    run_simulate(request)


# 4 chunks with states, a manifest, 11 tables, the folder of states and the last file twice: 23
# names are given, 21 files written through to the disk, and 7 things removed.
@needs_fork
@pytest.mark.parametrize(
    ("call", "number"),
    [("replace", n) for n in (1, 2, 3, 6, 9, 10, 15, 20, 21, 22, 23)]
    + [("fsync", n) for n in (1, 2, 5, 9, 12, 20)]
    + [("unlink", n) for n in (1, 3)]
    + [("rmdir", 1)],
)
def test_killed_at_any_moment_and_continued_gives_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], call: str, number: int
) -> None:
    request = _request(_file(tmp_path), tmp_path / "out")
    child = get_context("fork").Process(target=_killed_at, args=(request, call, number))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    run_simulate(request)
    assert _bytes(tmp_path / "out") == whole


@needs_fork
def test_finished_chunks_are_not_worked_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: dict[str, bytes]
) -> None:
    request = _request(_file(tmp_path), tmp_path / "out")
    # The manifest is the first name given; states and rows of two chunks are four more.
    child = get_context("fork").Process(target=_killed_at, args=(request, "replace", 6))
    child.start()
    child.join()
    worked: list[int] = []
    real = simulated_chunks.ChunkWork.__call__

    def counted(self: Any, chunk: Any) -> Any:
        worked.append(chunk.number)
        return real(self, chunk)

    monkeypatch.setattr(simulated_chunks.ChunkWork, "__call__", counted)
    made = run_simulate(request)
    assert worked == [2, 3]
    assert (made.found_chunks, made.chunks) == (2, 4)
    assert _bytes(tmp_path / "out") == whole


def _ended(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in "ZX"


@needs_fork
def test_workers_end_with_a_killed_parent_and_its_run_is_continued(tmp_path: Path) -> None:
    file = _file(tmp_path, SCENARIO.replace("people = 5", "people = 80"))
    out = tmp_path / "out"
    command = (
        "import sys; from pathlib import Path; "
        "from openntz.workflows.simulate import SimulateRequest, run_simulate; "
        "run_simulate(SimulateRequest(scenario=Path(sys.argv[1]), out=Path(sys.argv[2]), "
        "chunk_people=4, workers=2))"
    )
    child = subprocess.Popen([sys.executable, "-c", command, str(file), str(out)])
    kept = out / ".unfinished"
    while len(list(kept.glob("chunk-*"))) < 3:
        assert child.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    task = Path(f"/proc/{child.pid}/task")
    workers = [int(pid) for t in task.iterdir() for pid in (t / "children").read_text().split()]
    child.kill()
    child.wait()
    assert workers
    while not all(_ended(pid) for pid in workers):
        time.sleep(0.1)
    assert not (out / "people.csv").exists()
    made = run_simulate(_request(file, out, chunk_people=4, trajectories=False, workers=2))
    assert made.found_chunks >= 3
    other = tmp_path / "other"
    run_simulate(_request(file, other, chunk_people=4, trajectories=False))
    assert _bytes(out) == _bytes(other)


def test_a_damaged_chunk_is_worked_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: dict[str, bytes]
) -> None:
    request = _request(_file(tmp_path), tmp_path / "out")
    _stopped_before_the_end(request, monkeypatch)
    chunk = tmp_path / "out" / ".unfinished" / "chunk-000001"
    held = bytearray(chunk.read_bytes())
    held[len(held) // 2] ^= 0xFF
    chunk.write_bytes(held)
    made = run_simulate(request)
    assert made.found_chunks == 3
    assert _bytes(tmp_path / "out") == whole


def _stopped_before_the_end(request: SimulateRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(simulate_module.SimulationFolder, "finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            run_simulate(request)


def test_the_same_command_on_a_finished_folder_changes_nothing(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    request = _request(_file(tmp_path), tmp_path / "out")
    first = run_simulate(request)
    second = run_simulate(request)
    assert second.rows == first.rows
    assert second.found_chunks == second.chunks == 4
    assert _bytes(tmp_path / "out") == whole


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_workers_gives_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], workers: int
) -> None:
    run_simulate(_request(_file(tmp_path), tmp_path / "out", workers=workers))
    assert _bytes(tmp_path / "out") == whole


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "unfinished"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 6}, "seed (5 there, 6 here)"),
        ({"chunk_people": 3}, "people in a chunk (2 there, 3 here)"),
        ({"trajectories": False}, "trajectories"),
        ({"text": SCENARIO.replace("count = 3", "count = 2")}, "scenario"),
        ({"maker": "9.9.9, parameters 0"}, "9.9.9, parameters 0 here"),
    ],
)
def test_another_simulation_in_the_folder_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    finished: bool,
    options: dict[str, Any],
    words: str,
) -> None:
    request = _request(_file(tmp_path), tmp_path / "out")
    if finished:
        run_simulate(request)
    else:
        _stopped_before_the_end(request, monkeypatch)
    before = _bytes(tmp_path / "out")
    given = {name: v for name, v in options.items() if name not in ("text", "maker")}
    if "maker" in options:
        monkeypatch.setattr(simulate_module, "maker", lambda: options["maker"])
    file = _file(tmp_path, options.get("text", SCENARIO))
    with pytest.raises(InputError) as caught:
        run_simulate(_request(file, tmp_path / "out", **given))
    assert words in str(caught.value)
    assert ("an unfinished" in str(caught.value)) != finished
    assert _bytes(tmp_path / "out") == before


def test_a_table_gone_from_a_finished_folder_is_named(tmp_path: Path) -> None:
    request = _request(_file(tmp_path), tmp_path / "out")
    run_simulate(request)
    (tmp_path / "out" / "mri.csv").unlink()
    with pytest.raises(InputError, match=r"mri\.csv is no longer there"):
        run_simulate(request)


def _rows(done: Simulation, table: str) -> list[list[str]]:
    rows = pq.read_table(done.out / f"{table}.parquet").to_pydict().values()
    return [[cell or "" for cell in row] for row in zip(*rows, strict=True)]


def test_parquet_tables_hold_what_the_csv_tables_hold(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    done = run_simulate(_request(_file(tmp_path), out, tables="parquet"))
    for table, header in HEADERS.items():
        lines = whole[f"{table}.csv"].decode().splitlines()
        assert lines[0] == ",".join(header)
        assert [",".join(row) for row in _rows(done, table)] == lines[1:], table
        kinds = pq.read_schema(out / f"{table}.parquet").types
        assert all(kind == pa.string() for kind in kinds)


def test_parquet_tables_read_like_a_clinics(tmp_path: Path) -> None:
    from datetime import date

    run_simulate(_request(_file(tmp_path), tmp_path / "out", tables="parquet", trajectories=False))
    records = run_check(
        tmp_path / "out", as_of=date(2022, 1, 1), mapping=None, site=None, progress=QUIET
    )
    assert not records.rejected
    assert len(records.courses) == 7
