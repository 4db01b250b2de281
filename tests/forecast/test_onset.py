"""Antibodies with unknown onset: planted courses, brute force, and numerical integration."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import binom, norm

from openntz.evidence.registry import registry
from openntz.forecast.assumptions import Priors
from openntz.forecast.cohort import Accuracy
from openntz.forecast.density import Kind, Levels, Problem, build_problem, subject_of
from openntz.forecast.history import Assumed, History, build_history
from openntz.forecast.map_estimate import find_modes
from openntz.forecast.onset import laplace_evidence, mix, search, weigh
from openntz.forecast.onset_candidates import AntibodyTests, Candidate, candidates, cut
from openntz.forecast.onset_prior import AntibodyReading, OnsetPrior
from openntz.mechanism.pharmacokinetics import simulate
from openntz.mechanism.regimen import PkParameters
from openntz.models.card import load_card
from tests.build import doses_every, measurement
from tests.forecast.people import FIRST, models
from tests.models.by_weight import individual_by_weight

CARD = load_card("van_den_berg_2025")
THUMB = load_card("rule_of_thumb_11_day")
SETTINGS = models().settings
PRIOR = OnsetPrior.from_registry(registry())
NEVER = Candidate(None, None, 0.5)


def history(count: int = 10, weight: float = 70.0) -> History:
    return build_history(
        doses_every(FIRST, count),
        [measurement("weight", FIRST, weight, unit="kg")],
        None,
        Assumed(12.0, 60.0),
    )


def problem(
    of: History, day: np.ndarray, value: np.ndarray, *, card=CARD, priors: Priors | None = None
) -> Problem:
    kind = np.full(len(day), int(Kind.QUANTIFIED))
    return build_problem(card, of, Levels(day, value, kind), priors or SETTINGS.priors)


def true_levels(of: History, candidate: Candidate, eta: np.ndarray, factor: np.ndarray, day):
    """Concentrations (n, T) of people (n, 3), clearance raised ``factor`` times, by simulation."""
    varied, raised = cut(of, candidate)
    weight = np.full((len(eta), len(raised)), 70.0)
    v = individual_by_weight(CARD, eta, weight)
    wide = {s: np.broadcast_to(x, weight.shape) for s, x in v.items()}
    parameters = PkParameters(
        segment_day=varied.segment_day,
        cl_l_per_day=wide["cl"] * factor[:, None] ** raised,
        vc_l=wide["vc"],
        q_l_per_day=wide["q"],
        vp_l=wide["vp"],
        vmax_mg_per_day=wide["vmax"],
        km_mg_per_l=wide["km"],
        ka_per_day=wide["ka"],
        f=wide["f"],
        lag_day=wide["lag"],
    )
    return simulate(parameters, of.schedule, day).ug_per_ml


def people(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Etas (n, 3) and antibody factors (n,) drawn from the priors."""
    eta = rng.standard_normal((n, 3)) @ np.linalg.cholesky(CARD.omega).T
    factor = SETTINGS.antibody_factor * np.exp(SETTINGS.antibody_log_sd * rng.standard_normal(n))
    return eta, factor


def test_priors_sum_to_one_and_follow_the_published_timing() -> None:
    of = history(14)
    now = 14 * 28.0
    found = candidates(of, np.array([84.4, 252.4]), AntibodyTests((), ()), PRIOR, now)
    assert sum(c.prior for c in found) == pytest.approx(1.0, abs=1e-12)
    # AFFIRM: 6 % persistent and 3 % transient; those transient that no reading can tell from
    # 'never' stand with it, so that 'ever' is at most 9 % and at least the persistent ones.
    ever = sum(c.prior for c in found if c.on is not None)
    assert PRIOR.persistent <= ever <= PRIOR.ever
    by_12_weeks = PRIOR.by(84.0, now)
    # 82 % by week 12 in the US text, less the share allowed to come later than anybody saw.
    assert by_12_weeks == pytest.approx(0.82 * (1 - PRIOR.late_share), rel=1e-12)


