"""Facts on pregnancy, vaccines and activity against the texts, typed here a second time."""

from __future__ import annotations

import pytest

from openntz.evidence.registry import registry

# id, value, unit, low, high, rank
PREGNANCY_GUIDELINES = [
    ("pregnancy.last-week.abn", 34, "wk", None, None, "read"),
    ("pregnancy.last-week.gulf", 30, "wk", None, None, "read"),
    ("pregnancy.interval.nap-30", 6, "wk", None, None, "read"),
    ("pregnancy.interval.abn", 8, "wk", None, None, "unverified"),
    ("pregnancy.restart-after-birth", 4, "wk", None, None, "unverified"),
]
PREGNANCY_REGISTRY = [
    ("pregnancy.people", 350, "pregnancies", None, None, "read"),
    ("pregnancy.relapse.continued", 25.7, "%", None, None, "read"),
    ("pregnancy.relapse.stopped", 62.6, "%", None, None, "read"),
    ("pregnancy.last-dose-from-week-30.postpartum-relapse", 0.36, "1", None, None, "read"),
    ("pregnancy.last-dose-from-week-30.newborn-anaemia", 2.62, "1", None, None, "read"),
    ("pregnancy.last-dose-from-week-30.newborn-low-platelets", 2.64, "1", None, None, "read"),
]
VACCINES = [
    ("vaccination.live-before", 4, "wk", None, None, "read"),
    ("vaccination.inactivated-before", 2, "wk", None, None, "read"),
]
EDSS = [
    ("edss.rise.from-zero", 1.5, "points", None, None, "read"),
    ("edss.rise.middle", 1.0, "points", None, None, "read"),
    ("edss.rise.high", 0.5, "points", None, None, "read"),
    ("edss.high-from.msprog", 5.5, "points", None, None, "read"),
    ("edss.high-from.msoutcomes", 6.0, "points", None, None, "read"),
    ("edss.confirmed-after.short", 12, "wk", None, None, "read"),
    ("edss.confirmed-after.long", 24, "wk", None, None, "read"),
    ("edss.apart-from-relapse", 30, "d", None, None, "read"),
    ("relapse.apart", 30, "d", None, None, "read"),
]
NEDA = [("neda.volume-loss", 0.4, "%/a", None, None, "read")]


@pytest.mark.parametrize(
    "row", [*PREGNANCY_GUIDELINES, *PREGNANCY_REGISTRY, *VACCINES, *EDSS, *NEDA], ids=lambda r: r[0]
)
def test_facts_match_their_publication(row) -> None:
    name, value, unit, low, high, rank = row
    fact = registry().fact(name)
    assert (fact.value, fact.unit, fact.low, fact.high, fact.rank) == (value, unit, low, high, rank)


# id, months in the text (first, last); the facts are in days
MONTHS = [
    ("newborn.normal-by", 4, 5),
    ("newborn.no-live-vaccine-until", 6, 6),
    ("neda.baseline", 3, 6),
    ("neda.period", 12, 12),
    ("review.benefit", 6, 6),
    ("review.reconsent", 24, 24),
]


@pytest.mark.parametrize(("name", "first", "last"), MONTHS)
def test_months_of_the_texts_are_days(name, first, last) -> None:
    """A month is 30.44 days; half a day either way is rounding."""
    fact = registry().fact(name)
    for days, months in ((fact.low or fact.number, first), (fact.high or fact.number, last)):
        assert days == pytest.approx(months * 365.25 / 12, abs=0.51)


def test_the_later_end_of_the_watch_and_the_earlier_baseline_decide() -> None:
    """The cautious end of either range."""
    assert registry().fact("newborn.normal-by").number == registry().fact("newborn.normal-by").high
    assert registry().fact("neda.baseline").number == registry().fact("neda.baseline").low
