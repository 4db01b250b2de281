"""Antibodies: thresholds, definitions, onset between tests, agreement, products."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from openntz.course.course import Course
from openntz.course.events import Answer
from openntz.definitions.antibodies import Definition
from openntz.reanalyse.immunogenicity import IMMUNOGENICITY
from tests import build
from tests.reanalyse.studies import day, person, row, rows, run, study


def _tested(name: str, *results: tuple[int, float | Answer], threshold: float = 500.0) -> Course:
    return person(
        name,
        doses=build.doses_every(day(0), 13),
        measurements=[build.antibody(day(d), r, threshold=threshold) for d, r in results],
    )


def test_threshold_sweep_falls_and_matches_6_and_55_of_100_people_persistent() -> None:
    # The review's pair of shares: 6 % at 500 ng/mL, 55 % at 4 ng/mL, of the same people.
    titres = [700.0] * 6 + [100.0] * 49 + [1.0] * 45
    people = [_tested(f"P{i}", (84, t), (168, t), (252, t)) for i, t in enumerate(titres)]
    found = run(IMMUNOGENICITY, study(people))
    swept = rows(found, "persistent at a threshold")
    shares = {r["threshold_ng_per_ml"]: r["value"] for r in swept}
    assert shares[500.0] == pytest.approx(0.06)
    assert shares[4.0] == pytest.approx(0.55)
    for measure in ("persistent at a threshold", "ever positive at a threshold"):
        values = [r["value"] for r in rows(found, measure)]
        assert len(values) == 9
        assert all(a >= b for a, b in pairwise(values))


def test_threshold_sweep_never_rises_on_random_titres() -> None:
    generator = np.random.default_rng(2)
    people = [
        _tested(f"P{i}", *((84 * k, float(np.exp(generator.normal(4, 2)))) for k in range(1, 4)))
        for i in range(80)
    ]
    values = [r["value"] for r in rows(run(IMMUNOGENICITY, study(people)), "persistent at")]
    assert all(a >= b for a, b in pairwise(values))
    assert values[0] > values[-1]


def test_a_titre_at_the_threshold_is_positive() -> None:
    for titre, share in ((499.9, 0.0), (500.0, 1.0)):
        found = run(IMMUNOGENICITY, study([_tested("A", (84, titre), (168, titre))]))
        told = row(found, "ever positive at a threshold", "500")
        assert told["value"] == share


@pytest.mark.parametrize(
    ("second", "persistent"),
    # Positive on day 84 and again so many days later, negative a year on: weeks 6 and months 3.
    [
        (41, {Definition.MALAGA}),
        (42, {Definition.MALAGA, Definition.AFFIRM, Definition.EU}),
        (90, {Definition.MALAGA, Definition.AFFIRM, Definition.EU, Definition.US}),
    ],
)
def test_five_definitions_call_the_same_person_by_their_own_distance(
    second: int, persistent: set[Definition]
) -> None:
    someone = _tested("A", (84, 900.0), (84 + second, 900.0), (360, 1.0))
    found = run(IMMUNOGENICITY, study([someone]))
    told = {
        Definition(r["group"]): r["count"]
        for r in rows(found, "persistent by definition")
        if r["n"]
    }
    assert set(told) == set(Definition)
    yes = {d for d, n in told.items() if n}
    assert yes - {Definition.SHANKAR} == persistent


def test_first_positive_by_week_matches_turnbull_by_hand() -> None:
    # Everybody tested at weeks 8, 12, 24: 2, 3 and 1 of 10 turn positive, 4 never do.
    first = [56] * 2 + [84] * 3 + [168] + [None] * 4

    def answer(at: int | None, on: int) -> Answer:
        return "positive" if at and on >= at else "negative"

    people = [
        _tested(f"P{i}", *((d, answer(at, d)) for d in (56, 84, 168))) for i, at in enumerate(first)
    ]
    found = run(IMMUNOGENICITY, study(people))
    told = {int(r["week"]): r for r in rows(found, "positive by week")}
    assert told[8]["value"] == pytest.approx(0.2, abs=1e-4)
    assert told[12]["value"] == pytest.approx(0.5, abs=1e-4)
    assert told[24]["value"] == pytest.approx(0.6, abs=1e-4)
    # Nobody was looked at by week 48.
    assert set(told) == {8, 12, 24}
    assert [told[w]["count"] for w in (8, 12, 24)] == [2, 5, 6]


def test_two_assays_of_one_day_that_differ_do_not_break_the_onset() -> None:
    people = []
    for i in range(6):
        both = (
            build.antibody(day(84), "negative", threshold=500.0),
            build.antibody(day(84), "positive", threshold=4.0),
        )
        people.append(person(f"P{i}", measurements=both))
    found = run(IMMUNOGENICITY, study(people))
    assert found.status == "done"
    told = row(found, "samples on which two assays agree")
    assert (told["count"], told["n"]) == (0, 6)
    assert row(found, "positive by week", week=12)["value"] == pytest.approx(1.0)


def test_kappa_matches_the_hand_worked_table() -> None:
    # 20 both positive, 5 and 10 apart, 15 both negative: agreement 0.7, by chance 0.5, kappa 0.4.
    counted: dict[tuple[Answer, Answer], int] = {
        ("positive", "positive"): 20,
        ("positive", "negative"): 5,
        ("negative", "positive"): 10,
        ("negative", "negative"): 15,
    }
    cells = [pair for pair, n in counted.items() for _ in range(n)]
    people = [
        person(
            f"P{i}",
            measurements=(
                build.antibody(day(84), a, threshold=500.0),
                build.antibody(day(84), b, threshold=4.0),
            ),
        )
        for i, (a, b) in enumerate(cells)
    ]
    told = row(run(IMMUNOGENICITY, study(people)), "samples on which two assays agree")
    assert told["value"] == pytest.approx(0.7)
    assert told["kappa"] == pytest.approx(0.4)


def _product(name: str, product: str, persistent: bool) -> Course:
    doses = [build.dose(day(28 * i), product=product) for i in range(13)]
    answer: Answer = "positive" if persistent else "negative"
    return person(name, doses=doses, measurements=[build.antibody(day(d), answer) for d in
                                                    (84, 168, 336)])  # fmt: skip


@pytest.mark.parametrize(("other", "within"), [(6, True), (30, False)])
def test_products_are_equivalent_only_when_the_whole_interval_is_within_the_margin(
    other: int, within: bool
) -> None:
    people = [_product(f"R{i}", "Tysabri", i < 6) for i in range(100)]
    people += [_product(f"B{i}", "Tyruko", i < other) for i in range(100)]
    told = row(run(IMMUNOGENICITY, study(people)), "difference of shares")
    assert told["group"] == "tyruko minus tysabri"
    assert told["value"] == pytest.approx((other - 6) / 100)
    assert told["within_margin"] is within
    # Newcombe 1998, method 10, at 90 %: from the Wilson ends of the two shares.
    if other == 6:
        assert told["high"] == pytest.approx(-told["low"])


def test_untreated_and_untested_are_counted_and_named() -> None:
    people = [_tested("A", (84, "negative")), person("B"), person("C", doses=())]
    found = run(IMMUNOGENICITY, study(people))
    assert found.flow[-1].people == 1
    assert set(found.flow[-1].left) == {("never tested", 1), ("no natalizumab", 1)}
    assert {a.person for a in found.set_aside} == {"B", "C"}


def test_no_prevalence_without_its_assay_and_threshold() -> None:
    found = run(IMMUNOGENICITY, study([_tested("A", (84, "positive"), threshold=4.0)]))
    assert "4 ng/mL" in row(found, "ever positive at the assay's own threshold")["group"]
