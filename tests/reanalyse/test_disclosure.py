"""Aggregates only: nothing small, and nothing from which something small follows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.course.course import Course
from openntz.reanalyse.catalogue import ANALYSES
from openntz.reanalyse.disclosure import aggregates_only, checklist, suppressed_rows
from openntz.reanalyse.groups import Antibodies
from openntz.reanalyse.result import AnalysisResult, Figure, Line, Step, table
from openntz.reanalyse.table_one import table_one
from tests import build
from tests.reanalyse.studies import day, run, study

LIMIT = 5
ANTIBODY = {str(group) for group in Antibodies}
SEPARATE = ("people with a reaction", "infusions with a reaction")


def _course(g: np.random.Generator, name: str) -> Course:
    doses = build.doses_every(day(0), int(g.integers(0, 14)))
    when = sorted(int(d) for d in g.integers(1, 700, 4))
    return build.course(
        who=build.person(name, sex=str(g.choice(["F", "M"]))),  # type: ignore[arg-type]
        doses=doses,
        measurements=[
            build.lymphocytes(day(-3), 2.0),
            build.lymphocytes(day(84), float(g.uniform(1.5, 4.0))),
            *(build.antibody(day(d), str(g.choice(["positive", "negative"])))  # type: ignore[arg-type]
              for d in when[:2]),
            *(build.level(f"{day(d)}T09:00", float(g.uniform(1, 40))) for d in when[2:]),
        ],
        reactions=[build.reaction(f"{day(0)}T10:30", str(g.choice(["rash", "flush"])), 2)]
        if g.random() < 0.3 else [],
        mri=[build.scan(day(d), int(g.integers(0, 2)), 0) for d in when],
        relapses=[build.relapse(day(when[0]))] if g.random() < 0.4 else [],
        edss=[build.edss(day(d), 2.0) for d in when],
        symptoms=[build.symptom(day(100))] if g.random() < 0.2 else [],
        treatments=[build.treatment(day(500), "fingolimod")] if g.random() < 0.3 else [],
    )  # fmt: skip


def _small(value: float | None) -> bool:
    return value is not None and 0 < abs(value) < LIMIT


def _shown(result: AnalysisResult) -> list[dict[str, Any]]:
    return [r for r in result.rows if not r.get("suppressed")]


def _check(result: AnalysisResult) -> None:
    """Row by row, within each measure by subtraction, and against the flow diagram."""
    totals = [s.people for s in result.flow if s.people is not None]
    assert not any(_small(b - a) for a, b in pairwise(totals))
    measures: dict[str, list[dict[str, Any]]] = {}
    for row in _shown(result):
        n, count = row.get("n"), row.get("count")
        assert not _small(n), row
        assert not _small(count), row
        assert n is None or count is None or not _small(n - count), row
        assert not any(_small(row.get(k)) for k in ("unknown", "lost")), row
        assert n is None or not any(_small(t - n) for t in totals), row
        measures.setdefault(row["measure"], []).append(row)
    for measure, rows in measures.items():
        for cell in ("n", "count"):
            values = [r[cell] for r in rows if r.get(cell) is not None]
            if not all(
                r["group"] in ANTIBODY or r["group"].startswith(("arm: ", "all")) for r in rows
            ):
                assert not any(_small(a - b) for a in values for b in values), (measure, values)
            whole = [r[cell] for r in rows if r["group"] == "all" and r.get(cell) is not None]
            parts = [r[cell] for r in rows if r["group"] != "all" and r.get(cell) is not None]
            if measure not in SEPARATE and len(whole) == 1 and parts:
                assert not _small(whole[0] - sum(parts)), (measure, values)
        hidden = any(r["measure"] == measure and r.get("suppressed") for r in result.rows)
        # What is left of a sum whose other terms are shown is a hidden cell.
        assert not hidden or measure in SEPARATE


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 4))
def test_no_small_cell_is_shown_or_follows_by_subtraction(seed: int, n: int, arms: int) -> None:
    g = np.random.default_rng(seed)
    people = [_course(g, f"SECRET{i}") for i in range(n)]
    assigned = {c.person.id: f"arm {int(g.integers(0, arms))}" for c in people}
    made = study(people, arms=assigned)
    for result in (table_one(made), *(run(a, made) for a in ANALYSES)):
        safe = aggregates_only(result, LIMIT)
        _check(safe)
        assert safe.set_aside == ()
        assert "SECRET" not in str((safe.rows, safe.text, safe.figures, safe.flow))


def _result(*rows: dict[str, Any], **more: Any) -> AnalysisResult:
    return AnalysisResult(
        name="x", title="X", status="done", summary=table(rows), definitions={}, **more
    )


@pytest.mark.parametrize(("count", "hidden"), [(0, False), (1, True), (4, True), (5, False)])
def test_the_limit_is_five(count: int, hidden: bool) -> None:
    row = suppressed_rows([{"measure": "m", "group": "g", "n": 100, "count": count}], LIMIT)[0]
    assert row.get("suppressed", False) is hidden
    assert ("count" in row) is not hidden


def test_a_single_small_arm_hides_the_others_that_would_give_it_away() -> None:
    rows = [{"measure": "people", "group": g, "n": n, "count": n}
            for g, n in (("all", 50), ("a", 30), ("b", 17), ("c", 3))]  # fmt: skip
    assert all(r.get("suppressed") for r in suppressed_rows(rows, LIMIT))


def test_a_part_that_is_not_told_is_not_left_over() -> None:
    rows = [{"measure": "people", "group": g, "n": n, "count": n}
            for g, n in (("all", 50), ("a", 30), ("b", 17))]  # fmt: skip
    assert all(r.get("suppressed") for r in suppressed_rows(rows, LIMIT))


def test_arms_of_nearly_equal_size_stay_as_no_person_is_between_them() -> None:
    rows = [{"measure": "people", "group": g, "n": n, "count": n}
            for g, n in (("all", 60), ("arm: a", 31), ("arm: b", 29))]  # fmt: skip
    assert not any(r.get("suppressed") for r in suppressed_rows(rows, LIMIT))


def test_ranges_lose_their_ends_and_curves_their_last_points() -> None:
    line = Line("l", tuple(float(i) for i in range(60)), tuple(i / 60 for i in range(60)))
    safe = aggregates_only(
        _result(
            {"measure": "median days of washout", "group": "g", "n": 20, "value": 60.0,
             "low": 3.0, "high": 400.0},
            figures=(Figure(title="f", x="x", y="y", lines=(line,)),),
        ),
        LIMIT,
    )  # fmt: skip
    assert safe.rows[0]["low"] is None
    assert safe.rows[0]["high"] is None
    kept = safe.figures[0].lines[0]
    assert max(kept.x) <= 59 - LIMIT
    assert all(round(y, 1) == y for y in kept.y)


def test_a_step_that_loses_few_people_tells_no_number() -> None:
    flow = (Step("all", 50), Step("then", 48, (("why", 2),)), Step("last", 40, (("because", 8),)))
    told = aggregates_only(_result(flow=flow), LIMIT).flow
    assert [s.people for s in told] == [50, None, 40]
    assert told[1].left == ()


def test_checklist_counts_what_was_suppressed() -> None:
    safe = aggregates_only(_result({"measure": "m", "group": "g", "n": 100, "count": 2}), LIMIT)
    told = dict(checklist([safe], LIMIT))
    assert told["Rows suppressed"].startswith("1 of 1")
