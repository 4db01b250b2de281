"""The equations of virtual people against closed forms, scipy and their own limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.stats import binom, poisson

from openntz.errors import ModelError
from openntz.mechanism.pharmacokinetics import PkParameters, Schedule, simulate
from openntz.mechanism.virtual.activity import drive, lesions
from openntz.mechanism.virtual.antibodies import (
    Response,
    clearance_factor,
    free_drug,
    responses,
    stretches,
)
from openntz.mechanism.virtual.antibody_assay import ASSAYS, persistent
from openntz.mechanism.virtual.blockade import open_share, saturation
from openntz.mechanism.virtual.blood import approach, counts, held_back, reported
from openntz.mechanism.virtual.exposure import Regimen, total_drug
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.modifiers import PlasmaExchange, WeightChange, pregnancy
from openntz.mechanism.virtual.parameters import read_parameters, shipped_parameters
from openntz.mechanism.virtual.people import (
    CLUSTER,
    LESION,
    SLOW,
    VISIBLE,
    draw_people,
    weight_kg,
)
from openntz.mechanism.virtual.reactions import dose_numbers
from openntz.models.card import load_card
from tests.models.by_weight import individual_by_weight

P = shipped_parameters()
PEOPLE = draw_people(7, range(40))
Q4W = Regimen.of(28.0 * np.arange(8))
DAYS = np.arange(-14.0, 225.0)

levels = st.floats(0.0, 500.0)
titres = st.floats(0.0, 1e7)


# ── people


def test_a_person_is_the_same_whatever_the_number_of_people() -> None:
    few, many = draw_people(3, [5, 2]), draw_people(3, range(10))
    assert np.array_equal(few.scores[0], many.scores[5])
    assert np.array_equal(few.daily(30)[1], many.daily(30)[2])


def test_a_longer_study_leaves_earlier_days_as_they_were() -> None:
    assert np.array_equal(PEOPLE.daily(90)[:, :30], PEOPLE.daily(30))


def test_groups_are_different_people() -> None:
    assert not np.array_equal(draw_people(3, [1], group=1).scores, draw_people(3, [1]).scores)


def test_gamma_frailties_have_the_mean_and_variance_of_the_distribution() -> None:
    crowd = draw_people(1, range(4000))
    drawn = crowd.gamma(crowd.score("lesion_rate"), 0.66)
    # Variance 1/shape: three standard errors of the mean of 4000.
    assert abs(drawn.mean() - 1.0) < 3 * np.sqrt(1 / 0.66 / 4000)
    assert np.isfinite(crowd.gamma(np.array([60.0]), 0.66)).all()


# ── drug and antibodies


def test_levels_without_antibodies_match_the_card_solved_directly() -> None:
    crowd = draw_people(11, range(30))
    none = P.replaced({"antibodies.peak.median": 1e-9})
    found = Fates(crowd, none, Q4W, DAYS).free
    card = load_card("van_den_berg_2025")
    eta = np.stack([crowd.score(n) for n in card.eta_names], axis=1)
    by = individual_by_weight(card, eta * np.sqrt(np.diag(card.omega)), weight_kg(crowd)[:, None])
    names = ("cl", "vc", "q", "vp", "vmax", "km", "ka", "f", "lag")
    hour = np.full(len(Q4W.day), 1.0 / 24.0)
    schedule = Schedule(Q4W.day, hour, Q4W.amount_mg, Q4W.subcutaneous)
    direct = simulate(
        PkParameters(np.array([-np.inf]), *(by[n] for n in names)), schedule, DAYS[14:]
    ).ug_per_ml
    # The virtual people's solver tolerance is 1e-5 a step; ten of these are far below an assay.
    assert np.allclose(found[:, 14:], direct, rtol=1e-3, atol=1e-3)
    assert (found[:, :14] == 0.0).all()


@given(total=levels, titre=titres)
def test_free_drug_matches_scipy_root_of_the_mass_balance(total: float, titre: float) -> None:
    free = float(free_drug(total, titre, P))
    capacity = titre * 1e-3 * P["antibodies.binding.ratio"]
    kd = P["antibodies.binding.kd"]

    def unbound(x: float) -> float:
        return x + capacity * x / (kd + x) - total

    oracle = brentq(unbound, 0.0, total, xtol=1e-13) if total > 0 else 0.0
    assert free == pytest.approx(oracle, rel=1e-6, abs=1e-9)
    assert 0.0 <= free <= total


@given(titre=titres, more=st.floats(1.0, 100.0))
def test_clearance_factor_runs_from_one_to_the_labels_factor(titre: float, more: float) -> None:
    factor = clearance_factor(titre, P)
    assert 1.0 <= factor <= clearance_factor(titre * more, P) <= P["antibodies.clearance.factor"]
    assert clearance_factor(P["antibodies.clearance.half"], P) == pytest.approx(1.725)


def test_high_titre_leaves_no_drug_where_the_clearance_factor_alone_would() -> None:
    """The label's factor alone explains too little: levels of 5, not of none."""
    crowd = draw_people(5, range(200))
    high = P.replaced({"antibodies.peak.median": 1e5, "antibodies.peak.log-sd": 0.0})
    fates = Fates(crowd, high, Q4W, DAYS)
    trough = fates.column(140)
    assert np.median(fates.total[:, trough]) > 1.0
    assert np.median(fates.free[:, trough]) < 0.1


