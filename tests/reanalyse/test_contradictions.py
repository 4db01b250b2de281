"""Records that contradict each other are set aside on both sides; others of a day stay."""

from __future__ import annotations

from openntz.reanalyse.contradictions import without_contradictions
from tests import build
from tests.reanalyse.studies import day


def test_both_of_two_that_differ_are_set_aside_and_the_rest_stays() -> None:
    course = build.course(
        doses=build.doses_every(day(0), 2),
        edss=[build.edss(day(1), 2.0), build.edss(day(1), 3.0), build.edss(day(9), 3.0)],
        mri=[build.scan(day(5), 0, 0), build.scan(day(5), 4, 0), build.scan(day(50), 1, 1)],
        measurements=[
            build.antibody(day(30), "positive"),
            build.antibody(day(30), "negative"),
            build.lymphocytes(day(40), 2.0),
            build.lymphocytes(day(40), 2.5),
            build.lymphocytes(day(41), 2.5),
        ],
    )
    kept, told = without_contradictions(course)
    assert [(e.day, e.score) for e in kept.edss] == [(day(9), 3.0)]
    assert [s.day for s in kept.mri] == [day(50)]
    assert [m.day for m in kept.measurements] == [day(41)]
    assert [c.table for c in told] == ["measurements"] * 4 + ["mri"] * 2 + ["edss"] * 2
    assert kept.doses == course.doses


def test_what_agrees_or_may_differ_within_a_day_stays() -> None:
    course = build.course(
        edss=[build.edss(day(1), 2.0), build.edss(day(1), 2.0)],
        mri=[build.scan(day(5), 1, None), build.scan(day(5), None, 0)],
        measurements=[
            build.level(day(28), 20.0),
            build.level(day(28), 90.0),
            build.lymphocytes(day(40), 2.0),
            build.lymphocytes(day(40), 2.0),
        ],
    )
    kept, told = without_contradictions(course)
    assert kept is course
    assert told == ()
