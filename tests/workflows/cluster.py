"""A real cluster on this machine, and a watcher who ends one of its workers in mid-run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

distributed = pytest.importorskip("distributed")

Item = TypeVar("Item")
WORKERS = 2


@contextmanager
def two_workers() -> Iterator[Any]:
    """A scheduler and two worker processes, on the loopback address."""
    with distributed.LocalCluster(
        n_workers=WORKERS,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=50,
    ) as started:
        yield started


def _pid() -> int:
    return os.getpid()


def pids(cluster: Any, least: int = WORKERS) -> list[int]:
    """The processes of its workers, once so many have come."""
    with distributed.Client(cluster, set_as_default=False) as client:
        # The nanny starts a new worker for one that an earlier test ended.
        client.wait_for_workers(least)
        return list(client.run(_pid).values())


def bytes_of(out: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (f for f in out.rglob("*") if f.is_file())
    return {str(f.relative_to(out)): f.read_bytes() for f in files}


class KillsAWorker:
    """A watcher who ends a worker of the cluster once so many results have come back."""

    def __init__(self, pid: int, after: int = 1) -> None:
        self.pid = pid
        self.after = after
        self.came: list[int] = []

    def say(self, text: str) -> None: ...

    def bytes_read(self, done: int, total: int) -> None: ...

    def track(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        if what == "pages":
            yield from items
            return
        for count, item in enumerate(items, start=1):
            yield item
            if count == self.after:
                os.kill(self.pid, signal.SIGKILL)
            self.came.append(count)
