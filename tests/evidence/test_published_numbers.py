"""Facts held against the published numbers, typed here a second time from the texts.

The oracle is the publication: a slip of the pen in a facts file is what this finds.
"""

from __future__ import annotations

from math import exp, log, sqrt

import pytest

from openntz.evidence.registry import registry

# id, value, unit, low, high
SWISS_LABEL_KINETICS = [
    ("pk.cmax", 110, "ug/mL", None, None),
    ("pk.cmax.sd", 52, "ug/mL", None, None),
    ("pk.half-life", 28.2, "d", 11.6, 46.2),
    ("pk.clearance-linear", 6.08, "mL/h", 5.75, 6.33),
    ("pk.volume-steady-state", 5.96, "L", 5.59, 6.38),
    ("pk.time-to-steady-state", 24, "wk", None, None),
    ("pk.persistent-ada-clearance-factor", 2.45, "1", None, None),
    ("pk.sc-bioavailability", 0.84, "1", None, None),
    ("pk.sc-lag", 3, "h", None, None),
    ("pk.clearance-change.lighter", -33, "%", None, None),
    ("pk.clearance-change.heavier", 30, "%", None, None),
]
US_LABEL = [
    ("pk.half-life.us-nca", 11, "d", None, None),
    ("pk.half-life.us-nca.sd", 4, "d", None, None),
    ("pk.clearance.us-nca", 16, "mL/h", None, None),
    ("pk.persistent-ada-clearance-factor.us", 3, "1", None, None),
]
SISTER_ANTIBODY = [("pk.sc-absorption-rate", 0.288, "1/d", None, None)]
CALABRESI_2007 = [
    ("ada.affirm.any-count", 57, "people", None, None),
    ("ada.affirm.persistent-count", 37, "people", None, None),
    ("ada.affirm.transient-count", 20, "people", None, None),
    ("ada.affirm.people", 625, "people", None, None),
    ("ada.threshold.affirm", 500, "ng/mL", None, None),
    ("ada.affirm.separation", 6, "wk", None, None),
]
SORENSEN_2011 = [
    ("ada.sorensen-2011.any", 4.5, "%", 4.0, 5.1),
    ("ada.sorensen-2011.persistent", 3.5, "%", 3.0, 4.0),
    ("ada.sorensen-2011.transient", 1.0, "%", 0.7, 1.3),
]
POSTER_P1978 = [
    ("lymphocytes.rise", 0.8, "10*9/L", None, None),
    ("lymphocytes.rise.placebo", 3.5, "%", None, None),
    ("lymphocytes.rise.persistent-ada", 9.1, "%", None, None),
    ("lymphocytes.rise.no-ada-week-12", 84.1, "%", None, None),
    ("lymphocytes.rise.no-ada-week-24", 91.6, "%", None, None),
    ("ada.p1978.persistent-at-500", 6, "%", None, None),
    ("ada.p1978.persistent-at-4", 55, "%", None, None),
]
NOVA = [
    ("saturation.nova-q4w", 77.9, "%", None, None),
    ("saturation.nova-q6w", 65.5, "%", None, None),
    ("trough.nova-q4w", "33 to 38", "ug/mL", 33, 38),
    ("trough.nova-q6w", "10 to 21", "ug/mL", 10, 21),
    ("nova.new-t2", 0.20, "lesions", None, None),
    ("nova.new-t2.every-4-weeks", 0.05, "lesions", None, None),
    ("nova.any-lesion", 4.3, "%", None, None),
]
NEXT_MS = [
    ("next-ms.activity.eid10", 10.0, "per 1,000 person-years", None, None),
    ("next-ms.activity.eid5", 10.0, "per 1,000 person-years", None, None),
    ("next-ms.activity.standard", 47.0, "per 1,000 person-years", None, None),
    ("next-ms.activity.historical", 24.7, "per 1,000 person-years", None, None),
]
TOUCH = [
    ("pml.eid.hazard-ratio", 0.06, "1", 0.01, 0.22),
    ("pml.eid.people", 35521, "people", None, None),
]
RESTORE = [
    ("restore.mri-recurrence.stayed", 0, "of 45", None, None),
    ("restore.mri-recurrence.placebo", 19, "of 41", None, None),
    ("restore.mri-recurrence.interferon", 1, "of 14", None, None),
    ("restore.mri-recurrence.glatiramer", 8, "of 15", None, None),
    ("restore.mri-recurrence.steroid", 21, "of 52", None, None),
    ("restore.mri-recurrence.all", 49, "of 167", None, None),
]
REACTIONS = [
    ("reaction.any.eu", 23.1, "%", None, None),
    ("reaction.any.eu.placebo", 18.7, "%", None, None),
    ("reaction.amsterdam.per-infusion", 1.95, "%", None, None),
    ("reaction.seattle.per-infusion", 0.34, "%", None, None),
    ("reaction.tehran.fatigue", 10.8, "%", 8.2, 14.2),
]
TARGETS = [
    ("target.trough-10", 10, "ug/mL", None, None),
    ("target.trough-5", 5, "ug/mL", None, None),
    ("target.trough-2", 2, "ug/mL", None, None),
    ("target.trough-1", 1, "ug/mL", None, None),
    ("trough.q4w.at-least-10", 94, "%", None, None),
]
PUBLISHED = [
    *SWISS_LABEL_KINETICS,
    *US_LABEL,
    *SISTER_ANTIBODY,
    *CALABRESI_2007,
    *SORENSEN_2011,
    *POSTER_P1978,
    *NOVA,
    *NEXT_MS,
    *TOUCH,
    *RESTORE,
    *REACTIONS,
    *TARGETS,
]


