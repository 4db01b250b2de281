"""A watcher who says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class _Quiet:
    def say(self, text: str) -> None: ...

    def bytes_read(self, done: int, total: int) -> None: ...

    def track(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        return iter(items)


QUIET = _Quiet()
