"""The column contract: complete, free of collisions, and true of the example clinic."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.course import spellings
from openntz.course.columns import plain_name
from openntz.course.course import TABLES
from openntz.course.tables import CONTRACT
from openntz.course.vocabulary import CANONICAL_UNITS
from openntz.units import read_unit

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"


def test_contract_has_the_eleven_tables_in_order():
    assert tuple(CONTRACT) == TABLES


@pytest.mark.parametrize("name", TABLES)
def test_example_clinic_has_exactly_columns_of_the_contract(name):
    with (CLINIC / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    table = CONTRACT[name]

    assert [table.find(column)[0].name for column in header] == header
    assert set(table.required) <= set(header)


@pytest.mark.parametrize("name", TABLES)
def test_no_name_stands_for_two_columns(name):
    seen: dict[str, str] = {}
    for column in CONTRACT[name].columns:
        names = {
            plain_name(n)
            for n in (column.name, *column.synonyms, *(n for n, _ in column.units_in_name))
        }
        for plain in names:
            assert seen.setdefault(plain, column.name) == column.name


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_unique_described_and_carry_known_units(name):
    columns = CONTRACT[name].columns

    assert len({c.name for c in columns}) == len(columns)
    for column in columns:
        assert column.meaning
        for unit in (column.unit, *(u for _, u in column.units_in_name)):
            assert not unit or read_unit(unit)


def test_no_file_name_stands_for_two_tables():
    names = [plain_name(n) for t in CONTRACT.values() for n in (t.name, *t.files)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("table", "header", "column", "unit"),
    [
        ("people", "Birth Date", "birth_date", ""),
        ("people", "BIRTHDATE", "birth_date", ""),
        ("people", " date-of-birth ", "birth_date", ""),
        ("doses", "Dose (mg)", "dose_mg", "mg"),
        ("doses", "dose_g", "dose_mg", "g"),
        ("doses", "amount", "dose_mg", ""),
        ("plans", "interval_weeks", "planned_interval_days", "wk"),
        ("measurements", "Test Name", "test", ""),
    ],
)
def test_header_is_found_whatever_its_case_blanks_and_signs(table, header, column, unit):
    found = CONTRACT[table].find(header)

    assert found is not None
    assert (found[0].name, found[1]) == (column, unit)


@given(header=st.text(max_size=40))
def test_any_header_is_known_or_unknown(header):
    for table in CONTRACT.values():
        found = table.find(header)
        assert found is None or found[0] in table.columns


def test_every_test_has_words_that_lead_to_it():
    for test in CANONICAL_UNITS:
        for word in (test, *spellings.words_for(test)):
            assert spellings.TESTS[plain_name(word)] == test


def test_no_word_stands_for_two_tests():
    words = [plain_name(w) for t in CANONICAL_UNITS for w in {t, *spellings.words_for(t)}]
    doubled = {
        (word, a)
        for a in CANONICAL_UNITS
        for word in words
        if word in {plain_name(w) for w in spellings.words_for(a)} and spellings.TESTS[word] != a
    }

    assert not doubled


def test_a_lone_dash_is_nothing_and_never_negative():
    assert "-" in spellings.BLANK
    assert "-" not in spellings.ANSWERS


def test_no_word_is_blank_and_an_answer_at_once():
    assert not spellings.BLANK & set(spellings.ANSWERS)