def closed_form(of: History, candidate: Candidate, eta: np.ndarray, log_factor: np.ndarray, day):
    """One compartment, linear: amount by recursion over infusions and changes of clearance."""
    cl0, vc0 = THUMB.typical["cl"], THUMB.typical["vc"]
    vc = vc0 * np.exp(eta[:, 1])
    plain = cl0 * np.exp(eta[:, 0]) / vc
    raised = plain * np.exp(log_factor)
    schedule = of.schedule
    start, end = schedule.start_day, schedule.start_day + schedule.duration_day
    stops = np.unique(
        np.concatenate([start, end, day, [x for x in (candidate.on, candidate.off) if x]])
    )
    amount, at, seen = np.zeros(len(eta)), float(stops[0]), {}
    for stop in stops:
        step = float(stop) - at
        middle = at + step / 2
        k = raised if bool(candidate.raised_at(np.array(middle))) else plain
        running = (start < middle) & (middle < end)
        rate = float((schedule.amount_mg / schedule.duration_day)[running].sum())
        decay = np.exp(-k * step)
        amount = amount * decay + rate / k * (1 - decay)
        at = float(stop)
        seen[at] = amount / vc
    return np.stack([seen[float(d)] for d in day], axis=1)


@pytest.mark.parametrize("candidate", [NEVER, Candidate(84 + 10 / 24, None, 0.5)])
def test_evidence_matches_numerical_integration(candidate: Candidate) -> None:
    """Trapezoids over two or three unknowns with the closed form of the one-compartment card."""
    of = history(8)
    day = np.array([84.0, 140.0, 196.0]) + 10 / 24
    value = np.array([10.0, 5.0, 3.0])
    priors = Priors(antibody_factor=2.45, antibody_log_sd=0.5)
    whole = problem(of, day, value, card=THUMB, priors=priors)
    sd = [*np.sqrt(np.diag(THUMB.omega)), 0.5]
    dims = 2 if candidate.on is None else 3
    axes = [np.linspace(-5.5 * s, 5.5 * s, 67) for s in sd[:dims]]
    grid = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=1)
    log_factor = np.log(2.45) + grid[:, 2] if dims == 3 else np.zeros(len(grid))
    # Far corners of the grid would underflow; their density is nothing either way.
    level = np.maximum(closed_form(of, candidate, grid, log_factor, day), 1e-3)
    spread = THUMB.residual.proportional * level
    density = norm.logpdf(value, level, spread).sum(axis=1)
    density += sum(norm.logpdf(grid[:, i], 0, sd[i]) for i in range(dims))
    exact = np.log(np.exp(density).sum() * np.prod([a[1] - a[0] for a in axes]))
    cohort = whole.of([whole.subject])
    if candidate.on is not None:
        varied, _ = cut(of, candidate)
        cohort = build_problem(THUMB, varied, whole.levels, priors).cohort
    found = laplace_evidence(cohort, find_modes(cohort))[0]
    # Laplace with expected information is a screen: a quarter in the logarithm (factor 1.3).
    assert found == pytest.approx(exact, abs=0.25)
    weighed = weigh(whole, [candidate])
    mixed = mix(
        whole,
        weighed,
        np.array([250.0]),
        2000,
        np.random.default_rng(1),
        least_weight=0.01,
        pareto_k_limit=0.7,
    )
    # 2,000 proposals, about half of them effective: standard error of the logarithm 0.03.
    offset = np.log(candidate.prior)
    assert mixed.posterior.log_evidence - offset == pytest.approx(exact, abs=0.09)


