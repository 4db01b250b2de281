"""Run one function over many people, in order, on any executor.

Threads serve well here: the compiled kernel and numpy's sorting release the interpreter lock,
and nothing has to be copied or imported again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int = 1,
    executor: Executor | None = None,
) -> Iterator[Result]:
    """Results in the order of ``items``, whatever the number of workers.

    Parameters
    ----------
    workers : int
        Threads to start when no executor is given; 1 runs in the calling thread.
    executor : concurrent.futures.Executor, optional
        Anything with that interface, for example a cluster's.
    """
    if executor is not None:
        yield from executor.map(function, items)
    elif workers <= 1 or len(items) <= 1:
        yield from map(function, items)
    else:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            yield from pool.map(function, items)
