"""What an entry on breast-feeding says at a date."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.breastfeeding import Feeding, FeedingTerms, feeding, last_day
from openntz.monitor.profile import load_profile

PROFILE = load_profile("eu")
TERMS = FeedingTerms(
    yes=PROFILE.words("lactation.yes-terms"), no=PROFILE.words("lactation.no-terms")
)
DAY = date(2024, 5, 1)
YES, NO, UNKNOWN, UNCLEAR = Feeding.YES, Feeding.NO, Feeding.UNKNOWN, Feeding.UNCLEAR


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("yes", YES),
        ("Yes, discussed 2024-03-01", YES),
        ("yes, not discussed", YES),
        ("stopped, was partly", NO),
        ("partly", YES),
        ("no", NO),
        ("not breastfeeding", NO),
        ("weaned", NO),
        ("", UNKNOWN),
        ("  ", UNKNOWN),
        ("see letter", UNCLEAR),
        ("2024-05-01", YES),
        ("2024-04-30", NO),
        ("until 2024-05-01", YES),
        ("until 2024-04-30", NO),
        ("stopped on 2024-04-30", NO),
        ("until 2024-13-01", UNCLEAR),
    ],
)
def test_entries(entry, expected):
    assert feeding(entry, DAY, TERMS) is expected


def test_a_day_of_something_else_is_no_last_day():
    assert last_day("yes, discussed 2024-03-01") is None
    assert last_day("until: 2024-03-01") == date(2024, 3, 1)


@given(st.text(max_size=60))
def test_any_text_is_one_of_four(entry):
    assert feeding(entry, DAY, TERMS) in set(Feeding)
