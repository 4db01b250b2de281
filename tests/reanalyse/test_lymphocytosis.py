"""The lymphocyte rise by group and visit, against a planted table and the published worth."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Answer
from openntz.reanalyse.lymphocytosis import LYMPHOCYTOSIS
from tests import build
from tests.reanalyse.studies import START, counts, day, person, row, run, study

NEGATIVE = tuple(build.antibody(day(d), "negative") for d in (84, 168))
LASTING = (build.antibody(day(84), "positive"), build.antibody(day(168), "positive"))


def _person(name: str, rise: float, antibodies: tuple) -> Course:
    return person(name, measurements=(*counts(1.8, (84, rise), (168, rise)), *antibodies))


@pytest.fixture(scope="module")
def published() -> list[Course]:
    """11 people with lasting antibodies of whom 1 rises; 126 without of whom 106 rise."""
    lasting = [_person(f"A{i}", 1.2 if i == 0 else 0.2, LASTING) for i in range(11)]
    free = [_person(f"N{i}", 1.2 if i < 106 else 0.3, NEGATIVE) for i in range(126)]
    return [*lasting, *free]


def test_table_and_worth_match_the_published_9_1_and_84_1_per_cent(
    published: list[Course],
) -> None:
    found = run(LYMPHOCYTOSIS, study(published))
    lasting = row(found, "rise", "persistent", week=12)
    free = row(found, "rise", "no antibodies", week=12)
    assert (lasting["count"], lasting["n"]) == (1, 11)
    assert (free["count"], free["n"]) == (106, 126)
    assert round(100 * lasting["value"], 1) == 9.1
    assert round(100 * free["value"], 1) == 84.1
    assert round(100 * row(found, "sensitivity")["value"], 1) == 90.9
    assert round(100 * row(found, "specificity")["value"], 1) == 84.1
    # Printed as 27 % and 99 % at a prevalence of 6 %.
    assert round(100 * row(found, "positive predictive value")["value"]) == 27
    assert round(100 * row(found, "negative predictive value")["value"]) == 99


@pytest.mark.parametrize(("rise", "counted"), [(0.79, 0), (0.8, 1), (0.81, 1)])
def test_the_cut_is_a_rise_of_0_8_or_more(rise: float, counted: int) -> None:
    found = run(LYMPHOCYTOSIS, study([_person("A", rise, NEGATIVE)]))
    assert row(found, "rise", "no antibodies", week=12)["count"] == counted


@pytest.mark.parametrize(("after", "seen"), [(69, False), (70, True), (112, True), (113, False)])
def test_week_12_is_day_70_to_112(after: int, seen: bool) -> None:
    someone = person("A", measurements=(*counts(1.8, (after, 1.0)), *NEGATIVE))
    found = run(LYMPHOCYTOSIS, study([someone]))
    weeks = [r["week"] for r in found.rows if r["measure"] == "rise"]
    assert (12 in weeks) is seen


def test_placebo_is_a_group_of_its_own_from_its_day_of_entry() -> None:
    someone = person("P", doses=(), measurements=counts(1.8, (84, 0.1)))
    found = run(LYMPHOCYTOSIS, study([someone], starts={"P": START}))
    assert row(found, "rise", "no natalizumab", week=12)["count"] == 0


def test_who_has_no_baseline_or_later_count_is_set_aside_with_the_reason() -> None:
    late = person("L", measurements=(build.lymphocytes(day(-91), 1.8), *NEGATIVE))
    only = person("O", measurements=(build.lymphocytes(day(-3), 1.8), *NEGATIVE))
    found = run(LYMPHOCYTOSIS, study([late, only]))
    assert {(a.person, a.reason) for a in found.set_aside} == {
        ("L", "no count at baseline"),
        ("O", "no count after baseline"),
    }
    assert [s.people for s in found.flow] == [2, 0]


def test_untested_people_are_not_called_free_of_antibodies() -> None:
    someone = person("U", measurements=counts(1.8, (84, 1.0)))
    found = run(LYMPHOCYTOSIS, study([someone]))
    assert row(found, "rise", "never tested", week=12)["count"] == 1
    assert not any(r["group"] == "no antibodies found" for r in found.rows)


def test_no_measurements_table_skips_the_analysis_and_says_so() -> None:
    bare = build.course(recorded=build.without("measurements"), doses=build.doses_every(START, 3))
    found = run(LYMPHOCYTOSIS, study([bare]))
    assert found.status == "skipped"
    assert "measurements" in found.text


def test_time_to_the_rise_counts_whoever_never_rises_as_still_waiting() -> None:
    quick = [_person(f"Q{i}", 1.0, NEGATIVE) for i in range(5)]
    slow = [
        person(f"S{i}", measurements=(*counts(1.8, (84, 0.0), (700, 0.1)), *NEGATIVE))
        for i in range(3)
    ]
    found = run(LYMPHOCYTOSIS, study([*quick, *slow]))
    assert row(found, "median days to the first rise", "no antibodies")["value"] == 84
    curve = found.figures[0].lines[0]
    assert curve.y[-1] == pytest.approx(5 / 8)
    assert curve.x[-1] == pytest.approx(100)
    assert START + timedelta(weeks=curve.x[-1]) == day(700)


def test_b_cells_are_told_as_multiples_of_the_own_baseline() -> None:
    def cells(name: str, answer: Answer, *counts: tuple[int, float]) -> Course:
        tests = [build.antibody(day(d), answer) for d in (84, 168)]
        told = [build.measurement(vocabulary.CD19, day(d), value) for d, value in counts]
        return person(name, measurements=[*tests, *told])

    people = [cells(f"N{i}", "negative", (-3, 200.0), (84, 200.0 * k))
              for i, k in enumerate((2, 3, 4))]  # fmt: skip
    people += [
        cells(f"P{i}", "positive", (-3, 100.0), (84, 100.0 * k)) for i, k in enumerate((1, 3))
    ]
    people.append(cells("no baseline", "negative", (84, 900.0)))
    found = run(LYMPHOCYTOSIS, study(people))
    told = row(found, "median of B cells", "no antibodies found", week=12)
    assert (told["n"], told["value"]) == (3, 3.0)
    # Pairs of one with antibodies and one without: four and a half of six are in order.
    area = row(found, "area under the ROC curve, B cells")
    assert area["value"] == pytest.approx((3 + 1.5) / 6)


def test_risen_by_a_week_counts_who_rose_before_it_and_fell_again() -> None:
    people = [person("A", measurements=(*counts(2.0, (84, 1.0), (168, 0.1)),)),
              person("B", measurements=(*counts(2.0, (84, 0.1), (168, 0.9)),)),
              person("C", measurements=(*counts(2.0, (84, 0.1), (168, 0.1)),))]  # fmt: skip
    found = run(LYMPHOCYTOSIS, study(people))
    assert row(found, "rise", week=24)["count"] == 1
    told = row(found, "ever a rise by week", week=24)
    assert (told["count"], told["n"], told["value"]) == (2, 3, pytest.approx(2 / 3))
