"""After stopping: counts of RESTORE, return by hand, four definitions of rebound by successor."""

from __future__ import annotations

from typing import Any

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from openntz.course.course import Course
from openntz.definitions.rebound import Rebound
from openntz.evidence.registry import registry
from openntz.reanalyse.stopping import STOPPING
from tests import build
from tests.reanalyse.studies import day, person, row, rows, run, study

LAST = 28 * 12  # the day of the last of 13 doses


def _stopped(name: str, scans: dict[int, int], **events: Any) -> Course:
    """Active lesions by day since the last dose; one quiet scan before the drug."""
    mri = [build.scan(day(-10)), *(build.scan(day(LAST + d), n, n) for d, n in scans.items())]
    return person(name, mri=mri, **events)


def test_49_of_167_with_return_by_week_28_match_restore_by_arm() -> None:
    arms, people = {}, []
    for arm, back, n in (("placebo", 19, 41), ("interferon", 1, 14), ("glatiramer", 8, 15),
                         ("methylprednisolone", 21, 52)):  # fmt: skip
        for i in range(n):
            scans = dict.fromkeys(range(28, 28 * 7, 28), 0)
            if i < back:
                scans |= {112: 1, 140: 2}
            people.append(_stopped(f"{arm}{i}", scans))
            arms[f"{arm}{i}"] = arm
    found = run(STOPPING, study(people, as_of=day(LAST + 170), arms=arms))
    for arm, back, n in (("arm: placebo", 19, 41), ("arm: glatiramer", 8, 15),
                         ("arm: methyl", 21, 52), ("all stretches", 49, 122)):  # fmt: skip
        told = row(found, "active MRI by week", arm, week=24)
        assert (told["count"], told["n"]) == (back, n)
        # 1e-5: the rounds of the estimate end there.
        assert told["value"] == pytest.approx(back / n, abs=1e-5)
    assert row(found, "active MRI by week", "arm: placebo", week=12)["value"] == pytest.approx(
        0, abs=1e-5
    )


def test_return_on_mri_matches_turnbull_by_hand() -> None:
    # (0, 84] twice, (84, 168], (0, 168], (168, never): 8/15 by week 12 and 4/5 by week 24.
    seen = [{84: 1}, {84: 1}, {84: 0, 168: 1}, {168: 1}, {168: 0}]
    people = [_stopped(f"P{i}", scans) for i, scans in enumerate(seen)]
    found = run(STOPPING, study(people, as_of=day(LAST + 170)))
    for week, share in ((12, 8 / 15), (24, 4 / 5)):
        told = row(found, "active MRI by week", "all", week=week)
        assert told["value"] == pytest.approx(share, abs=1e-5)


def test_relapses_match_kaplan_and_meier_by_hand() -> None:
    # Of 5 stretches: a relapse on day 60, a second pause of B of 70 days, a restart on day 100, a
    # relapse on day 150, none until day 170.
    people = [
        person("A", relapses=[build.relapse(day(LAST + 60))]),
        person("B", doses=(*build.doses_every(day(0), 13), build.dose(day(LAST + 100)))),
        person("C", relapses=[build.relapse(day(LAST + 150))]),
        person("D"),
    ]
    found = run(STOPPING, study(people, as_of=day(LAST + 170)))
    assert found.flow[-1].people == 4
    told = {int(r["week"]): r["value"] for r in rows(found, "relapse by week")}
    assert told[12] == pytest.approx(1 / 5)
    assert told[24] == pytest.approx(1 - 4 / 5 * 1 / 2)
    # Nobody was followed for a year.
    assert set(told) == {12, 16, 24}


def _rebounding(name: str, drug: str, kind: str) -> Course:
    """Meets one definition each; 'quiet' none."""
    return person(
        name,
        relapses={
            "sorensen": [build.relapse(day(d)) for d in (-700, LAST + 80, LAST + 200)],
            "gueguen": [build.relapse(day(d)) for d in (-60, -90, -120, -150, -200, LAST + 100)],
            "edss": [],
            "quiet": [],
        }[kind],
        mri=[
            build.scan(day(-10), 2, 2),
            build.scan(day(LAST + 120), 6 if kind == "gueguen" else 0, 0),
        ],
        edss=[build.edss(day(300), 2.0),
              build.edss(day(LAST + 120), 4.0 if kind == "edss" else 2.0)],
        treatments=[build.treatment(day(LAST + 60), drug)] if drug else [],
    )  # fmt: skip