def test_titre_matches_its_closed_form_and_wanes_to_its_plateau() -> None:
    one = Response(*(np.array([x]) for x in (10.0, 800.0, 50.0, 0.25)), 1e-9)
    # A quarter stays; of the other 600, half is left after 50 days.
    assert one.titre([9.0, 10.0, 60.0, 1e4])[0] == pytest.approx([0.0, 0.0, 500.0, 200.0])


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ([0, 28, 56], [(0.0, 0)]),
        ([0, 89], [(0.0, 0)]),
        ([0, 90], [(0.0, 0), (90.0, 1)]),
        ([], []),
    ],
)
def test_dosing_begins_anew_after_the_gap(days: list[int], found: list[tuple[float, int]]) -> None:
    assert stretches(days, 90.0) == found


@pytest.mark.parametrize(("doses", "memory"), [(1, True), (2, True), (3, False)])
def test_re_exposure_boosts_after_one_or_two_doses_only(doses: int, memory: bool) -> None:
    day = np.append(28.0 * np.arange(doses), 400.0)
    found = responses(PEOPLE, P, day)
    assert len(found) == 1 + memory
    if memory:
        ratio = found[1].peak_ng_per_ml / found[0].peak_ng_per_ml
        assert ratio == pytest.approx(P["antibodies.redose.boost"])


def test_bridging_assay_reads_half_at_the_interfering_level_and_the_tolerant_one_all() -> None:
    level = P["antibodies.interference"]
    assert ASSAYS["elisa_500"].reading(1000.0, level, 0.0, P) == pytest.approx(500.0)
    assert ASSAYS["ecl_4"].reading(1000.0, level, 0.0, P) == pytest.approx(1000.0)


@pytest.mark.parametrize(("apart", "answer"), [(41.0, False), (42.0, True), (84.0, True)])
def test_persistent_is_two_positives_six_weeks_apart(apart: float, answer: bool) -> None:
    positive = np.array([[True, False, True], [True, False, False], [False, False, False]])
    found = persistent(positive, [28.0, 30.0, 28.0 + apart])
    assert found.tolist() == [answer, False, False]


# ── blockade, blood, activity


@given(low=levels, more=levels)
def test_more_drug_never_saturates_less_nor_opens_more(low: float, more: float) -> None:
    level = np.array([[low, low + more]] * PEOPLE.count)
    s = saturation(PEOPLE, P, level)
    assert ((s >= 0.0) & (s <= 1.0)).all()
    # Rounding: two levels a last digit apart.
    assert (s[:, 1] >= s[:, 0] - 1e-15).all()
    opened = open_share(s, P)
    assert ((opened >= 0.0) & (opened <= 1.0)).all()
    assert (opened[:, 1] <= opened[:, 0] + 1e-13).all()


