"""Rebound by four definitions. Oracle: the wording of each study, and the founding case."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.course.course import Course
from openntz.definitions.off_drug import OffDrug, off_drug, successors
from openntz.definitions.rebound import (
    Met,
    Rebound,
    ReboundLimits,
    by_disability,
    by_gadolinium,
    by_new_lesions,
    by_relapse_rate,
    edss_step,
    every,
    rebound,
)
from openntz.definitions.treatments import TreatmentNames
from tests.build import course, doses_on, edss, plan, relapse, scan, situation, treatment, without

# More than 5 enhancing lesions (Gueguen, steroid cohort), 6 months into the next drug, 2 steps.
LIMITS = ReboundLimits(
    before_days=365,
    follow_days=365,
    gueguen_lesions=5,
    ivmp_lesions=5,
    next_drug_days=183,
    edss_steps=2,
)
FIRST, LAST = date(2020, 1, 6), date(2023, 6, 5)
YES, NO, UNKNOWN = Met.YES, Met.NO, Met.UNKNOWN


def after(days: int) -> date:
    return LAST + timedelta(days=days)


def made(**events) -> Course:
    recorded = events.pop("recorded", None)
    given = {"recorded": recorded} if recorded else {}
    return course(doses=doses_on([FIRST, LAST]), **given, **events)


def off(until: int = 365, *, restarted: bool = False) -> OffDrug:
    last = doses_on([LAST])[0]
    again = doses_on([after(until)])[0] if restarted else None
    return OffDrug(FIRST, last, after(until), again)


BEFORE = [relapse(FIRST - timedelta(days=40)), relapse(FIRST - timedelta(days=200))]
SCAN_BEFORE = scan(FIRST - timedelta(days=30), 4, 3)


# ── Sørensen 2014: own relapse rate after > before


@pytest.mark.parametrize(
    ("count", "until", "restarted", "expected"),
    [
        (0, 30, False, NO),
        (1, 365, False, NO),  # 1 a year against 2
        (2, 365, False, NO),  # equal is not higher
        (3, 365, False, YES),
        (3, 120, False, YES),  # three are more than two whatever follows in the year
        (1, 120, False, UNKNOWN),  # 3 a year so far against 2: open
        (1, 182, False, UNKNOWN),
        (1, 183, False, NO),  # 1 in 183 days is less than 2 a year
        (1, 120, True, YES),  # the time off the drug ended there
        (1, 183, True, NO),
    ],
)
def test_sorensen_compares_rates_before_and_after(count, until, restarted, expected):
    later = [relapse(after(20 + i)) for i in range(count)]
    found = by_relapse_rate(
        made(relapses=[*BEFORE, *later]), off(until, restarted=restarted), LIMITS
    )
    assert found.met is expected
    assert (found.settles == after(365)) is (expected is UNKNOWN)


@pytest.mark.parametrize(("days", "counts"), [(365, True), (366, False)])
def test_sorensen_counts_the_year_before_the_first_dose(days, counts):
    early = [relapse(FIRST - timedelta(days=d)) for d in (days, 1000)]
    found = by_relapse_rate(made(relapses=[*early, relapse(after(365))]), off(365), LIMITS)
    assert found.met is (NO if counts else YES)


@pytest.mark.parametrize(("day", "counts"), [(0, False), (1, True), (365, True), (366, False)])
def test_sorensen_counts_the_year_after_the_last_dose(day, counts):
    early = relapse(FIRST - timedelta(days=500))
    found = by_relapse_rate(made(relapses=[early, relapse(after(day))]), off(700), LIMITS)
    assert found.met is (YES if counts else NO)


def test_sorensen_without_a_record_of_the_time_before_is_unknown():
    found = by_relapse_rate(made(relapses=[relapse(after(90))]), off(), LIMITS)
    assert found.met is UNKNOWN
    assert "no relapse before the first dose is recorded" in found.reason
    missing = made(recorded=without("relapses"))
    assert by_relapse_rate(missing, off(), LIMITS).met is UNKNOWN


# ── Gueguen 2014: relapse, Gd > 5, Gd > before


@pytest.mark.parametrize(
    ("lesions", "before", "relapsed", "expected"),
    [
        (6, 4, True, YES),
        (5, 4, True, NO),
        (6, 6, True, NO),
        (6, 5, True, YES),
        (70, 4, False, NO),
        (6, None, True, UNKNOWN),
        (5, None, True, NO),
        (None, 4, True, UNKNOWN),
        (None, 4, False, NO),
    ],
)
def test_gueguen_asks_for_relapse_and_lesions(lesions, before, relapsed, expected):
    scans = [scan(after(100), lesions)]
    if before is not None:
        scans.append(scan(FIRST - timedelta(days=10), before))
    found = by_gadolinium(
        made(mri=scans, relapses=[relapse(after(95))] if relapsed else []), off(), LIMITS
    )
    assert found.met is expected


@pytest.mark.parametrize(("day", "expected"), [(0, NO), (1, YES), (365, YES), (366, NO)])
def test_gueguen_counts_one_year(day, expected):
    signs = made(mri=[SCAN_BEFORE, scan(after(200), 70)], relapses=[relapse(after(day))])
    assert by_gadolinium(signs, off(700), LIMITS).met is expected


def test_gueguen_without_tables_is_unknown_where_they_decide():
    no_relapses = made(recorded=without("relapses"), mri=[SCAN_BEFORE, scan(after(90), 70)])
    assert by_gadolinium(no_relapses, off(), LIMITS).met is UNKNOWN
    quiet = made(recorded=without("relapses"), mri=[SCAN_BEFORE, scan(after(90), 0)])
    assert by_gadolinium(quiet, off(), LIMITS).met is NO
    no_mri = made(recorded=without("mri"), relapses=[relapse(after(90))])
    assert by_gadolinium(no_mri, off(), LIMITS).met is UNKNOWN


def test_the_scan_before_the_drug_is_the_last_that_counted():
    scans = [
        scan(FIRST - timedelta(days=400), 90),
        SCAN_BEFORE,
        scan(FIRST - timedelta(days=5), None),
        scan(after(90), 70),
    ]
    found = by_gadolinium(made(mri=scans, relapses=[relapse(after(80))]), off(), LIMITS)
    assert found.met is YES
    assert f"4 before the drug ({SCAN_BEFORE.day})" in found.reason


# ── steroid cohort: new T2 counts too, in the washout or 6 months into the next drug


@pytest.mark.parametrize(
    ("gd", "new_t2", "expected"), [(6, 3, YES), (6, 4, YES), (5, 9, NO), (7, 0, YES)]
)
def test_steroid_cohort_takes_new_t2_or_enhancing(gd, new_t2, expected):
    # 4 enhancing and 3 new T2 lesions before the drug.
    signs = made(mri=[SCAN_BEFORE, scan(after(90), gd, new_t2)], relapses=[relapse(after(80))])
    assert by_new_lesions(signs, off(), LIMITS, None).met is expected


def test_steroid_cohort_new_t2_alone_can_exceed():
    heavy = scan(FIRST - timedelta(days=30), 10, 3)
    for new_t2, expected in ((3, NO), (4, YES)):
        signs = made(mri=[heavy, scan(after(90), 8, new_t2)], relapses=[relapse(after(80))])
        assert by_new_lesions(signs, off(), LIMITS, None).met is expected
        assert by_gadolinium(signs, off(), LIMITS).met is NO


@pytest.mark.parametrize(("into", "expected"), [(182, YES), (183, YES), (184, NO)])
def test_steroid_cohort_reaches_six_months_into_the_next_drug(into, expected):
    start = after(60)
    day = start + timedelta(days=into)
    signs = made(mri=[SCAN_BEFORE, scan(day, 9)], relapses=[relapse(day)])
    assert by_new_lesions(signs, off(700), LIMITS, start).met is expected
    assert by_new_lesions(signs, off(700), LIMITS, None).met is YES  # the washout goes on


@pytest.mark.parametrize(("day", "expected"), [(183, YES), (184, UNKNOWN)])
def test_steroid_cohort_without_treatments_knows_only_the_first_months(day, expected):
    signs = made(
        recorded=without("treatments"),
        mri=[SCAN_BEFORE, scan(after(day), 9)],
        relapses=[relapse(after(100))],
    )
    assert by_new_lesions(signs, off(700), LIMITS, None).met is expected


# ── EDSS cohort


@pytest.mark.parametrize(
    ("score", "step"), [(0, 0), (1.0, 1), (1.5, 2), (2.0, 3), (6.5, 12), (10, 19)]
)
def test_steps_are_those_of_the_edss_grid(score, step):
    assert edss_step(score) == step


@pytest.mark.parametrize(
    ("before", "later", "expected"),
    [
        (2.0, 2.5, NO),
        (2.0, 3.0, YES),
        (0.0, 1.0, NO),
        (0.0, 1.5, YES),
        (4.0, 3.0, NO),
        (None, 6.0, UNKNOWN),
        (2.0, None, UNKNOWN),
    ],
)
def test_two_steps_of_edss_count(before, later, expected):
    scores = [] if before is None else [edss(LAST, before)]
    scores += [] if later is None else [edss(after(50), later), edss(after(60), 0.0)]
    assert by_disability(made(edss=scores), off(), LIMITS).met is expected


@pytest.mark.parametrize(("day", "expected"), [(1, YES), (365, YES), (366, UNKNOWN)])
def test_edss_counts_one_year(day, expected):
    scores = [edss(LAST - timedelta(days=200), 2.0), edss(after(day), 5.0)]
    assert by_disability(made(edss=scores), off(700), LIMITS).met is expected


def test_edss_without_the_table_is_unknown():
    assert by_disability(made(recorded=without("edss")), off(), LIMITS).met is UNKNOWN


# ── together


def test_the_founding_case_is_a_rebound_by_every_definition_that_can_be_asked():
    """S4-08, S4-14: stable, two earlier relapses, stopped; relapse at 3 to 4 months, 60 to 80 Gd.

    The case gives no MRI from before the drug and no EDSS; both are planted here.
    """
    case = {
        "relapses": [relapse("2010-03-01"), relapse("2012-05-01"), relapse(after(110))],
        "edss": [edss(LAST - timedelta(days=30), 2.0), edss(after(118), 4.5)],
    }
    full = made(mri=[scan(FIRST - timedelta(days=20), 2, 1), scan(after(120), 70, 60)], **case)
    found = {v.definition: v.met for v in rebound(full, off(125), LIMITS, None)}
    assert found == dict.fromkeys(Rebound, YES)
    bare = made(mri=[scan(after(120), 70, 60)], **case)
    found = {v.definition: v.met for v in rebound(bare, off(125), LIMITS, None)}
    assert found == {
        Rebound.SORENSEN: YES,
        Rebound.GUEGUEN: UNKNOWN,
        Rebound.IVMP: UNKNOWN,
        Rebound.EDSS: YES,
    }


def test_nothing_happened_is_no_rebound_by_any():
    quiet = made(mri=[SCAN_BEFORE, scan(after(90))], edss=[edss(LAST, 2.0), edss(after(90), 2.0)])
    assert {v.met for v in rebound(quiet, off(), LIMITS, None)} == {NO}


@pytest.mark.parametrize("parts", [(True, None, False), (False,), (None, False)])
def test_every_is_no_when_one_is(parts):
    assert every(*parts) is False


def test_every_is_unknown_before_it_is_yes():
    assert every(True, None) is None
    assert every(True, True) is True


# ── the stretch off the drug


def _off_at(as_of: date, **events):
    held = situation(course(**events), as_of=as_of)
    return off_drug(held.course, held.therapy, 90, 90)


@pytest.mark.parametrize(("gap", "is_restart"), [(89, False), (90, True)])
def test_a_restart_ends_the_stretch(gap, is_restart):
    days = [FIRST, FIRST + timedelta(days=28), FIRST + timedelta(days=28 + gap)]
    found = _off_at(days[-1] + timedelta(days=5), doses=doses_on(days))
    assert (found is not None and found.restart is not None) is is_restart
    if found is not None:
        assert found.until == days[-1]


@pytest.mark.parametrize(("ago", "still"), [(90, True), (91, False)])
def test_a_restart_matters_for_three_months(ago, still):
    days = [FIRST, FIRST + timedelta(days=200)]
    later = [days[-1] + timedelta(days=28 * i) for i in (1, 2, 3)]
    found = _off_at(days[-1] + timedelta(days=ago), doses=doses_on([*days, *later]))
    assert (found is not None) is still


def test_a_recorded_stop_makes_any_pause_a_stretch():
    days = [FIRST, FIRST + timedelta(days=28), FIRST + timedelta(days=70)]
    stop = plan(days[1], stopped=days[1])
    found = _off_at(days[-1], doses=doses_on(days), plans=[stop])
    assert found is not None
    assert found.last_dose.day == days[1]


NAMES = TreatmentNames(("dmt",), ("immunosuppressant",), (), ("natalizumab",), ("steroid",))


@pytest.mark.parametrize(
    ("start", "end", "counts"),
    [
        (-29, 0, False),
        (-28, 0, True),
        (0, None, True),
        (300, None, True),
        (-29, None, True),
        (-29, 1, True),
        (-(LAST - FIRST).days, None, False),  # since before natalizumab
    ],
)
def test_what_follows_began_about_the_last_dose_or_went_on_beyond_it(start, end, counts):
    given = (
        treatment(after(start), "fingolimod", end=None if end is None else after(end)),
        treatment(after(5), "methylprednisolone", "steroid"),
    )
    found = successors(given, off(), NAMES, 28)
    assert [t.name for t in found] == (["fingolimod"] if counts else [])


@pytest.mark.parametrize(("start", "counts"), [(99, True), (100, False)])
def test_what_follows_began_before_a_restart(start, counts):
    found = successors((treatment(after(start), "x"),), off(100, restarted=True), NAMES, 28)
    assert bool(found) is counts


# ── invariants

_DAYS = st.integers(1, 400)
_COUNTS = st.one_of(st.none(), st.integers(0, 12))
_signs = st.fixed_dictionaries(
    {
        "relapses": st.lists(_DAYS, max_size=3),
        "scans": st.lists(st.tuples(_DAYS, _COUNTS, _COUNTS), max_size=3),
        "scores": st.lists(st.tuples(_DAYS, st.sampled_from([0.0, 1.0, 2.0, 4.5])), max_size=3),
        "before": st.tuples(_COUNTS, _COUNTS, st.integers(0, 3)),
    }
)


def _course(signs, more: int = 0) -> Course:
    gd, new_t2, earlier = signs["before"]
    return made(
        relapses=[relapse(after(d)) for d in signs["relapses"]]
        + [relapse(FIRST - timedelta(days=30 + 50 * i)) for i in range(earlier)],
        mri=[scan(FIRST - timedelta(days=9), gd, new_t2)]
        + [scan(after(d), None if a is None else a + more, b) for d, a, b in signs["scans"]],
        edss=[edss(LAST, 1.0), *(edss(after(d), score) for d, score in signs["scores"])],
    )


@given(signs=_signs, until=st.integers(1, 380), later=st.integers(0, 200))
def test_a_rebound_that_is_met_stays_met(signs, until, later):
    """Until a restart, more time may add signs; it takes none away."""
    kept = _course(signs)
    for early, late in zip(
        rebound(kept, off(until), LIMITS, None),
        rebound(kept, off(until + later), LIMITS, None),
        strict=True,
    ):
        assert early.met is not YES or late.met is YES


@given(signs=_signs, more=st.integers(0, 5))
def test_more_lesions_after_the_drug_never_unmake_a_rebound(signs, more):
    for few, many in zip(
        rebound(_course(signs), off(), LIMITS, None),
        rebound(_course(signs, more), off(), LIMITS, None),
        strict=True,
    ):
        assert few.met is not YES or many.met is YES


@given(signs=_signs, until=st.integers(1, 380))
def test_every_answer_has_a_reason_and_no_is_never_from_a_missing_table(signs, until):
    whole = _course(signs)
    for verdict in rebound(whole, off(until), LIMITS, None):
        assert verdict.reason
    bare = course(doses=whole.doses, recorded=("people", "doses"))
    assert {v.met for v in rebound(bare, off(until), LIMITS, None)} == {UNKNOWN}
