"""Where text fits: how wide it is, and the first free place for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct, field

# Advance widths of a common sans serif, as parts of the font size.
_NARROW: Final = "fijlrtI.,:;'|!()[]· "
_WIDE: Final = "mwMW%@—→"


@cache
def _advance(sign: str) -> float:
    if sign in _NARROW:
        return 0.32
    if sign in _WIDE:
        return 0.9
    return 0.7 if sign.isupper() else 0.57


@lru_cache(maxsize=4096)
def _em(text: str) -> float:
    return sum(map(_advance, text), 0.0)


def width(text: str, size: float) -> float:
    """Estimated width of a text in the units of ``size``; errs on the wide side."""
    return _em(text) * size


class Box(Struct, frozen=True):
    """A rectangle by its edges; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles share any area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        """Whether this rectangle lies within another."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


class Place(Struct, frozen=True):
    """A text with its anchor point and the area it covers."""

    x: float
    y: float
    anchor: str
    box: Box


def place(x: float, y: float, text: str, size: float, anchor: str = "start") -> Place:
    """A text whose baseline starts, centres or ends at (x, y)."""
    w = width(text, size)
    left = {"start": x, "middle": x - w / 2, "end": x - w}[anchor]
    return Place(x, y, anchor, Box(left, y - 0.8 * size, left + w, y + 0.25 * size))


class Room(Struct):
    """What is already taken inside ``bounds``; texts are offered places in turn."""

    bounds: Box
    taken: list[Box] = field(default_factory=list)

    def take(self, box: Box) -> None:
        """Mark an area as occupied."""
        self.taken.append(box)

    def first_free(self, offers: Iterable[Place]) -> Place | None:
        """The first offer that lies inside and meets nothing; it is then taken."""
        for offer in offers:
            if offer.box.inside(self.bounds) and not any(offer.box.meets(b) for b in self.taken):
                self.taken.append(offer.box)
                return offer
        return None


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Positions near the wanted ones, in the same order, at least ``gap`` apart.

    The positions are moved as little as a single sweep from the lowest upwards allows.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    return placed


def wrap(text: str, size: float, most: float) -> list[str]:
    """Words broken into lines no wider than ``most``; a longer word stands alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= most:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines
