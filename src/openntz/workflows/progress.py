"""What a job tells whoever watches it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Whoever shows how far a job is."""

    def say(self, text: str) -> None:
        """One line for the watcher."""
        ...

    def bytes_read(self, done: int, total: int) -> None:
        """How much of the input has been read."""
        ...

    def track(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        """Pass items through and count them."""
        ...
