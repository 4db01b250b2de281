"""pml.stratum, pml.mri-due, pml.jcv-due: every status, each limit a day either side."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_on,
    finding,
    measurement,
    plan,
    scan,
    treatment,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK


def jcv(ago: int, value: float | None = None, *, line: int = 90, **more):
    return measurement(vocabulary.JCV_INDEX, days_before(ago), value, line=line, **more)


def treated(exposure: int, *, last: int = 7, **events) -> Course:
    """First dose ``exposure`` days ago, last one ``last`` days ago."""
    given = doses_on([days_before(exposure), days_before(last)])
    return course(doses=given, **events)


AZATHIOPRINE = treatment("2018-01-01", "azathioprine", "immunosuppressant", line=70)


# ── pml.stratum


@pytest.mark.parametrize(
    ("exposure", "index", "prior", "expected"),
    [
        (730, 1.51, False, OK),
        (731, 1.51, False, WATCH),
        (731, 1.5, False, OK),
        (731, 0.41, True, WATCH),
        (731, 0.40, True, WATCH),  # indeterminate counts as positive here
        (731, 0.20, True, WATCH),
        (731, 0.19, True, OK),
        (730, 2.3, True, OK),
        (731, 0.40, False, OK),
    ],
)
def test_stratum_matches_contract(exposure, index, prior, expected):
    made = treated(
        exposure, measurements=[jcv(30, index)], treatments=[AZATHIOPRINE] if prior else []
    )
    for profile in ("eu", "us", "study"):
        assert finding("pml.stratum", made, profile=profile).status is expected


@pytest.mark.parametrize(
    ("exposure", "index", "prior", "figure"),
    [
        (730, 0.3, False, "0.2 per 1,000"),
        (731, 1.5, False, "1.1 per 1,000"),
        (1461, 1.5, False, "1.1 per 1,000"),
        (1462, 1.5, False, "1.4 per 1,000"),
        (730, 1.6, False, "1.2 per 1,000"),
        (731, 1.6, False, "8.8 per 1,000"),
        (1462, 1.6, False, "10.1 per 1,000"),
        (730, 1.6, True, "6 per 1,000"),
        (731, 0.6, True, "12 per 1,000"),
        (1462, 0.6, True, "13 per 1,000"),
        (730, 0.1, False, "0.02 per 1,000"),
        (731, 0.1, False, "0.2 per 1,000"),
        (730, 0.1, True, "0.06 per 1,000"),
        (731, 0.1, True, "0.9 per 1,000"),
    ],
)
def test_published_figure_matches_uptodate_table(exposure, index, prior, figure):
    made = treated(
        exposure, measurements=[jcv(30, index)], treatments=[AZATHIOPRINE] if prior else []
    )
    found = finding("pml.stratum", made)
    assert f"Published PML risk: {figure} (" in found.message
    assert "uptodate-pml" in found.sources


@pytest.mark.parametrize(
    ("exposure", "figure"), [(730, "1 per 1,000"), (731, "3 per 1,000"), (1462, "6 per 1,000")]
)
def test_published_figure_without_an_index_matches_uptodate_table(exposure, figure):
    found = finding("pml.stratum", treated(exposure, measurements=[jcv(30, answer="positive")]))
    assert f"Published PML risk: {figure} (" in found.message


def test_figure_beyond_the_last_band_is_said_to_be_the_last():
    within = finding("pml.stratum", treated(2192, measurements=[jcv(30, 1.6)]))
    beyond = finding("pml.stratum", treated(2193, measurements=[jcv(30, 1.6)]))
    assert "No figure is published beyond 72 months" not in within.message
    assert "No figure is published beyond 72 months" in beyond.message
    assert "10.1 per 1,000" in beyond.message


def test_stratum_says_what_it_rests_on():
    made = treated(934, measurements=[jcv(40, 2.3)], treatments=[AZATHIOPRINE])
    found = finding("pml.stratum", made)
    for part in ("index 2.3 (positive, above 1.5)", "30 months", "azathioprine from 2018-01-01"):
        assert part in found.message
    assert found.evidence == ("measurements:90", "doses:2", "treatments:70", "doses:3")
    assert {"ema-pml-2016", "uptodate-pml"} <= set(found.sources)


@pytest.mark.parametrize(
    ("answer", "exposure", "prior", "expected"),
    [
        ("positive", 730, False, OK),
        ("positive", 731, False, UNKNOWN),  # the index decides and is not known
        ("positive", 731, True, WATCH),
        ("negative", 731, True, OK),
        ("indeterminate", 731, False, OK),
    ],
)
def test_result_in_words_without_an_index(answer, exposure, prior, expected):
    made = treated(
        exposure,
        measurements=[jcv(30, answer=answer)],
        treatments=[AZATHIOPRINE] if prior else [],
    )
    assert finding("pml.stratum", made).status is expected


def test_latest_result_counts_and_a_higher_earlier_one_is_named():
    made = treated(1000, measurements=[jcv(300, 1.9, line=90), jcv(30, 1.2, line=91)])
    found = finding("pml.stratum", made)
    assert found.status is OK
    assert "Earlier it was high: anti-JCV index 1.9" in found.message


def test_unknown_where_a_deciding_fact_is_missing():
    untested = finding("pml.stratum", treated(900))
    assert untested.status is UNKNOWN
    assert "No usable anti-JCV antibody result is recorded" in untested.message
    given = doses_on([days_before(900), days_before(7)])
    missing = finding("pml.stratum", course(recorded=without("measurements"), doses=given))
    assert missing.status is UNKNOWN
    assert "measurements is not in the export" in missing.message
    never = finding("pml.stratum", course(measurements=[jcv(30, 2.0)]))
    assert never.status is UNKNOWN
    assert "No dose is recorded" in never.message


@pytest.mark.parametrize(
    ("index", "exposure", "expected"),
    [(0.1, 731, OK), (1.2, 730, OK), (1.2, 731, UNKNOWN), (1.6, 731, WATCH)],
)
def test_missing_treatments_table_leaves_immunosuppressants_unknown(index, exposure, expected):
    made = course(
        recorded=without("treatments"),
        doses=doses_on([days_before(exposure), days_before(7)]),
        measurements=[jcv(30, index)],
    )
    found = finding("pml.stratum", made)
    assert found.status is expected
    assert "treatments is not in the export" in found.message
    assert ", or " in found.message  # both figures are shown


def test_treatment_of_unrecorded_kind_leaves_immunosuppressants_unknown():
    odd = treatment("2018-01-01", "trial drug", "", line=71)
    made = treated(731, measurements=[jcv(30, 1.2)], treatments=[odd])
    found = finding("pml.stratum", made)
    assert found.status is UNKNOWN
    assert "trial drug" in found.message
    assert "treatments:71" in found.evidence


def test_immunosuppressant_counts_by_name_whatever_kind_and_however_late():
    late = treatment(days_before(20), "Mitoxantrone", "dmt")
    made = treated(731, measurements=[jcv(30, 0.9)], treatments=[late])
    assert finding("pml.stratum", made).status is WATCH
    planned = treatment(AS_OF + timedelta(days=1), "mitoxantrone", "immunosuppressant")
    made = treated(731, measurements=[jcv(30, 0.9)], treatments=[planned])
    assert finding("pml.stratum", made).status is OK


@pytest.mark.parametrize(("since", "expected"), [(183, WATCH), (184, OK)])
def test_stratum_applies_to_six_months_after_the_last_dose(since, expected):
    stop = plan(days_before(since), stopped=days_before(since), reason="JCV positive")
    made = treated(900, last=since, measurements=[jcv(200, 2.0)], plans=[stop])
    found = finding("pml.stratum", made)
    assert found.status is expected
    assert str(days_before(since)) in found.message


@pytest.mark.parametrize(("name", "wait"), [("plasma exchange", 14), ("PLEX", 14), ("IVIg", 183)])
def test_result_drawn_too_soon_after_another_treatment_is_set_aside(name, wait):
    for days, expected in ((wait, UNKNOWN), (wait + 1, OK)):
        given = treatment(days_before(30 + days), name, "other", end=days_before(30 + days))
        made = treated(400, measurements=[jcv(30, 0.1)], treatments=[given])
        assert finding("pml.stratum", made).status is expected


@pytest.mark.parametrize(
    ("index", "prior", "said"),
    [(0.9, False, True), (0.91, False, False), (0.9, True, False), (0.1, False, False)],
)
def test_index_up_to_0_9_is_put_below_1_per_1000_by_the_ema(index, prior, said):
    made = treated(900, measurements=[jcv(30, index)], treatments=[AZATHIOPRINE] if prior else [])
    found = finding("pml.stratum", made)
    sentence = "With an index of 0.9 or below it is put below 1 per 1,000 even after 24 months"
    assert (sentence in found.message) is said
    assert ("jcv.low-up-to" in found.facts) is said
    assert "dhpc-2016" in found.sources


# ── pml.mri-due


@pytest.mark.parametrize(
    ("exposure", "index", "magnims", "ajnr"),
    [
        (547, 0.7, False, False),
        (548, 0.7, True, False),
        (730, 0.7, True, False),
        (731, 0.7, True, True),
        (731, 0.1, False, False),
        (731, 0.3, False, False),
    ],
)
def test_other_schedules_are_named_where_the_agency_scans_yearly(exposure, index, magnims, ajnr):
    for profile in ("eu", "us"):
        message = finding(
            "pml.mri-due", scanned(exposure, 30, index=index), profile=profile
        ).message
        assert ("MAGNIMS every 3 to 4 months from 18 months on" in message) is magnims
        assert ("AJNR every 3 to 6 months beyond 24 months" in message) is ajnr
    study = finding("pml.mri-due", scanned(exposure, 30, index=index), profile="study").message
    assert "others scan" not in study


def test_other_schedules_are_not_named_in_the_higher_risk_stratum():
    message = finding("pml.mri-due", scanned(900, 30, index=1.6)).message
    assert "others scan" not in message
    assert "may be abbreviated" in message


def scanned(exposure: int, ago: int, *, index: float = 0.1, prior: bool = False, **more) -> Course:
    return treated(
        exposure,
        mri=[scan(days_before(ago), line=40)],
        measurements=[jcv(30, index)],
        treatments=[AZATHIOPRINE] if prior else [],
        **more,
    )


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(334, OK), (335, WATCH), (364, WATCH), (365, DUE), (547, DUE), (548, ACT)],
)
def test_yearly_mri_matches_contract(ago, expected):
    for profile in ("eu", "us", "study"):
        found = finding("pml.mri-due", scanned(900, ago), profile=profile)
        assert found.status is expected
        assert found.due == days_before(ago) + timedelta(days=365)


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(152, OK), (153, WATCH), (182, WATCH), (183, DUE), (274, DUE), (275, ACT)],
)
def test_higher_risk_mri_matches_contract(ago, expected):
    for profile in ("eu", "us"):
        for index, prior in ((1.6, False), (0.5, True)):
            made = scanned(731, ago, index=index, prior=prior)
            assert finding("pml.mri-due", made, profile=profile).status is expected
    assert "every 3 to 6 months" in finding("pml.mri-due", scanned(731, ago, index=1.6)).message


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(91, OK), (92, WATCH), (121, WATCH), (122, DUE), (183, DUE), (184, ACT)],
)
def test_study_profile_mri_matches_magnims(ago, expected):
    made = scanned(548, ago, index=0.5)
    assert finding("pml.mri-due", made, profile="study").status is expected


def test_magnims_shortens_from_18_months_and_for_positives_only():
    assert finding("pml.mri-due", scanned(547, 150, index=0.5), profile="study").status is OK
    for index, expected in ((0.41, DUE), (0.40, UNKNOWN), (0.20, UNKNOWN), (0.19, OK)):
        made = scanned(900, 150, index=index)
        assert finding("pml.mri-due", made, profile="study").status is expected


def test_mri_interval_is_yearly_up_to_two_years_whatever_the_index():
    assert finding("pml.mri-due", scanned(730, 300, index=2.0, prior=True)).status is OK


def test_mri_other_profiles_are_shown_when_they_differ():
    found = finding("pml.mri-due", scanned(600, 150, index=0.5))
    assert found.status is OK
    assert ("study", DUE) in [(name, status) for name, status, _ in found.others]


@pytest.mark.parametrize(
    ("exposure", "expected"), [(334, UNKNOWN), (335, WATCH), (364, WATCH), (365, DUE), (547, DUE)]
)
def test_mri_never_recorded_falls_due_one_interval_after_the_first_dose(exposure, expected):
    made = treated(exposure, measurements=[jcv(30, 0.1)])
    found = finding("pml.mri-due", made)
    assert found.status is expected
    assert "No brain MRI is recorded" in found.message


def test_mri_unknown_when_only_the_shorter_interval_would_be_due():
    untested = treated(900, mri=[scan(days_before(200))])
    assert finding("pml.mri-due", untested).status is UNKNOWN
    recent = treated(900, mri=[scan(days_before(100))])
    assert finding("pml.mri-due", recent).status is OK
    late = treated(900, mri=[scan(days_before(400))])
    assert finding("pml.mri-due", late).status is DUE


def test_mri_table_missing_is_unknown():
    made = course(recorded=without("mri"), doses=doses_on([days_before(900), days_before(7)]))
    found = finding("pml.mri-due", made)
    assert found.status is UNKNOWN
    assert "mri is not in the export" in found.message


@pytest.mark.parametrize(("since", "expected"), [(183, DUE), (184, OK)])
def test_mri_goes_on_to_six_months_after_the_last_dose(since, expected):
    stop = plan(days_before(since), stopped=days_before(since))
    made = treated(
        600,
        last=since,
        mri=[scan(days_before(400))],
        measurements=[jcv(200, 0.1)],
        plans=[stop],
    )
    assert finding("pml.mri-due", made).status is expected


def test_mri_in_the_future_is_named_but_does_not_count():
    made = scanned(900, 400)
    booked = scan(AS_OF + timedelta(days=9))
    made = Course.create(
        made.person, doses=made.doses, mri=[*made.mri, booked], measurements=made.measurements
    )
    found = finding("pml.mri-due", made)
    assert found.status is DUE
    assert f"entered for {booked.day}" in found.message


def test_mri_never_dosed_is_unknown():
    assert finding("pml.mri-due", course(mri=[scan(days_before(3))])).status is UNKNOWN


def test_mri_cites_rows_and_sources():
    found = finding("pml.mri-due", scanned(731, 275, index=1.6))
    assert found.evidence == ("mri:40", "doses:2", "measurements:90", "doses:3")
    assert "ema-pml-2016" in found.sources
    assert "mri.interval.higher-risk" in found.facts


# ── pml.jcv-due


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(152, OK), (153, WATCH), (182, WATCH), (183, DUE), (274, DUE), (275, ACT)],
)
def test_jcv_test_matches_contract(ago, expected):
    for index in (0.1, 0.3, 1.5):
        made = treated(900, measurements=[jcv(ago, index)])
        found = finding("pml.jcv-due", made)
        assert found.status is expected
        assert found.due == days_before(ago) + timedelta(days=183)


def test_high_index_is_not_repeated():
    found = finding("pml.jcv-due", treated(900, measurements=[jcv(800, 1.51)]))
    assert found.status is OK
    assert "already high" in found.message


def test_positive_in_words_is_repeated_because_it_may_not_be_high():
    made = treated(900, measurements=[jcv(200, answer="positive")])
    assert finding("pml.jcv-due", made).status is DUE


@pytest.mark.parametrize(
    ("exposure", "expected"),
    [(152, UNKNOWN), (153, WATCH), (182, WATCH), (183, DUE), (274, DUE), (275, ACT)],
)
def test_jcv_never_tested_falls_due_one_interval_after_the_first_dose(exposure, expected):
    assert finding("pml.jcv-due", treated(exposure)).status is expected


def test_jcv_test_waits_after_plasma_exchange_and_immunoglobulin():
    for name, wait in (("plasma exchange", 14), ("immunoglobulin", 183)):
        given = treatment(days_before(10), name, "other", end=days_before(10), line=77)
        made = treated(900, measurements=[jcv(400, 0.1)], treatments=[given])
        found = finding("pml.jcv-due", made)
        assert found.status is DUE  # long overdue, but nothing can be done before that day
        assert found.due == days_before(10) + timedelta(days=wait + 1)
        assert f"Wait until {found.due}" in found.message
        assert "treatments:77" in found.evidence


def test_jcv_off_therapy_is_not_asked_for_until_a_restart_is_planned():
    stop = plan(days_before(100), stopped=days_before(100))
    off = treated(900, last=100, measurements=[jcv(400, 0.1)], plans=[stop])
    assert finding("pml.jcv-due", off).status is OK
    again = plan(days_before(3), 28)
    resumed = treated(900, last=100, measurements=[jcv(400, 0.1)], plans=[stop, again])
    assert finding("pml.jcv-due", resumed).status is ACT


@pytest.mark.parametrize(("age", "expected"), [(183, OK), (184, DUE), (None, DUE)])
def test_jcv_is_tested_before_the_first_dose_by_the_label(age, expected):
    start = AS_OF + timedelta(days=20)
    booked = doses_on([start])
    results = [] if age is None else [jcv(age - 20, 0.1)]
    found = finding("pml.jcv-due", course(doses=booked, measurements=results))
    assert found.status is expected
    if expected is DUE:
        assert found.due == start
    old_and_high = course(doses=booked, measurements=[jcv(900, 2.0)])
    assert finding("pml.jcv-due", old_and_high).status is OK
    lacking = course(recorded=without("measurements"), doses=booked)
    assert finding("pml.jcv-due", lacking).status is UNKNOWN


def test_jcv_before_the_first_dose_waits_for_immunoglobulin():
    given = treatment(days_before(3), "IVIG", "other", end=days_before(3))
    booked = doses_on([AS_OF + timedelta(days=20)])
    found = finding("pml.jcv-due", course(doses=booked, treatments=[given]))
    assert f"not reliable before {days_before(3) + timedelta(days=184)}" in found.message


def test_jcv_unknown_without_table_or_dose():
    made = course(recorded=without("measurements"), doses=doses_on([days_before(400)]))
    late = course(recorded=without("measurements"), doses=doses_on([days_before(20)]))
    assert finding("pml.jcv-due", late).status is UNKNOWN
    assert finding("pml.jcv-due", course()).status is UNKNOWN
    assert finding("pml.jcv-due", made).status is OK  # left treatment


def test_what_comes_after_the_date_is_not_used():
    as_of = date(2025, 3, 1)
    made = course(
        doses=doses_on([as_of - timedelta(days=731), as_of - timedelta(days=5)]),
        measurements=[measurement(vocabulary.JCV_INDEX, as_of, 1.6)],
    )
    assert finding("pml.stratum", made, as_of=as_of).status is WATCH
    assert finding("pml.stratum", made, as_of=as_of - timedelta(days=1)).status is UNKNOWN
