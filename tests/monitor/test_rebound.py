"""stopping.rebound: each status, by each definition a profile may choose."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import pytest
from msgspec.structs import replace

from openntz.definitions.rebound import Rebound
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, Profile, load_profile
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_on,
    edss,
    finding,
    plan,
    relapse,
    scan,
    treatment,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "stopping.rebound"


def going_by(definition: str) -> Profile:
    profile = load_profile("eu")
    return replace(
        profile, choose=MappingProxyType({**profile.choose, "stopping.rebound": definition})
    )


def stopped(ago: int, **events):
    record = plan(days_before(ago), stopped=days_before(ago), reason="pregnancy wish", line=9)
    more = list(events.pop("plans", []))
    given = doses_on([days_before(ago + 800), days_before(ago), *events.pop("again", [])])
    recorded = events.pop("recorded", None)
    kept = {"recorded": recorded} if recorded else {}
    return course(doses=given, plans=[record, *more], **kept, **events)


def before_drug(ago: int):
    return scan(days_before(ago + 820), 2, 1, line=30)


def founding_case(ago: int = 125, **events):
    """S4-08 and S4-14, with a planted MRI from before the drug."""
    return stopped(
        ago,
        relapses=[
            relapse(days_before(ago + 4000), line=40),
            relapse(days_before(ago - 110), line=41),
        ],
        mri=[before_drug(ago), scan(days_before(ago - 120), 70, 60, line=31)],
        **events,
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_the_founding_case_is_to_be_acted_on(profile):
    found = finding(RULE, founding_case(), profile=profile)
    assert found.status is ACT
    assert found.message.startswith(
        "Rebound by Gueguen 2014 (relapse, and more enhancing lesions than 5 and than before the "
        f"drug): met; relapse on {days_before(15)}, 70 enhancing on the MRI of {days_before(5)}, "
        f"2 before the drug ({days_before(945)})."
    )
    assert {"relapses:41", "mri:31", "mri:30", "plans:9"} <= set(found.evidence)
    for words in ("PML", "22 %", "39 %", "10 %", "8 of 47", "O'Connor 2011"):
        assert words in found.message
    assert "rebound.gueguen-2014.gd" in found.facts
    assert {"gueguen-2014", "sorensen-2014", "founding-s4"} <= set(found.sources)


@pytest.mark.parametrize("chosen", [d.value for d in Rebound])
def test_the_profile_chooses_and_the_others_are_shown(chosen):
    # A rise of 2 steps only: met by the EDSS cohort alone.
    made = stopped(100, edss=[edss(days_before(120), 2.0), edss(days_before(3), 3.0, line=60)])
    found = finding(RULE, made, profile=going_by(chosen))
    assert found.status is (ACT if chosen == "edss" else WATCH)
    assert "EDSS 2 on" in found.message
    assert "edss:60" in found.evidence
    assert "rebound.edss-steps" in found.facts


@pytest.mark.parametrize("chosen", [d.value for d in Rebound])
def test_the_founding_case_by_each_definition(chosen):
    made = founding_case(edss=[edss(days_before(130), 2.0), edss(days_before(6), 4.5)])
    assert finding(RULE, made, profile=going_by(chosen)).status is ACT


def test_without_an_mri_from_before_the_drug_it_is_unknown_and_says_what_was_seen():
    made = stopped(
        125,
        relapses=[relapse(days_before(15))],
        mri=[scan(days_before(5), 70, 60)],
    )
    found = finding(RULE, made)
    assert found.status is UNKNOWN
    assert "70 enhancing" in found.message
    assert "no MRI before the first dose to compare with" in found.message
    assert "Tell rebound from PML" in found.message


@pytest.mark.parametrize(("sign", "expected"), [(90, ACT), (91, WATCH)])
def test_a_rebound_is_acted_on_for_three_months_after_its_last_sign(sign, expected):
    made = stopped(
        200,
        relapses=[relapse(days_before(sign + 4))],
        mri=[before_drug(200), scan(days_before(sign), 20)],
    )
    assert finding(RULE, made).status is expected


@pytest.mark.parametrize(("ago", "expected"), [(365, WATCH), (366, OK)])
def test_rebound_is_looked_for_one_year(ago, expected):
    made = founding_case(ago)
    found = finding(RULE, made)
    assert found.status is expected
    if expected is OK:
        assert f"looked for until {days_before(1)}" in found.message


@pytest.mark.parametrize(("start", "expected"), [(183, WATCH), (184, OK)])
def test_or_six_months_into_the_next_drug(start, expected):
    made = founding_case(500, treatments=[treatment(days_before(start), "ocrelizumab")])
    assert finding(RULE, made).status is expected


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_happened_is_ok(profile):
    made = stopped(
        120,
        mri=[before_drug(120), scan(days_before(20))],
        edss=[edss(days_before(130), 2.0), edss(days_before(20), 2.0)],
    )
    found = finding(RULE, made, profile=profile)
    assert found.status is OK
    assert "not met; no relapse recorded since the last dose" in found.message
    assert "Published" not in found.message


@pytest.mark.parametrize("missing", ["relapses", "mri"])
def test_a_missing_table_that_decides_is_unknown(missing):
    signs = {
        "relapses": [relapse(days_before(20))],
        "mri": [before_drug(120), scan(days_before(10), 9)],
    }
    made = stopped(
        120,
        recorded=without(missing),
        **{name: rows for name, rows in signs.items() if name != missing},
    )
    found = finding(RULE, made)
    assert found.status is UNKNOWN


def test_on_therapy_and_never_dosed():
    on = course(doses=doses_on([days_before(500), days_before(20)]))
    assert finding(RULE, on).status is OK
    assert finding(RULE, course()).status is UNKNOWN


@pytest.mark.parametrize(("ago", "expected"), [(90, ACT), (91, OK)])
def test_after_a_restart_the_rebound_before_it_counts_for_three_months(ago, expected):
    # Relapse and MRI on the day of the restart; the doses after it keep the person on therapy.
    again = [days_before(d) for d in (ago, ago - 28, ago - 56, ago - 84)]
    made = stopped(
        ago + 120,
        again=again,
        relapses=[relapse(days_before(ago))],
        mri=[before_drug(ago + 120), scan(days_before(ago), 30)],
    )
    found = finding(RULE, made)
    assert found.status is expected
    if expected is ACT:
        assert f"restarted on {days_before(ago)} after 120 days" in found.message


def test_what_happens_after_the_restart_is_no_rebound_of_the_stop():
    made = stopped(
        150,
        again=[days_before(30), days_before(2)],
        relapses=[relapse(days_before(29))],
        mri=[before_drug(150), scan(days_before(28), 30)],
    )
    assert finding(RULE, made).status is OK


def test_tomorrow_is_not_known_today():
    made = founding_case(110)  # relapse today, MRI in ten days
    assert finding(RULE, made).status is not ACT
    assert finding(RULE, made, as_of=AS_OF + timedelta(days=10)).status is ACT
