"""Results: units against the test, limits, answers, assays."""

from __future__ import annotations

import pytest

from openntz.course.vocabulary import CANONICAL_UNITS
from tests.records.build import only, read, result_rows


def one(tmp_path, row, mapping=""):
    records = read(tmp_path, mapping=mapping, measurements=result_rows(row))
    return only(records.courses["A"].measurements), records


def refused(tmp_path, row, mapping=""):
    records = read(tmp_path, mapping=mapping, measurements=result_rows(row))
    assert records.courses["A"].measurements == ()
    return only(records.rejected)


def result(test, value, unit="", lloq="", threshold="", assay="", lab=""):
    return f'A,2024-05-01T09:00,"{test}","{value}","{unit}",{lloq},{threshold},"{assay}",{lab}'


@pytest.mark.parametrize(
    ("test", "value", "unit", "expected"),
    [
        ("natalizumab", "24", "ug/mL", 24.0),
        ("natalizumab", "24", "µg/ml", 24.0),
        ("natalizumab", "24000", "ng/mL", 24.0),
        ("natalizumab", "2.4", "mg/dL", 24.0),
        ("lymphocytes", "2.1", "x10^9/L", 2.1),
        ("lymphocytes", "2.1", "G/L", 2.1),
        ("lymphocytes", "2100", "cells/µL", 2.1),
        ("cd19", "0.25", "10^9/L", 250.0),
        ("weight", "70,5", "kg", 70.5),
        ("bilirubin", "17.1", "umol/L", 17.1),
        ("haemoglobin", "14", "g/dL", 140.0),
        ("platelets", "250", "10*3/uL", 250.0),
        ("ast", "30", "IU/L", 30.0),
        ("a4-integrin saturation", "0.78", "1", 0.78),
        ("a4-integrin saturation", "78", "%", 0.78),
        ("jcv index", "1.48", "index", 1.48),
        ("jcv index", "1.48", "1", 1.48),
    ],
)
def test_value_comes_out_in_the_canonical_unit(tmp_path, test, value, unit, expected):
    measured, _ = one(tmp_path, result(test, value, unit))

    assert measured.value == pytest.approx(expected, rel=1e-15)
    assert measured.unit == CANONICAL_UNITS[test]
    assert measured.as_written == f"{value} {unit}"


@pytest.mark.parametrize(
    ("test", "value", "unit"),
    [
        ("natalizumab", "24", "mg/dL"),
        ("natalizumab", "24", "g/L"),
        ("natalizumab", "-1", "ug/mL"),
        ("lymphocytes", "3400", "10^9/L"),
        ("lymphocytes", "2.1", "cells/uL"),
        ("platelets", "250", "/uL"),
        ("weight", "0", "kg"),
        ("weight", "500", "kg"),
        ("weight", "70000", "kg"),
        ("bilirubin", "1.2", "g/L"),
        ("a4-integrin saturation", "78", "1"),
        ("jcv index", "148", "index"),
        ("natalizumab", "<500", "ug/mL"),
        ("natalizumab", "<0", "ug/mL"),
    ],
)
def test_value_that_cannot_be_right_is_set_aside_and_not_converted(tmp_path, test, value, unit):
    problem = refused(tmp_path, result(test, value, unit))

    assert problem.column == "value"
    assert "cannot be right" in problem.reason
    assert "project default" in problem.reason
    assert problem.value == value


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("weight", "m"),
        ("lymphocytes", "%"),
        ("lymphocytes", "ug/mL"),
        ("natalizumab", "AU/mL"),
        ("natalizumab", "IU/L"),
        ("alt", "ug/mL"),
        ("jcv index", "ng/mL"),
        ("jcv index", "%"),
        ("anti-natalizumab antibodies", "kg"),
        ("bilirubin", "nonsense"),
    ],
)
def test_unit_of_another_quantity_is_set_aside(tmp_path, test, unit):
    problem = refused(tmp_path, result(test, "5", unit))

    assert (problem.column, problem.value) == ("unit", unit)
    assert problem.remedy


