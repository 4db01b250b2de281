"""Numbers and dates as a reader sees them."""

from datetime import datetime

import pytest

from openntz.course.events import Measurement, Ref
from openntz.evidence.registry import Fact
from openntz.forecast.result import Quantiles
from openntz.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "<0.1"), (0.099, "<0.1"), (0.1, "0.1"), (9.94, "9.9"), (9.95, "10"), (17.4, "17")],
)
def test_levels_have_the_digits_they_deserve(value, text):
    assert words.level(value) == text


def test_an_interval_that_says_nothing_more_is_left_out():
    assert words.level_between(Quantiles(17.2, 13.9, 22.4)) == "17 (14–22)"
    assert words.level_between(Quantiles(0.001, 0.0, 0.05)) == "<0.1"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "<1 %"), (0.005, "<1 %"), (0.42, "42 %"), (1.0, ">99 %")]
)
def test_a_chance_is_never_certain(value, text):
    assert words.chance(value) == text


def test_saturation_of_nothing_is_nothing():
    assert words.percent(0.0) == "0 %"
    assert words.percent(0.004) == "<1 %"


def measurement(**values):
    return Measurement(at=datetime(2024, 1, 1), ref=Ref("measurements", 2), test="x", **values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"value": 18.2, "unit": "ug/mL"}, "18.2 µg/mL"),
        ({"value": 2.0, "censor": "<", "unit": "ug/mL"}, "<2 µg/mL"),
        ({"answer": "negative"}, "negative"),
        ({"answer": "positive", "value": 320.0, "unit": "1"}, "positive, titre 1:320"),
        ({"value": 1.19, "unit": "index"}, "1.19"),
        ({}, "no result"),
    ],
)
def test_results_keep_their_censoring_and_unit(values, text):
    assert words.result(measurement(**values)) == text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("Last level 0.5 µg/mL on 2024-01-02. Repeat.", "Last level 0.5 µg/mL on 2024-01-02."),
        ("Only one", "Only one"),
        ("approx. five doses. Then", "approx. five doses."),
        ("A rise; It was seen.", "A rise."),
    ],
)
def test_the_first_sentence_does_not_end_in_a_number_or_abbreviation(text, first):
    assert words.first_sentence(text) == first


def test_units_of_facts_are_written_out():
    fact = Fact("a", 6, "wk", "m", (), "unverified", "more")
    assert words.fact(fact) == "6 weeks (unverified)"
    assert words.fact(Fact("b", 5, "ug/mL", "m", (), "project default")) == (
        "5 µg/mL (project default)"
    )
    assert words.fact(Fact("c", 0.9, "1", "m", ("s",), "read")) == "0.9"


@pytest.mark.parametrize(("n", "text"), [(0, "today"), (1, "in 1 day"), (-3, "3 days late")])
def test_waiting_is_told_in_days(n, text):
    assert words.ahead(n) == text


def test_lists_read_as_sentences():
    assert words.listed([]) == ""
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_titles_within_a_sentence_keep_their_abbreviations():
    assert words.within_sentence("Liver values") == "liver values"
    assert words.within_sentence("MRI for PML") == "MRI for PML"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("bilirubin 62 umol/L, 22% (3% to 70%)", "bilirubin 62 µmol/L, 22 % (3 % to 70 %)"),
        ("2 ug/mL at 50 %", "2 µg/mL at 50 %"),
        ("410 cells/uL", "410 cells/µL"),
        ("unusual, 5 ug/mLx", "unusual, 5 ug/mLx"),
    ],
)
def test_texts_of_rules_are_printed_with_this_reports_units(text, printed):
    assert words.prose(text) == printed
    assert words.prose(printed) == printed


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.0, 0.05, "below 0.1"), (0.0, 0.5, "<0.1 to 0.5"), (13.9, 22.4, "14 to 22")],
)
def test_an_interval_of_nothing_measurable_is_said_once(low, high, text):
    assert words.level_range(low, high) == text


def test_shares_have_one_sign_and_one_space():
    assert words.percent_range(0.03, 0.7) == "3 to 70 %"
    assert words.percent_between(Quantiles(0.86, 0.84, 0.88)) == "86 % (84–88)"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (18, "a", "18 years"),
        (1, "wk", "1 week"),
        (8, "wk", "8 weeks"),
        (1, "min", "1 minute"),
        (3, "grade", "grade 3"),
        (5, "ug/mL", "5 µg/mL"),
        (0.5, "1", "0.5"),
    ],
)
def test_units_of_limits_are_words(value, unit, said):
    fact = Fact("a.b", value, unit, "a limit", ("x",), "read")
    assert words.fact(fact) == said
    default = Fact("a.b", value, unit, "a limit", (), "project default")
    assert words.fact(default) == f"{said} (project default)"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "Not recorded (people, column a; 'none' if none). More.",
            "Not recorded (people, column a; 'none' if none).",
        ),
        ("A met (B. And C) today. Then.", "A met (B. And C) today."),
        ("Odd) bracket. Then.", "Odd) bracket."),
    ],
)
def test_a_bracket_is_not_broken_by_the_first_sentence(text, first):
    assert words.first_sentence(text) == first
