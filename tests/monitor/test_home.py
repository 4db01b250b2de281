"""administration.home against the EU educational material, the Swiss label, and their silence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.evidence.registry import registry
from openntz.monitor.finding import Status
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.home import JURISDICTIONS, permission
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_on,
    doses_until,
    finding,
    plan,
    reaction,
    without,
)

RULE = "administration.home"
ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK


def series(count, *, home=(), route="SC", setting="clinic", last=10):
    """``count`` doses in a clinic, those in ``home`` (from 1) at home."""
    return tuple(
        replace(d, setting="home" if n in home else setting)
        for n, d in enumerate(doses_until(days_before(last), count, route=route), start=1)
    )


def found(doses, *reactions, profile="eu", **events):
    return finding(RULE, course(doses=doses, reactions=reactions, **events), profile=profile)


def in_jurisdiction(name, profile="eu"):
    chosen = load_profile(profile)
    fact = replace(chosen.fact("home.jurisdiction"), value=name)
    return replace(chosen, use={**chosen.use, "home.jurisdiction": fact})


@pytest.mark.parametrize(("before", "status"), [(5, DUE), (6, WATCH), (7, WATCH)])
def test_eu_asks_for_six_tolerated_doses_before_an_injection_at_home(before, status):
    answer = found(series(before + 1, home=(before + 1,)))
    assert answer.status is status, answer.message
    assert f"doses:{before + 2}" in answer.evidence
    if status is DUE:
        assert "there were 5" in answer.message
        assert "in the clinic" in answer.message
        assert answer.due == days_before(10) + timedelta(days=28)
    else:
        assert "checklist before each dose" in answer.message
        assert "Switzerland: no home treatment" in answer.message
        assert "US: no statement was read" in answer.message


@pytest.mark.parametrize("profile", ["eu", "us", "study"])
@pytest.mark.parametrize("count", [3, 40])
def test_an_infusion_at_home_is_allowed_by_no_text(profile, count):
    answer = found(series(count, home=(count,), route="IV"), profile=profile)
    assert answer.status is DUE
    assert "in the clinic" in answer.message


def test_swiss_label_has_no_home_treatment_however_many_were_tolerated():
    doses = series(30, home=(30,))
    assert found(doses).status is WATCH
    answer = found(doses, profile=in_jurisdiction("ch"))
    assert answer.status is DUE
    assert "no home treatment" in answer.message
    assert "swiss-label" in answer.sources


def test_us_text_was_not_read_and_the_others_are_shown():
    answer = found(series(30, home=(30,)), profile="us")
    assert answer.status is WATCH
    assert "US: no statement was read" in answer.message
    assert "Elsewhere: EU:" in answer.message


def test_an_unknown_jurisdiction_is_not_guessed():
    answer = found(series(30, home=(30,)), profile=in_jurisdiction("fr"))
    assert answer.status is UNKNOWN
    assert "eu, ch, us" in answer.message


def test_a_site_sets_its_jurisdiction_in_its_file_and_is_named(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(
        '[override."home.jurisdiction.eu"]\nvalue = "ch"\nwho = "Dr Adams"\nwhen = 2024-05-02\n',
        encoding="utf-8",
    )
    profile = load_profile("eu", registry().with_site(file))
    answer = found(series(30, home=(30,)), profile=profile)
    assert answer.status is DUE
    assert "Switzerland: no home treatment" in answer.message
    assert "home.jurisdiction.eu" in answer.facts


@pytest.mark.parametrize("written", ["EU", " eu "])
def test_a_jurisdiction_is_read_in_any_case(written):
    assert found(series(30, home=(30,)), profile=in_jurisdiction(written)).status is WATCH


@pytest.mark.parametrize("grade", [1, 2])
def test_a_reaction_at_the_dose_at_home_brings_the_next_into_the_clinic(grade):
    doses = series(10, home=(10,))
    answer = found(doses, reaction(doses[-1].at, "headache", grade))
    assert answer.status is DUE
    assert "there were 0" in answer.message


@pytest.mark.parametrize(("reacted", "status"), [(4, WATCH), (5, DUE)])
def test_tolerated_doses_are_counted_since_the_last_reaction(reacted, status):
    doses = series(11, home=(11,))
    assert found(doses, reaction(doses[reacted - 1].at, "headache", 1)).status is status


@pytest.mark.parametrize(("gap", "status"), [(182, WATCH), (183, DUE)])
def test_a_gap_that_starts_observation_anew_starts_this_count_anew(gap, status):
    late = [days_before(10)]
    early = [late[0] - timedelta(days=gap + 28 * i) for i in range(8)]
    doses = doses_on(sorted([*early, *late]), route="SC")
    doses = (
        *(replace(d, setting="clinic") for d in doses[:-1]),
        replace(doses[-1], setting="home"),
    )
    assert found(doses).status is status


def test_back_in_the_clinic_it_is_no_longer_due():
    doses = series(5, home=(3,))
    answer = found(doses)
    assert answer.status is OK
    assert "1 earlier dose was given at home" in answer.message
    assert "doses:4" in answer.evidence


def test_in_the_clinic_the_text_on_home_is_told():
    assert "injections only" in found(series(20, route="IV")).message
    assert "an injection by a health professional" in found(series(20)).message
    assert "there were 3" in found(series(3)).message


@pytest.mark.parametrize("profile", ["eu", "us", "study"])
def test_a_dose_at_home_after_a_reaction_that_forbids_is_acted_on(profile):
    doses = series(10, home=(10,))
    answer = found(doses, reaction(doses[7].at, "anaphylaxis", 3, line=9), profile=profile)
    assert answer.status is ACT
    assert "reactions:9" in answer.evidence
    assert "doses:11" in answer.evidence


def test_a_dose_at_home_before_such_a_reaction_or_in_the_clinic_after_it_is_not():
    doses = series(10, home=(5,))
    assert found(doses, reaction(doses[7].at, "anaphylaxis", 3)).status is OK
    # At home, and then the reaction: the other rule acts, this one sends the next to the clinic.
    home = series(10, home=(10,))
    assert found(home, reaction(home[-1].at, "anaphylaxis", 3)).status is DUE


def test_a_dose_booked_at_home_after_such_a_reaction_is_acted_on():
    doses = series(8)
    booked = dose(AS_OF + timedelta(days=10), route="SC", setting="home", line=30)
    answer = found((*doses, booked), reaction(doses[3].at, "anaphylaxis", 3))
    assert answer.status is ACT
    assert "is booked at home" in answer.message


@pytest.mark.parametrize(("given", "status"), [(5, DUE), (6, WATCH)])
def test_a_dose_booked_at_home_is_judged_by_the_doses_before_it(given, status):
    booked = dose(AS_OF + timedelta(days=10), route="SC", setting="home", line=30)
    answer = found((*series(given), booked))
    assert answer.status is status
    assert "is booked at home" in answer.message
    assert answer.due == (booked.day if status is DUE else None)


def test_a_first_dose_booked_at_home_belongs_in_the_clinic():
    assert found([dose(AS_OF + timedelta(days=3), route="SC", setting="home")]).status is DUE
    assert found([dose(AS_OF + timedelta(days=3), setting="clinic")]).status is OK


# ── missing


def test_a_setting_that_is_not_recorded_is_unknown():
    answer = found(series(8, setting=""))
    assert answer.status is UNKNOWN
    assert answer.message == "Where the last dose was given is not recorded."


def test_a_setting_in_an_unknown_word_is_unknown_and_shown():
    answer = found(series(8, setting="room 4"))
    assert answer.status is UNKNOWN
    assert '"room 4"' in answer.message


@pytest.mark.parametrize(("before", "status"), [(5, DUE), (6, UNKNOWN)])
def test_without_reactions_too_few_doses_are_too_few_and_enough_are_not_known(before, status):
    made = course(doses=series(before + 1, home=(before + 1,)), recorded=without("reactions"))
    answer = finding(RULE, made)
    assert answer.status is status
    if status is UNKNOWN:
        assert "reactions are not in the export" in answer.message


def test_never_dosed_and_off_therapy():
    assert finding(RULE, course()).status is UNKNOWN
    stop = plan(days_before(5), stopped=days_before(5), line=3)
    answer = found(series(4, home=(4,), route="IV"), plans=[stop])
    assert answer.status is OK
    assert "plans:3" in answer.evidence


def test_every_jurisdiction_answers_for_both_routes():
    eu = load_profile("eu")
    for name in JURISDICTIONS:
        for route in ("IV", "SC"):
            for known in (True, False):
                said = permission(name, route, 12, reactions_known=known, profile=eu)
                assert said.why
                assert not (route == "IV" and said.may is not False)
                assert said.may is not True or (name, known) == ("eu", True)
