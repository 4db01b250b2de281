"""One run at a time in a folder, and a killed run's place is taken over."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from openntz.errors import InputError
from openntz.workflows.folder_lock import LOCK, only_run_in
from openntz.workflows.simulate import SimulateRequest, run_simulate

HOLD = (
    "import sys; from pathlib import Path; from openntz.workflows.folder_lock import only_run_in\n"
    "with only_run_in(Path(sys.argv[1])):\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)
SCENARIO = """
title = "held"
start = 2021-01-04
days = 30
seed = 5
[[arm]]
name = "drug"
people = 2
doses = [{ every_week = 4, count = 1 }]
"""
on_posix = pytest.mark.skipif(os.name != "posix", reason="processes cannot be asked after")


def _holder(folder: Path) -> subprocess.Popen[bytes]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    return other


def _write(folder: Path, **stated: object) -> None:
    (folder / LOCK).write_text(json.dumps(stated), encoding="utf-8")


def test_a_folder_is_free_again_after_a_run_and_after_one_that_failed(tmp_path: Path) -> None:
    with only_run_in(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    with pytest.raises(KeyError), only_run_in(tmp_path):
        raise KeyError
    assert not list(tmp_path.iterdir())


@on_posix
def test_a_second_run_is_refused_while_one_works_and_taken_over_when_it_was_killed(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    file = tmp_path / "scenario.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    request = SimulateRequest(scenario=file, out=out)
    with _holder(out) as other:
        with pytest.raises(InputError, match=f"another run \\(process {other.pid}\\)") as error:
            run_simulate(request)
        assert "choose another folder" in str(error.value)
        assert [one.name for one in out.iterdir()] == [LOCK]
        other.kill()
    assert (out / LOCK).exists()
    made = run_simulate(request)
    assert made.rows["people"] == 2
    assert not (out / LOCK).exists()


def test_a_second_run_of_the_same_process_is_refused(tmp_path: Path) -> None:
    second = only_run_in(tmp_path)
    with only_run_in(tmp_path), pytest.raises(InputError, match="another run"), second:
        raise AssertionError("two at once")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_process_that_was_given_the_id_of_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    _write(tmp_path, pid=os.getppid(), host=socket.gethostname(), started="1 before")
    with only_run_in(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()


def test_a_run_of_another_machine_is_never_taken_for_dead(tmp_path: Path) -> None:
    _write(tmp_path, pid=999_999_999, host="elsewhere", started="")
    with pytest.raises(InputError, match="'elsewhere'") as error, only_run_in(tmp_path):
        raise AssertionError("taken over")
    assert f"delete {tmp_path / LOCK}" in str(error.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"pid": "7"}', '{"pid": -1}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="damaged") as error, only_run_in(tmp_path):
        raise AssertionError("taken over")
    assert str(tmp_path / LOCK) in str(error.value)


def test_an_empty_file_was_left_by_a_run_that_was_ended_as_it_began(tmp_path: Path) -> None:
    (tmp_path / LOCK).touch()
    with only_run_in(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


@on_posix
def test_of_many_that_find_a_dead_run_exactly_one_takes_its_place(tmp_path: Path) -> None:
    with _holder(tmp_path) as dead:
        dead.kill()
    won, inside = [], threading.Barrier(8)

    def take() -> None:
        inside.wait()
        try:
            with only_run_in(tmp_path):
                won.append(1)
                inside.wait()
        except InputError:
            inside.wait()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
