"""Run one function over many people, in order, on any executor.

Where the system can fork (Linux), workers are processes that inherit the function with all it
refers to: nothing is imported again or sent to them, and only results travel back. What has
to be compiled is best compiled before, or every worker does it (``mechanism.warm_up``). Rules,
pages and most of a forecast are Python, which threads of one process run in turn. Elsewhere
the workers are threads.
"""

from __future__ import annotations

import copyreg
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import MappingProxyType
from typing import Any, Final, TypeVar

from openntz.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

# macOS offers fork too, but its system libraries do not survive it.
FORKS: Final = sys.platform == "linux"

# Calls begun ahead of the one whose result is waited for, a worker: enough that none idles, few
# enough that results of a large job do not pile up in memory.
_AHEAD: Final = 8
_ORPHAN_SECONDS: Final = 1.0

_inherited: tuple[Callable[[Any], Any], Sequence[Any]] | None = None


def _thaw(items: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(items)


# Results are frozen structs with read-only mappings, which pickle does not know by itself.
copyreg.pickle(MappingProxyType, lambda m: (_thaw, (dict(m),)))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_ORPHAN_SECONDS)
    os._exit(1)


def _inherit(function: Callable[[Any], Any], items: Sequence[Any], parent: int) -> None:
    global _inherited
    _inherited = (function, items)
    # A parent that is killed outright closes nothing, and workers would wait for ever.
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # Ctrl-C reaches every process of the terminal; the parent alone says what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(at: int) -> Any:
    assert _inherited is not None
    function, items = _inherited
    return function(items[at])


def _ahead(
    executor: Executor, function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) >= _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _forked(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    try:
        with ProcessPoolExecutor(
            max_workers=min(workers, len(items)),
            mp_context=multiprocessing.get_context("fork"),
            initializer=_inherit,
            initargs=(function, items, os.getpid()),
        ) as pool:
            yield from _ahead(pool, _run, range(len(items)), workers)
    except BrokenProcessPool:
        raise InputError(
            "a worker process was ended from outside, most often for want of memory.",
            where="--workers",
            remedy="Run again with --workers 1, or with more memory.",
        ) from None


def _threaded(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    with ThreadPoolExecutor(max_workers=workers) as pool:
        yield from _ahead(pool, function, items, workers)


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int = 1,
    executor: Executor | None = None,
) -> Iterator[Result]:
    """Results in the order of ``items``, the same whatever the number of workers.

    Parameters
    ----------
    function : callable
        Must not rely on changing what it shares with other calls: workers may be processes,
        whose results (but not ``function`` or ``items``) have to be picklable.
    workers : int
        Processes or threads to start when no executor is given; 1 runs in the calling thread.
        With an executor, how many calls it runs at once.
    executor : concurrent.futures.Executor, optional
        Anything with that interface, for example a cluster's; see ``cluster``.

    Raises
    ------
    InputError
        When a worker process is ended from outside.
    """
    if executor is not None:
        return _ahead(executor, function, items, max(workers, 1))
    if workers <= 1 or len(items) <= 1:
        return map(function, items)
    return (_forked if FORKS else _threaded)(function, items, workers)
