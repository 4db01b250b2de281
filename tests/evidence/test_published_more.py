"""More published figures, typed a second time from the texts; derived ones computed again."""

from __future__ import annotations

from math import log2

import pytest

from openntz.evidence.registry import registry

# id, value, unit: antibodies, trials, stopping, label
PUBLISHED = [
    ("ada.affirm.relapse-p", 0.009, "1"),
    ("ada.titre-3-months.positives", 43, "of 525"),
    ("ada.adam.boosted-log10", 0.6, "1"),
    ("ada.antelope.people", 264, "people"),
    ("lymphocytes.low-rise.course-p", 0.04, "1"),
    ("affirm.people", 627, "people"),
    ("affirm.people.placebo", 315, "people"),
    ("affirm.relapses.year-1", "495, 111, 17, 4, 0", "people"),
    ("affirm.relapses.year-1.placebo", "180, 76, 42, 8, 9", "people"),
    ("miller-2003.relapsers.placebo", 27, "of 71"),
    ("nova.people", 499, "people"),
    ("next-ms.people", 376, "people"),
    ("sorensen-2014.rebound-count", 83, "people"),
    ("rebound.edss-47-cohort.printed", 19, "%"),
    ("ucsf.continuing", 0, "of 16"),
    ("wearing-off.people", 93, "people"),
    ("ada.loinc", "58012-6", "1"),
    ("dosing.volume", 15, "mL"),
    ("dosing.saline", 100, "mL"),
]


@pytest.mark.parametrize(("name", "value", "unit"), PUBLISHED)
def test_fact_matches_its_publication(name: str, value: float | str, unit: str) -> None:
    fact = registry().fact(name)
    assert (fact.value, fact.unit) == (value, unit)


def test_affirm_year_1_counts_match_its_people_and_relapse_rates() -> None:
    for arm, people, rate in (("", 627, 0.241), (".placebo", 315, 0.700)):
        counts = str(registry().fact(f"affirm.relapses.year-1{arm}").value).split(", ")
        by_number = [int(x) for x in counts]
        assert sum(by_number) == people
        # Four or more count as four, and not everybody was seen for the whole year.
        relapses = sum(n * k for n, k in enumerate(by_number))
        assert relapses / people == pytest.approx(rate, abs=0.03)


def test_share_of_positives_that_persisted_matches_counts_of_affirm() -> None:
    persistent = registry().fact("ada.affirm.persistent-count").number
    positive = registry().fact("ada.affirm.any-count").number
    people = registry().fact("ada.affirm.people").number
    assert registry().fact("ada.affirm.persistent-of-positives").number == round(
        100 * persistent / positive
    )
    assert registry().fact("ada.affirm.persistent").number == round(100 * persistent / people)


def test_share_that_worsened_matches_its_count_and_not_what_is_printed() -> None:
    share = round(100 * registry().fact("rebound.edss-47-cohort").number / 47)
    assert registry().fact("rebound.edss-47-cohort.share").number == share
    assert registry().fact("rebound.edss-47-cohort.printed").number != share


def test_eleven_day_curve_matches_closed_form() -> None:
    half_life_weeks = registry().fact("pk.half-life.us-nca").number / 7
    weeks = [4 + half_life_weeks * log2(26 / level) for level in (10, 5, 2)]
    assert registry().fact("interval.eleven-day-curve").value == ", ".join(
        f"{w:.1f}" for w in weeks
    )


def test_share_of_people_with_a_reaction_matches_its_count() -> None:
    people = registry().fact("reaction.amsterdam.people").number
    reacted = registry().fact("reaction.amsterdam.people-with-reaction").number
    share = registry().fact("reaction.amsterdam.per-person").number
    assert share == round(100 * reacted / people, 1)