def test_each_definition_of_rebound_is_told_by_successor() -> None:
    people = [
        _rebounding("A", "fingolimod", "sorensen"),
        _rebounding("B", "fingolimod", "gueguen"),
        _rebounding("C", "rituximab", "edss"),
        _rebounding("D", "rituximab", "quiet"),
        _rebounding("E", "", "quiet"),
    ]
    found = run(STOPPING, study(people, as_of=day(LAST + 500)))

    def told(group: str) -> dict[Rebound, tuple[int, int]]:
        return {
            d: (r["count"], r["n"])
            for d in Rebound
            for r in [row(found, f"rebound by {d.value}", group)]
        }

    assert told("successor: fingolimod") == {
        Rebound.SORENSEN: (1, 2), Rebound.GUEGUEN: (1, 2), Rebound.IVMP: (1, 2),
        Rebound.EDSS: (0, 2),
    }  # fmt: skip
    assert told("successor: rituximab") == {
        Rebound.SORENSEN: (0, 2), Rebound.GUEGUEN: (0, 2), Rebound.IVMP: (0, 2),
        Rebound.EDSS: (1, 2),
    }  # fmt: skip
    assert told("successor: none recorded")[Rebound.EDSS] == (0, 1)
    assert told("all stretches")[Rebound.EDSS] == (1, 5)
    washout = row(found, "median days of washout", "fingolimod")
    assert (washout["value"], washout["n"]) == (60.0, 2)


@pytest.mark.parametrize(("lesions", "met"), [(5, 0), (6, 1)])
def test_gueguen_asks_for_more_than_five_enhancing_lesions(lesions: int, met: int) -> None:
    someone = person(
        "A",
        relapses=[build.relapse(day(-60)), build.relapse(day(LAST + 100))],
        mri=[build.scan(day(-10), 1), build.scan(day(LAST + 110), lesions)],
    )
    found = run(STOPPING, study([someone], as_of=day(LAST + 400)))
    assert row(found, "rebound by gueguen", "all")["count"] == met


def test_rebound_is_unknown_where_nothing_was_recorded() -> None:
    bare = build.course(
        who=build.person("A"), doses=build.doses_every(day(0), 13), recorded=("doses", "people")
    )
    whole = study([bare], as_of=day(LAST + 400))
    assert run(STOPPING, whole).text == "The data have no relapses and no mri and no edss table."
    found = STOPPING.run(whole, registry())
    for definition in Rebound:
        told = row(found, f"rebound by {definition.value}", "all")
        assert (told["n"], told["unknown"]) == (0, 1)


def test_people_who_went_on_and_people_never_treated_are_counted() -> None:
    people = [person("A"), person("B", doses=()), person("C", doses=build.doses_every(day(0), 30))]
    found = run(STOPPING, study(people, as_of=day(29 * 28 + 20)))
    assert found.flow[-1].people == 1
    assert set(found.flow[-1].left) == {("no natalizumab", 1), ("never off natalizumab", 1)}


def test_two_scans_of_one_day_that_differ_count_as_active() -> None:
    someone = person("A", mri=[build.scan(day(LAST + 90)), build.scan(day(LAST + 90), 3)])
    found = run(STOPPING, study([someone, _stopped("B", {90: 0})], as_of=day(LAST + 170)))
    assert row(found, "active MRI by week", "all", week=12)["count"] == 0
    assert found.status == "done"


def test_people_who_stayed_are_counted_from_the_same_time_on_the_drug() -> None:
    gone = [person(f"S{i}", doses=build.doses_every(day(0), 6), mri=[build.scan(day(252), 1)])
            for i in range(6)]  # fmt: skip
    # Stayed: the sixth dose, day 140, stands for a last one; scans before it do not count.
    kept = [
        person(f"K{i}", doses=build.doses_every(day(0), 14),
               mri=[build.scan(day(100), 1), build.scan(day(252), int(i == 0))])
        for i in range(8)
    ]  # fmt: skip
    early = [person("E", doses=build.doses_every(day(300), 2), mri=[build.scan(day(330), 1)])]
    found = run(STOPPING, study([*gone, *kept, *early], as_of=day(370)))
    told = row(found, "active MRI by week", "stayed on natalizumab", week=16)
    assert (told["n"], told["count"], told["value"]) == (8, 1, pytest.approx(1 / 8))


def test_rebound_between_successors_matches_newcombe() -> None:
    people = []
    for i in range(20):
        scores = [build.edss(day(100), 2.0), build.edss(day(300), 3.5 if i in {0, 1, 10} else 2.0)]
        drug = "fingolimod" if i < 10 else "rituximab"
        people.append(
            person(f"P{i}", doses=build.doses_every(day(0), 6), edss=scores,
                   treatments=[build.treatment(day(200), drug)])
        )  # fmt: skip
    found = row(run(STOPPING, study(people)), "difference of rebound by edss")
    low, high = confint_proportions_2indep(2, 10, 1, 10, method="newcomb")
    assert found["group"] == "successor: fingolimod minus rituximab"
    assert (found["value"], found["low"], found["high"]) == (
        pytest.approx(0.1), pytest.approx(low), pytest.approx(high)
    )  # fmt: skip
