"""How times, intervals and their rank are said to a reader."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from openntz.evidence.registry import registry
from openntz.monitor.profile import Profile, load_profile
from openntz.monitor.rules.standing import (
    ago,
    exposure_text,
    interval_text,
    joined,
    months_text,
    week_text,
    weeks_text,
)
from tests.build import AS_OF, course, days_before, doses_on, finding, measurement, scan

EU, US = load_profile("eu"), load_profile("us")


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "today"),
        (1, "1 day ago"),
        (14, "2 weeks ago"),
        (91, "13 weeks ago"),
        (92, "3 months ago"),
        (400, "13 months ago"),
        (1829, "60 months ago"),
        (1830, "5 years ago"),
        (5300, "14 years ago"),
        (-8, "in 8 days"),
        (-120, "in 3 months"),
    ],
)
def test_ago(days, text):
    assert ago(AS_OF - timedelta(days=days), AS_OF, EU) == f"{days_before(days)} ({text})"


def test_months_of_a_limit_are_the_sources_months_and_of_a_person_completed_ones():
    for days, months in ((183, 6), (365, 12), (548, 18), (730, 24), (2192, 72)):
        assert months_text(days, EU) == f"{months} months"
    assert exposure_text(730, EU) == "23 months"
    assert exposure_text(31, EU) == "1 month"


def test_intervals_as_their_sources_give_them():
    assert interval_text(EU.fact("mri.interval.short"), EU) == "every 3 to 6 months"
    assert interval_text(EU.fact("mri.interval.standard"), EU) == "every 12 months"
    assert interval_text(US.fact("mri.interval.short"), US).endswith("(project default)")


def test_weeks_carry_their_rank():
    assert week_text(EU.fact("pregnancy.last-week")) == "week 30"
    assert weeks_text(EU.fact("pregnancy.restart-after-birth")) == "4 weeks (unverified)"


def test_joined_leaves_out_what_has_nothing_to_say():
    assert joined("One.", "", "Two.") == "One. Two."


def _site(tmp_path: Path, fact: str, value: str) -> Profile:
    file = tmp_path / "site.toml"
    file.write_text(
        f'[override."{fact}"]\nvalue = {value}\nwho = "Dr Adams"\nwhen = 2024-05-02\n',
        encoding="utf-8",
    )
    return load_profile("eu", registry().with_site(file))


def test_site_override_decides_and_is_named(tmp_path):
    profile = _site(tmp_path, "mri.interval.yearly", "61")
    made = course(
        doses=doses_on([days_before(300), days_before(7)]),
        mri=[scan(days_before(70))],
        measurements=[measurement("jcv index", days_before(20), 0.1)],
    )
    assert finding("pml.mri-due", made).status == "ok"
    found = finding("pml.mri-due", made, profile=profile)
    assert found.status == "due"
    assert "every 61 days (set by Dr Adams, 2024-05-02)" in found.message


def test_site_override_of_an_upper_limit_has_no_bounds_but_is_used(tmp_path):
    profile = _site(tmp_path, "liver.alt-uln", "60")
    made = course(
        doses=doses_on([days_before(300), days_before(7)]),
        measurements=[measurement("alt", days_before(20), 55.0)],
    )
    assert finding("liver.injury", made).status == "watch"
    assert finding("liver.injury", made, profile=profile).status == "ok"
