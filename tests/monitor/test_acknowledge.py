"""Acknowledgements: in force, lapsed, and never a change of status."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.monitor.acknowledge import acknowledge
from openntz.monitor.finding import Acknowledgement, Finding, Status

AS_OF = date(2024, 6, 30)


def finding(status):
    return Finding(person="N1", rule="review.due", status=status, message="m", profile="eu")


def entry(status=None, until=AS_OF, when=AS_OF - timedelta(days=9)):
    return Acknowledgement(
        person="N1", rule="review.due", who="Nurse B", when=when, until=until, status=status
    )


def with_entry(found, given, as_of=AS_OF):
    return acknowledge([found], {("N1", "review.due"): given}, as_of)[0]


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (1, True)])
def test_it_holds_up_to_its_last_day_and_not_the_day_after(days, holds):
    done = with_entry(finding(Status.DUE), entry(Status.DUE, AS_OF + timedelta(days=days)))
    assert (done.acknowledged is not None) is holds
    assert bool(done.lapsed) is not holds
    assert done.set_apart is holds


@pytest.mark.parametrize("was", list(Status))
@pytest.mark.parametrize("now", [s for s in Status if s is not Status.OK])
def test_a_finding_more_urgent_than_it_was_shows_again(was, now):
    done = with_entry(finding(now), entry(was))
    worse = list(Status).index(now) < list(Status).index(was)
    assert (done.acknowledged is None) is worse
    assert (f"it is '{now}' now" in done.lapsed) is worse


def test_act_stays_in_its_place_even_when_acknowledged():
    done = with_entry(finding(Status.ACT), entry(Status.ACT))
    assert done.acknowledged is not None
    assert not done.set_apart


def test_act_is_not_acknowledged_by_an_entry_without_status():
    done = with_entry(finding(Status.ACT), entry(None))
    assert done.acknowledged is None
    assert "'act'" in done.lapsed
    assert with_entry(finding(Status.DUE), entry(None)).set_apart


def test_what_asks_for_nothing_and_other_people_stay_as_they_are():
    ok = finding(Status.OK)
    assert with_entry(ok, entry(Status.DUE)) == ok
    other = Finding(person="N2", rule="review.due", status=Status.DUE, message="m", profile="eu")
    assert acknowledge([other], {("N1", "review.due"): entry()}, AS_OF) == (other,)


@given(
    st.sampled_from(list(Status)),
    st.none() | st.sampled_from(list(Status)),
    st.integers(-400, 400),
)
def test_a_status_never_changes(now, was, days):
    done = with_entry(finding(now), entry(was, until=AS_OF + timedelta(days=days)))
    assert (done.status, done.message) == (now, "m")
    assert not (done.acknowledged and done.lapsed)
