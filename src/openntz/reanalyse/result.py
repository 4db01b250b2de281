"""What every analysis returns: a table, pictures as data, words, and its definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import pandas as pd
from msgspec import Struct
from msgspec.structs import replace

from openntz.evidence.registry import Registry
from openntz.reanalyse.study import SetAside, Study, Whole

# How the text of an analysis begins that was skipped because the data have no such table.
MISSING_TABLE: Final = "The data have no "

Status = Literal["done", "skipped"]

# What an analysis takes from some of the people: lists, one entry a person, visit or stretch.
Part = tuple[Sequence[Any], ...]


class Line(Struct, frozen=True):
    """Points (x, y) joined by a line or steps; a band where ``low`` and ``high`` are given."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    steps: bool = False


class Estimate(Struct, frozen=True):
    """One estimate with its interval, for a forest of them."""

    name: str
    value: float
    low: float
    high: float


class Figure(Struct, frozen=True):
    """A picture as data: lines over a number, or estimates one below the other."""

    title: str
    x: str
    y: str
    x_scale: Literal["linear", "log"] = "linear"
    lines: tuple[Line, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    summary: str = ""


class Step(Struct, frozen=True):
    """A step of the flow diagram: how many people are left, and why others left.

    ``people`` is None where the number was suppressed.
    """

    text: str
    people: int | None
    left: tuple[tuple[str, int], ...] = ()


class AnalysisResult(Struct, frozen=True, eq=False, kw_only=True):
    """One analysis, done or skipped with its reason.

    ``summary`` is a table of one row per group and measure; ``definitions`` are the choices it
    rests on, as data; ``set_aside`` are people it could not use.
    """

    name: str
    title: str
    status: Status
    summary: pd.DataFrame
    definitions: Mapping[str, Any]
    text: str = ""
    figures: tuple[Figure, ...] = ()
    flow: tuple[Step, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The summary as plain values; what is not a number is None."""
        kept = self.summary.astype(object).where(self.summary.notna(), None)
        return [{str(k): v for k, v in row.items()} for row in kept.to_dict("records")]


class Analysis(Struct, frozen=True, kw_only=True):
    """An analysis by name: the tables it needs, and the function that makes it.

    ``one_of`` are tables of which it needs one at least, ``uses`` those without which it is made
    and says that what they would tell is unknown.

    ``take`` gets from some of the people what is needed of them, without their courses, and
    ``conclude`` makes the result of what was taken from all: a registry that does not fit into
    memory is read some people at a time. The registry's facts hold every cut and window.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    take: Callable[[Study, Registry], Part]
    conclude: Callable[[Part, Whole, Registry], AnalysisResult]
    uses: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    def __call__(self, study: Study, evidence: Registry) -> AnalysisResult:
        """The result, or why it was skipped."""
        whole = Whole.of(study)
        return self.without(whole.recorded) or self.run(study, evidence)

    def run(self, study: Study, evidence: Registry) -> AnalysisResult:
        """The result of a study in memory."""
        return self.concluded(self.take(study, evidence), Whole.of(study), evidence)

    def concluded(self, part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
        """The result of what was taken, which says which tables it had to do without."""
        found = self.conclude(part, whole, evidence)
        missing = [table for table in self.uses if table not in whole.recorded]
        if not missing:
            return found
        text = f"{_no(missing)}; what it would tell is unknown. {found.text}"
        return replace(found, text=text.strip())

    def without(self, recorded: frozenset[str]) -> AnalysisResult | None:
        """Why it is skipped where only these tables are recorded; None where it is not."""
        missing = [table for table in self.needs if table not in recorded]
        if not missing and self.one_of and not recorded & set(self.one_of):
            missing = list(self.one_of)
        return skipped(self.name, self.title, f"{_no(missing)}.") if missing else None


def _no(tables: Sequence[str]) -> str:
    return f"{MISSING_TABLE}{' and no '.join(tables)} table"


def joined(parts: Iterable[Part]) -> Part:
    """What was taken from groups of people, one after the other, as if taken from all at once."""
    whole: tuple[list[Any], ...] = ()
    for part in parts:
        if not whole:
            whole = tuple([] for _ in part)
        for own, more in zip(whole, part, strict=True):
            own.extend(more)
    return whole


def skipped(name: str, title: str, reason: str) -> AnalysisResult:
    """An analysis that was not made, and why."""
    return AnalysisResult(
        name=name,
        title=title,
        status="skipped",
        summary=pd.DataFrame(),
        definitions={},
        text=reason,
    )


def table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of a summary as a table, columns in the order they first appear."""
    return pd.DataFrame.from_records([dict(row) for row in rows])
