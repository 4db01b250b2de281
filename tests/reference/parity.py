"""Results of `openntz estimate` for the conformance cases, each made once a session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from openntz.workflows.estimate import run_estimate
from openntz.workflows.estimate_draws import run_draws
from tests.reference.conformance.cases import Case, all_cases
from tests.reference.conformance.compare import Row, compare

Item = TypeVar("Item")
SEED = 20261122


class Quiet:
    """Progress that nobody watches."""

    def say(self, text: str) -> None:
        return None

    def bytes_read(self, done: int, total: int) -> None:
        return None

    def track(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        return iter(items)


@cache
def cases() -> dict[str, Case]:
    """All cases by name."""
    return {case.name: case for case in all_cases(Path(mkdtemp(prefix="conformance-")))}


@cache
def results(name: str, draws: int) -> Path:
    """The folder with the files that `openntz estimate` writes for a case."""
    case = cases()[name]
    out = Path(mkdtemp(prefix=f"{name}-"))
    found = run_estimate(str(case.card), case.data, out, threads=1, progress=Quiet())
    if draws:
        run_draws(found, out, draws=draws, seed=SEED, threads=1, progress=Quiet())
    return out


@cache
def rows(name: str, draws: int = 0) -> tuple[Row, ...]:
    """The comparison of a case."""
    return tuple(compare(cases()[name], results(name, draws)))
