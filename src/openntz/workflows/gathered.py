"""What the analyses take from the people of a folder: all at once, or some at a time."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.compute.executors import map_in_order
from openntz.course.course import Course
from openntz.errors import OpenNTZError
from openntz.evidence.registry import Registry
from openntz.reanalyse.catalogue import BY_NAME
from openntz.reanalyse.contradictions import Contradicting, without_contradictions
from openntz.reanalyse.result import AnalysisResult, Part, Step, joined, skipped
from openntz.reanalyse.study import Study, Whole
from openntz.reanalyse.table_one import conclude_table_one, take_table_one
from openntz.records.chunks import Chunks, OnePiece, divided
from openntz.records.csv import nothing_usable
from openntz.records.problems import Problem, order_of
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables

# What an analysis may meet in data that nobody foresaw; it says so, and the others go on.
_TROUBLE = (OpenNTZError, ArithmeticError, LookupError, ValueError)

IN_PEOPLE: Final = "in the table people"
# With fewer people the analyses take less time than starting another process.
_WORTH_SHARING: Final = 5_000


NOT_IN_PEOPLE: Final = (
    "not in the table people (DM of SDTM, ADSL of ADaM): no row of this person is analysed."
)


class Failed(Struct, frozen=True):
    """Why an analysis could take nothing from some people."""

    reason: str


class Taken(Struct, frozen=True, kw_only=True):
    """Of some people: what Table 1 and each analysis took, and the rows set aside.

    ``one_piece`` says why the whole was held in memory, ``rows`` how many rows that were.
    """

    whole: Whole
    first: Part
    parts: Mapping[str, Part | Failed]
    rejected: tuple[Problem, ...]
    one_piece: OnePiece | None = None
    rows: int = 0


def _failed(error: Exception) -> Failed:
    return Failed(f"It could not be computed ({type(error).__name__}: {error}).")


def _problem(found: Contradicting) -> Problem:
    return Problem(
        found.table, found.line, found.column, "",
        f"another record of the same moment differs: line {found.rival}; neither is analysed.",
        "Keep the right one.", "row", person=found.person,
    )  # fmt: skip


def _stranger(course: Course) -> Problem | None:
    """What is said of somebody with rows in other tables and none in people; None for others.

    Where the export has no table of people nobody can be missing from it.
    """
    ref = course.person.ref
    if ref is None or ref.table == "people" or not course.has("people"):
        return None
    return Problem(
        ref.table, ref.line, "person", course.person.id, NOT_IN_PEOPLE,
        "Add the person to people (DM, ADSL, person), or mend the identifier.", "row",
        person=course.person.id,
    )  # fmt: skip


def _taken(
    courses: Mapping[str, Course],
    rejected: tuple[Problem, ...],
    names: Sequence[str],
    as_of: date,
    evidence: Registry,
) -> Taken:
    known: dict[str, Course] = {}
    told: list[Problem] = []
    for name, course in courses.items():
        if stranger := _stranger(course):
            told.append(stranger)
            continue
        known[name], contradicting = without_contradictions(course.until(as_of))
        told += (_problem(c) for c in contradicting)
    study = Study.of(known, as_of)
    whole = Whole.of(study)
    parts: dict[str, Part | Failed] = {}
    for name in names:
        analysis = BY_NAME[name]
        # Where nobody of these has a table, what is taken says so of each of them.
        try:
            parts[name] = analysis.take(study, evidence)
        except _TROUBLE as error:
            parts[name] = _failed(error)
    listed = tuple(sorted((*rejected, *told), key=order_of)) if told else rejected
    return Taken(whole=whole, first=take_table_one(study), parts=parts, rejected=listed)


def _of_chunk(
    chunks: Chunks, names: Sequence[str], as_of: date, evidence: Registry, at: int
) -> Taken:
    collecting = gc.isenabled()
    # Millions of small objects without cycles: looking for these costs a third of the time.
    gc.disable()
    try:
        read = chunks.read(at)
        return _taken(read.courses, read.rejected, names, as_of, evidence)
    finally:
        if collecting:
            gc.enable()


def workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def gathered(
    folder: Path,
    as_of: date,
    mapping: Path | None,
    names: Sequence[str],
    evidence: Registry,
    progress: Progress,
) -> Taken:
    """Read the people of a folder of tables and take what the analyses need.

    Parquet tables without a mapping file are read some people at a time, on all processors;
    what is found does not depend on how many there are.

    Raises
    ------
    InputError
        When the folder or the mapping file cannot be used.
    """
    with TemporaryDirectory() as scratch:
        chunks = OnePiece("a mapping file is used")
        if mapping is None:
            chunks = divided(folder, Path(scratch), as_of, evidence)
        if isinstance(chunks, OnePiece):
            records = read_tables(folder, as_of, mapping, evidence, progress)
            taken = _taken(records.courses, records.rejected, names, as_of, evidence)
            if not taken.whole.people:
                raise nothing_usable(folder, taken.rejected)
            rows = sum(table.read for table in records.tables.values())
            return replace(taken, one_piece=chunks, rows=rows)
        take = partial(_of_chunk, chunks, tuple(names), as_of, evidence)
        found = map_in_order(take, range(chunks.count), workers=workers())
        told = progress.track(found, chunks.count, "reading people")
        taken = _together(told, chunks.rejected)
        chunks.check(taken.whole.people, taken.rejected)
        return taken


def _together(found: Any, rejected: Sequence[Problem]) -> Taken:
    """What was taken from each chunk as if taken from all people at once."""
    people, as_of, recorded = 0, date.min, frozenset[str]()
    first: list[Part] = []
    parts: dict[str, Part | Failed] = {}
    problems = list(rejected)
    for taken in found:
        people += taken.whole.people
        as_of = taken.whole.as_of
        recorded |= taken.whole.recorded
        first.append(taken.first)
        for name, part in taken.parts.items():
            known = parts.get(name)
            if isinstance(known, Failed):
                continue
            parts[name] = part if isinstance(part, Failed) or known is None else _more(known, part)
        # Millions of rows may be set aside for a few reasons.
        problems += (
            replace(p, reason=sys.intern(p.reason), remedy=sys.intern(p.remedy))
            for p in taken.rejected
        )
    problems.sort(key=order_of)
    return Taken(
        whole=Whole(people=people, as_of=as_of, recorded=recorded),
        first=joined(first),
        parts=parts,
        rejected=tuple(problems),
    )


def _more(known: Part, part: Part) -> Part:
    """What is known with more of the same; the first of them grows."""
    grown = known if all(isinstance(own, list) for own in known) else joined([known])
    for own, more in zip(grown, part, strict=True):
        own.extend(more)  # pyright: ignore[reportAttributeAccessIssue]
    return grown


def strangers_of(rejected: Sequence[Problem]) -> frozenset[str]:
    """Who has rows in other tables and none in people."""
    return frozenset(p.person for p in rejected if p.reason == NOT_IN_PEOPLE)


def table_one_of(taken: Taken, rejected: Sequence[Problem]) -> AnalysisResult:
    """Table 1, with whom a row set aside belongs to, and in the flow who is not in people."""
    people, _ = taken.first
    found = conclude_table_one((people, [p.person for p in rejected if p.person]), taken.whole)
    strangers = strangers_of(rejected)
    if not strangers:
        return found
    first, *rest = found.flow
    left = (("not in the table people (DM)", len(strangers)),)
    named = Step(first.text, taken.whole.people + len(strangers))
    return replace(found, flow=(named, Step(IN_PEOPLE, first.people, left), *rest))


def analysed(taken: Taken, names: Sequence[str], evidence: Registry) -> tuple[AnalysisResult, ...]:
    """Every analysis; one that fails says so and the rest go on."""
    conclude = partial(_analysed, taken=taken, evidence=evidence)
    many = taken.whole.people >= _WORTH_SHARING
    return tuple(map_in_order(conclude, names, workers=workers() if many else 1))


def _analysed(name: str, taken: Taken, evidence: Registry) -> AnalysisResult:
    analysis = BY_NAME[name]
    without = analysis.without(taken.whole.recorded)
    if without is not None:
        return without
    part = taken.parts[name]
    if not isinstance(part, Failed):
        try:
            return analysis.concluded(part, taken.whole, evidence)
        except _TROUBLE as error:
            part = _failed(error)
    return skipped(analysis.name, analysis.title, part.reason)
