"""Wearing-off: published counts, loss shown, planted differences, words that deny."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.reanalyse.wearing_off import WEARING_OFF
from tests import build
from tests.reanalyse.studies import day, person, row, run, study


def _asked(name: str, *, felt: bool, seen: bool = True, active: bool = False, level: float = 20.0,
           saturation: float = 80.0, interval: int = 28, **events: Any) -> Course:  # fmt: skip
    return person(
        name,
        doses=build.doses_every(day(0), 20, interval),
        symptoms=[build.symptom(day(150))] if felt else [],
        mri=[build.scan(day(d), int(active)) for d in (180, 340, 500)] if seen else [],
        measurements=[
            build.level(f"{day(4 * interval)}T09:00", level),
            build.measurement(vocabulary.SATURATION, day(4 * interval), saturation),
        ],
        **events,
    )


def test_8_of_40_regular_wearing_off_and_35_of_35_without_activity_are_35_of_40_with_loss() -> None:
    people = [_asked(f"P{i}", felt=i < 8, seen=i not in {0, 20, 21, 22, 23}) for i in range(40)]
    found = run(WEARING_OFF, study(people))
    share = row(found, "people who reported wearing-off")
    assert (share["count"], share["n"]) == (8, 40)
    assert share["value"] == pytest.approx(0.20)
    felt = row(found, "no activity in the year after", "wearing-off reported")
    free = row(found, "no activity in the year after", "not reported")
    assert felt["count"] + free["count"] == felt["n"] + free["n"] == 35
    assert felt["unknown"] + free["unknown"] == 5
    assert felt["share_if_all_others_had_activity"] == pytest.approx(7 / 8)
    assert free["share_if_all_others_had_activity"] == pytest.approx(28 / 32)
    # Clopper and Pearson: the lower end of all of n is 0.025^(1/n).
    assert free["low"] == pytest.approx(0.025 ** (1 / 28))
    assert free["high"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("symptom", "comment", "felt"),
    [
        ("wearing-off", "", 1),
        ("Wearing-off", "week four", 1),
        ("fatigue", "end of interval, every time", 1),
        ("fatigue", "no wearing-off", 0),
        ("fatigue", "", 0),
    ],
)
def test_words_that_report_and_words_that_deny(symptom: str, comment: str, felt: int) -> None:
    someone = person("A", symptoms=[build.symptom(day(150), symptom, comment=comment)])
    assert row(run(WEARING_OFF, study([someone])), "people who reported")["count"] == felt


def test_a_planted_lower_saturation_is_found_and_an_equal_level_is_not() -> None:
    generator = np.random.default_rng(3)
    people = [
        _asked(f"P{i}", felt=i % 2 == 0, level=float(generator.uniform(10, 30)),
               saturation=float(generator.uniform(60, 80) if i % 2 == 0 else
                                generator.uniform(75, 95)))
        for i in range(60)
    ]  # fmt: skip
    found = run(WEARING_OFF, study(people))
    low = row(found, "median saturation", "wearing-off reported")["value"]
    high = row(found, "median saturation", "not reported")
    assert low < high["value"]
    assert high["p"] < 0.001
    assert row(found, "median level", "not reported")["p"] > 0.05


def test_fisher_matches_the_tea_tasting_table() -> None:
    # Fisher's table 3, 1, 1, 3: two-sided p is 0.486.
    people = [_asked(f"A{i}", felt=True, active=i < 3) for i in range(4)]
    people += [_asked(f"B{i}", felt=False, active=i < 1) for i in range(4)]
    told = row(run(WEARING_OFF, study(people)), "no activity in the year after", "not reported")
    assert told["p"] == pytest.approx(0.4857, abs=5e-5)


def test_a_year_that_is_not_over_is_unknown() -> None:
    someone = _asked("A", felt=True, active=True)
    told = row(run(WEARING_OFF, study([someone], as_of=day(150 + 364))),
               "no activity in the year after", "wearing-off reported")  # fmt: skip
    assert (told["n"], told["unknown"]) == (0, 1)
    told = row(run(WEARING_OFF, study([someone], as_of=day(150 + 365))),
               "no activity in the year after", "wearing-off reported")  # fmt: skip
    assert (told["count"], told["n"]) == (0, 1)


def test_people_without_symptoms_recorded_are_set_aside() -> None:
    silent = build.course(
        who=build.person("A"), doses=build.doses_every(day(0), 5), recorded=("doses", "people")
    )
    found = run(WEARING_OFF, study([silent, _asked("B", felt=False)]))
    assert found.flow[-1].left == (("symptoms not in the data", 1),)