@pytest.mark.parametrize("test", sorted(set(CANONICAL_UNITS) - {"jcv index"}))
def test_number_without_unit_is_set_aside_with_the_way_to_state_it(tmp_path, test):
    problem = refused(tmp_path, result(test, "5"))

    assert problem.column == "unit"
    assert f'test_defaults."{test}"' in problem.remedy


@pytest.mark.parametrize(
    ("value", "censor"), [("<2", "<"), ("≤ 2", "<"), (">100", ">"), ("≥100", ">")]
)
def test_limit_is_kept_as_a_limit(tmp_path, value, censor):
    measured, records = one(tmp_path, result("natalizumab", value, "ug/mL"))

    assert measured.censor == censor
    assert measured.value == float(value.strip("<>≤≥ "))
    assert not records.notes


def test_limit_is_converted_with_its_unit(tmp_path):
    measured, _ = one(tmp_path, result("natalizumab", "<2000", "ng/mL", lloq="2000"))

    assert (measured.value, measured.censor, measured.assay.lloq) == (2.0, "<", 2.0)


@pytest.mark.parametrize("value", ["1.5", "0", "BLQ", "not detected"])
def test_below_the_limit_of_quantification_is_less_than_that_limit(tmp_path, value):
    measured, records = one(tmp_path, result("natalizumab", value, "ug/mL", lloq="2"))

    assert (measured.value, measured.censor) == (2.0, "<")
    assert "limit" in only(records.notes).reason


def test_a_level_of_zero_without_a_limit_is_used_as_written_and_said(tmp_path):
    measured, records = one(tmp_path, result("natalizumab", "0", "ug/mL"))

    assert (measured.value, measured.censor) == (0.0, "")
    assert "no limit of quantification is recorded" in only(records.notes).reason


def test_equal_numbers_in_other_units_are_not_confused(tmp_path):
    rows = result_rows(
        "A,2024-05-01,natalizumab,20,ug/mL,,,,",
        "A,2024-05-02,natalizumab,20,ug/mL,,,,",
        "A,2024-05-03,natalizumab,20,ng/mL,,,,",
        "A,2024-05-04,natalizumab,20 ng/mL,,,,,",
        "A,2024-05-05,natalizumab,20,ug/mL,,,,",
    )
    found = read(tmp_path, measurements=rows).courses["A"].measurements

    assert [m.value for m in found] == [20.0, 20.0, 0.02, 0.02, 20.0]


def test_a_value_at_the_limit_of_quantification_is_a_value(tmp_path):
    measured, _ = one(tmp_path, result("natalizumab", "2.0", "ug/mL", lloq="2"))

    assert (measured.value, measured.censor) == (2.0, "")


def test_below_a_limit_nobody_names_is_set_aside(tmp_path):
    problem = refused(tmp_path, result("natalizumab", "BLQ", "ug/mL"))

    assert "limit is not recorded" in problem.reason


@pytest.mark.parametrize(
    ("value", "unit", "threshold", "answer", "cut_off"),
    [
        ("<4", "ng/mL", "4 ng/mL", "negative", 4.0),
        ("3.9", "ng/mL", "4 ng/mL", "negative", 4.0),
        ("4", "ng/mL", "4 ng/mL", "positive", 4.0),  # at the cut-off is positive
        ("95", "ng/mL", "4 ng/mL", "positive", 4.0),
        ("95", "ng/mL", "500 ng/mL", "negative", 500.0),
        ("95", "ng/mL", "0.5 ug/mL", "negative", 500.0),
        ("0.6", "ug/mL", "500 ng/mL", "positive", 500.0),
        ("95", "ng/mL", "4", "positive", 4.0),  # a bare number is in the unit of the value
        ("95", "ng/mL", ">= 4 ng/mL", "positive", 4.0),
        ("95", "ng/mL", "cut-off 4 ng/mL", "positive", 4.0),
        ("<20", "ng/mL", "4 ng/mL", None, 4.0),  # may lie on either side
        (">2", "ng/mL", "4 ng/mL", None, 4.0),
        (">4", "ng/mL", "4 ng/mL", "positive", 4.0),
        ("95", "ng/mL", "", None, None),
        ("30", "AU/mL", "12 AU/mL", "positive", None),
        ("10", "AU/mL", "12 AU/mL", "negative", None),
        ("30", "AU/mL", "500 ng/mL", None, 500.0),  # not comparable
        ("95", "ng/mL", "12 AU/mL", None, None),
    ],
)
def test_answer_follows_from_value_and_cut_off_where_they_are_comparable(
    tmp_path, value, unit, threshold, answer, cut_off
):
    row = result("anti-natalizumab antibodies", value, unit, threshold=threshold, assay="x")
    measured, _ = one(tmp_path, row)

    assert measured.answer == answer
    assert measured.assay.threshold == cut_off