@pytest.mark.parametrize(("name", "value", "unit", "low", "high"), PUBLISHED)
def test_fact_matches_its_publication(
    name: str, value: float | str, unit: str, low: float | None, high: float | None
) -> None:
    fact = registry().fact(name)
    assert (fact.value, fact.unit, fact.low, fact.high) == (value, unit, low, high)


MONTHS = ("to-24-months", "25-48-months", "49-72-months")
PML_TABLE = {  # per 1,000, in the order of MONTHS
    "index-up-to-1.5": (0.2, 1.1, 1.4),
    "index-above-1.5": (1.2, 8.8, 10.1),
    "index-unknown": (1, 3, 6),
    "prior-immunosuppressant": (6, 12, 13),
}


@pytest.mark.parametrize("stratum", PML_TABLE)
def test_pml_risk_matches_published_table(stratum: str) -> None:
    found = [registry().fact(f"pml.risk.{stratum}.{months}") for months in MONTHS]
    assert tuple(f.value for f in found) == PML_TABLE[stratum]
    assert {f.unit for f in found} == {"per 1,000"}
    assert {f.sources for f in found} == {("uptodate-pml",)}


def test_pml_risk_when_antibody_negative_matches_published_table() -> None:
    def risk(stratum: str, months: str) -> float:
        return registry().fact(f"pml.risk.{stratum}.{months}").number

    assert risk("negative", "to-24-months") == 0.02
    assert risk("negative", "beyond-24-months") == 0.2
    assert risk("negative-prior-immunosuppressant", "to-24-months") == 0.06
    assert risk("negative-prior-immunosuppressant", "beyond-24-months") == 0.9


def _wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    share = hits / n
    middle = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return 100 * (middle - half) / (1 + z * z / n), 100 * (middle + half) / (1 + z * z / n)


@pytest.mark.parametrize(
    ("name", "hits", "people", "digits"),
    [
        ("trough.q4w.at-least-10.interval", 75, 80, 0),
        ("reaction.tehran.fatigue", 46, 424, 1),
        ("reaction.tehran.headache", 19, 424, 1),
        ("reaction.tehran.cough", 12, 424, 1),
    ],
)
def test_interval_of_a_share_matches_closed_form(
    name: str, hits: int, people: int, digits: int
) -> None:
    fact = registry().fact(name)
    low, high = _wilson(hits, people)
    # Printed to this many digits, so equal after rounding.
    assert (fact.low, fact.high) == (round(low, digits), round(high, digits))


def test_zero_event_bound_matches_closed_form() -> None:
    exact = 100 * (1 - 0.025 ** (1 / 424))
    assert registry().fact("reaction.tehran.life-threatening").high == round(exact, 2)


