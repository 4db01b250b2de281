"""A review as the report sees it, and the pages it becomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal, Protocol

from msgspec import Struct, field

from openntz.evidence.registry import Registry
from openntz.monitor.changes import Changes
from openntz.monitor.in_words import Words
from openntz.report.guides import Guides
from openntz.report.person import PersonReview


class ProblemLike(Protocol):
    """One row or cell that was set aside or used under an assumption."""

    @property
    def table(self) -> str:
        """Table it was read in."""
        ...

    @property
    def line(self) -> int | None:
        """Line in the file, None when the whole file is meant."""
        ...

    @property
    def column(self) -> str:
        """Column at fault, empty when the row is meant."""
        ...

    @property
    def value(self) -> str:
        """The cell as written."""
        ...

    @property
    def reason(self) -> str:
        """What is wrong."""
        ...

    @property
    def remedy(self) -> str:
        """What to do about it."""
        ...

    @property
    def person(self) -> str:
        """Whose row it is; empty where that is not known, or where it is many people's."""
        ...


TableState = Literal["read", "read only in part", "could not be read", "not in the export"]


class TableCount(Struct, frozen=True):
    """How one table fared; rows are counted where it was read."""

    name: str
    state: TableState
    rows: int = 0
    used: int = 0
    set_aside: int = 0
    unknown_columns: tuple[str, ...] = ()


class Entries(Struct, frozen=True):
    """Of one person: what was set aside, and what was used or kept with a note."""

    aside: tuple[ProblemLike, ...] = ()
    noted: tuple[ProblemLike, ...] = ()


class Review(Struct, frozen=True, kw_only=True):
    """A finished review of everyone, ready to be written out.

    ``registry`` is the one the findings were made with, site decisions included; ``settings``
    are further choices worth a line in the footer. ``changes`` compares with an earlier review,
    None where none was given; ``acknowledged`` counts the usable entries of the clinic's list.
    ``rules`` says, by rule, what leads to each answer under this profile.
    """

    as_of: date
    profile: str
    profile_title: str
    version: str
    registry: Registry
    people: tuple[PersonReview, ...]
    site_note: str = ""
    model: str = ""
    model_title: str = ""
    card_hash: str = ""
    seed: int = 0
    guides: Guides
    horizon_days: tuple[int, ...]
    pareto_k_limit: float
    rejected: tuple[ProblemLike, ...] = ()
    notes: tuple[ProblemLike, ...] = ()
    tables: tuple[TableCount, ...] = ()
    changes: Changes | None = None
    acknowledged: int | None = None
    rules: Mapping[str, Words] = field(default_factory=lambda: MappingProxyType({}))
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def entries(self) -> Mapping[str, Entries]:
        """What was set aside or noted of the people of whom there is any."""
        aside = defaultdict[str, list[ProblemLike]](list)
        noted = defaultdict[str, list[ProblemLike]](list)
        for found, problems in ((aside, self.rejected), (noted, self.notes)):
            for problem in problems:
                if problem.person:
                    found[problem.person].append(problem)
        return {name: Entries(tuple(aside[name]), tuple(noted[name])) for name in {*aside, *noted}}

    @property
    def unreadable(self) -> tuple[ProblemLike, ...]:
        """Tables that are there but could not be read: problems of a whole file, not of a line."""
        return tuple(p for p in self.rejected if not p.line)

    def state(self, table: str) -> TableState:
        """How a table fared, 'not in the export' where nothing is known of it."""
        states: dict[str, TableState] = {t.name: t.state for t in self.tables}
        return states.get(table, "not in the export")

    def fault(self, table: str) -> TableState:
        """What a problem of a whole file means for its table: some of it was read, or nothing."""
        read = self.state(table) in {"read", "read only in part"}
        return "read only in part" if read else "could not be read"
