"""Dates: one reading or none."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openntz.records.dates import last_day, order_of, read_moment, read_rough_day
from openntz.records.problems import ReadingError


@pytest.mark.parametrize(
    ("text", "expected", "known"),
    [
        ("2024-05-01", datetime(2024, 5, 1), False),
        ("2024-05-01T10:30", datetime(2024, 5, 1, 10, 30), True),
        ("2024-05-01 10:30", datetime(2024, 5, 1, 10, 30), True),
        ("2024-05-01T10:30:15", datetime(2024, 5, 1, 10, 30, 15), True),
        ("2024-05-01T10:30:15.250", datetime(2024, 5, 1, 10, 30, 15), True),
        ("2024-05-01T00:00", datetime(2024, 5, 1), False),
        ("2024-05-01 00:00:00", datetime(2024, 5, 1), False),
        ("2024-5-1", datetime(2024, 5, 1), False),
        ("3 Apr 2024", datetime(2024, 4, 3), False),
        ("03-APR-2024 09:15", datetime(2024, 4, 3, 9, 15), True),
        ("April 3, 2024 9:15 pm", datetime(2024, 4, 3, 21, 15), True),
        ("2024-05-01 12:10 AM", datetime(2024, 5, 1, 0, 10), True),
        ("2024-02-29", datetime(2024, 2, 29), False),
    ],
)
def test_one_reading_is_read_without_a_word(text, expected, known):
    moment = read_moment(text)

    assert (moment.at, moment.time_known, moment.note) == (expected, known, "")


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("25/04/2024 10:00", datetime(2024, 4, 25, 10), "day first"),
        ("04/25/2024", datetime(2024, 4, 25), "month first"),
        ("05/05/2024", datetime(2024, 5, 5), "same number"),
        ("25.04.2024", datetime(2024, 4, 25), "day first"),
        ("2024/05/01", datetime(2024, 5, 1), "year, month, day"),
        ("20240501", datetime(2024, 5, 1), "year, month, day"),
        ("2024-05-01T10:30Z", datetime(2024, 5, 1, 10, 30), "time zone Z"),
        ("2024-05-01T10:30+02:00", datetime(2024, 5, 1, 10, 30), "time zone +02:00"),
        ("2024-05-01 10:30 UTC", datetime(2024, 5, 1, 10, 30), "time zone UTC"),
    ],
)
def test_what_is_assumed_is_said(text, expected, said):
    moment = read_moment(text)

    assert moment.at == expected
    assert said in moment.note


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/04/2024 10:00", "cannot be told apart: 2024-03-04 or 2024-04-03"),
        ("07.11.1990", "cannot be told apart"),
        ("1990-02-30", "no such day"),
        ("2023-02-29", "no such day"),
        ("31/04/2024", "no such day"),
        ("13/13/2024", "no such day"),
        ("00/04/2024", "no such day"),
        ("0000-01-01", "no such day"),
        ("03.04.24", "two figures"),
        ("45390", "spreadsheet's day number"),
        ("45390.4167", "spreadsheet's day number"),
        ("03042024", "do not start with a year"),
        ("2015", "day is missing"),
        ("2015-03", "day is missing"),
        ("2024-01-08T24:00", "not a time of day"),
        ("2024-01-08T10:60", "not a time of day"),
        ("2024-01-08 13:00 pm", "not a time of day"),
        ("3 Mai 2024", "not an English name of a month"),
        ("10:00", "not a date"),
        ("yesterday", "not a date"),
        ("2024-W01-1", "not a date"),
        ("٢٠٢٤-٠٥-٠١", "not a date"),
        ("2024-05-01" * 9, "too long"),
    ],
)
def test_no_reading_or_two_are_refused_with_reason_and_remedy(text, why):
    with pytest.raises(ReadingError) as caught:
        read_moment(text)

    assert why in caught.value.reason
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("order", "expected"), [("DMY", datetime(2024, 4, 3)), ("MDY", datetime(2024, 3, 4))]
)
def test_a_stated_order_settles_it_without_a_word(order, expected):
    moment = read_moment("03/04/2024", order)

    assert (moment.at, moment.note) == (expected, "")


def test_a_stated_order_is_not_bent_to_make_a_date_possible():
    with pytest.raises(ReadingError, match="no such day"):
        read_moment("04/25/2024", "DMY")


def test_iso_is_read_under_any_stated_order():
    assert read_moment("2024-04-03", "MDY").at == datetime(2024, 4, 3)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2015", date(2015, 1, 1), date(2015, 12, 31)),
        ("2015-02", date(2015, 2, 1), date(2015, 2, 28)),
        ("02/2016", date(2016, 2, 1), date(2016, 2, 29)),
        ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
        ("2015-02-03", date(2015, 2, 3), date(2015, 2, 3)),
    ],
)
def test_a_rough_date_spans_what_it_can_mean(text, first, last):
    moment = read_rough_day(text)

    assert (moment.at.date(), last_day(moment)) == (first, last)


@pytest.mark.parametrize("text", ["0000", "2015-13", "2015-00", "00/2015"])
def test_an_impossible_rough_date_is_refused(text):
    with pytest.raises(ReadingError):
        read_rough_day(text)


@pytest.mark.parametrize(
    ("pattern", "order"),
    [
        ("DD/MM/YYYY", "DMY"),
        ("dd.mm.yyyy", "DMY"),
        ("MM/DD/YYYY", "MDY"),
        ("YYYY-MM-DD", "YMD"),
        ("DD/MM/YY", None),
        ("%d/%m/%Y", None),
        ("", None),
    ],
)
def test_a_pattern_states_an_order_or_is_refused(pattern, order):
    assert order_of(pattern) == order


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


@given(at=MOMENTS)
def test_iso_round_trip_returns_the_moment(at):
    moment = read_moment(at.isoformat(timespec="minutes"))

    assert moment.at == at
    assert moment.time_known == bool(at.hour or at.minute)


@given(at=MOMENTS, order=st.sampled_from(["DMY", "MDY"]))
def test_a_stated_order_returns_the_day_that_was_written(at, order):
    pattern = "%d/%m/%Y %H:%M" if order == "DMY" else "%m/%d/%Y %H:%M"

    assert read_moment(f"{at:{pattern}}", order).at == at


@given(day=st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_figures_without_an_order_are_read_only_where_both_orders_agree_or_one_is_impossible(day):
    text = f"{day:%d/%m/%Y}"
    if day.day <= 12 and day.day != day.month:
        with pytest.raises(ReadingError):
            read_moment(text)
    else:
        assert read_moment(text).at.date() == day


@given(text=st.text(max_size=60))
@example("9999-12-31T23:59:59")
@example("0001-01-01")
@example("T:")
@example(":")
def test_any_text_is_a_moment_or_a_reading_error(text):
    for read in (read_moment, read_rough_day):
        try:
            moment = read(text)
        except ReadingError as refused:
            moment = refused
        if isinstance(moment, ReadingError):
            assert moment.reason
            assert moment.remedy
        else:
            assert last_day(moment) >= moment.at.date()