def test_passage_matches_its_closed_form_at_the_ends_and_at_half() -> None:
    half, bonds = P["blockade.half"], P["blockade.bonds"]
    assert open_share([0.0, 1.0], P) == pytest.approx([1.0, 0.0])
    assert open_share(1.0 - half, P) == pytest.approx(0.5 * (1.0 + half**bonds))


def test_pool_matches_closed_form_after_a_step() -> None:
    target = np.full((1, 60), 2.0)
    target[0, 0] = 1.0
    day = np.arange(60)
    assert approach(target, 0.1)[0] == pytest.approx(2.0 - np.exp(-0.1 * day), rel=1e-12)


def test_counts_match_the_equation_solved_for_the_count_itself() -> None:
    opened = np.random.Generator(np.random.PCG64(2)).random((PEOPLE.count, 50))
    opened[:, 0] = 1.0
    found = counts(PEOPLE, P, "cd19", held_back(P, "cd19", opened))
    before = PEOPLE.log_normal("cd19", P["blood.cd19.before"], P["blood.cd19.before.log-sd"])
    gain = PEOPLE.log_normal("cd19_gain", P["blood.cd19.gain"], P["blood.cd19.gain.log-sd"])
    target = before[:, None] * (1.0 + gain[:, None] * (1.0 - opened))
    assert found == pytest.approx(approach(target, P["blood.cd19.rate"]), rel=1e-12)


def test_neutrophils_do_not_move_and_lymphocytes_return() -> None:
    fates = Fates(PEOPLE, P, Regimen.of(28.0 * np.arange(6)), np.arange(-14.0, 420.0))
    neutrophils, lymphocytes = fates.cells("neutrophils"), fates.cells("lymphocytes")
    assert np.ptp(neutrophils, axis=1) == pytest.approx(np.zeros(PEOPLE.count), abs=1e-12)
    assert (lymphocytes >= lymphocytes[:, :1] * (1 - 1e-12)).all()
    assert lymphocytes[:, -1] == pytest.approx(lymphocytes[:, 0], rel=0.02)


def test_reported_counts_have_the_true_mean() -> None:
    error = np.random.Generator(np.random.PCG64(1)).standard_normal(200_000)
    spread = P["blood.lymphocytes.noise"]
    # Four standard errors of the mean.
    assert abs(reported(2.0, error, P, "lymphocytes").mean() - 2.0) < 4 * 2 * spread / np.sqrt(2e5)


def test_untreated_people_stay_at_rest() -> None:
    driven = drive(PEOPLE, P, np.ones((PEOPLE.count, 300)))
    for part in (driven.fresh, driven.resident, driven.ready):
        assert part == pytest.approx(np.ones((PEOPLE.count, 300)), abs=1e-12)


def test_drive_matches_scipy_over_a_closure_and_reopening() -> None:
    crowd = draw_people(2, [0])
    opened = np.concatenate([np.full(200, 0.02), np.ones(120)])
    excess = P["lesion.reservoir.median"] * np.exp(
        P["lesion.reservoir.log-sd"] * crowd.score("reservoir")[0]
    )
    loss = 1.0 / (1.0 + excess)

    def slope(t: float, y: np.ndarray) -> list[float]:
        share = opened[min(int(t), len(opened) - 1)]
        ready, first, second, fresh, resident = y
        entry = share * ready
        return [
            (1.0 - ready * (loss + (1.0 - loss) * share)) / P["lesion.reservoir.time"],
            3.0 * (entry - first) / P["lesion.delay"],
            3.0 * (first - second) / P["lesion.delay"],
            3.0 * (second - fresh) / P["lesion.delay"],
            (entry - resident) / P["lesion.slow.time"],
        ]

    oracle = solve_ivp(slope, (0, 320), [1] * 5, max_step=0.25, rtol=1e-9, t_eval=[100, 200, 300])
    found = drive(crowd, P, opened[None, :])
    for at, day in enumerate((100, 200, 300)):
        mine = [x[0, day - 1] for x in (found.ready, found.fresh, found.resident)]
        # Entry is held at the end of each day: an error of half a day over the shortest lag.
        assert mine == pytest.approx(oracle.y[[0, 3, 4], at], rel=0.05, abs=4e-3)


