"""Chart specifications against the data they were made from."""

import math
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.forecast.result import PersonForecast
from openntz.report.charts import (
    EmptyPanel,
    LanePanel,
    Linear,
    Log,
    Mark,
    PlotPanel,
    TimeAxis,
    ordinal,
)
from openntz.report.picture import picture, window
from tests.report import build, invented


def chart(person):
    return picture(person, build.GUIDES)


def marks(panel, tone=None):
    return [m for m in panel.marks if tone is None or m.tone == tone]


@given(st.floats(0.01, 10), st.floats(20, 1e4), st.floats(1e-3, 1e5))
def test_log_scale_matches_closed_form(low, high, value):
    expected = (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))
    # Two logarithms of base e against two of base 10: rounding only.
    assert Log(low, high).fraction(value) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.floats(-100, 100), st.floats(0.1, 100), st.floats(-1000, 1000))
def test_linear_scale_matches_closed_form(low, span, value):
    scale = Linear(low, low + span)
    # Subtracting nearly equal numbers loses digits, hence the absolute part.
    assert scale.fraction(value) == pytest.approx((value - low) / ((low + span) - low), abs=1e-9)


def test_scales_of_arrays_match_those_of_numbers():
    values = np.array([0.5, 1.0, 7.3, 150.0])
    for scale in (Log(0.5, 200.0), Linear(0.0, 200.0)):
        one_by_one = [scale.fraction(float(v)) for v in values]
        # The same formula in floats and arrays: rounding only.
        assert scale.fractions(values) == pytest.approx(one_by_one, rel=1e-12)


def test_a_level_of_zero_lies_below_a_log_axis_and_is_finite():
    scale = Log(0.5, 200.0)
    assert scale.fraction(0.0) < 0
    assert np.all(np.isfinite(scale.fractions(np.array([0.0, 1e-300]))))


def test_ordinal_days_match_the_calendar():
    assert ordinal(date(1, 1, 1)) == 1.0
    assert ordinal(datetime(2024, 6, 30, 18, 0)) - ordinal(date(2024, 6, 30)) == 0.75


def test_time_axis_matches_closed_form():
    axis = TimeAxis(100.0, 300.0)
    assert [axis.fraction(d) for d in (100.0, 150.0, 300.0)] == [0.0, 0.25, 1.0]


def test_the_window_holds_doses_baseline_today_and_the_forecast():
    person = invented.normal()
    time = window(person, build.GUIDES)
    first, last = person.therapy.doses[0], person.therapy.doses[-1]
    baseline = person.course.results("lymphocytes")[0]
    for moment in (first.at, baseline.at, datetime(2024, 6, 30)):
        assert time.holds(ordinal(moment))
    assert time.end >= ordinal(last.at) + build.GUIDES.days_after - 1


def test_a_long_history_is_cut_to_the_window_and_kept_in_the_overview():
    person = invented.hundred()
    drawn = chart(person)
    assert drawn.time.start == ordinal(build.AS_OF) - build.GUIDES.days_before
    assert drawn.overview is not None
    assert len(drawn.overview.doses) == 100
    assert len(drawn.overview.events) == len(person.course.mri)


def test_a_short_history_needs_no_overview():
    assert chart(invented.normal()).overview is None


def test_somebody_long_off_therapy_is_shown_the_last_doses():
    m = build.Maker("X").doses(date(2018, 1, 1), 10)
    person = build.reviewed(m.course())
    time = window(person, build.GUIDES)
    assert time.holds(ordinal(person.therapy.doses[-1].at))
    assert time.holds(ordinal(build.AS_OF))


def test_measured_levels_are_marks_at_their_value_and_moment():
    person = invented.normal()
    panel = chart(person).panel("level")
    measured = [(ordinal(m.at), m.value) for m in person.course.results("natalizumab")]
    assert [(m.day, m.value) for m in marks(panel, "level")] == measured
    assert {(m.shape, m.fill) for m in marks(panel, "level")} == {("circle", "full")}


def test_a_level_below_the_limit_is_a_downward_mark_at_the_limit():
    panel = chart(invented.antibodies()).panel("level")
    assert [(m.shape, m.value, m.label) for m in marks(panel, "level")] == [
        ("below", 2.0, "<2"),
        ("below", 2.0, "<2"),
    ]


def test_a_level_set_aside_is_crossed_out_and_says_why():
    used, flagged = marks(chart(invented.injections()).panel("level"), "level")
    assert (used.shape, flagged.shape) == ("circle", "cross")
    assert flagged.label == "185, not a trough"
    assert "drawn 60 minutes after" in flagged.title


def test_levels_without_a_forecast_are_not_called_used():
    panel = chart(invented.outside()).panel("level")
    assert [(m.shape, m.fill) for m in marks(panel)] == [("circle", "open")]
    assert panel.note == ("No curve: the model holds for adults; this person is 17 years old.")
    assert not panel.lines
    assert not panel.bands