def test_arbitrary_units_of_antibodies_stay_what_they_are(tmp_path):
    measured, _ = one(tmp_path, result("anti-natalizumab antibodies", "30", "AU/mL"))

    assert (measured.value, measured.unit) == (30.0, "AU/mL")


@pytest.mark.parametrize(
    ("value", "answer", "titre"),
    [
        ("pos", "positive", None),
        ("neg.", "negative", None),
        ("not detected", "negative", None),
        ("borderline", "indeterminate", None),
        ("POSITIVE (1:320)", "positive", 320.0),
        ("1:320", None, 320.0),
    ],
)
def test_antibody_answers_and_titres_need_no_unit(tmp_path, value, answer, titre):
    measured, _ = one(tmp_path, result("anti-natalizumab antibodies", value))

    assert (measured.answer, measured.value) == (answer, titre)
    assert measured.unit == ("1" if titre else "")


@pytest.mark.parametrize("test", ["natalizumab", "lymphocytes", "weight"])
@pytest.mark.parametrize("value", ["positive", "1:320", "borderline"])
def test_answers_and_titres_are_no_results_of_a_number(tmp_path, test, value):
    problem = refused(tmp_path, result(test, value, CANONICAL_UNITS[test]))

    assert "no result of" in problem.reason


def test_a_laboratory_s_own_answer_outranks_the_cut_off(tmp_path):
    row = result("anti-natalizumab antibodies", "negative (95 ng/mL)", threshold="4 ng/mL")
    measured, _ = one(tmp_path, row)

    assert (measured.answer, measured.value) == ("negative", 95.0)


@pytest.mark.parametrize("value", ["1,234", "2,500"])
def test_a_comma_both_of_whose_readings_are_possible_is_refused(tmp_path, value):
    problem = refused(tmp_path, result("cd19", value, "cells/uL"))

    assert "both are possible" in problem.reason


@pytest.mark.parametrize(
    ("test", "value", "unit", "expected"),
    [
        ("lymphocytes", "1,234", "10^9/L", 1.234),
        ("lymphocytes", "1,234", "/uL", 1.234),
        ("platelets", "250,000", "/uL", 250.0),
        ("weight", "70,500", "kg", 70.5),
    ],
)
def test_a_comma_with_one_possible_reading_is_read_and_said(tmp_path, test, value, unit, expected):
    measured, records = one(tmp_path, result(test, value, unit))

    assert measured.value == pytest.approx(expected)
    assert any("other reading cannot be right" in note.reason for note in records.notes)


def test_unit_beside_the_number_stands_in_for_the_column(tmp_path):
    measured, _ = one(tmp_path, result("natalizumab", "<2000 ng/mL", lloq="2"))

    assert (measured.value, measured.censor) == (2.0, "<")
    assert measured.as_written == "<2000 ng/mL"


def test_unit_beside_the_number_may_repeat_the_column(tmp_path):
    measured, _ = one(tmp_path, result("natalizumab", "24 mg/L", "ug/mL"))

    assert measured.value == 24.0