def test_ready_cells_stay_between_one_and_their_own_limit() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    ready = drive(PEOPLE, P, rng.random((PEOPLE.count, 400))).ready
    excess = P["lesion.reservoir.median"] * np.exp(
        P["lesion.reservoir.log-sd"] * PEOPLE.score("reservoir")
    )
    assert (ready >= 1.0 - 1e-12).all()
    assert (ready <= 1.0 + excess[:, None] + 1e-9).all()


def test_activity_returns_after_stopping_and_overshoots_in_some() -> None:
    """Return at about 3 to 4 months after the last dose, by no rule of its own."""
    crowd = draw_people(9, range(300))
    fates = Fates(crowd, P, Regimen.of(28.0 * np.arange(13)), np.arange(-14.0, 620.0))
    fresh = fates.drive.fresh
    last = 336
    quiet = fresh[:, fates.column(last)] < 0.1
    later = fresh[quiet][:, fates.column(last) :]
    back = np.argmax(later >= 0.5, axis=1)
    assert 70 <= np.median(back) <= 125
    peak = later.max(axis=1)
    assert 0.1 < (peak > 1.5).mean() < 0.9


def test_placebo_lesions_match_their_rate() -> None:
    crowd = draw_people(13, range(3000))
    fates = Fates(crowd, P, Regimen.of([]), np.arange(0.0, 365.0))
    yearly = fates.lesions.enhancing.sum(axis=1)
    # Three standard errors of the sample itself.
    assert abs(yearly.mean() - P["lesion.rate"]) < 3 * yearly.std() / np.sqrt(3000) + 0.01
    relapses = fates.relapses.sum(axis=1)
    assert abs(relapses.mean() - P["relapse.rate"]) < 3 * relapses.std() / np.sqrt(3000) + 0.005


# ── modifiers and reactions


def test_lesions_match_scipys_quantiles_of_poisson_and_binomial() -> None:
    # Disease a hundredfold, so that days of one lesion, two and many are all met.
    some = draw_people(21, range(6))
    driven, uniform = drive(some, P, np.ones((6, 400))), some.daily(400)
    found = lesions(some, P, driven, uniform, 100.0)
    frailty = some.gamma(some.score("lesion_rate"), P["lesion.frailty"])[:, None]
    yearly = 100.0 * P["lesion.rate"] * frailty * driven.fresh
    clusters = poisson.ppf(uniform[..., LESION], yearly / 365.25 / P["lesion.cluster"])
    beside = np.floor(np.log1p(-uniform[..., CLUSTER]) / np.log1p(-1.0 / P["lesion.cluster"]))
    size = np.where(clusters > 0, clusters + beside, 0)
    assert size.max() > 5
    assert np.array_equal(found.enhancing, size)
    assert np.array_equal(
        found.new_t2, binom.ppf(uniform[..., VISIBLE], size, P["lesion.visible"]).clip(0)
    )
    share = P["lesion.slow"] * P["lesion.visible"] / (1.0 - P["lesion.slow"])
    slowly = 100.0 * P["lesion.rate"] * frailty * share * driven.resident + P["lesion.background"]
    assert np.array_equal(found.enlarging_t2, poisson.ppf(uniform[..., SLOW], slowly / 365.25))


def test_states_are_left_as_they_are_by_what_follows_from_them() -> None:
    one = draw_people(22, range(1))
    opened = np.full((1, 30), 0.4)
    drive(one, P, opened)
    total, titre = np.full((1, 30), 20.0), np.full((1, 30), 1e4)
    saturation(one, P, free_drug(total, titre, P))
    open_share(opened, P)
    assert (opened == 0.4).all()
    assert (total == 20.0).all()
    assert (titre == 1e4).all()


