"""Results as laboratories write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.records.problems import ReadingError
from openntz.records.values import read_number, read_value


@pytest.mark.parametrize(
    ("text", "value", "censor"),
    [
        ("2", 2.0, ""),
        ("2.0", 2.0, ""),
        ("2.", 2.0, ""),
        (".5", 0.5, ""),
        ("+2", 2.0, ""),
        ("-300", -300.0, ""),
        ("−300", -300.0, ""),
        ("2.1e3", 2100.0, ""),
        ("<2", 2.0, "<"),
        ("< 2", 2.0, "<"),
        ("<=2", 2.0, "<"),
        ("≤2", 2.0, "<"),
        (">100", 100.0, ">"),
        ("> 100", 100.0, ">"),
        ("≥ 100", 100.0, ">"),
        (">=100", 100.0, ">"),
    ],
)
def test_number_or_limit_is_read_without_a_word(text, value, censor):
    reading = read_value(text)

    assert reading.numbers == ((value, ""),)
    assert reading.censor == censor


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("2,0", 2.0, "comma is read as the decimal"),
        ("<2,5", 2.5, "comma is read as the decimal"),
        ("0,123", 0.123, "comma is read as the decimal"),
        ("1234,567", 1234.567, "comma is read as the decimal"),
        ("1 234,5", 1234.5, "comma is read as the decimal"),
        ("1 234", 1234.0, "thousands"),
        ("1'234.5", 1234.5, "thousands"),
        ("1,234.5", 1234.5, "thousands"),
        ("1.234,5", 1234.5, "thousands"),
        ("12,345,678", 12345678.0, "thousands"),
    ],
)
def test_signs_with_one_reading_are_read_and_said(text, value, said):
    ((number, note),) = read_value(text).numbers

    assert number == value
    assert said in note


def test_a_comma_with_two_readings_keeps_both():
    values = [value for value, _ in read_value("1,234").numbers]

    assert values == [1.234, 1234.0]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [("1,234", ",", 1.234), ("1,234", ".", 1234.0), ("1.234", ",", 1234.0), ("1.234", ".", 1.234)],
)
def test_a_stated_decimal_sign_settles_it(text, decimal, value):
    assert [number for number, _ in read_number(text, decimal)] == [value]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("pos", "positive"),
        ("POSITIVE", "positive"),
        ("Positive.", "positive"),
        ("+", "positive"),
        ("weak positive", "positive"),
        ("negative", "negative"),
        ("neg.", "negative"),
        ("borderline", "indeterminate"),
        ("+/-", "indeterminate"),
    ],
)
def test_answer_is_read(text, answer):
    reading = read_value(text)

    assert (reading.answer, reading.numbers) == (answer, ())


@pytest.mark.parametrize(
    ("text", "answer", "titre", "censor"),
    [
        ("POSITIVE (1:320)", "positive", 320.0, ""),
        ("positive 1:320", "positive", 320.0, ""),
        ("1:320", None, 320.0, ""),
        ("<1:20", None, 20.0, "<"),
        ("> 1:10240", None, 10240.0, ">"),
        ("1:1,280", None, 1280.0, ""),
        ("neg (1:10)", "negative", 10.0, ""),
    ],
)
def test_titre_is_read(text, answer, titre, censor):
    reading = read_value(text)

    assert reading.titre
    assert reading.answer == answer
    assert [value for value, _ in reading.numbers] == [titre]
    assert reading.censor == censor


def test_answer_with_a_number_in_brackets_keeps_both():
    reading = read_value("negative (<4 ng/mL)")

    assert (reading.answer, reading.numbers[0][0], reading.censor, reading.unit) == (
        *("negative", 4.0, "<", "ng/mL"),
    )


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("24 mg/L", "mg/L"),
        ("<2 µg/mL", "µg/mL"),
        ("3.4 x10^9/L", "x10^9/L"),
        ("24 ug/mL H", "ug/mL"),
    ],
)
def test_unit_beside_the_number_is_kept(text, unit):
    assert read_value(text).unit == unit


@pytest.mark.parametrize("text", ["24 H", "24*", "24 (L)", "24 ↑"])
def test_flag_of_the_laboratory_is_left_out_and_said(text):
    reading = read_value(text)

    assert reading.numbers[0][0] == 24.0
    assert "flag" in reading.note


@pytest.mark.parametrize(
    "text", ["BLQ", "<LLOQ", "< LOQ", "undetectable", "not detected", "below LLOQ"]
)
def test_below_the_limit_is_no_number(text):
    reading = read_value(text)

    assert reading.below_limit
    assert not reading.numbers


@pytest.mark.parametrize("text", ["", "n/a", "N/A", "-", "--", "?", "unknown", "pending", "NaN"])
def test_nothing_is_no_result(text):
    with pytest.raises(ReadingError, match="no result"):
        read_value(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2-3", "2;3", "1/2", "10 20", "1 2345", "1..2", "1,2,3", "~2", "ca. 2", "none", "inf"),
        *("1e999", "٣", "½", "1:2.5", "=1+1", "<script>", "1,23,456", "9" * 400),
    ],
)
def test_anything_else_is_refused_with_a_remedy(text):
    with pytest.raises(ReadingError) as caught:
        read_value(text)

    assert caught.value.remedy


@pytest.mark.parametrize("text", ["0x10", "1_000"])
def test_what_follows_a_number_is_a_unit_for_the_caller_to_refuse(text):
    assert read_value(text).unit


@given(value=st.floats(0, 1e6, allow_nan=False).map(lambda v: round(v, 6)))
def test_decimal_point_round_trip_returns_the_value(value):
    text = f"{value:.6f}"

    assert read_value(text).numbers == ((float(text), ""),)


@given(value=st.integers(0, 10**9), places=st.sampled_from([1, 2, 4, 5]))
def test_decimal_comma_means_what_the_point_means(value, places):
    text = f"{value // 10**places}.{value % 10**places:0{places}d}"

    assert [v for v, _ in read_number(text.replace(".", ","))] == [float(text)]


@given(value=st.integers(1000, 10**12))
def test_grouped_thousands_return_the_number(value):
    candidates = [v for v, _ in read_number(f"{value:,}")]

    assert float(value) in candidates
    assert len(candidates) == (2 if value < 10**6 else 1)


@given(text=st.text(max_size=100), decimal=st.sampled_from(["", ".", ","]))
def test_any_text_is_a_reading_or_a_reading_error(text, decimal):
    try:
        reading = read_value(text, decimal)
    except ReadingError as refused:
        reading = refused
    if isinstance(reading, ReadingError):
        assert reading.reason
        assert reading.remedy
    else:
        assert all(math.isfinite(value) for value, _ in reading.numbers)
        assert reading.numbers or reading.answer or reading.below_limit


@given(text=st.from_regex(r"[<>≤≥=]{0,2} ?[+-]?[\d.,' ]{1,12}( ?[a-zA-Z/%:()]{1,6})?"))
def test_near_numbers_are_readings_or_reading_errors(text):
    try:
        reading = read_value(text)
    except ReadingError:
        return
    assert all(math.isfinite(value) for value, _ in reading.numbers)


@pytest.mark.parametrize("value", [3.1500000000000004, 0.00012345678901234567, 123456789.12345679])
def test_a_binary_number_is_read_as_python_prints_it(value: float) -> None:
    assert read_number(repr(value)) == ((value, ""),)