def test_predictive_values_match_closed_form() -> None:
    facts = registry()
    persistent = facts.fact("ada.affirm.persistent").number / 100
    sensitivity = 1 - facts.fact("lymphocytes.rise.persistent-ada").number / 100
    specificity = facts.fact("lymphocytes.rise.no-ada-week-12").number / 100
    hit, false_alarm = persistent * sensitivity, (1 - persistent) * (1 - specificity)
    clear, missed = (1 - persistent) * specificity, persistent * (1 - sensitivity)
    shown = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": hit / (hit + false_alarm),
        "npv": clear / (clear + missed),
    }
    for name, value in shown.items():
        # Printed to one decimal of a per cent.
        assert facts.fact(f"lymphocytes.no-rise.{name}").value == round(100 * value, 1)


def test_weight_exponents_match_closed_form() -> None:
    facts = registry()
    step = facts.fact("pk.weight-change").number / 100
    for side, sign in (("lighter", -1), ("heavier", 1)):
        change = facts.fact(f"pk.clearance-change.{side}").number / 100
        exponent = log(1 + change) / log(1 + sign * step)
        assert facts.fact(f"pk.weight-exponent.{side}").value == round(exponent, 2)


@pytest.mark.parametrize("half_life", ["11", "28.2"])
def test_single_exponential_trough_ratio_matches_closed_form(half_life: str) -> None:
    def trough(days: float) -> float:
        left = exp(-log(2) * days / float(half_life))
        return left / (1 - left)

    fact = registry().fact(f"pk.trough-ratio-q6w-q4w.half-life-{half_life}")
    assert fact.value == round(trough(42) / trough(28), 3)


@pytest.mark.parametrize("days", [28, 42])
def test_share_left_matches_closed_form(days: int) -> None:
    fact = registry().fact(f"pk.left-after-{days}-days.half-life-11")
    assert fact.value == round(100 * 0.5 ** (days / 11), 1)


def test_counts_add_up_as_published() -> None:
    def count(name: str) -> float:
        return registry().fact(name).number

    affirm = "ada.affirm"
    assert count(f"{affirm}.persistent-count") + count(f"{affirm}.transient-count") == count(
        f"{affirm}.any-count"
    )
    for part in ("any", "persistent", "transient"):
        share = 100 * count(f"{affirm}.{part}-count") / count(f"{affirm}.people")
        assert count(f"{affirm}.{part}") == round(share)
    amsterdam = "reaction.amsterdam"
    per_infusion = 100 * count(f"{amsterdam}.events") / count(f"{amsterdam}.infusions")
    assert count(f"{amsterdam}.per-infusion") == round(per_infusion, 2)
    seattle = "reaction.seattle"
    per_infusion = 100 * count(f"{seattle}.events") / count(f"{seattle}.infusions")
    assert count(f"{seattle}.per-infusion") == round(per_infusion, 2)
    per_person = 100 * count(f"{seattle}.people-with-reaction") / count(f"{seattle}.people")
    assert count(f"{seattle}.per-person") == round(per_person, 1)
    difference = count("next-ms.activity.historical") - count("next-ms.activity.eid10")
    assert count("next-ms.activity.difference") == round(difference, 1)
    off = ("placebo", "interferon", "glatiramer", "steroid", "stayed")
    recurred = [registry().fact(f"restore.mri-recurrence.{arm}") for arm in off]
    everybody = registry().fact("restore.mri-recurrence.all")
    assert sum(f.number for f in recurred) == everybody.number
    of = sum(int(f.unit.removeprefix("of ")) for f in recurred)
    assert of == int(everybody.unit.removeprefix("of "))


def test_half_lives_that_conflict_are_both_there() -> None:
    label, older = registry().fact("pk.half-life"), registry().fact("pk.half-life.us-nca")
    assert (label.number, older.number) == (28.2, 11.0)
    assert "not the half-life" in older.note


def test_borrowed_number_says_so() -> None:
    fact = registry().fact("pk.sc-absorption-rate")
    assert "borrowed" in fact.meaning
    assert fact.sources == ("toukam-2025-biib107",)
