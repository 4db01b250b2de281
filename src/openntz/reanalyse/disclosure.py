"""Aggregates only: what may leave a locked room, and nothing from which a small cell follows.

Cells of fewer people than a limit are suppressed, and so are the fewest others that protect them
from subtraction: between rows of a measure, parts and their whole, rows and the flow diagram.
Extremes (least, greatest, last points of curves) belong to single people and go too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from itertools import combinations
from typing import Any, Final

from msgspec.structs import replace

from openntz.reanalyse.assay_agreement import CELLS as AGREEMENT
from openntz.reanalyse.disclosure_between import (
    family,
    left_by_partition,
    small,
    twins,
    whole_elsewhere,
)
from openntz.reanalyse.disclosure_coarse import coarse
from openntz.reanalyse.groups import Antibodies
from openntz.reanalyse.result import (
    MISSING_TABLE,
    AnalysisResult,
    Estimate,
    Figure,
    Line,
    Step,
    table,
)
from openntz.reanalyse.table_one import NAME as TABLE_ONE

# What stays of a suppressed row: its name, never a number.
_NAMES: Final = ("measure", "group", "week", "quarter", "threshold_ng_per_ml")
# Ends that are the least and the greatest of single people in these measures.
_RANGES: Final = ("median days of washout",)
# Groups of these kinds share no person with another of their kind.
_APART: Final = ("arm: ", "product: ")
# Estimates from which, with one share shown, the other follows.
_COMPARISONS: Final = ("difference of", "ratio of relapse", "odds ratio of a reaction at")
# By start of a measure: estimates whose exact value tells the sizes of groups, and of which.
_FROM: Final[Mapping[str, tuple[str, ...]]] = {
    "area under the ROC curve": ("sensitivity", "specificity"),
    "area under the ROC curve, B cells": ("median",),
    "hazard ratio": ("rate of first activity",),
}
_ANTIBODIES: Final = frozenset(str(group) for group in Antibodies)
_PARTS: Final = ("count", "unknown", "lost", *AGREEMENT)
# One person may have several of these, so their counts do not add up to a whole.
_FAILED: Final = "It could not be computed; a run that is not aggregate-only says why."
_INDEPENDENT: Final = ("people with a reaction", "infusions with a reaction")


def _reveals(row: Mapping[str, Any], limit: int) -> bool:
    """Whether a row's own numbers tell of a small cell: a part, or what is left of the whole."""
    n = row.get("n")
    parts = [row.get(part) for part in _PARTS]
    count = row.get("count")
    rest = None if n is None or count is None else n - count
    return any(small(cell, limit) for cell in (n, rest, *parts))


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: row[k] for k in _NAMES if row.get(k) is not None} | {"suppressed": True}


def _cells(row: Mapping[str, Any]) -> dict[str, float]:
    """What a row tells of people: how many, how many with it, how many without it."""
    n, count = row.get("n"), row.get("count")
    found = {"n": n, "count": count}
    found["rest"] = None if n is None or count is None else n - count
    return {name: value for name, value in found.items() if value is not None}


