"""Vaccines told from other treatments, live from inactivated, and how they lie to doses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.definitions.vaccines import Timing, VaccineKind, is_vaccine, placed, vaccine_kind
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.vaccination import vaccine_terms
from tests.build import AS_OF, treatment

TERMS = vaccine_terms(load_profile("eu"))
LIVE, NOT, UNKNOWN = VaccineKind.LIVE, VaccineKind.NOT_LIVE, VaccineKind.UNKNOWN


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("MMR", "vaccine", True),
        ("something", "Vaccination", True),
        ("influenza vaccine", "", True),
        ("yellow fever", "", True),
        ("fingolimod", "dmt", False),
        ("rubella immunoglobulin", "immunoglobulin", False),
        ("vitamin D", "", False),
    ],
)
def test_a_vaccine_is_told_by_kind_or_name(name, kind, expected):
    assert is_vaccine(treatment(AS_OF, name, kind), TERMS) is expected


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("MMR", "vaccine", LIVE),
        ("Measles-mumps-rubella", "vaccine", LIVE),
        ("Yellow Fever (Stamaril)", "vaccine", LIVE),
        ("influenza, live attenuated", "vaccine", LIVE),
        ("something", "live vaccine", LIVE),
        ("Tdap + MMR", "vaccine", LIVE),
        ("inactivated polio and varicella", "vaccine", LIVE),
        ("influenza 2023", "vaccine", NOT),
        ("COVID-19 (Comirnaty)", "vaccine", NOT),
        ("varicella zoster, recombinant", "vaccine", NOT),
        ("varicella zoster recombinant (Shingrix)", "vaccine", NOT),
        ("polio", "inactivated vaccine", NOT),
        ("non-live typhoid", "vaccine", NOT),
        ("travel vaccine", "vaccine", UNKNOWN),
        ("", "vaccine", UNKNOWN),
        ("zoster", "vaccine", UNKNOWN),
    ],
)
def test_live_and_inactivated_are_told_by_name(name, kind, expected):
    assert vaccine_kind(treatment(AS_OF, name, kind), TERMS) is expected


DOSES = [date(2024, 1, 1), date(2024, 1, 29)]


@pytest.mark.parametrize(
    ("day", "goes_on", "expected"),
    [
        (DOSES[0] - timedelta(days=29), False, Timing.CLEAR),
        (DOSES[0] - timedelta(days=28), False, Timing.CLEAR),
        (DOSES[0] - timedelta(days=27), False, Timing.BEFORE_START),
        (DOSES[0] - timedelta(days=1), False, Timing.BEFORE_START),
        (DOSES[0], False, Timing.ON_DRUG),
        (DOSES[1] + timedelta(days=112), False, Timing.ON_DRUG),
        (DOSES[1] + timedelta(days=113), False, Timing.CLEAR),
        (DOSES[1] + timedelta(days=113), True, Timing.ON_DRUG),
    ],
)
def test_four_weeks_before_and_sixteen_after(day, goes_on, expected):
    found = placed(day, DOSES, acts_for=112, before_start=28, goes_on=goes_on)
    assert found.timing is expected


def test_without_any_dose_every_day_is_clear():
    found = placed(AS_OF, [], acts_for=112, before_start=28, goes_on=False)
    assert found.timing is Timing.CLEAR
    assert found.distance(AS_OF) == 0
