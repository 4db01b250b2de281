"""Aggregates only: nothing small, and nothing from which something small follows."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.course.course import Course
from openntz.reanalyse.catalogue import ANALYSES
from openntz.reanalyse.disclosure import aggregates_only, checklist, suppressed_rows
from openntz.reanalyse.groups import Antibodies
from openntz.reanalyse.result import AnalysisResult, Figure, Line, Step, skipped, table
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


PARTS = ("arm: ", "product: ", "successor: ")
CELLS = ("n", "count", "rest")


def _cell(row: dict[str, Any], cell: str) -> float | None:
    n, count = row.get("n"), row.get("count")
    if cell == "rest":
        return None if n is None or count is None else n - count
    return row.get(cell)


def _check(result: AnalysisResult) -> None:
    """Row by row, between rows of a measure that may be nested, and against the flow diagram."""
    totals = [s.people for s in result.flow if s.people is not None]
    assert not any(_small(b - a) for a, b in pairwise(totals))
    measures: dict[str, list[dict[str, Any]]] = {}
    for row in _shown(result):
        assert not any(_small(_cell(row, cell)) for cell in CELLS), row
        assert not any(_small(row.get(k)) for k in ("unknown", "lost")), row
        assert row.get("n") is None or not any(_small(t - row["n"]) for t in totals), row
        measures.setdefault(row["measure"], []).append(row)
    for measure, rows in measures.items():
        for one, other in combinations(rows, 2):
            pair = (one["group"], other["group"])
            if pair[0] != pair[1] and (
                {*pair} <= ANTIBODY or any(all(g.startswith(k) for g in pair) for k in PARTS[:2])
            ):
                continue
            for cell in CELLS:
                a, b = _cell(one, cell), _cell(other, cell)
                assert a is None or b is None or not _small(a - b), (measure, one, other)
        hidden = any(r["measure"] == measure and r.get("suppressed") for r in result.rows)
        assert not hidden or all(r.get("p") is None for r in rows)


def _of_person_rows(result: AnalysisResult) -> None:
    """In Table 1 no group's shown sexes, products or known numbers leave few people over."""
    for group in {r["group"] for r in result.rows}:
        own = {r["measure"]: r for r in _shown(result) if r["group"] == group}
        if "people" not in own:
            continue
        n = own["people"]["n"]
        products = [r["count"] for m, r in own.items() if m.startswith("first product")]
        sexes = [own[m]["count"] for m in ("female", "male", "sex missing") if m in own]
        for parts in (products, sexes):
            assert not parts or not _small(n - sum(parts)), (group, own)
        for row in own.values():
            assert not _small(n - row["n"]), (group, row)


def _follows(rows: list[dict[str, Any]], safe: list[dict[str, Any]], whole: int) -> list[Any]:
    """Small cells, and small sums of hidden ones, that published numbers give back.

    Every cell of every row is an unknown. Published cells, n = count + rest, a printed percentage
    times its printed denominator, and 'the whole is the sum of its parts' are equations; a cell
    follows where adding it to them leaves the rank as it was.
    """
    names = [(i, cell) for i in range(len(rows)) for cell in CELLS]
    at = {name: k for k, name in enumerate(names)}
    equations = []

    def equation(*terms: tuple[tuple[int, str], float]) -> None:
        line = np.zeros(len(names))
        for name, factor in terms:
            line[at[name]] = factor
        equations.append(line)

    for i, row in enumerate(safe):
        equation(((i, "n"), 1.0), ((i, "count"), -1.0), ((i, "rest"), -1.0))
        for cell in CELLS:
            if _cell(row, cell) is not None:
                equation(((i, cell), 1.0))
        if row.get("value") is not None:
            equation(((i, "count"), 1.0), ((i, "n"), -row["value"]))
    parts = [i for i in range(len(rows)) if i != whole]
    for cell in CELLS:
        equation(((whole, cell), 1.0), *(((i, cell), -1.0) for i in parts))
    known = np.array(equations)
    rank = np.linalg.matrix_rank(known)
    found = []
    hidden = [i for i, row in enumerate(safe) if row.get("suppressed")]
    for cell in CELLS:
        # Each hidden cell alone, and all hidden parts together.
        for group in (*([i] for i in hidden), [i for i in hidden if i != whole]):
            value = sum(_cell(rows[i], cell) or 0 for i in group)
            line = np.zeros(len(names))
            for i in group:
                line[at[i, cell]] = 1.0
            if group and _small(value) and np.linalg.matrix_rank(np.vstack([known, line])) == rank:
                found.append((cell, group, value))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=6),
    st.sampled_from(PARTS),
    st.booleans(),
)
def test_no_small_cell_follows_from_margins_and_percentages(
    counts: list[tuple[int, int]], kind: str, flow: bool
) -> None:
    rows = [
        {"measure": "m", "group": g, "n": a + b, "count": a,
         "value": a / (a + b) if a + b else None}
        for g, (a, b) in [
            ("all", (sum(a for a, _ in counts), sum(b for _, b in counts))),
            *((f"{kind}{i}", pair) for i, pair in enumerate(counts)),
        ]
    ]  # fmt: skip
    totals = [rows[0]["n"]] if flow else []
    assert _follows(rows, suppressed_rows(rows, LIMIT, totals), 0) == []


