"""When the effect is gone. Oracle: the times as the sources give them."""

from __future__ import annotations

from datetime import date

import pytest

from openntz.definitions.effect_window import Sign, effect_window
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.effect_words import SIGNS, effect_after, effect_text

LAST = date(2024, 1, 1)


def test_the_window_runs_from_the_earliest_sign_to_the_latest():
    found = effect_window([Sign("b", 84, 84), Sign("a", 28, 56), Sign("c", 30, 112)], LAST)
    assert [s.key for s in found.signs] == ["a", "c", "b"]
    assert found.opens == date(2024, 1, 29)
    assert found.closes == date(2024, 4, 22)


def test_one_sign_is_a_window_of_its_own():
    found = effect_window([Sign("a", 84, 84)], LAST)
    assert found.opens == found.closes == date(2024, 3, 25)


@pytest.mark.parametrize("name", PROFILES)
def test_the_five_sources_of_conflict_c7(name):
    """EU about 12 weeks, US 16 weeks, case 3 to 4 months, RESTORE 4 to 8 and 12 weeks."""
    profile = load_profile(name)
    found = {s.key: (s.from_day, s.until_day) for s in effect_after(LAST, profile).signs}
    assert set(found) == set(SIGNS)
    assert found["effect.relapses"] == (28, 56)
    assert found["effect.mri"] == found["effect.label"] == (84, 84)
    assert found["effect.counts"] == (112, 112)
    assert found["effect.trafficking"] == (91, 122)  # 3 and 4 months of 30.44 days
    text = effect_text(LAST, profile)
    for words in (
        "2024-01-29 to 2024-05-02",
        "first relapses at 4 to 8 weeks (RESTORE)",
        "12 weeks (EU label, unverified)",
        "blood counts back at 16 weeks (US text)",
        "3 to 4 months (founding case report)",
    ):
        assert words in text