def test_a_very_low_or_high_level_widens_the_axis():
    m = build.Maker("X").doses(date(2024, 1, 1), 6)
    m.level(date(2024, 3, 4), 0.2).level(date(2024, 4, 1), 400.0)
    scale = chart(build.reviewed(m.course())).panel("level").scale
    assert scale.low < 0.2
    assert scale.high > 400.0


def test_the_band_encloses_the_curve_and_covers_the_window():
    drawn = chart(invented.normal())
    panel = drawn.panel("level")
    (line,), (band,) = panel.lines, panel.bands
    assert np.all(band.low <= line.value)
    assert np.all(line.value <= band.high)
    # The made-up curve has a point every other day.
    assert line.day[-1] >= drawn.time.end - 2.5
    curve = invented.normal().forecast.curve
    assert set(line.value) <= set(curve.concentration_median)


def test_targets_are_the_three_highest():
    panel = chart(invented.normal()).panel("level")
    assert [r.value for r in panel.references] == [10.0, 5.0, 2.0]


def test_the_fall_below_the_targets_is_marked_where_it_is_forecast():
    person = invented.normal()
    rings = marks(chart(person).panel("level"), "crossing")
    last = ordinal(person.forecast.last_dose)
    assert [(r.value, r.day - last) for r in rings] == [
        (10.0, pytest.approx(38.2)),
        (5.0, pytest.approx(47.0)),
        (2.0, pytest.approx(55.5)),
    ]


def test_a_fall_that_lies_in_the_past_is_not_announced():
    person = invented.stopped()
    assert not marks(chart(person).panel("level"), "crossing")


def test_every_dose_in_the_window_is_a_mark_of_its_route():
    panel = chart(invented.injections()).panel("doses")
    shapes = [m.shape for m in panel.marks]
    assert shapes.count("bar") == 7
    assert shapes.count("pin") == 7 + 1  # and the planned one, dashed
    assert panel.marks[-1].fill == "dashed"


def test_a_long_gap_between_doses_is_named_and_a_usual_one_is_not():
    m = build.Maker("X").doses(date(2023, 9, 4), 3).doses(date(2024, 2, 5), 5)
    panel = chart(build.reviewed(m.course())).panel("doses")
    assert [b.label for b in panel.bars] == ["98 days"]
    edge = build.Maker("Y").doses(date(2024, 1, 1), 2, every=56).doses(date(2024, 4, 22), 1)
    assert not chart(build.reviewed(edge.course())).panel("doses").bars


def test_an_unusual_amount_is_labelled():
    m = build.Maker("X").doses(date(2024, 1, 1), 3).doses(date(2024, 4, 1), 1, amount=150.0)
    m.doses(date(2024, 4, 29), 2)
    panel = chart(build.reviewed(m.course())).panel("doses")
    assert [p.label for p in panel.marks if p.label.endswith("mg")] == ["150 mg"]


def test_lymphocytes_are_held_against_the_own_baseline():
    panel = chart(invented.normal()).panel("lymphocytes")
    rise, baseline = panel.references
    assert baseline.value == 1.6
    assert rise.value == pytest.approx(1.6 + 0.8)  # one addition of decimals
    assert [m.value for m in panel.marks] == [1.6, 2.5, 2.9, 3.1, 2.7, 3.0]
    assert (panel.ranges[0].low, panel.ranges[0].high) == (1.0, 4.0)


def test_without_a_baseline_none_is_drawn_and_that_is_said():
    m = build.Maker("X").doses(date(2024, 1, 1), 6)
    m.measure("lymphocytes", date(2024, 3, 1), 2.5, "10*9/L")
    panel = chart(build.reviewed(m.course())).panel("lymphocytes")
    assert panel.references == ()
    assert "no own baseline" in panel.unit


def test_antibodies_with_numbers_are_drawn_on_a_log_axis_with_each_threshold():
    panel = chart(invented.antibodies()).panel("antibodies")
    assert isinstance(panel, PlotPanel)
    assert [r.value for r in panel.references] == [4.0, 500.0]
    assert [(m.value, m.shape, m.fill) for m in panel.marks] == [
        (4.0, "below", "open"),
        (226.0, "circle", "full"),
        (11736.0, "circle", "full"),
        # 'positive' of an assay with a cut-off of 500 says no more than 500 or above.
        (500.0, "above", "full"),
    ]


def test_antibody_answers_alone_are_a_lane_with_the_threshold():
    panel = chart(invented.normal()).panel("antibodies")
    assert isinstance(panel, LanePanel)
    assert panel.unit == "cut-off 500 ng/mL"
    assert [(m.label, m.fill) for m in panel.marks] == [("negative", "open")]


def test_arbitrary_units_are_never_put_on_the_ng_per_ml_axis():
    m = build.Maker("X").doses(date(2024, 1, 1), 6)
    m.measure("anti-natalizumab antibodies", date(2024, 3, 1), 300.0, "AU/mL")
    panel = chart(build.reviewed(m.course())).panel("antibodies")
    assert isinstance(panel, LanePanel)
    (mark,) = panel.marks
    assert mark.value is None
    assert mark.label == "300 AU/mL"
    assert mark.fill == "dashed"