def _apart(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no person is in both rows: two arms, two products, or two antibody groups."""
    a, b = str(row.get("group", "")), str(other.get("group", ""))
    if a == b:
        return False
    return any(a.startswith(kind) and b.startswith(kind) for kind in _APART) or (
        a in _ANTIBODIES and b in _ANTIBODIES
    )


def _close(row: Mapping[str, Any], other: Mapping[str, Any], limit: int) -> bool:
    """Whether a small number of people lies between two rows that may hold the same people."""
    mine, theirs = _cells(row), _cells(other)
    return not _apart(row, other) and any(
        small(abs(mine[cell] - theirs[cell]), limit) for cell in mine.keys() & theirs.keys()
    )


def _when(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("week", "quarter", "threshold_ng_per_ml"))


def _kind(row: Mapping[str, Any]) -> str:
    """Groups of one kind are the parts of a whole: arms, products, successors, antibodies."""
    group = str(row.get("group", ""))
    if group.startswith("all"):
        return "all"
    if group in _ANTIBODIES:
        return "antibodies"
    return group.split(": ")[0] if ": " in group else ""


def _leftover(
    rows: Sequence[Mapping[str, Any]],
    members: Sequence[int],
    gone: Set[int],
    totals: Sequence[int],
    limit: int,
) -> list[int] | None:
    """Parts still shown of a whole that leaves a small number over; None where none does."""
    measure = str(rows[members[0]].get("measure"))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for i in members:
        if _kind(rows[i]) != "all":
            groups.setdefault((_kind(rows[i]), *_when(rows[i])), []).append(i)
    elsewhere = [
        _cells(row)
        for i, row in enumerate(rows)
        if i not in gone and whole_elsewhere(measure, str(row.get("measure")))
    ]
    for (_, *when), own in groups.items():
        parts = [i for i in own if i not in gone]
        wholes = [
            _cells(rows[i])
            for i in members
            if i not in gone and _kind(rows[i]) == "all" and _when(rows[i]) == tuple(when)
        ]
        for whole in (*wholes, *elsewhere, *({"n": total} for total in totals)):
            for cell, value in whole.items():
                told = sum(_cells(rows[i]).get(cell, 0) for i in parts)
                if parts and small(abs(value - told), limit):
                    return parts
    return None


def _too_close(rows: Sequence[Mapping[str, Any]], members: Sequence[int], limit: int) -> set[int]:
    """Of rows with a small number of people between them those that are close to most others."""
    gone: set[int] = set()
    close = {(i, j) for i, j in combinations(members, 2) if _close(rows[i], rows[j], limit)}
    while close:
        most = Counter(i for pair in close for i in pair)
        # Of two as close the smaller group goes: 'all' tells more than a part.
        worst = max(most, key=lambda i: (most[i], -(rows[i].get("n") or 0), i))
        gone.add(worst)
        close = {pair for pair in close if worst not in pair}
    return gone


def _of_same(rows: Sequence[Mapping[str, Any]], name: Callable[[str], str]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        found.setdefault(name(str(row.get("measure"))), []).append(i)
    return list(found.values())


def _hidden(rows: Sequence[Mapping[str, Any]], limit: int, totals: Sequence[int]) -> set[int]:
    """Rows that must go: small ones, then the fewest that protect them.

    Of parts that leave a small number of their whole over, the smallest goes with it; what tells
    the cell of a hidden row under another name goes too.
    """
    gone = {
        i
        for i, row in enumerate(rows)
        if _reveals(row, limit)
        or any(small(abs(total - row["n"]), limit) for total in totals if row.get("n") is not None)
    }
    for members in _of_same(rows, family):
        gone |= _too_close(rows, [i for i in members if i not in gone], limit)
    adding_up = [
        members
        for members in _of_same(rows, str)
        if str(rows[members[0]].get("measure")) not in _INDEPENDENT
    ]
    while True:
        more = twins(rows, gone)
        for members in adding_up:
            parts = _leftover(rows, members, gone, totals, limit)
            if parts is not None:
                more.add(min(parts, key=lambda i: (rows[i].get("n") or 0, i)))
        left = left_by_partition(rows, gone, limit)
        if left is not None:
            more.add(left)
        if not more:
            return gone
        gone |= more


def _derived(row: Mapping[str, Any], gone: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a hidden share could be worked out from this row and the shares still shown."""
    measure, group = str(row.get("measure")), str(row.get("group"))
    named = _FROM.get(measure.split(" of ")[0], ())
    if named:
        return any(str(r["measure"]).startswith(named) for r in gone)
    if measure.endswith("predictive value"):
        return any(r["measure"] in {"sensitivity", "specificity"} for r in gone)
    if not measure.startswith(_COMPARISONS):
        return False
    if measure.endswith("at an infusion"):
        return any(str(r["measure"]).startswith("infusions with a reaction by") for r in gone)
    return any(str(r.get("group", "")).split(": ")[-1] in group for r in gone)


def suppressed_rows(
    rows: Sequence[Mapping[str, Any]], limit: int, totals: Sequence[int] = ()
) -> list[dict[str, Any]]:
    """Rows without small cells, and without those from which a small one would follow.

    ``totals`` are numbers of people told elsewhere. Terms of reactions are questions of their
    own, whose counts make no whole. A test of a measure goes with any of its rows, and a
    comparison of groups with any row of theirs: both would give a hidden share back.
    """
    gone = _hidden(rows, limit, totals)
    lost = [rows[i] for i in sorted(gone)]
    gone |= {i for i, row in enumerate(rows) if _derived(row, lost)}
    touched = {str(row.get("measure")) for row in lost}
    found = []
    for i, row in enumerate(rows):
        if i in gone:
            found.append(_bare(row))
            continue
        kept = dict(row)
        if str(row.get("measure")) in touched and kept.get("p") is not None:
            kept["p"] = None
        if row.get("measure") in _RANGES:
            kept |= {"low": None, "high": None}
        found.append(kept)
    return found


def suppressed_flow(flow: Sequence[Step], limit: int) -> tuple[Step, ...]:
    """Steps without small losses; where one is small its step tells neither number nor reasons."""
    found: list[Step] = []
    told: int | None = None
    for step in flow:
        lost = None if told is None or step.people is None else told - step.people
        hide = step.people is None or small(step.people, limit) or small(lost, limit)
        reasons = any(small(n, limit) for _, n in step.left)
        if hide:
            found.append(Step(step.text, None))
            continue
        found.append(Step(step.text, step.people, () if reasons else step.left))
        told = step.people
    return tuple(found)


def _without_end(line: Line, keep: int) -> Line:
    """A curve without its last points, each of which belongs to the people followed longest."""
    last = max(0, len(line.x) - keep)
    return replace(
        line, x=line.x[:last], y=line.y[:last], low=line.low[:last], high=line.high[:last]
    )


def _rounded(line: Line) -> Line:
    """A curve on a coarse grid, as a step of one person tells the day of that person."""
    kept: dict[float, int] = {}
    for i, x in enumerate(line.x):
        kept[4 * (x // 4)] = i
    at = list(kept.values())
    return replace(
        line,
        x=tuple(kept),
        y=tuple(round(line.y[i], 1) for i in at),
        low=(),
        high=(),
    )


def _estimates(figure: Figure, rows: Sequence[Mapping[str, Any]], limit: int) -> Figure | None:
    """The estimates that the table shows, as it shows them."""
    ends = ("value", "low", "high")
    told = {}
    for row in rows:
        shown = coarse(row, limit)
        told[tuple(row.get(end) for end in ends)] = tuple(shown.get(end) for end in ends)
    kept = tuple(
        Estimate(e.name, *told[e.value, e.low, e.high])
        for e in figure.estimates
        if None not in told.get((e.value, e.low, e.high), (None,))
    )
    return replace(figure, estimates=kept) if kept else None


def _figure(
    figure: Figure, rows: Sequence[Mapping[str, Any]], hidden: bool, limit: int
) -> Figure | None:
    """A figure from aggregates: estimates the table shows, no curve where a row is hidden."""
    if figure.estimates:
        return _estimates(figure, rows, limit)
    if hidden:
        return None
    lines = tuple(
        kept for line in figure.lines if len((kept := _rounded(_without_end(line, limit))).x) > 1
    )
    note = f"{figure.summary} Shares to the nearest tenth, every 4 units, without the last points."
    return replace(figure, lines=lines, summary=note) if lines else None


def aggregates_only(result: AnalysisResult, limit: int) -> AnalysisResult:
    """A result that may leave the room: no people, no small cells, no extremes.

    Parameters
    ----------
    limit : int
        The fewest people a cell may have.
    """
    if result.status == "skipped":
        # The words of a failure may quote the value or the person it failed on.
        text = result.text if result.text.startswith(MISSING_TABLE) else _FAILED
        return replace(result, text=text, set_aside=())
    flow = suppressed_flow(result.flow, limit)
    totals = [step.people for step in flow if step.people is not None]
    rows = suppressed_rows(result.rows, limit, totals)
    hidden = any(row.get("suppressed") for row in rows)
    figures = tuple(
        kept for f in result.figures if (kept := _figure(f, rows, hidden, limit)) is not None
    )
    words = (
        ""
        if result.name == TABLE_ONE
        else ("Aggregates only: small cells, and those from which one follows, are suppressed.")
    )
    return replace(
        result,
        summary=table([coarse(row, limit) for row in rows]),
        text=words,
        figures=figures,
        flow=flow,
        set_aside=(),
    )


def checklist(results: Sequence[AnalysisResult], limit: int) -> tuple[tuple[str, str], ...]:
    """What a person who releases the output checks, with what was done for it."""
    rows = [row for r in results for row in r.rows]
    hidden = sum(bool(row.get("suppressed")) for row in rows)
    certain = sum(bool(row.get("n")) and row.get("count") in {0, row.get("n")} for row in rows)
    return (
        ("Cells below the limit", f"fewer than {limit} people: none shown"),
        ("Rows suppressed", f"{hidden} of {len(rows)}, those that would give others away included"),
        ("Cells of nobody or of everybody", f"{certain} shown: do they tell of each of a group?"),
        ("Identifiers and rows of people", "none; no list of people set aside is written"),
        ("Least and greatest values", "none; ranges are left out, quartiles of "
         f"{limit} people or more stay, to two digits"),
        ("Estimates", "to three digits, p to two and not below 0.001"),
        ("Curves", "without their last points, on a grid of 4 units, to the nearest tenth"),
        ("Figures", "drawn from what the tables show"),
        ("Names of files and hashes", "one hash of all files together; none is named"),
        ("Words of the data", "names of arms, products, terms, assays, drugs: look through them"),
        ("Words of the protocol", "title and author as written"),
        ("Numbers of different analyses", "their people overlap: compare what they are of"),
        ("Other releases", "what left the room before may make new differences: compare"),
    )  # fmt: skip
