"""Reactions: the observation study's counts, windows, waivers, a planted regression."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import statsmodels.api as sm

from openntz.course.course import Course
from openntz.course.events import Person, Ref
from openntz.reanalyse.reactions import REACTIONS
from tests import build
from tests.reanalyse.studies import day, person, row, rows, run, study


def _one_dose(name: str, *terms: str) -> Course:
    doses = build.doses_every(day(0), 1)
    told = [build.reaction(f"{day(0)}T11:30", term, 1) for term in terms]
    return person(name, doses=doses, reactions=told)


def test_424_people_after_their_infusion_match_the_printed_counts_and_intervals() -> None:
    people = []
    for i in range(424):
        terms = [t for t, n in (("fatigue", 46), ("headache", 19), ("cough", 12)) if i < n]
        people.append(_one_dose(f"P{i}", *terms))
    found = run(REACTIONS, study(people))
    for term, count, value, low, high in (
        ("fatigue", 46, 10.8, 8.2, 14.2),
        ("headache", 19, 4.5, 2.9, 6.9),
        ("cough", 12, 2.8, 1.6, 4.9),
    ):
        told = row(found, "people with a reaction", term)
        assert (told["count"], told["n"]) == (count, 424)
        printed = [round(100 * told[k], 1) for k in ("value", "low", "high")]
        assert printed == [value, low, high]
    severe = row(found, "people with a reaction", "grade 4")
    assert severe["count"] == 0
    assert round(100 * severe["exact_high"], 2) == 0.87


@pytest.mark.parametrize(("clock", "belongs"), [("09:59", False), ("10:00", True)])
def test_a_reaction_belongs_to_the_dose_before_it(clock: str, belongs: bool) -> None:
    someone = person(
        "A",
        doses=build.doses_every(day(0), 1),
        reactions=[build.reaction(f"{day(0)}T{clock}", "x")],
    )
    found = run(REACTIONS, study([someone]))
    assert row(found, "infusions with a reaction", "any")["count"] == belongs
    assert len(found.set_aside) == (not belongs)


@pytest.mark.parametrize(
    ("when", "belongs"), [(f"{day(1)}T10:00", True), (f"{day(1)}T10:01", False)]
)
def test_the_window_is_24_hours_from_the_start(when: str, belongs: bool) -> None:
    someone = person("A", doses=build.doses_every(day(0), 1), reactions=[build.reaction(when, "x")])
    found = run(REACTIONS, study([someone]))
    assert row(found, "infusions with a reaction", "any")["count"] == belongs


def test_rates_per_infusion_and_per_person_are_kept_apart() -> None:
    hit = person(
        "A",
        doses=build.doses_every(day(0), 10),
        reactions=[build.reaction(f"{day(28 * i)}T10:30", "flushing", 1) for i in range(5)],
    )
    free = person("B", doses=build.doses_every(day(0), 10))
    found = run(REACTIONS, study([hit, free]))
    people = row(found, "people with a reaction", "any")
    infusions = next(r for r in found.rows if r["measure"] == "infusions with a reaction")
    assert (people["count"], people["n"]) == (1, 2)
    assert (infusions["count"], infusions["n"]) == (5, 20)


def test_a_waiver_counts_clean_doses_and_starts_anew_after_a_reaction() -> None:
    # Reactions at dose 2 (after its end) and dose 7 (after its end).
    someone = person(
        "A",
        doses=build.doses_every(day(0), 8),
        reactions=[build.reaction(f"{day(28 * i)}T11:20", "urticaria", 3) for i in (1, 6)],
    )
    found = run(REACTIONS, study([someone]))

    def told(clean: int, measure: str) -> int:
        return row(found, measure, f"waived after {clean} clean")["count"]

    # Clean before each dose: 0, 1, 0, 1, 2, 3, 4, 0.
    assert [told(n, "doses without observation") for n in (0, 3, 6, 12)] == [8, 2, 0, 0]
    assert [told(n, "reactions after the dose") for n in (0, 3, 6, 12)] == [2, 1, 0, 0]
    assert [told(n, "of these grade 3") for n in (0, 3, 6, 12)] == [2, 1, 0, 0]
    hours = row(found, "hours of observation saved", "waived after 3 clean")["value"]
    assert hours == 2.0


def test_first_reaction_by_dose_matches_kaplan_and_meier_by_hand() -> None:
    people = [
        person(
            f"A{i}",
            doses=build.doses_every(day(0), 4),
            reactions=[build.reaction(f"{day(28)}T10:30", "flushing", 1)] if i < 2 else [],
        )
        for i in range(8)
    ]
    line = run(REACTIONS, study(people)).figures[0].lines[0]
    assert dict(zip(line.x, line.y, strict=True))[2.0] == pytest.approx(0.25)


def _who(name: str, age: float, sex: str) -> Person:
    born = date(2020 - round(age), 1, 1)
    return Person(id=name, birth_date=born, sex=sex, ref=Ref("people", 2))  # type: ignore[arg-type]


def _population(seed: int, effect: float, n: int = 300) -> list[Course]:
    generator = np.random.default_rng(seed)
    people = []
    for i in range(n):
        age, sex = generator.uniform(20, 60), str(generator.choice(["F", "M"]))
        chance = 1 / (1 + np.exp(-(-1.0 + effect * (age - 40))))
        hit = generator.random() < chance
        people.append(
            build.course(
                who=_who(f"P{i}", age, sex),
                doses=build.doses_every(day(0), int(generator.integers(2, 12))),
                reactions=[build.reaction(f"{day(28)}T10:30", "flushing", 1)] if hit else [],
            )
        )
    return people


def test_regression_finds_a_planted_effect_of_age() -> None:
    told = row(run(REACTIONS, study(_population(11, 0.06, 1200))), "odds ratio", "age")
    # Ages spread by 11.5 years and a third react: 1 / sqrt(1200 x 0.2 x 133) is 0.0056 a year.
    assert np.log(told["value"]) == pytest.approx(0.06, abs=3 * 0.0056)
    width = np.log(told["high"] / told["low"]) / (2 * 1.959964)
    assert width == pytest.approx(0.0056, rel=0.15)


def test_regression_on_one_group_matches_the_cross_product() -> None:
    # 24 of 60 women and 12 of 80 men: (24 x 68) / (36 x 12).
    people = []
    for i in range(140):
        hit = i < 24 or 60 <= i < 72
        people.append(
            build.course(
                who=_who(f"P{i}", 30, "F" if i < 60 else "M"),
                doses=build.doses_every(day(0), 2),
                reactions=[build.reaction(f"{day(28)}T10:30", "flushing", 1)] if hit else [],
            )
        )
    told = row(run(REACTIONS, study(people)), "odds ratio", "female")
    assert told["value"] == pytest.approx(24 * 68 / (36 * 12), rel=1e-5)
    # Woolf: the variance of its logarithm is the sum of the reciprocals of the four counts.
    spread = np.sqrt(1 / 24 + 1 / 36 + 1 / 12 + 1 / 68)
    assert np.log(told["high"] / told["value"]) == pytest.approx(1.959964 * spread, rel=1e-5)


def test_a_covariate_that_tells_all_reactions_apart_gives_no_regression_and_the_reason() -> None:
    people = [
        build.course(
            who=_who(f"P{i}", 30, "F" if i < 20 else "M"),
            doses=build.doses_every(day(0), 2),
            reactions=[build.reaction(f"{day(28)}T10:30", "flushing", 1)] if i < 20 else [],
        )
        for i in range(40)
    ]
    found = run(REACTIONS, study(people))
    assert not rows(found, "odds ratio")
    assert "does not settle" in found.text


def test_too_few_reactions_give_no_regression_and_the_reason() -> None:
    found = run(
        REACTIONS, study([_one_dose("A", "cough"), *(_one_dose(f"B{i}") for i in range(9))])
    )
    assert not rows(found, "odds ratio")
    assert "too few" in found.text


def _tested(name: str, *, positive: bool, hit: int | None) -> Course:
    doses = build.doses_every(day(0), 6)
    told = [] if hit is None else [build.reaction(f"{day(28 * hit)}T10:30", "flushing", 1)]
    tests = [build.antibody(day(56), "positive" if positive else "negative")]
    return person(name, doses=doses, reactions=told, measurements=tests)


def test_reactions_against_antibody_onset_match_counts_by_hand() -> None:
    # Ten turn positive on the day of their third dose; six of them react, four at or after it.
    people = [_tested(f"A{i}", positive=True, hit=(0, 0, 2, 2, 3, 4)[i] if i < 6 else None)
              for i in range(10)]  # fmt: skip
    people += [_tested(f"B{i}", positive=False, hit=1 if i < 5 else None) for i in range(20)]
    found = run(REACTIONS, study(people))
    told = {r["group"]: (r["count"], r["n"]) for r in rows(found, "people with a reaction by anti")}
    assert told == {"ever positive": (6, 10), "tested, never positive": (5, 20)}
    told = {r["group"]: (r["count"], r["n"]) for r in rows(found, "infusions with a reaction by")}
    assert list(told.values()) == [(2 + 5, 20 + 120), (4, 40)]
    between = row(found, "median days from the first reaction")
    assert (between["n"], between["value"]) == (6, 0.0)


def test_untested_people_are_in_no_antibody_row() -> None:
    people = [_tested(f"A{i}", positive=True, hit=None) for i in range(3)]
    people += [_one_dose(f"B{i}", "flushing") for i in range(4)]
    told = rows(run(REACTIONS, study(people)), "people with a reaction by antibody test")
    assert [r["n"] for r in told] == [3, 0]


def test_clustered_interval_matches_statsmodels() -> None:
    g = np.random.default_rng(4)
    people, events, groups = [], [], []
    for i in range(80):
        count, chance = int(g.integers(1, 7)), g.beta(1, 4)
        hits = [bool(g.random() < chance) for _ in range(count)]
        told = [build.reaction(f"{day(28 * k)}T10:30", "rash", 1) for k, h in enumerate(hits) if h]
        people.append(person(f"P{i}", doses=build.doses_every(day(0), count), reactions=told))
        events += hits
        groups += [i] * count
    found = row(run(REACTIONS, study(people)), "infusions with a reaction", "any, inf")
    fit = sm.Logit(np.array(events, float), np.ones(len(events))).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": np.array(groups)}
    )
    low, high = 1 / (1 + np.exp(-fit.conf_int()[0]))
    # statsmodels' own factor for the size of the sample is (N - 1) / (N - 1) with one parameter.
    assert (found["low"], found["high"]) == (
        pytest.approx(low, rel=1e-6),
        pytest.approx(high, rel=1e-6),
    )