def test_probability_matches_brute_force_weighting_of_the_prior() -> None:
    """Three candidates, 20,000 virtual people each, weighted by the density of two levels."""
    of = history(8)
    day = np.array([84.0, 196.0]) + 10 / 24
    value = np.array([13.0, 5.0])
    found = (
        Candidate(None, None, 0.6),
        Candidate(28 + 10 / 24, None, 0.1),
        Candidate(112 + 10 / 24, None, 0.3),
    )
    rng = np.random.default_rng(3)
    eta, factor = people(20_000, rng)
    share, forecast = [], []
    asked = np.append(day, 224 + 10 / 24)
    for candidate in found:
        level = true_levels(of, candidate, eta, factor, asked)
        weight = np.prod(norm.pdf(value, level[:, :2], 0.219 * level[:, :2]), axis=1)
        share.append(candidate.prior * weight.mean())
        forecast.append((level[:, 2], candidate.prior * weight))
    exact = np.array(share) / sum(share)
    whole = problem(of, day, value)
    weighed = weigh(whole, found)
    # Laplace: within 0.03 of a probability.
    assert weighed.weight == pytest.approx(exact, abs=0.03)
    mixed = mix(
        whole,
        weighed,
        np.array([224 + 10 / 24]),
        4000,
        np.random.default_rng(5),
        least_weight=0.01,
        pareto_k_limit=0.7,
    )
    # Importance sampling of both sides: standard errors below 0.01.
    assert mixed.weighed.weight == pytest.approx(exact, abs=0.03)
    level, weight = (np.concatenate(x) for x in zip(*forecast, strict=True))
    order = np.argsort(level)
    cumulated = np.cumsum(weight[order]) / weight.sum()
    want = [level[order][np.searchsorted(cumulated, p)] for p in (0.05, 0.5, 0.95)]
    got = np.quantile(mixed.posterior.concentration[:, 0], [0.05, 0.5, 0.95])
    assert got == pytest.approx(want, abs=0.08 * (want[2] - want[0]))


def test_planted_onsets_are_found_with_honest_probabilities() -> None:
    """160 virtual people, half with antibodies: calibration, discrimination, cover of dates."""
    rng = np.random.default_rng(29)
    n, count = 160, 10
    even = replace(PRIOR, persistent=0.35, transient=0.15)
    of = history(count)
    day = np.array([56.0, 112.0, 168.0, 224.0, 252.0]) + 10 / 24
    now = 28.0 * count
    every = candidates(of, day, AntibodyTests((), ()), even, now)
    prior = np.array([c.prior for c in every])
    drawn = rng.choice(len(every), n, p=prior / prior.sum())
    eta, factor = people(n, rng)
    ever, still, truth, truly_still, covered = [], [], [], [], []
    for i, which in enumerate(drawn):
        planted = every[which]
        level = true_levels(of, planted, eta[i : i + 1], factor[i : i + 1], day)[0]
        value = np.maximum(level * (1 + 0.219 * rng.standard_normal(len(day))), 0.01)
        weighed = search(problem(of, day, value), AntibodyTests((), ()), even, now)
        ever.append(weighed.probability_ever)
        still.append(weighed.probability_raised(now))
        truth.append(planted.on is not None)
        truly_still.append(bool(planted.raised_at(np.array(now))))
        if planted.on is not None and weighed.probability_ever > 0.5:
            given = [
                (c.on, w)
                for c, w in zip(weighed.candidates, weighed.weight, strict=True)
                if c.on is not None
            ]
            total = sum(w for _, w in given)
            at = sum(w for on, w in given if on <= planted.on) / total
            mass = sum(w for on, w in given if on == planted.on) / total
            covered.append(at > 0.05 and at - mass < 0.95)
    for said, is_true in ((ever, truth), (still, truly_still)):
        p, t = np.array(said), np.array(is_true, float)
        # The number of true cases lies within three standard errors of the sum of chances.
        assert abs(t.sum() - p.sum()) < 3 * np.sqrt((p * (1 - p)).sum())
        # So it does among those called unlikely and those called likely.
        for half in (p < 0.5, p >= 0.5):
            error = np.sqrt((p[half] * (1 - p[half])).sum())
            assert abs(t[half].sum() - p[half].sum()) < 3 * max(error, 0.5)
        # Knowing the levels beats the prior: the Brier score of always saying the share is
        # share x (1 - share).
        share = t.mean()
        assert ((p - t) ** 2).mean() < 0.6 * share * (1 - share)
    low, _ = binom.interval(0.999, len(covered), 0.90)
    assert len(covered) > 30
    assert sum(covered) >= low


