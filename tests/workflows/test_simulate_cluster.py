"""The same chunks on a real cluster: two workers on this machine, one of them killed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openntz.compute.cluster import cluster_executor
from openntz.compute.executors import map_in_order
from openntz.errors import InputError
from openntz.workflows import simulate as simulate_module
from openntz.workflows.simulate import SimulateRequest, run_simulate
from tests.workflows.cluster import KillsAWorker, bytes_of, pids, two_workers

distributed = pytest.importorskip("distributed")

SCENARIO = """
title = "cluster"
start = 2021-01-04
days = 60
seed = 5
[[arm]]
name = "drug"
people = 16
doses = [{ every_week = 4, count = 3 }]
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_workers() as started:
        yield started


def _request(folder: Path, out: str, **options: Any) -> SimulateRequest:
    file = folder / "scenario.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    return SimulateRequest(scenario=file, out=folder / out, chunk_people=2, **options)


def test_a_worker_killed_in_mid_run_loses_nothing_and_changes_no_byte(
    cluster: Any, tmp_path: Path
) -> None:
    before = pids(cluster)
    assert len(set(before)) == 2
    watcher = KillsAWorker(before[0], after=2)
    address = cluster.scheduler_address
    run_simulate(_request(tmp_path, "cluster", scheduler=address, trajectories=True), watcher)
    assert watcher.came == list(range(1, 9)), "the kill came before the end"
    run_simulate(_request(tmp_path, "alone", trajectories=True))
    assert bytes_of(tmp_path / "cluster") == bytes_of(tmp_path / "alone")
    assert watcher.pid not in pids(cluster, 1)


def _thrice(number: int) -> int:
    return 3 * number


def test_map_in_order_on_a_cluster_matches_builtin_map(cluster: Any) -> None:
    with cluster_executor(cluster.scheduler_address) as there:
        done = list(
            map_in_order(_thrice, range(40), workers=there.workers, executor=there.executor)
        )
    assert done == [3 * number for number in range(40)]


def _refuses(number: int) -> int:
    raise InputError("not this one.", where=str(number), remedy="Another.")


def test_an_error_on_a_worker_keeps_its_kind_and_words(cluster: Any) -> None:
    with (
        pytest.raises(InputError) as caught,
        cluster_executor(cluster.scheduler_address) as there,
    ):
        list(map_in_order(_refuses, [7], executor=there.executor))
    assert (caught.value.what, caught.value.where) == ("not this one.", "7")


def test_workers_of_another_version_are_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The workers are processes of their own: only this one claims to be another version.
    monkeypatch.setattr(simulate_module, "maker", lambda: "9.9.9, parameters 0")
    with pytest.raises(InputError, match="Install the same OpenNTZ on every worker"):
        run_simulate(_request(tmp_path, "out", scheduler=cluster.scheduler_address))


def test_an_address_without_a_cluster_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openntz.compute.cluster._PATIENCE_SECONDS", 1)
    with pytest.raises(InputError, match=r"no cluster answers at tcp://127\.0\.0\.1:9"):
        run_simulate(_request(tmp_path, "out", scheduler="tcp://127.0.0.1:9"))
    with pytest.raises(InputError, match="no cluster answers at nonsense://"):
        run_simulate(_request(tmp_path, "out", scheduler="nonsense://x"))


def test_a_cluster_without_workers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openntz.compute.cluster._PATIENCE_SECONDS", 2)
    with (
        distributed.LocalCluster(
            n_workers=0, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as empty,
        pytest.raises(InputError, match="has no worker"),
        cluster_executor(empty.scheduler_address),
    ):
        pass


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="not installed") as caught, cluster_executor("tcp://x:1"):
        pass
    assert "openntz[cluster]" in caught.value.remedy
