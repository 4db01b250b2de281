"""Work over many people: the built-in map is the oracle, whatever the workers."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import pytest

from openntz.compute import executors
from openntz.compute.executors import map_in_order
from openntz.errors import InputError, SolverError

ITEMS = [5, 3, 8, 1, 9, 2, 7]


@pytest.fixture(params=[True, False], ids=["forked", "threaded"], autouse=True)
def workers_are(request, monkeypatch):
    if request.param and not executors.FORKS:
        pytest.skip("this system has no fork")
    monkeypatch.setattr(executors, "FORKS", request.param)


@pytest.mark.parametrize("workers", [1, 2, 5, 40])
def test_map_in_order_matches_builtin_map(workers):
    scale = 3  # a closure, which pickle alone could not send
    assert list(map_in_order(lambda i: i * scale, ITEMS, workers=workers)) == [
        i * scale for i in ITEMS
    ]


@pytest.mark.parametrize("items", [[], [4]])
def test_few_items_match_builtin_map(items):
    assert list(map_in_order(str, items, workers=2)) == [str(i) for i in items]


def test_a_given_executor_is_used():
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        names = list(map_in_order(lambda _: threading.current_thread().name, ITEMS, executor=pool))
    assert all(name.startswith("mine") for name in names)


def test_read_only_mappings_come_back_read_only():
    done = list(map_in_order(lambda i: MappingProxyType({i: str(i)}), ITEMS, workers=2))
    assert done == [{i: str(i)} for i in ITEMS]
    assert all(type(d) is MappingProxyType for d in done)


def test_an_error_of_a_worker_keeps_its_kind_and_words():
    def fails(i):
        if i == ITEMS[-1]:
            raise SolverError("steps ran out.", where="N001", remedy="Check the doses.")
        return i

    with pytest.raises(SolverError) as caught:
        list(map_in_order(fails, ITEMS, workers=2))
    found = caught.value
    assert (found.what, found.where, found.remedy) == ("steps ran out.", "N001", "Check the doses.")


def test_a_worker_that_is_ended_is_named():
    if not executors.FORKS:
        pytest.skip("a thread cannot be ended from outside")
    parent = os.getpid()

    def ended(i):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return i

    with pytest.raises(InputError, match="ended from outside"):
        list(map_in_order(ended, ITEMS, workers=2))


def test_stopping_early_leaves_no_process_behind():
    if not executors.FORKS:
        pytest.skip("threads end with their pool")
    done = map_in_order(lambda i: os.getpid(), ITEMS, workers=2)
    next(done)
    worker = next(done)
    done.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