def test_plasma_exchange_removes_the_stated_share_of_the_central_amount() -> None:
    crowd = draw_people(4, range(5))
    start = 20.2
    with_exchange = Regimen.of([0.0], modifiers=[PlasmaExchange(start, 1)])
    end = start + 3.0 / 24.0
    before, after = total_drug(crowd, P, with_exchange, [], [start, end]).T
    plain = total_drug(crowd, P, Regimen.of([0.0]), [], [start, end])
    left = after / before / (plain[:, 1] / plain[:, 0])
    # Drug flows back from the tissue while the session lasts: a few per cent in three hours.
    assert (left > 1 - 0.63).all()
    assert (left < 1 - 0.63 + 0.05).all()


def test_weight_change_ends_at_its_factor() -> None:
    change = WeightChange(10.0, 20.0, 1.2)
    assert change.weight_factor(np.array([9.9, 15.01, 19.5, 400.0])) == pytest.approx(
        [1.0, 1.12, 1.2, 1.2]
    )


def test_pregnancy_gains_weight_until_delivery_and_loses_it_after() -> None:
    gained, lost = pregnancy(100.0, P)
    delivery = 100.0 + P["people.pregnancy.length"]
    day = np.array([99.0, delivery - 1.0, delivery + 400.0])
    found = gained.weight_factor(day) * lost.weight_factor(day)
    assert found == pytest.approx([1.0, P["people.pregnancy.weight"], 1.0])


def test_a_heavier_person_has_lower_troughs() -> None:
    crowd = draw_people(4, range(20))
    heavier = Regimen.of(Q4W.day, modifiers=[WeightChange(0.0, 20.0, 1.4)])
    plain = total_drug(crowd, P, Q4W, [], [196.0])
    assert (total_drug(crowd, P, heavier, [], [196.0]) < plain).all()


def test_dose_numbers_begin_again_after_a_gap() -> None:
    assert dose_numbers(Regimen.of([0, 28, 200, 228]), 90.0).tolist() == [1, 2, 1, 2]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), interval=st.integers(21, 90))
def test_no_amount_count_or_titre_is_negative(seed: int, interval: int) -> None:
    crowd = draw_people(seed, range(8))
    fates = Fates(crowd, P, Regimen.of(np.arange(0.0, 200.0, interval)), np.arange(-7.0, 260.0))
    for table in (fates.total, fates.free, fates.titre, fates.cells("cd19"), fates.drive.fresh):
        assert np.isfinite(table).all()
        assert (table >= 0.0).all()
    assert (fates.free <= fates.total).all()


# ── parameters


def test_every_parameter_lies_inside_its_plausible_range() -> None:
    for entry in P.entries.values():
        if entry.low is not None and entry.high is not None:
            assert entry.low <= entry.value <= entry.high, entry.name


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("value = 1.0", "value = -1.0", "-1.0"),
        ('origin = "assumed"', 'origin = "guessed"', "origin 'guessed'"),
        ('source = "openntz"', 'source = "nobody"', "unknown source"),
        ('unit = "1"', "", "'unit'"),
        ("value = 1.0", "value = 1.0\nlow = 0.5", "one bound"),
    ],
)
def test_a_malformed_parameter_is_refused_with_its_path(old: str, new: str, words: str) -> None:
    text = '[parameter."a.b"]\nvalue = 1.0\nunit = "1"\nmeaning = "m"\norigin = "assumed"\n'
    with pytest.raises(ModelError) as caught:
        read_parameters((text + 'source = "openntz"\n').replace(old, new), "here.toml")
    assert words in str(caught.value)
    assert "here.toml: parameter.a.b" in str(caught.value)


def test_unknown_parameter_is_named() -> None:
    with pytest.raises(ModelError, match=r"no parameter 'lesion.rat'.*lesion.rate"):
        _ = P["lesion.rat"]