def test_unit_beside_the_number_must_not_contradict_the_column(tmp_path):
    problem = refused(tmp_path, result("natalizumab", "24 ng/mL", "ug/mL"))

    assert "the unit says ug/mL" in problem.reason


def test_assay_is_an_object_with_laboratory_limit_and_threshold(tmp_path):
    row = result(
        *("anti-natalizumab antibodies", "pos", ""),
        threshold="500 ng/mL",
        assay="bridging ELISA",
        lab="central",
    )
    assay = one(tmp_path, row)[0].assay

    assert (assay.name, assay.laboratory, assay.threshold, assay.lloq) == (
        *("bridging ELISA", "central", 500.0, None),
    )


@pytest.mark.parametrize(
    "test", ["natalizumab", "anti-natalizumab antibodies", "a4-integrin saturation", "jcv index"]
)
def test_levels_and_antibodies_carry_an_assay_even_when_nothing_is_known_of_it(tmp_path, test):
    measured, _ = one(tmp_path, result(test, "0.5", CANONICAL_UNITS[test]))

    assert measured.assay is not None
    assert measured.assay.label == "assay not recorded"


def test_a_weight_needs_no_assay(tmp_path):
    assert one(tmp_path, result("weight", "70", "kg"))[0].assay is None


@pytest.mark.parametrize("lloq", ["abc", "0", "-2", "<x", "1e9", "2 AU/mL"])
def test_a_limit_of_quantification_that_cannot_be_used_is_not_recorded(tmp_path, lloq):
    measured, records = one(tmp_path, result("natalizumab", "20", "ug/mL", lloq=lloq))

    assert measured.assay.lloq is None
    assert measured.value == 20.0
    assert only(records.notes).column == "lloq"


@pytest.mark.parametrize(("lloq", "expected"), [("2", 2.0), ("<2", 2.0), ("2000 ng/mL", 2.0)])
def test_a_limit_of_quantification_is_read_in_the_unit_of_the_row_or_its_own(
    tmp_path, lloq, expected
):
    measured, _ = one(tmp_path, result("natalizumab", "20", "ug/mL", lloq=lloq))

    assert measured.assay.lloq == pytest.approx(expected)


@pytest.mark.parametrize("threshold", ["see report", "ng/mL", "-5 ng/mL", "5 kg", "0 ng/mL"])
def test_a_threshold_that_cannot_be_used_is_said(tmp_path, threshold):
    row = result("anti-natalizumab antibodies", "pos", threshold=threshold)
    measured, records = one(tmp_path, row)

    assert measured.assay.threshold is None
    assert measured.answer == "positive"
    assert only(records.notes).column == "threshold"


@pytest.mark.parametrize(
    ("name", "guess"), [("nataluzimab", "natalizumab"), ("lymphocites", "lymphocytes")]
)
def test_an_unknown_test_is_refused_with_the_nearest_known_one(tmp_path, name, guess):
    problem = refused(tmp_path, result(name, "5", "ug/mL"))

    assert f"Did you mean {guess}?" in problem.remedy
    assert "jcv index" in problem.remedy


def test_equal_messages_about_many_rows_are_one_note_with_their_lines(tmp_path):
    rows = [f"A,2024-05-{day:02d},weight,154,lb,,,," for day in range(1, 21)]
    note = only(read(tmp_path, measurements=result_rows(*rows)).notes)

    assert note.count == 20
    assert note.lines == tuple(range(2, 14))
    assert "20 rows: lines 2, 3" in note.reason


def test_unknown_columns_are_kept_with_the_result(tmp_path):
    text = "person,taken,test,value,unit,Sample No,Remark\nA,2024-05-01,weight,70,kg,77,\n"
    records = read(tmp_path, measurements=text)

    assert dict(only(records.courses["A"].measurements).extra) == {"Sample No": "77"}
    assert records.tables["measurements"].unknown_columns == ("Sample No", "Remark")
