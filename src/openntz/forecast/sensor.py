"""Blood counts alone as a sensor of the drug: the chance that it is neutralised.

Pools of cells whose exit the drug blocks follow the equation of ``mechanism.virtual.blood``,

    log y = b + log(1 + g h(t)) + e,   h' = k (c(t) - h),   h = 0 at the first dose

with y a count, b the person's own logarithm of the count before treatment, g the own relative
rise at full blockade, e the noise within a person, and c the share of the blockade. A history is
one way c may have gone, as virtual people went it (``sensor_histories``); its chance is their
share. Given a history and g, everything is Gaussian on the log scale and b is integrated in closed
form, with or without a count before treatment; g is integrated on a small grid. A person's
probability is the posterior weight of the histories whose blockade, averaged over the last
interval, lies below a limit.

Simplifies: kinds of cells are independent given the history; doses are given as planned, every
four weeks; parameters are known; the noise of one day is not that of the next; steroids,
infections and blood diseases are unknown to it. Antibodies that appear later than any virtual
person's take the whole blockade for good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from openntz.forecast.sensor_histories import Histories

Array = NDArray[np.float64]

_LEAST: Final = math.log(np.finfo(float).tiny)


class BloodCount(Struct, frozen=True):
    """One count: kind of cell, day after the first dose (0 or less: before), canonical unit."""

    cell: str
    day: float
    value: float


class Pool(Struct, frozen=True, eq=False, kw_only=True):
    """What is known of one kind of cell before a person is counted.

    ``before`` (median, canonical unit) and ``before_log_sd`` describe people without treatment;
    ``gain`` (G,) and ``gain_weight`` the relative rise at full blockade; ``noise`` is the
    within-person standard deviation of the logarithm of a count. ``assumed`` says that no published
    result stands behind the rise.
    """

    before: float
    before_log_sd: float
    gain: Array
    gain_weight: Array
    rate_per_day: float
    noise: float
    assumed: bool = False


class SensorSettings(Struct, frozen=True, eq=False, kw_only=True):
    """Pools by kind of cell, the histories until antibodies cease to appear; times in days.

    ``late_share`` of the people whose blockade is disturbed are disturbed later than that, with
    onsets spread evenly over the rest of the treatment; ``late_edges`` are times before the day
    asked for that divide them.
    """

    pools: Mapping[str, Pool]
    early: Histories
    appeared_by: float
    late_share: float
    late_edges: tuple[float, ...]
    over_days: float
    neutralised_below: float
    most_counts: int
    shown_least: float


# People of a clinic are counted on the same few days after the first dose.
@lru_cache
def histories(day: float, s: SensorSettings) -> Histories:
    """All histories until a day after the first dose, with their chances before counting."""
    early, known = s.early, s.appeared_by
    if day <= known:
        return early
    edges = np.array([known, *(e for e in (day - x for x in s.late_edges) if e > known), day])
    onset = (edges[1:] + edges[:-1]) / 2
    late = s.late_share * early.chance[1:].sum()
    # Of those whom nothing disturbed early.
    chance = np.append(early.chance, late * np.diff(edges) / (day - known))
    chance[0] -= late
    edge = np.unique(np.concatenate([early.edge, onset]))
    column = np.searchsorted(early.edge, edge[:-1], side="right") - 1
    same = early.mean[:, np.minimum(column, early.mean.shape[1] - 1)]
    lost = (edge[None, :-1] < onset[:, None]).astype(float)
    return Histories(edge, np.vstack([same, lost]), chance)


@lru_cache
def _coefficients(pool: Pool, n: int) -> tuple[Array, Array]:
    """What 1'r, r'r and (1'r)^2 of n counts weigh (3,), and the weight of each gain (G,)."""
    s2, tau2 = pool.noise**2, pool.before_log_sd**2
    # A laboratory's count has the true count as its mean, not as its median: r + s^2 / 2.
    shift, taken = s2 / 2, tau2 / (s2 + n * tau2)
    parts = np.array([s2 * (1 - n * taken), 1.0, -taken]) / s2
    rest = n * shift**2 * (1 - n * taken) / s2 + n * math.log(s2) + math.log1p(n * tau2 / s2)
    return -parts / 2, np.log(pool.gain_weight) - rest / 2


def log_likelihood(counts: Sequence[BloodCount], pool: Pool, ways: Histories) -> Array:
    """Logarithm (H,) of the density of one kind of cell's counts under each history.

    The baseline is integrated in closed form: residuals r with covariance
    s^2 I + t^2 1 1' (s noise, t spread of baselines) have the quadratic form
    (r'r - t^2 (1'r)^2 / (s^2 + n t^2)) / s^2.
    """
    day = np.array([c.day for c in counts], float)
    y = np.log([c.value for c in counts]) - math.log(pool.before)
    before = y[day <= 0]
    shape = (len(pool.gain), len(ways.chance))
    one, two = np.full(shape, before.sum()), np.full(shape, (before**2).sum())
    held = ways.held(day[day > 0], pool.rate_per_day)
    for value, so_far in zip(y[day > 0], held.T, strict=True):
        residual = value - np.log1p(np.multiply.outer(pool.gain, so_far))
        one += residual
        two += residual * residual
    (a, b, c), rest = _coefficients(pool, len(counts))
    terms = a * one + b * two + c * (one * one) + rest[:, None]
    top = terms.max()
    # Below the smallest float exp takes ten times as long, and what is left weighs nothing.
    np.maximum(terms - top, _LEAST, out=terms)
    return top + np.log(np.exp(terms).sum(axis=0))


def usable(counts: Sequence[BloodCount], day: float, s: SensorSettings) -> list[BloodCount]:
    """Counts the sensor weighs: the baseline, and the latest ones since the first dose.

    Counts after ``day``, counts of 0, which have no logarithm, and kinds without a pool or without
    a count since the first dose are left out.
    """
    found: list[BloodCount] = []
    for cell in s.pools:
        own = sorted(
            (c for c in counts if c.cell == cell and c.day <= day and c.value > 0),
            key=lambda c: (c.day, c.value),
        )
        before, later = [c for c in own if c.day <= 0], [c for c in own if c.day > 0]
        if later:
            found += [*before, *later[-s.most_counts :]]
    return found


class Neutralised(Struct, frozen=True):
    """Probability that the drug is neutralised on a day, after and before counting.

    ``bayes_factor`` is how much the counts speak for it: posterior odds over prior odds.
    """

    probability: float
    prior: float
    bayes_factor: float


class CountsAlone(Struct, frozen=True, kw_only=True):
    """What one person's counts say, or in ``reason`` why that was not computed.

    ``day`` is that of the latest count, after the first dose; ``weighed`` the counts since then by
    kind of cell; ``left_out`` counts counts of 0, censored ones and ones of the first day;
    ``assumed`` are the kinds of cell weighed whose rise is assumed.
    """

    reason: str = ""
    day: int = 0
    weighed: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0
    assumed: tuple[str, ...] = ()
    answer: Neutralised | None = None


def neutralised(counts: Sequence[BloodCount], day: float, s: SensorSettings) -> Neutralised:
    """The probability that the drug is neutralised on a day, by blood counts alone.

    Parameters
    ----------
    counts : sequence of BloodCount
        Counts of one course of treatment in any order, those of the person's baseline at day 0
        or before. Without a baseline that of people without treatment is taken; without any count
        that can be used the prior is returned.
    day : float
        Days after the first dose, above 0.
    """
    ways = histories(day, s)
    lost = ways.blockade(day, s.over_days) < s.neutralised_below
    prior = float(ways.chance[lost].sum())
    kept = usable(counts, day, s)
    # In the first days no history has lost the blockade yet.
    if not kept or not prior:
        return Neutralised(prior, prior, 1.0)
    log_weight = np.log(ways.chance)
    for cell, pool in s.pools.items():
        own = [c for c in kept if c.cell == cell]
        if own:
            log_weight = log_weight + log_likelihood(own, pool, ways)
    weight = np.exp(log_weight - log_weight.max())
    against, speaks = float(weight[~lost].sum()), float(weight[lost].sum())
    odds = speaks / against if against else math.inf
    return Neutralised(speaks / (speaks + against), prior, odds * (1 - prior) / prior)
