"""The page on where sources disagree: every side, who follows it, what the software does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from openntz.evidence.conflicts import Conflict, Side, conflicts_within
from openntz.evidence.registry import RANK_MEANING, Registry
from openntz.report.finding_view import Cited, Threshold, cited, threshold
from openntz.report.review import Review
from openntz.report.rules import RuleName

PAGE: Final = "conflicts.html"


class SideView(Struct, frozen=True, kw_only=True):
    """One side: its words, how well it was read, followers, numbers and origin.

    ``followed`` says that the profile of this review goes by it.
    """

    says: str
    rank: str
    profiles: tuple[str, ...]
    followed: bool
    numbers: tuple[Threshold, ...]
    sources: tuple[Cited, ...]


class ConflictView(Struct, frozen=True, kw_only=True):
    """One conflict, ready for the page."""

    id: str
    topic: str
    does: str
    sides: tuple[SideView, ...]
    rules: tuple[RuleName, ...]
    cards: tuple[str, ...]


class ConflictsPage(Struct, frozen=True, kw_only=True):
    """What the template shows."""

    review: Review
    conflicts: tuple[ConflictView, ...]
    sources: tuple[Cited, ...]


def _side(side: Side, registry: Registry, profile: str) -> SideView:
    return SideView(
        says=side.says,
        rank=RANK_MEANING[side.rank],
        profiles=side.profiles,
        followed=profile in side.profiles,
        numbers=tuple(threshold(registry.fact(name)) for name in side.facts),
        sources=cited(registry, side.sources),
    )


def _view(conflict: Conflict, review: Review, names: Mapping[str, RuleName]) -> ConflictView:
    return ConflictView(
        id=conflict.id,
        topic=conflict.topic,
        does=conflict.does,
        sides=tuple(_side(s, review.registry, review.profile) for s in conflict.sides),
        rules=tuple(names[rule] for rule in conflict.rules if rule in names),
        cards=conflict.cards,
    )


def conflicts_page(review: Review, names: Mapping[str, RuleName]) -> ConflictsPage:
    """Every conflict whose facts and sources the registry of the review knows."""
    shown = conflicts_within(review.registry)
    used = dict.fromkeys(source for conflict in shown for source in conflict.sources)
    return ConflictsPage(
        review=review,
        conflicts=tuple(_view(c, review, names) for c in shown),
        sources=cited(review.registry, tuple(sorted(used))),
    )
