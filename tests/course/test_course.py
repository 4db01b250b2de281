"""A course keeps what was worked out about it, and itself where nothing is left out."""

from tests import build


def test_what_was_derived_is_worked_out_once_and_not_handed_on_to_another_course():
    asked = []

    def doses_below(course, limit):
        asked.append(limit)
        return sum(d.amount_mg < limit for d in course.doses)

    course = build.course(doses=build.doses_every(build.days_before(84), 3))
    assert [course.derived(doses_below, 301.0) for _ in range(2)] == [3, 3]
    assert course.derived(doses_below, 300.0) == 0
    earlier = course.until(build.days_before(70))
    assert earlier.derived(doses_below, 301.0) == 1
    assert asked == [301.0, 300.0, 301.0]


def test_a_course_without_later_events_is_known_as_it_is():
    course = build.course(doses=build.doses_every(build.days_before(84), 3))
    assert course.until(build.AS_OF) is course
    assert len(course.until(build.days_before(29)).doses) == 2
