"""Activity: NEDA with unknowns and loss, rates, first lesion by quarter."""

from __future__ import annotations

import numpy as np
import pytest

from openntz.course.course import Course
from openntz.reanalyse.activity import ACTIVITY, poisson_rate
from openntz.reanalyse.limits import CONVENTIONS
from tests import build
from tests.reanalyse.studies import AS_OF, day, person, row, rows, run, study


def _watched(name: str, *, doses: int = 60, quiet: bool = True, seen: bool = True) -> Course:
    """Doses for years; scans and EDSS every half year unless nobody looked."""
    when = [day(d) for d in range(90, 1400, 90)] if seen else []
    return person(
        name,
        doses=build.doses_every(day(0), doses),
        mri=[build.scan(d, 0 if quiet else 2, 0) for d in when],
        edss=[build.edss(d, 2.0) for d in when],
    )


def test_35_of_35_without_activity_is_35_of_40_once_loss_is_shown() -> None:
    # The wearing-off study: 40 entered, 35 were followed for a year, none of these was active.
    people = [_watched(f"P{i}") for i in range(35)]
    people += [_watched(f"L{i}", doses=3) for i in range(5)]
    found = run(ACTIVITY, study(people))
    for convention in CONVENTIONS:
        told = row(found, "NEDA-3 over 1 y", f"EDSS by {convention}")
        assert (told["count"], told["n"], told["lost"]) == (35, 35, 5)
        assert told["value"] == 1.0
        assert told["share_if_all_others_had_activity"] == pytest.approx(35 / 40)


def test_whoever_nobody_looked_at_is_unknown_and_in_neither_count() -> None:
    people = [_watched("A"), _watched("B", quiet=False), _watched("C", seen=False)]
    told = row(run(ACTIVITY, study(people)), "NEDA-3 over 1 y", "EDSS by msprog")
    assert (told["count"], told["n"], told["unknown"]) == (1, 2, 1)
    assert told["share_if_all_others_had_activity"] == pytest.approx(1 / 3)


def test_neda_4_is_unknown_without_brain_volume() -> None:
    told = row(run(ACTIVITY, study([_watched("A")])), "NEDA-4 over 1 y", "EDSS by msprog")
    assert (told["n"], told["unknown"]) == (0, 1)


def test_a_half_step_above_5_worsens_by_one_convention_only() -> None:
    # 5.5 to 6.0 is half a point: enough where the high range begins above 5.0, not where at 6.0.
    when = [day(d) for d in range(90, 1400, 90)]
    someone = person(
        "A",
        doses=build.doses_every(day(0), 60),
        mri=[build.scan(d) for d in when],
        edss=[build.edss(d, 5.5 if i < 2 else 6.0) for i, d in enumerate(when)],
    )
    found = run(ACTIVITY, study([someone]))
    by = {c: row(found, "NEDA-3 over 1 y", f"EDSS by {c}")["count"] for c in CONVENTIONS}
    assert by == {"msprog": 0, "msoutcomes": 1}


def test_poisson_interval_matches_the_printed_table_of_garwood() -> None:
    # As tables print it: for 10 events 4.80 and 18.39; for none 0 and 3.69.
    rate, low, high = poisson_rate(10, 1.0)
    assert (rate, low, high) == pytest.approx((10, 4.80, 18.39), abs=5e-3)
    assert poisson_rate(0, 2.0) == pytest.approx((0, 0, 3.69 / 2), abs=5e-3)
    assert poisson_rate(3, 0.0) == (None, None, None)


def test_relapse_rate_counts_distinct_relapses_over_time_at_risk() -> None:
    # Day 100 and 110 are one relapse (under 30 days apart); one before the first dose is not in.
    people = [
        person("A", relapses=[build.relapse(day(d)) for d in (-50, 100, 110, 200)],
               doses=build.doses_every(day(0), 60)),
        person("B", doses=build.doses_every(day(0), 60)),
    ]  # fmt: skip
    told = row(run(ACTIVITY, study(people)), "relapses a person-year", "all")
    years = 2 * (AS_OF - day(0)).days / 365.25
    assert told["count"] == 2
    assert told["value"] == pytest.approx(2 / years)


