"""Washout to the next drug. Oracle: the figures of the studies, typed here, and the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.definitions.washout import (
    Span,
    StudiedWashout,
    Successor,
    scan_before,
    successor_named,
    washout_days,
)
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.washout_words import names_of, studied_washout
from tests.build import scan, treatment

LAST = date(2024, 1, 1)
EU = load_profile("eu")


@pytest.mark.parametrize(
    ("days", "span"),
    [
        (40, Span.SHORTER),
        (41, Span.WITHIN),
        (70, Span.WITHIN),
        (99, Span.WITHIN),
        (100, Span.LONGER),
    ],
)
def test_alemtuzumab_41_to_99_days(days, span):
    assert StudiedWashout(41, 99, mri_before=True).span(days) is span
    assert studied_washout(Successor.ALEMTUZUMAB, EU) == StudiedWashout(41, 99, mri_before=True)


def test_what_was_studied_for_each_drug():
    assert studied_washout(Successor.FINGOLIMOD, EU) == StudiedWashout(0, 42, mri_before=False)
    assert studied_washout(Successor.OCRELIZUMAB, EU) == StudiedWashout(0, 42, mri_before=True)
    for drug in (Successor.FUMARATE, Successor.INTERFERON, Successor.GLATIRAMER):
        assert studied_washout(drug, EU) is None


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("Fingolimod", Successor.FINGOLIMOD),
        ("Gilenya 0.5 mg", Successor.FINGOLIMOD),
        ("LEMTRADA", Successor.ALEMTUZUMAB),
        ("ocrelizumab (Ocrevus)", Successor.OCRELIZUMAB),
        ("dimethyl-fumarate", Successor.FUMARATE),
        ("peg-interferon", Successor.INTERFERON),
        ("interferon beta-1a", Successor.INTERFERON),
        ("glatiramer acetate", Successor.GLATIRAMER),
        ("rituximab", None),
        ("siponimod", None),
    ],
)
def test_drugs_are_known_by_name(name, drug):
    assert successor_named(treatment(LAST, name), names_of(EU)) is drug


@pytest.mark.parametrize(("start", "days"), [(-20, 0), (0, 0), (1, 1), (70, 70)])
def test_days_without_either_drug(start, days):
    assert washout_days(LAST, LAST + timedelta(days=start)) == days


@pytest.mark.parametrize(("before", "counts"), [(0, True), (28, True), (29, False), (-1, False)])
def test_an_mri_counts_just_before_the_start(before, counts):
    start = LAST + timedelta(days=60)
    found = scan_before([scan(start - timedelta(days=before))], LAST, start, 28)
    assert (found is not None) is counts


@pytest.mark.parametrize(("after", "counts"), [(0, False), (1, True)])
def test_an_mri_on_the_day_of_the_last_dose_is_before_the_washout(after, counts):
    start = LAST + timedelta(days=20)
    found = scan_before([scan(LAST + timedelta(days=after))], LAST, start, 28)
    assert (found is not None) is counts