def test_the_audit_sees_a_cell_that_a_margin_gives_away() -> None:
    rows = [{"measure": "m", "group": g, "n": n, "count": c, "value": c / n}
            for g, n, c in (("all", 60, 33), ("arm: a", 30, 12), ("arm: b", 30, 21))]  # fmt: skip
    small = [*rows[:2], rows[2] | {"n": 4, "count": 2}]
    small[0] = small[0] | {"n": 34, "count": 14, "value": 14 / 34}
    bare = [*small[:2], {"measure": "m", "group": "arm: b", "suppressed": True}]
    assert _follows(small, bare, 0) != []


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
        if result.name == "table-1":
            _of_person_rows(safe)
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


def _arms(*sizes: tuple[str, int]) -> list[dict[str, Any]]:
    rows = [{"measure": "people", "group": g, "n": n, "count": n} for g, n in sizes]
    return suppressed_rows(rows, LIMIT)


def test_a_small_arm_takes_the_next_smallest_with_it_and_no_other() -> None:
    told = _arms(("all", 50), ("arm: a", 30), ("arm: b", 17), ("arm: c", 3))
    assert [r["group"] for r in told if r.get("suppressed")] == ["arm: b", "arm: c"]


def test_a_part_that_is_not_told_is_not_left_over() -> None:
    told = _arms(("all", 50), ("arm: a", 30), ("arm: b", 17))
    assert [r["group"] for r in told if r.get("suppressed")] == ["arm: b"]


def test_nested_rows_with_few_people_between_lose_the_smaller_only() -> None:
    rows = [{"measure": "m", "group": "g", "week": w, "n": 60, "count": c}
            for w, c in ((12, 20), (24, 22), (48, 40))]  # fmt: skip
    told = suppressed_rows(rows, LIMIT)
    assert sum(bool(r.get("suppressed")) for r in told) == 1
    assert not told[2].get("suppressed")


def test_what_would_give_a_hidden_share_back_goes_with_it() -> None:
    rows: list[dict[str, Any]] = [
        {"measure": "rebound", "group": "successor: x", "n": 20, "count": 2, "value": 0.1},
        {"measure": "rebound", "group": "successor: y", "n": 30, "count": 15, "value": 0.5,
         "p": 0.1},
        {"measure": "difference of rebound", "group": "successor: x minus y", "n": 50,
         "value": -0.4},
        {"measure": "difference of rebound", "group": "successor: y minus z", "n": 60,
         "value": 0.1},
        {"measure": "sensitivity", "group": "g", "n": 12, "count": 11, "value": 11 / 12},
        {"measure": "positive predictive value", "group": "g", "value": 0.27},
    ]  # fmt: skip
    told = suppressed_rows(rows, LIMIT)
    assert [bool(r.get("suppressed")) for r in told] == [True, False, True, False, True, True]
    assert told[1]["p"] is None


def _gone(rows: list[dict[str, Any]], totals: tuple[int, ...] = ()) -> list[bool]:
    return [bool(r.get("suppressed")) for r in suppressed_rows(rows, LIMIT, totals)]


def _counts(*cells: tuple[str, int, int], group: str = "arm: a") -> list[dict[str, Any]]:
    return [{"measure": m, "group": group, "n": n, "count": c} for m, n, c in cells]


def test_the_other_sexes_of_an_arm_do_not_tell_of_the_third() -> None:
    rows = _counts(("people", 60, 60), ("female", 60, 30), ("male", 60, 27),
                   ("sex missing", 60, 3))  # fmt: skip
    assert _gone(rows) == [False, False, True, True]


def test_those_with_a_known_age_do_not_tell_of_the_few_without() -> None:
    age = {"measure": "age at entry, years", "group": "arm: a", "n": 57, "value": 40.0}
    rows = [*_counts(("people", 60, 60), ("age at entry missing", 60, 3)), age]
    assert _gone(rows) == [False, True, True]