def test_rivals_given_up_leave_the_weights_as_searches_to_their_ends_give_them() -> None:
    """A planted onset among some fifty candidates, each searched to its end in turn."""
    rng = np.random.default_rng(31)
    of = history(12)
    day = 56.0 + 28.0 * np.arange(10) + 10 / 24
    found = candidates(of, day, AntibodyTests((), ()), PRIOR, 28.0 * 12)
    planted = Candidate(140 + 10 / 24, None, 0.5)
    level = true_levels(of, planted, np.zeros((1, 3)), np.array([3.0]), day)[0]
    whole = problem(of, day, level * (1 + 0.1 * rng.standard_normal(len(day))))
    weighed = weigh(whole, found)
    subjects = [
        subject_of(whole.card, cut(of, c)[0], whole.levels, whole.cohort.laboratories)
        for c in found
    ]
    cohort = whole.of(subjects)
    alone = find_modes(cohort, accuracy=Accuracy(1e-3, 1e-4), tolerance=0.1)
    score = laplace_evidence(cohort, alone) + np.log([c.prior for c in found])
    exact = np.exp(score - np.logaddexp.reduce(score))
    assert len(found) > 40
    # Who is given up is at most exp(-12) of the best, 6e-6, and all of them 3e-4.
    assert weighed.weight == pytest.approx(exact, abs=3e-4)
    rivals = np.log([c.prior for c in found])
    fewer = find_modes(cohort, accuracy=Accuracy(1e-3, 1e-4), tolerance=0.1, rivals=rivals)
    assert fewer.rounds.sum() < 0.9 * alone.rounds.sum()
    assert set(fewer.status) == {"ok", "not converged"}


def test_planted_transient_antibodies_are_seen_to_end() -> None:
    of = history(14)
    planted = Candidate(28 + 10 / 24, 196 + 10 / 24, 1.0)
    day = np.array([84.0, 140.0, 168.0, 252.0, 308.0, 364.0]) + 10 / 24
    level = true_levels(of, planted, np.zeros((1, 3)), np.array([4.0]), day)[0]
    now = 14 * 28.0
    weighed = search(problem(of, day, level), AntibodyTests((), ()), PRIOR, now)
    assert weighed.probability_ever > 0.99
    assert weighed.probability_raised(now) < 0.02
    assert weighed.probability_raised(160.0) > 0.99
    ended = [(c.off, w) for c, w in zip(weighed.candidates, weighed.weight, strict=True) if c.off]
    middle = sum(off * w for off, w in ended) / sum(w for _, w in ended)
    # Levels on days 168 and 252 enclose the planted end, on day 196.
    assert 168 < middle < 252


def reading(week: int, positive: bool) -> AntibodyReading:
    at = datetime.combine(FIRST, datetime.min.time()) + timedelta(weeks=week)
    return AntibodyReading(at, positive, "label")


def test_tests_weigh_as_bayes_rule_says() -> None:
    """Closed form: with no level the posterior is prior x sensitivity over all."""
    of = history(8)
    none = np.zeros(0)
    now = 8 * 28.0
    read = (reading(30, True),)
    before = candidates(of, none, AntibodyTests.of(read, of), PRIOR, now)
    empty = problem(of, none, none)
    found = weigh(empty, before)
    plain = candidates(of, np.array([210.0]), AntibodyTests((), ()), PRIOR, now)
    raised = sum(c.prior for c in plain if bool(c.raised_at(np.array(210.0))))
    hit, false = PRIOR.test_positive["label"]
    want = hit * raised / (hit * raised + false * (1 - raised))
    assert found.probability_raised(210.0) == pytest.approx(want, rel=1e-9)


def test_confirmed_antibodies_start_between_last_negative_and_first_positive() -> None:
    of = history(12)
    read = AntibodyTests.of((reading(10, False), reading(22, True), reading(30, True)), of)
    found = candidates(of, np.array([300.0]), read, PRIOR, 12 * 28.0, confirmed_since=22 * 7.0)
    assert found
    assert all(c.on is not None and 70.0 <= c.on < 154.0 for c in found)
    assert sum(c.prior for c in found) == pytest.approx(1.0, abs=1e-9)
