"""Disagreements C7 to C18, seen in what the software does: both sides, none the truth.

The oracle is the sources' own text as `evidence/conflicts.toml` and the facts have it.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.definitions.edss_worsening import confirmed_worsening
from openntz.definitions.gap_limits import GapLimit, crossed, gap_crossings
from openntz.definitions.rebound import Met, Rebound
from openntz.evidence.registry import registry
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import PROFILES, Profile, load_profile
from openntz.monitor.rules.effect_words import effect_after
from openntz.monitor.rules.gap_words import gap_limits
from openntz.monitor.rules.neda import neda_limits
from openntz.monitor.rules.rebound import rebound_facts
from openntz.reanalyse.study import Study
from openntz.reanalyse.troughs import troughs
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    doses_every,
    doses_until,
    edss,
    finding,
    forecast,
    level,
    lymphocytes,
    measurement,
    person,
    plan,
    pregnancy,
    quantiles,
    reaction,
    relapse,
    scan,
    situation,
    symptom,
    treatment,
)
from tests.contracts.conflict_case import fact, statuses, under

# ── C7, C8: after stopping


def stopped(**events):
    return course(
        doses=doses_until(days_before(120), 24),
        plans=[plan(days_before(110), 28, stopped=days_before(110))],
        **events,
    )


def test_c7_the_end_of_the_effect_is_a_window_with_every_source_in_it() -> None:
    last = days_before(120)
    found = effect_after(last, load_profile("eu"))
    assert found.opens == last + timedelta(weeks=4), "RESTORE: relapses from week 4"
    assert found.closes >= last + timedelta(weeks=16), "US text: counts by week 16"
    days = {s.key: s.from_day for s in found.signs}
    assert days["effect.label"] == 84, "EU text: about 12 weeks"
    told = finding("stopping.rebound-window", stopped()).message
    for who in ("RESTORE", "EU label", "founding case report", "US text"):
        assert who in told
    assert "over a window, not on a day" in told


def rebounding(**events):
    """Relapse before the drug; a relapse and scans since the last dose, 200 days ago."""
    return course(
        doses=doses_until(days_before(200), 24),
        plans=[plan(days_before(190), 28, stopped=days_before(190))],
        edss=[edss(days_before(300), 2.0), edss(days_before(60), 2.5)],
        **events,
    )


def by_definition(made) -> dict[Rebound, Met]:
    profile = load_profile("eu")
    return {d: v.met for d, v in rebound_facts(situation(made), profile).verdicts.items()}


def test_c8_the_same_return_of_disease_is_rebound_by_some_definitions_only() -> None:
    before = {"gadolinium": 3, "new_t2": 1}
    many = rebounding(
        relapses=[relapse(days_before(1000)), relapse(days_before(100))],
        mri=[scan(days_before(900), **before), scan(days_before(90), 8, 9)],
    )
    found = by_definition(many)
    assert set(found) == set(Rebound)
    assert found[Rebound.GUEGUEN] is Met.YES
    assert found[Rebound.IVMP] is Met.YES
    assert found[Rebound.EDSS] is Met.NO
    few = rebounding(
        relapses=[relapse(days_before(1000)), *(relapse(days_before(n)) for n in (160, 120, 90))],
        mri=[scan(days_before(900), **before), scan(days_before(80), 2, 2)],
    )
    found = by_definition(few)
    assert found[Rebound.SORENSEN] is Met.YES
    assert found[Rebound.GUEGUEN] is Met.NO


def test_c8_the_finding_shows_the_other_definitions_and_that_one_study_saw_none() -> None:
    made = rebounding(
        relapses=[relapse(days_before(100))],
        mri=[scan(days_before(900), 3), scan(days_before(90), 8, 9)],
    )
    answer = finding("stopping.rebound", made)
    assert answer.status in {Status.ACT, Status.WATCH}
    assert "By other definitions" in answer.message
    assert "O'Connor 2011" in answer.message
    for key in ("sorensen-2014", "gueguen-2014", "ivmp-washout-cohort", "oconnor-2011"):
        assert key in answer.sources
    assert fact("oconnor-2011.beyond-placebo").value is False


# ── C9, C10, C11: symptom, level, lymphocytes


def test_c9_wearing_off_is_shown_with_level_and_both_studies_and_no_cause() -> None:
    made = course(
        doses=doses_until(days_before(10), 24),
        symptoms=[symptom(days_before(20))],
        measurements=[
            level(days_before(10), 18.0, line=2),
            measurement(vocabulary.SATURATION, days_before(10), 0.8, line=3),
        ],
    )
    told = finding("symptom.wearing-off", made).message
    assert "18" in told
    assert "saturation" in told
    assert "Bringeland 2020" in told
    assert "van Kempen 2019" in told
    assert not re.search(r"\b(because|caused by|due to|explains)\b", told)


def test_c10_level_and_activity_are_related_within_antibody_groups_only() -> None:
    """Planted: in each group more relapses go with a *higher* trough, across groups with a lower.

    Only an analysis apart by antibodies can find the planted sign.
    """
    courses = {}
    for i in range(24):
        with_antibodies, rank = i >= 12, i % 12
        trough = (1.0 if with_antibodies else 20.0) + rank
        relapses = rank // 3 + (6 if with_antibodies else 0)
        first = days_before(1000)
        doses = doses_every(first, 36)
        answer = "positive" if with_antibodies else "negative"
        courses[f"N{i:02d}"] = course(
            who=person(f"N{i:02d}"),
            doses=doses,
            relapses=[relapse(first + timedelta(days=40 * (n + 1))) for n in range(relapses)],
            measurements=[
                level(doses[20].day, trough, line=2),
                antibody(doses[4].day, answer, line=3),
                antibody(doses[8].day, answer, line=4),
            ],
        )
    result = troughs(Study.of(courses, AS_OF), registry())
    rows = result.summary[result.summary["measure"].str.contains("relapse rate")]
    assert len(rows) == 2
    assert (rows["value"] > 0.9).all()


def test_c10_a_low_level_asks_for_a_cause_and_names_both_studies() -> None:
    made = course(
        doses=doses_until(days_before(10), 24), measurements=[level(days_before(10), 0.5)]
    )
    answer = finding("level.low", made, predicted=forecast(planned=(quantiles(0.5),) * 2))
    assert answer.status is Status.ACT
    assert "antibodies" in answer.message
    for study in ("van Kempen 2017", "Vennegoor 2013"):
        assert study in answer.message


def test_c11_a_missing_rise_asks_for_tests_and_is_no_verdict() -> None:
    made = course(
        doses=doses_until(days_before(10), 12),
        measurements=[
            lymphocytes(days_before(330), 2.0, line=2),
            lymphocytes(days_before(220), 2.1, line=3),
            lymphocytes(days_before(100), 2.1, line=4),
            lymphocytes(days_before(12), 2.1, line=5),
        ],
    )
    asked = finding("antibody.no-lymphocyte-rise", made)
    assert asked.status is Status.DUE
    assert "Take antibodies and a trough" in asked.message
    seen = finding("lymphocytes.response", made)
    assert seen.status is Status.WATCH
    assert "no verdict on efficacy" in seen.message
    assert "Signoriello 2016" in seen.message
    assert "no difference in NEDA-3" in seen.message


# ── C12: late dose


def limits_crossed(doses: int, days: int, profile: str = "eu") -> set[GapLimit]:
    limits = gap_limits(load_profile(profile), planned_days=28)
    return {c.limit for c in crossed(gap_crossings(limits, doses), days)}


def test_c12_four_limits_on_a_gap_are_kept_apart() -> None:
    all_four = set(GapLimit)
    assert len(all_four) == 4
    assert limits_crossed(20, 28) == set()
    assert limits_crossed(20, 30) == {GapLimit.MISSED}
    assert limits_crossed(20, 60) == {GapLimit.MISSED, GapLimit.DELAY}
    assert limits_crossed(2, 95) == {GapLimit.MISSED, GapLimit.DELAY, GapLimit.RE_EXPOSURE}
    assert GapLimit.RE_EXPOSURE not in limits_crossed(3, 95)
    assert limits_crossed(2, 200) == all_four


def test_c12_a_late_dose_is_asked_for_and_the_next_limit_named() -> None:
    made = course(doses=doses_until(days_before(50), 20), plans=[plan(days_before(700), 28)])
    answer = finding("interval.late-dose", made)
    assert answer.status is Status.DUE
    assert "as soon as possible" in answer.message
    assert "8 weeks" in answer.message


# ── C13: pregnancy


def test_c13_the_last_week_is_the_profiles_and_a_newborn_count_is_everybodys() -> None:
    made = course(
        doses=doses_until(days_before(20), 24), pregnancies=[pregnancy(days_before(30 * 7))]
    )
    found = under("pregnancy.plan", made)
    assert statuses(found) == [Status.ACT, Status.ACT, Status.DUE]
    for answer in found.values():
        assert "week 30" in answer.message
        assert "week 34" in answer.message
    assert {name for name, _, _ in found["study"].others} == {"eu", "us"}
    counts = under("pregnancy.newborn-count", made)
    assert statuses(counts) == [Status.DUE] * 3


def test_c13_on_breast_feeding_each_profile_names_its_own_text() -> None:
    chosen = {name: load_profile(name).chosen("lactation") for name in PROFILES}
    assert chosen == {"eu": "leaflet", "us": "guide", "study": "cohort"}
    delivered = replace(
        pregnancy(days_before(300), delivery=days_before(30), outcome="live birth"),
        breastfeeding="yes",
    )
    made = course(doses=doses_until(days_before(20), 24), pregnancies=[delivered])
    found = under("pregnancy.lactation", made)
    assert statuses(found) == [Status.DUE] * 3, "what nobody here has read lets nobody off"
    for answer in found.values():
        assert "EU leaflet" in answer.message
        assert "stop the drug or the feeding" in answer.message
        assert "reassuring (unverified)" in answer.message


# ── C14: home


def at_home(profile: Profile) -> Finding:
    doses = doses_until(days_before(20), 10, route="SC")
    given = (*doses[:-1], replace(doses[-1], setting="home"))
    given = tuple(d if d.setting else replace(d, setting="clinic") for d in given)
    return finding("administration.home", course(doses=given), profile=profile)


def test_c14_the_jurisdiction_decides_about_a_dose_at_home() -> None:
    eu = load_profile("eu")
    swiss = replace(eu.fact("home.jurisdiction"), value="ch")
    ours = at_home(eu)
    theirs = at_home(replace(eu, use={**eu.use, "home.jurisdiction": swiss}))
    assert theirs.status is Status.DUE
    assert "Switzerland: no home treatment" in theirs.message
    assert ours.status is not Status.DUE
    assert "Switzerland" in ours.message, "what the other text says"


# ── C15, C16: reactions, combination, premedication


def test_c15_rates_per_infusion_and_per_person_are_facts_of_their_own() -> None:
    per_infusion = {"reaction.seattle.per-infusion", "reaction.amsterdam.per-infusion"}
    per_person = {
        "reaction.seattle.per-person",
        "reaction.sacco.per-person",
        "reaction.amsterdam.per-person",
        "reaction.any.eu",
        "reaction.any.us",
    }
    assert all("infusions with a reaction" in fact(f).meaning for f in per_infusion)
    assert all("people" in fact(f).meaning for f in per_person)
    events, people = fact("reaction.amsterdam.events"), fact("reaction.amsterdam.people")
    infused = fact("reaction.amsterdam.infusions")
    # The same cohort, as printed: fourteen times as often per person as per infusion.
    assert fact("reaction.amsterdam.per-infusion").number == pytest.approx(
        100 * events.number / infused.number, abs=0.005
    )
    reacted = fact("reaction.amsterdam.people-with-reaction")
    assert fact("reaction.amsterdam.per-person").number == pytest.approx(
        100 * reacted.number / people.number, abs=0.05
    )


def test_c15_the_finding_gives_both_rates_each_with_its_window() -> None:
    doses = doses_until(days_before(10), 24)
    made = course(
        doses=doses, reactions=[reaction(doses[-1].at + timedelta(minutes=20), "headache", 1)]
    )
    found = under("reaction.grading", made)
    for name, rate in (("eu", "23.1 %"), ("us", "24 %")):
        message = found[name].message
        assert "1.95 %" in message
        assert "infusions with a reaction" in message
        assert rate in message
    assert "within 1 hour" in found["eu"].message
    assert "within 2 hours of the start" in found["us"].message


def test_c16_a_second_drug_is_warned_about_and_precautions_are_never_asked_for() -> None:
    doses = tuple(
        replace(d, product="Tysabri", batch="B1", premedication="antihistamine")
        for d in doses_until(days_before(10), 6)
    )
    beside = course(doses=doses, treatments=[treatment(days_before(100), "interferon beta-1a")])
    assert statuses(under("combination.contraindicated", beside)) == [Status.ACT] * 3
    bare = course(doses=tuple(replace(d, premedication="") for d in doses))
    answers = [finding("administration.record", made) for made in (beside, bare)]
    assert [a.status for a in answers] == [Status.OK, Status.OK]
    assert "Premedication is recorded" in answers[0].message
    assert "remedication" not in answers[1].message
    slow = replace(doses[0], amount_mg=150.0, end=doses[0].at + timedelta(hours=3))
    told = finding("administration.record", course(doses=(slow, *doses[1:])))
    assert told.status is Status.WATCH
    assert "the label does not" in told.message


# ── C17, C18: MRI interval, EDSS


def test_c17_the_agency_and_magnims_ask_for_other_intervals_of_the_same_person() -> None:
    made = course(
        doses=doses_until(days_before(20), 22),
        mri=[scan(days_before(150))],
        measurements=[measurement(vocabulary.JCV_INDEX, days_before(100), 1.0)],
    )
    found = under("pml.mri-due", made)
    assert statuses(found) == [Status.OK, Status.OK, Status.DUE]
    assert "MAGNIMS" in found["eu"].message, "what the others would do"
    assert {name for name, _, _ in found["study"].others} == {"eu", "us"}


def worsened(before: float, after: float) -> dict[str, bool | None]:
    limits = neda_limits(load_profile("study"), 0)
    scores = [
        edss(days_before(400), before),
        edss(days_before(300), after),
        edss(days_before(60), after),
    ]
    return {
        name: confirmed_worsening(
            scores,
            [],
            earliest=days_before(500),
            first=days_before(400),
            last=AS_OF,
            rule=rule,
        ).confirmed
        for name, rule in limits.conventions.items()
    }


def test_c18_half_a_point_from_5_5_is_a_worsening_by_one_convention_only() -> None:
    assert worsened(5.5, 6.0) == {"msprog": True, "MSoutcomes": False}
    assert worsened(6.0, 6.5) == {"msprog": True, "MSoutcomes": True}
    assert worsened(5.0, 5.5) == {"msprog": False, "MSoutcomes": False}


def test_c18_the_finding_says_by_which_convention() -> None:
    made = course(
        doses=doses_until(days_before(20), 30),
        mri=[scan(days_before(n)) for n in (600, 400, 50)],
        edss=[edss(days_before(500), 5.5), edss(days_before(300), 6.0), edss(days_before(50), 6.0)],
    )
    answer = finding("activity.neda", made)
    assert "by msprog only" in answer.message
    assert {"msprog", "msoutcomes"} <= set(answer.sources)