def test_products_of_an_arm_leave_nothing_small_over() -> None:
    rows = _counts(("first product: a", 60, 40), ("first product: b", 60, 17),
                   ("first product: c", 60, 3), ("first product: d", 60, 0))  # fmt: skip
    assert _gone(rows) == [False, True, True, False]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at least 10 ug/mL", "at least 15 ug/mL"),
        ("NEDA-3 over 1 y from re-baseline", "NEDA-4 over 1 y from re-baseline"),
        ("ever positive at a threshold", "persistent by definition"),
        ("rise", "ever a rise by week (Kaplan and Meier)"),
        ("enhancing lesion by year 1", "enhancing lesion by year 2"),
    ],
)
def test_a_count_within_another_of_few_more_people_goes(one: str, other: str) -> None:
    assert _gone(_counts((one, 80, 75), (other, 80, 72), group="g")).count(True) == 1
    assert _gone(_counts((one, 80, 75), (other, 80, 52), group="g")).count(True) == 0


def test_a_whole_in_another_measure_does_not_give_a_small_product_back() -> None:
    rows = [
        *_counts(("enhancing lesion by year 1", 60, 30), group="scanned in its 2nd half"),
        *_counts(("enhancing lesion by year 1 by product", 57, 28), group="product: a"),
        *_counts(("enhancing lesion by year 1 by product", 3, 2), group="product: b"),
    ]
    assert _gone(rows) == [False, True, True]


def test_a_hidden_row_is_not_told_by_another_measure_of_the_same_people() -> None:
    rise = [{"measure": "rise", "group": g, "week": 12, "n": n, "count": c}
            for g, n, c in (("persistent antibodies", 15, 7), ("transient antibodies", 3, 1),
                            ("no antibodies found", 40, 30))]  # fmt: skip
    sensitivity = {"measure": "sensitivity", "group": "x", "week": 12, "n": 15, "count": 8}
    area = {"measure": "area under the ROC curve", "group": "x", "n": 55, "value": 0.7123456}
    assert _gone([*rise, sensitivity, area], (58,)) == [True, True, False, True, True]


def test_total_events_do_not_tell_of_the_few_at_extended_intervals() -> None:
    rate = "rate of first activity, per 1,000 person-years"
    rows = [*_counts((rate, 40, 2), group="extended interval"),
            *_counts((rate, 200, 50), group="standard interval"),
            *_counts(("hazard ratio of first activity (time-varying Cox)", 210, 52))]  # fmt: skip
    assert _gone(rows) == [True, False, True]


def test_kappa_goes_where_few_samples_are_in_one_of_its_cells() -> None:
    cells = {"both_positive": 40, "first_alone": 6, "second_alone": 2, "both_negative": 52}
    row = _counts(("samples on which two assays agree", 100, 92), group="a v b")[0]
    assert _gone([row | cells | {"kappa": 0.838}]) == [True]
    assert _gone([row | cells | {"second_alone": 0, "kappa": 0.838}]) == [False]


def test_released_numbers_are_no_finer_than_their_use() -> None:
    rows = (
        {"measure": "age at entry, years", "group": "all", "n": 21, "value": 37.4567, "low": 31.123,
         "high": 44.987},
        {"measure": "rank correlation", "group": "all", "n": 50, "value": 0.123456, "p": 1.2e-7},
        {"measure": "share", "group": "all", "n": 30, "count": 10, "value": 1 / 3, "p": 0.0456},
        {"measure": "active MRI by week", "group": "all", "n": 50, "count": 10, "value": 0.2,
         "could_be": 0.24},
    )  # fmt: skip
    age, correlation, share, active = aggregates_only(_result(*rows), LIMIT).rows
    assert (age["value"], age["low"], age["high"]) == (37.0, 31.0, 45.0)
    assert (correlation["value"], correlation["p"]) == (0.123, 0.001)
    assert (share["value"], share["p"]) == (1 / 3, 0.046)
    assert active["could_be"] is None


def test_a_failure_is_told_without_the_words_that_may_quote_the_data() -> None:
    failed = skipped("troughs", "Troughs", "It could not be computed (ValueError: SECRET7).")
    missing = skipped("troughs", "Troughs", "The data have no doses table.")
    assert "SECRET7" not in aggregates_only(failed, LIMIT).text
    assert aggregates_only(missing, LIMIT).text == missing.text


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
