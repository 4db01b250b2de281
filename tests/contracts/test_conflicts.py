"""Each disagreement of the sources, seen in what the software does: both sides, none the truth.

The oracle is the sources' own text as `evidence/conflicts.toml` and the facts have it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import openntz
from openntz.definitions.antibodies import Definition, Persistent, antibody_history
from openntz.definitions.half_life import steady_trough_ratio
from openntz.definitions.observation_readings import observation_readings
from openntz.evidence.conflicts import conflicts
from openntz.evidence.prevalence import prevalence
from openntz.mechanism.pharmacokinetics import simulate
from openntz.models.card import load_card
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.antibodies import antibody_limits
from openntz.monitor.rules.candidate_trials import half_life_text
from openntz.monitor.rules.catalogue import RULES
from tests.build import (
    antibody,
    course,
    days_before,
    doses_every,
    doses_until,
    finding,
    lymphocytes,
    reaction,
    relapse,
)
from tests.contracts.conflict_case import fact, statuses, under
from tests.mechanism.people import drug, infusions

PACKAGE = Path(openntz.__file__).parent


# ── what every conflict names is there


def test_every_conflict_is_met_in_a_rule_and_its_names_exist() -> None:
    rules = {r.id for r in RULES}
    for conflict in conflicts().values():
        assert conflict.rules, conflict.id
        assert set(conflict.rules) <= rules, conflict.id
        for module in conflict.definitions:
            assert (PACKAGE / "definitions" / f"{module}.py").is_file(), (conflict.id, module)
        for card in conflict.cards:
            assert load_card(card).id == card
        for side in conflict.sides:
            assert set(side.profiles) <= set(PROFILES), conflict.id


def test_no_side_is_ranked_better_than_its_weakest_number() -> None:
    strength = {"read": 3, "derived": 3, "copy": 2, "founding": 2, "project default": 1}
    for conflict in conflicts().values():
        for side in conflict.sides:
            weakest = min((strength.get(fact(f).rank, 0) for f in side.facts), default=3)
            assert strength.get(side.rank, 0) <= weakest, (conflict.id, side.says)


def test_every_conflict_has_a_test_here() -> None:
    files = sorted(Path(__file__).parent.glob("test_conflicts*.py"))
    text = "\n".join(f.read_text(encoding="utf-8") for f in files)
    for name in conflicts():
        assert re.search(rf"^def test_{name.lower()}_", text, re.MULTILINE), name


# ── C1, C2: observation

OBSERVATION = "observation.post-infusion"


def readings(count: int, reacted_at: int | None = None):
    """The readings of 'the first 12' for someone with doses every 4 weeks up to 10 days ago."""
    days = [d.day for d in doses_until(days_before(10), count)]
    return observation_readings(
        days,
        set() if reacted_at is None else {days[reacted_at]},
        days_before(10) + timedelta(days=28),
        doses=round(fact("observation.iv-doses.eu").number),
        weeks_days=7 * round(fact("observation.twelve-weeks").number),
    )


def test_c1_three_readings_of_the_first_12_differ_on_the_same_people() -> None:
    early, late = readings(5), readings(40, reacted_at=3)
    assert early is not None
    assert late is not None
    assert (early.first_doses, early.first_weeks, early.last_infusions) == (False, True, False)
    assert (late.first_doses, late.first_weeks, late.last_infusions) == (False, False, True)


def test_c1_the_finding_goes_by_doses_and_names_the_other_reading() -> None:
    few = finding(OBSERVATION, course(doses=doses_until(days_before(10), 5)))
    assert few.status is Status.DUE
    assert "5 of the first 12 infusions" in few.message
    assert "but doses count, not weeks" in few.message
    doses = doses_until(days_before(10), 40)
    many = finding(
        OBSERVATION, course(doses=doses, reactions=[reaction(doses[3].at, "flushing", 1)])
    )
    assert many.status is Status.DUE
    assert "The last 12 infusions were given without a reaction" in many.message


def test_c2_labels_observe_where_the_study_would_not_and_each_says_so() -> None:
    found = under(OBSERVATION, course(doses=doses_until(days_before(10), 5)))
    assert statuses(found) == [Status.DUE, Status.DUE, Status.WATCH]
    assert {name for name, _, _ in found["eu"].others} == {"study"}
    assert {name for name, _, _ in found["study"].others} == {"eu", "us"}
    assert "3 asked for" in found["study"].message
    assert "profile eu: 5 of the first 12 infusions given" in found["study"].message


def test_c2_after_12_clean_infusions_all_agree() -> None:
    found = under(OBSERVATION, course(doses=doses_until(days_before(10), 12)))
    assert statuses(found) == [Status.OK] * 3


def test_c2_the_recalled_number_for_injections_lets_nobody_go() -> None:
    made = course(doses=doses_until(days_before(10), 40, route="SC"))
    found = under(OBSERVATION, made)
    assert statuses(found) == [Status.DUE] * 3
    assert "6 doses (unverified)" in found["eu"].message


# ── C3, C4, C5: antibodies


def antibody_course(*results):
    return course(doses=doses_until(days_before(10), 24), measurements=results)


TWICE_THEN_NOT = (
    antibody(days_before(200), "positive", line=2),
    antibody(days_before(144), "positive", line=3),
    antibody(days_before(60), "negative", line=4),
)
ONE_AND_LAST = (
    antibody(days_before(200), "negative", line=2),
    antibody(days_before(20), "positive", line=3),
)


def classes(*results) -> dict[Definition, Persistent]:
    history = antibody_history(antibody_course(*results), antibody_limits(load_profile("eu")))
    return {d: v.persistent for d, v in history.verdicts.items()}


def test_c3_five_definitions_reclassify_the_same_people() -> None:
    yes, no, open_ = Persistent.YES, Persistent.NO, Persistent.UNKNOWN
    assert len(Definition) == 5
    assert classes(*TWICE_THEN_NOT) == {
        Definition.EU: yes,
        Definition.US: no,
        Definition.AFFIRM: yes,
        Definition.SHANKAR: no,
        Definition.MALAGA: yes,
    }
    assert classes(*ONE_AND_LAST) == {
        Definition.EU: open_,
        Definition.US: open_,
        Definition.AFFIRM: open_,
        Definition.SHANKAR: yes,
        Definition.MALAGA: open_,
    }


def test_c3_each_profile_goes_by_its_own_and_names_the_others() -> None:
    found = under("antibody.persistent", antibody_course(*TWICE_THEN_NOT))
    assert statuses(found) == [Status.ACT, Status.WATCH, Status.ACT]
    assert "Persistent by another definition only" in found["us"].message
    for name in ("EU label", "AFFIRM", "Malaga"):
        assert name in found["us"].message


def test_c4_a_frequency_is_never_shown_without_assay_cut_off_and_denominator() -> None:
    affirm = prevalence(fact("ada.affirm.persistent")).shown
    sensitive = prevalence(fact("ada.p1978.persistent-at-4")).shown
    assert affirm.startswith("6 %")
    assert "of 625 people" in affirm
    assert "500 ng/mL" in affirm
    assert sensitive.startswith("55 %")
    assert "4 ng/mL" in sensitive.replace("500 ng/mL", "")


def test_c4_the_share_of_people_and_the_share_of_positives_are_kept_apart() -> None:
    positives, people = fact("ada.affirm.any-count").number, fact("ada.affirm.people").number
    persistent = fact("ada.affirm.persistent-count").number
    assert fact("ada.affirm.persistent").number == round(100 * persistent / people) == 6
    of_positives = fact("ada.affirm.persistent-of-positives").number
    assert of_positives == round(100 * persistent / positives) == 65


def test_c4_the_same_level_is_positive_by_one_assay_and_not_by_another() -> None:
    low = [antibody(days_before(n), 50.0, threshold=4.0, line=i) for i, n in ((2, 200), (3, 80))]
    found = classes(*low)
    assert found[Definition.MALAGA] is Persistent.YES
    assert found[Definition.AFFIRM] is Persistent.NO


def test_c4_a_result_without_an_assay_is_not_judged_in_silence() -> None:
    bare = finding(
        "antibody.assay", antibody_course(antibody(days_before(30), "positive", threshold=None))
    )
    assert bare.status is Status.DUE
    assert "without assay and cut-off" in bare.message


def test_c5_routine_is_asked_for_by_the_profile_that_follows_the_guide_only() -> None:
    found = under("antibody.test-due", antibody_course(antibody(days_before(100), "negative")))
    assert statuses(found) == [Status.OK, Status.OK, Status.DUE]
    assert "Reason routine (every 12 weeks" in found["study"].message
    assert "asks for no routine tests" in found["eu"].message


def test_c5_an_exacerbation_asks_for_a_test_by_the_label() -> None:
    made = course(
        doses=doses_until(days_before(10), 24),
        measurements=[antibody(days_before(100), "negative")],
        relapses=[relapse(days_before(30))],
    )
    answer = finding("antibody.test-due", made)
    assert answer.status is Status.DUE
    assert "Reason event" in answer.message
    assert "(unverified)" in answer.message


def test_c5_re_exposure_and_a_missing_rise_ask_before_any_event() -> None:
    short = course(doses=doses_every(days_before(140), 2))
    assert finding("antibody.before-re-exposure", short).status is Status.DUE
    flat = course(
        doses=doses_until(days_before(10), 5),
        measurements=[lymphocytes(days_before(125), 2.0), lymphocytes(days_before(30), 2.1)],
    )
    assert finding("antibody.no-lymphocyte-rise", flat).status is Status.DUE
    assert "Reason no lymphocyte rise" in finding("antibody.test-due", flat).message


# ── C6: half-life


def kept(card: str, weeks: int) -> float:
    """Trough after long at an interval for the typical person of a card, in ug/mL."""
    typical = load_card(card).typical
    known = {
        "cl_l_per_day": typical["cl"],
        "vc_l": typical["vc"],
        "q_l_per_day": typical["q"],
        "vp_l": typical["vp"] or 1.0,
        "vmax_mg_per_day": typical["vmax"],
        "km_mg_per_l": typical["km"] or 1.0,
    }
    starts = 7.0 * weeks * np.arange(60)
    found = simulate(drug(**known), infusions(starts), [starts[-1] + 7.0 * weeks])
    return float(found.ug_per_ml[0, -1])


def test_c6_both_half_lives_are_there_and_only_saturation_agrees_with_the_label() -> None:
    lower = {
        card: 100 * (1 - kept(card, 6) / kept(card, 4))
        for card in ("rule_of_thumb_11_day", "label_linear", "van_den_berg_2025")
    }
    # The closed forms are for a bolus: an hour's infusion moves them by well under 1 %.
    assert lower["rule_of_thumb_11_day"] == pytest.approx(63, abs=0.5)
    assert lower["label_linear"] == pytest.approx(45, abs=0.5)
    said = fact("trough.q6w.label-reduction")
    assert said.low is not None
    assert said.high is not None
    # One typical person beside an average of people: a point or two around the label's range.
    assert said.low - 1 <= lower["van_den_berg_2025"] <= said.high + 2


def test_c6_beside_a_longer_interval_stands_what_either_half_life_would_say() -> None:
    profile = load_profile("eu")
    told = half_life_text(42, 28, profile)
    assert "63 % at 11 days" in told
    assert "45 % at 28.2 days" in told
    assert "the forecast uses neither" in told
    for key, ratio in (
        ("pk.half-life.us-nca", "pk.trough-ratio-q6w-q4w.half-life-11"),
        ("pk.half-life", "pk.trough-ratio-q6w-q4w.half-life-28.2"),
    ):
        found = steady_trough_ratio(42, 28, fact(key).number)
        assert found == pytest.approx(fact(ratio).number, abs=0.0005)