def _arm(seed: int, mean: float, prefix: str, gamma: float | None) -> list[Course]:
    generator = np.random.default_rng(seed)
    people = []
    for i in range(200):
        own = mean * (generator.gamma(gamma, 1 / gamma) if gamma else 1.0)
        count = int(generator.poisson(own))
        when = sorted(generator.choice(np.arange(10, 1600, 40), count, replace=False))
        people.append(
            person(
                f"{prefix}{i}",
                doses=build.doses_every(day(0), 60),
                relapses=[build.relapse(day(int(d))) for d in when],
            )
        )
    return people


@pytest.mark.parametrize("gamma", [None, 1.0])
def test_a_planted_ratio_of_relapse_rates_is_covered(gamma: float | None) -> None:
    treated, control = _arm(1, 1.0, "T", gamma), _arm(2, 2.5, "C", gamma)
    arms = {c.person.id: "active" if c.person.id[0] == "T" else "placebo" for c in
            (*treated, *control)}  # fmt: skip
    found = run(ACTIVITY, study([*treated, *control], arms=arms))
    told = row(found, "ratio of relapse rates", "active against placebo")
    assert told["low"] < 0.4 < told["high"]
    # Sandwich or negative binomial: sqrt((1/200)(1/1 + 1/g) + (1/200)(1/2.5 + 1/g)).
    over = 0 if gamma is None else 1 / gamma
    spread = np.sqrt((1 + over) / 200 + (0.4 + over) / 200)
    width = np.log(told["high"] / told["low"]) / (2 * 1.959964)
    assert width == pytest.approx(spread, rel=0.25)


def test_lesions_by_year_leave_out_whoever_was_scanned_early_only() -> None:
    early = person("A", doses=build.doses_every(day(0), 60), mri=[build.scan(day(90), 3, 3)])
    whole = person("B", doses=build.doses_every(day(0), 60),
                   mri=[build.scan(day(90), 0, 1), build.scan(day(330))])  # fmt: skip
    told = row(run(ACTIVITY, study([early, whole])), "new or enlarging T2 lesion by year 1")
    assert (told["count"], told["n"], told["unknown"]) == (1, 1, 1)


def test_first_lesion_by_quarter_matches_the_planted_counts() -> None:
    # Of 10, 4 have the first lesion in quarter 1, 2 of the other 6 in quarter 2.
    people = []
    for i in range(10):
        first = 0 if i < 4 else 1 if i < 6 else 9
        scans = [build.scan(day(60 + 91 * q), 0, int(q == first)) for q in range(4)]
        people.append(person(f"P{i}", doses=build.doses_every(day(0), 60), mri=scans))
    told = rows(run(ACTIVITY, study(people)), "first new T2 lesion")
    assert [(r["count"], r["n"]) for r in told] == [(4, 10), (2, 6), (0, 4), (0, 4)]


def test_activity_by_product_matches_counts_by_hand() -> None:
    people = []
    for i in range(20):
        name = "Tysabri" if i < 12 else " tyruko "
        doses = [build.dose(day(28 * k), product=name) for k in range(15)]
        relapses = [build.relapse(day(100))] if i in {0, 1, 12} else []
        scans = [build.scan(day(350), 0, int(i in {0, 12, 13}))]
        people.append(person(f"P{i}", doses=doses, relapses=relapses, mri=scans))
    found = run(ACTIVITY, study(people, as_of=day(400)))
    rates = {r["group"]: (r["count"], r["n"]) for r in rows(found, "relapses a person-year by pro")}
    assert rates == {"product: tysabri": (2, 12), "product: tyruko": (1, 8)}
    lesions = row(found, "difference of new or enlarging T2 lesion by year 1 by product")
    assert lesions["group"] == "product: tyruko minus tysabri"
    assert lesions["value"] == pytest.approx(2 / 8 - 1 / 12)


def test_one_product_is_not_compared_with_itself() -> None:
    found = run(ACTIVITY, study([person("A"), person("B")]))
    assert not any("by product" in r["measure"] for r in found.rows)
