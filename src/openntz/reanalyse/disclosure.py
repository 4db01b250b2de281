"""Aggregates only: what may leave a locked room, and nothing from which a small cell follows.

Cells of fewer people than a limit are suppressed, and so are the cells from which they would
follow by subtraction: between rows of a measure, parts and their whole, rows and the flow
diagram.
Extremes (least, greatest, last points of curves) belong to single people and go too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

from openntz.reanalyse.groups import Antibodies
from openntz.reanalyse.result import AnalysisResult, Figure, Line, Step, table
from openntz.reanalyse.table_one import NAME as TABLE_ONE

# What stays of a suppressed row: its name, never a number.
_NAMES: Final = ("measure", "group", "week", "quarter", "threshold_ng_per_ml")
# Ends that are the least and the greatest of single people in these measures.
_RANGES: Final = ("median days of washout",)
# Groups of these kinds share no person with another of their kind.
_APART: Final = ("arm: ",)
_ANTIBODIES: Final = frozenset(str(group) for group in Antibodies)
_PARTS: Final = ("count", "unknown", "lost")
# One person may have several of these, so their counts do not add up to a whole.
_INDEPENDENT: Final = ("people with a reaction", "infusions with a reaction")


def small(count: float | None, limit: int) -> bool:
    """Whether a count of people is above none and below the limit."""
    return count is not None and 0 < count < limit


def _reveals(row: Mapping[str, Any], limit: int) -> bool:
    """Whether a row's own numbers tell of a small cell: a part, or what is left of the whole."""
    n = row.get("n")
    parts = [row.get(part) for part in _PARTS]
    count = row.get("count")
    rest = None if n is None or count is None else n - count
    return any(small(cell, limit) for cell in (n, rest, *parts))


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: row[k] for k in _NAMES if row.get(k) is not None} | {"suppressed": True}


def _differences(rows: Sequence[Mapping[str, Any]], totals: Sequence[int], limit: int) -> bool:
    """Whether a small number of people lies between rows of one measure, or rows and totals."""
    for cell in ("n", "count"):
        seen = [(row, row[cell]) for row in rows if row.get(cell) is not None]
        # Cumulative and nested rows differ by the people between them.
        if any(
            small(abs(a - b), limit) and not _apart(r, q)
            for (r, a), (q, b) in combinations(seen, 2)
        ):
            return True
        for whole, parts in _wholes(seen):
            if small(abs(whole - sum(parts)), limit):
                return True
    people = [row["n"] for row in rows if row.get("n") is not None]
    return any(small(abs(total - n), limit) for total in totals for n in (*people, sum(people)))


def _apart(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no person is in both rows: two arms, or two antibody groups."""
    a, b = str(row.get("group", "")), str(other.get("group", ""))
    if a == b:
        return False
    return any(a.startswith(kind) and b.startswith(kind) for kind in _APART) or (
        a in _ANTIBODIES and b in _ANTIBODIES
    )


def _wholes(seen: Sequence[tuple[Mapping[str, Any], float]]) -> list[tuple[float, list[float]]]:
    """Each row for everybody with the rows of the same time that may be its parts."""
    found = []
    for row, value in seen:
        if not str(row.get("group", "")).startswith("all"):
            continue
        when = (row.get("week"), row.get("quarter"))
        parts = [v for r, v in seen if r is not row and (r.get("week"), r.get("quarter")) == when]
        if parts:
            found.append((value, parts))
    return found


def suppressed_rows(
    rows: Sequence[Mapping[str, Any]], limit: int, totals: Sequence[int] = ()
) -> list[dict[str, Any]]:
    """Rows without small cells; a measure goes as a whole where one of its rows must.

    Groups overlap (all, successors, arms), and weeks, waivers and thresholds are cumulative: that
    allows more subtractions than a search for the fewest cells foresees. ``totals`` are numbers
    of people told elsewhere. Terms of reactions are questions of their own: only the rows with
    small cells, and those close to another, go.
    """
    by_measure: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_measure.setdefault(str(row.get("measure")), []).append(row)
    found = []
    for row in rows:
        measure = str(row.get("measure"))
        own = by_measure[measure]
        if measure in _INDEPENDENT:
            hide = _reveals(row, limit) or any(
                _differences([row, other], totals, limit) for other in own
            )
        else:
            hide = any(_reveals(r, limit) for r in own) or _differences(own, totals, limit)
        if hide:
            found.append(_bare(row))
            continue
        kept = dict(row)
        if measure in _RANGES:
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


def _figure(figure: Figure, hidden: bool, steps: int) -> Figure | None:
    """A figure from aggregates: none where its table is suppressed, curves on a coarse grid."""
    if hidden:
        return None
    if figure.estimates:
        return figure
    lines = tuple(
        kept for line in figure.lines if len((kept := _rounded(_without_end(line, steps))).x) > 1
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
        return replace(result, set_aside=())
    flow = suppressed_flow(result.flow, limit)
    totals = [step.people for step in flow if step.people is not None]
    rows = suppressed_rows(result.rows, limit, totals)
    hidden = any(row.get("suppressed") for row in rows)
    figures = tuple(kept for f in result.figures if (kept := _figure(f, hidden, limit)) is not None)
    words = (
        ""
        if result.name == TABLE_ONE
        else ("Aggregates only: small cells, and those from which one follows, are suppressed.")
    )
    return replace(
        result,
        summary=table(rows),
        text=words,
        figures=figures,
        flow=flow,
        set_aside=(),
    )


def checklist(results: Sequence[AnalysisResult], limit: int) -> tuple[tuple[str, str], ...]:
    """What a person who releases the output checks, with what was done for it."""
    rows = [row for r in results for row in r.rows]
    hidden = sum(bool(row.get("suppressed")) for row in rows)
    return (
        ("Cells below the limit", f"fewer than {limit} people: none shown"),
        ("Rows suppressed", f"{hidden} of {len(rows)}, those that would give others away included"),
        ("Identifiers and rows of people", "none; no list of people set aside is written"),
        ("Least and greatest values", "none; ranges are left out, quartiles of "
         f"{limit} people or more stay"),
        ("Curves", "without their last points, on a grid of 4 units, to the nearest tenth"),
        ("Figures", "drawn from what the tables show"),
        ("Names of files and hashes", "of the data as given: may a name identify anyone?"),
        ("Words of the data", "names of arms, products, terms, assays, drugs: look through them"),
        ("Other releases", "what left the room before may make new differences: compare"),
    )  # fmt: skip
