"""One task over many people with one practice, on own processes or on a cluster.

Own processes inherit the practice. A cluster's workers share neither memory nor disk, and a
practice holds functions that cannot be sent: they get a small recipe instead, and make the
practice from it once.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from msgspec import Struct

from openntz import __version__
from openntz.compute.cluster import cluster_executor
from openntz.compute.executors import map_in_order
from openntz.errors import InputError
from openntz.evidence.registry import Fact, Registry, SiteChoice, registry
from openntz.models.reading import shipped
from openntz.workflows.compiled import ready_to_estimate
from openntz.workflows.person import Practice

Item = TypeVar("Item")
Result = TypeVar("Result")

_HASH: Final = 16


def _toml_files(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _toml_files(entry)
        elif entry.name.endswith(".toml"):
            yield entry


@cache
def made_by() -> str:
    """Version and shipped numbers of this process, which every worker has to share."""
    digest = hashlib.sha256()
    for file in _toml_files(resources.files("openntz")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{__version__}, facts and models {digest.hexdigest()[:_HASH]}"


class Recipe(Struct, frozen=True, kw_only=True):
    """What a practice can be made from elsewhere; picklable, hashable, small.

    ``site`` names the site file, ``decided`` holds its facts and ``choices`` its choices, so that
    the file itself is not needed. ``card`` is a shipped id, or the name of a file whose bytes are
    ``card_file``.
    """

    made_by: str
    profile: str
    seed: int
    card: str
    card_file: bytes | None
    site: str
    decided: tuple[Fact, ...]
    choices: tuple[tuple[str, SiteChoice], ...]

    @classmethod
    def of(cls, practice: Practice, card: str) -> Recipe:
        """The recipe of a practice made with a card, by the id or path it was asked for.

        Raises
        ------
        InputError
            When the card's file cannot be read any more.
        """
        known = practice.registry
        own_card = None
        if card not in shipped():
            try:
                own_card = Path(card).read_bytes()
            except OSError as error:
                raise InputError(
                    f"the card cannot be read ({error.strerror}).",
                    where=card,
                    remedy="Check the path.",
                ) from None
        return cls(
            made_by=made_by(),
            profile=practice.profile.id,
            seed=practice.seed,
            card=card if own_card is None else Path(card).name,
            card_file=own_card,
            site=known.site,
            decided=tuple(f for f in known.facts.values() if f.site is not None),
            choices=tuple(known.choices.items()),
        )

    def _registry(self) -> Registry:
        base = registry()
        if not self.site:
            return base
        decided = {fact.id: fact for fact in self.decided}
        return Registry(
            base.sources,
            MappingProxyType({**base.facts, **decided}),
            site=self.site,
            choices=MappingProxyType(dict(self.choices)),
        )

    def _practice(self, card: str) -> Practice:
        return Practice.create(
            registry=self._registry(), profile=self.profile, seed=self.seed, card=card
        )

    def practice(self) -> Practice:
        """The practice, made anew.

        Raises
        ------
        InputError
            When this process is another version, or has other facts or models.
        """
        if self.made_by != made_by():
            raise InputError(
                f"a worker runs {made_by()}, this process {self.made_by}.",
                where="--scheduler",
                remedy="Install the same OpenNTZ on every worker.",
            )
        if self.card_file is None:
            return self._practice(self.card)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / self.card
            file.write_bytes(self.card_file)
            return self._practice(str(file))


# A worker serves one run at a time, seldom two.
@lru_cache(maxsize=2)
def _practice_from(recipe: Recipe) -> Practice:
    return recipe.practice()


class OnWorker(Struct, Generic[Item, Result], frozen=True):
    """A task as it is sent to a cluster's worker, with the recipe of the practice it needs."""

    task: Callable[[Practice, Item], Result]
    recipe: Recipe

    def __call__(self, item: Item) -> Result:
        """The task's answer for one item.

        Raises
        ------
        OpenNTZError
            When the worker is another version, or the task raises it.
        """
        return self.task(_practice_from(self.recipe), item)


@contextmanager
def shared_work(
    task: Callable[[Practice, Item], Result],
    items: Sequence[Item],
    practice: Practice,
    *,
    card: str,
    workers: int,
    scheduler: str | None,
) -> Iterator[Iterator[Result]]:
    """Results in the order of ``items``, the same wherever they are worked out.

    Parameters
    ----------
    task : callable
        A function of a module; with ``scheduler``, items and results have to be picklable.
    practice : Practice
        On a cluster, one that ``Practice.create`` made from a registry, a profile and ``card``.
    workers : int
        Own processes, unused with ``scheduler``, the address of a dask cluster.

    Raises
    ------
    InputError
        When a worker or the cluster is lost, or a worker is another version.
    """
    if scheduler is None:
        ready_to_estimate(practice.models.card)
        yield map_in_order(partial(task, practice), items, workers=workers)
        return
    work = OnWorker(task, Recipe.of(practice, card))
    with cluster_executor(scheduler) as there:
        yield map_in_order(work, items, workers=there.workers, executor=there.executor)
