"""The workers of a dask.distributed cluster, behind the interface of `concurrent.futures`.

The scheduler runs a call again elsewhere when its worker is lost, and results come back in the
order of the calls, so what is made of them does not depend on the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Final, cast

from msgspec import Struct

from openntz.errors import InputError

_PATIENCE_SECONDS: Final = 15


class Cluster(Struct, frozen=True):
    """An executor on a cluster, and how many calls it runs at once."""

    executor: Executor
    workers: int


def _fault(what: str, remedy: str) -> InputError:
    return InputError(what, where="--scheduler", remedy=remedy)


@contextmanager
def cluster_executor(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler listens at ``address`` (``tcp://host:port``).

    Functions, items and results travel as pickles: only a cluster of one's own is to be used.

    Raises
    ------
    InputError
        When dask.distributed is not installed, nobody answers at the address, the cluster has
        no worker, or it is lost while it works.
    """
    try:
        from distributed import Client
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise _fault(
            "the package dask.distributed is not installed.",
            "Install it with: pip install 'openntz[cluster]'; or use --workers.",
        ) from None
    try:
        client = Client(address, timeout=_PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise _fault(
            f"no cluster answers at {address} ({type(error).__name__}).",
            "Check the address that `dask scheduler` printed, such as tcp://host:8786.",
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
        except TimeoutError:
            raise _fault(
                f"the cluster at {address} has no worker.", "Start one: dask worker ADDRESS."
            ) from None
        try:
            # The client answers at once here; its types know only the form for coroutines.
            threads = sum(cast("dict[str, int]", client.nthreads()).values())
            yield Cluster(client.get_executor(), max(threads, 1))
        except KilledWorker:
            raise _fault(
                "workers of the cluster ended again and again over the same work, most often "
                "for want of memory.",
                "Give the workers more memory and run the same command again.",
            ) from None
        except (CancelledError, CommClosedError):
            raise _fault(
                f"the cluster at {address} was lost.", "Start it and run the same command again."
            ) from None