def test_jcv_values_stand_against_both_lines():
    panel = chart(invented.normal()).panel("jcv")
    assert [m.label for m in panel.marks] == ["1.10", "1.19"]
    assert [r.value for r in panel.references] == [0.9, 1.5]


def test_scans_tell_lesions_none_and_not_reported_apart():
    m = build.Maker("X").doses(date(2024, 1, 1), 6)
    m.scan(date(2024, 2, 1), 0, 3).scan(date(2024, 3, 1), 0, 0)
    m.scan(date(2024, 4, 1), None, None, None).scan(date(2024, 5, 1), 1, None)
    panel = chart(build.reviewed(m.course())).panel("mri")
    assert [(p.fill, p.label) for p in panel.marks] == [
        ("full", "T2 3 · Gd 0"),
        ("open", "T2 0 · Gd 0"),
        ("dashed", "not reported"),
        ("full", "T2 ? · Gd 1"),
    ]


def test_what_is_not_recorded_takes_one_line_and_is_told_from_a_missing_table():
    drawn = chart(invented.outside())
    assert drawn.panel("lymphocytes") == EmptyPanel("lymphocytes", "Lymphocytes", "not recorded")
    assert drawn.panel("mri") == EmptyPanel("mri", "MRI", "none recorded")
    assert drawn.panels[-1].title == "Not in the export"
    assert "relapses" in drawn.panels[-1].text


def test_what_lies_before_the_window_is_said():
    panel = chart(invented.stopped()).panel("relapses")
    assert panel.text == "earlier: 1 relapse, last 2020-03-02"


def test_results_after_the_as_of_date_are_not_drawn():
    m = build.Maker("X").doses(date(2024, 4, 1), 3)
    m.level(date(2024, 7, 2), 25.0)
    m.measure("lymphocytes", date(2024, 7, 2), 2.5, "10*9/L")
    drawn = chart(build.reviewed(m.course()))
    assert not marks(drawn.panel("level"), "level")
    assert isinstance(drawn.panel("lymphocytes"), EmptyPanel)


def test_booked_doses_are_drawn_as_planned():
    m = build.Maker("X").doses(date(2024, 4, 1), 3).doses(date(2024, 7, 10), 1)
    drawn = chart(build.reviewed(m.course()))
    assert [p.fill for p in drawn.panel("doses").marks] == ["full", "full", "full", "dashed"]
    assert any(mo.label == "next dose booked 2024-07-10" for mo in drawn.moments)


def test_pregnancy_and_treatment_are_bars_over_their_time():
    (bar,) = chart(invented.pregnant()).panel("pregnancies").bars
    assert (bar.start, bar.end) == (ordinal(date(2023, 12, 10)), ordinal(date(2024, 9, 1)))
    panel = chart(invented.stopped()).panel("treatments")
    (bar,) = panel.bars
    assert (bar.label, bar.end) == ("ocrelizumab", None)
    assert panel.earlier == "earlier: interferon beta-1a"


def test_the_legend_names_only_signs_that_are_drawn():
    signs = {k.text for k in chart(invented.injections()).legend}
    assert {"infusion (IV)", "injection (SC)", "measured, set aside from the fit"} <= signs
    assert "below the limit of the test, used" not in signs


def test_the_picture_in_words_names_what_is_shown():
    text = chart(invented.normal()).summary
    for part in ("N001", "18 doses", "2024-06-04", "2 measured levels", "6 lymphocyte counts"):
        assert part in text


@pytest.mark.parametrize("make", [invented.never, invented.outside, invented.prior_only])
def test_people_without_much_still_get_a_picture(make):
    drawn = chart(make())
    assert drawn.time.end > drawn.time.start
    assert drawn.moments[0].tone == "today"


def test_every_mark_lies_in_the_window():
    for person in invented.everybody():
        drawn = chart(person)
        for panel in drawn.panels:
            if isinstance(panel, (PlotPanel, LanePanel)):
                assert all(drawn.time.holds(m.day) for m in panel.marks)


def test_labels_of_marks_are_optional_but_titles_are_not():
    for person in invented.everybody():
        for panel in chart(person).panels:
            if isinstance(panel, (PlotPanel, LanePanel)):
                assert all(isinstance(m, Mark) and m.title for m in panel.marks)


def test_therapy_that_stopped_is_a_moment():
    labels = {m.label for m in chart(invented.stopped()).moments}
    assert f"stopped {invented.stopped().therapy.stopped_on}" in labels
    assert timedelta(0) < build.AS_OF - invented.stopped().therapy.stopped_on


def test_a_first_dose_that_is_only_booked_is_drawn():
    m = build.Maker("X").doses(date(2024, 7, 10), 1)
    none = PersonForecast(person="X", as_of=datetime(2024, 6, 30), status="no dose")
    panel = chart(build.reviewed(m.course(), none)).panel("doses")
    assert [p.fill for p in panel.marks] == ["dashed"]
