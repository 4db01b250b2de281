"""Blood counts alone as a sensor of the drug: the chance that it is neutralised.

Pools of cells whose exit the drug blocks (see ``mechanism.virtual.blood``) follow

    log y = b + log(1 + g h(t)) + e,   h' = k (c(t) - h),   h = 0 at the first dose

with y a count, b the person's own logarithm of the count before treatment, g the own relative
rise at full blockade, e the noise within a person, and c the share of the blockade. A history is
one way c may have gone: 1 throughout, or lowered from an onset on, for good or until antibodies
pass. Given a history and g, everything is Gaussian on the log scale and b is integrated in closed
form; g and the size of the noise on small grids. A person's probability is the posterior weight
of the histories whose blockade, averaged over the last interval, lies below a limit.

Simplifies: kinds of cells are independent given the history; doses are given as planned; the
noise of one day is not that of the next; steroids, infections and blood diseases are unknown to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.forecast.onset_prior import OnsetPrior

Array = NDArray[np.float64]

_HALF: Final = 1 / 2
_LEAST: Final = math.log(np.finfo(float).tiny)


@dataclass(frozen=True, slots=True)
class BloodCount:
    """One count: kind of cell, day after the first dose (0 or less: before), canonical unit."""

    cell: str
    day: float
    value: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pool:
    """What is known of one kind of cell before a person is counted.

    ``before`` (median, canonical unit) and ``before_log_sd`` describe people without treatment;
    ``gain`` (G,) and ``gain_weight`` the relative rise at full blockade; ``noise`` (S,) and
    ``noise_weight`` the within-person standard deviation of the logarithm of a count. ``assumed``
    says that no published result stands behind the rise.
    """

    before: float
    before_log_sd: float
    gain: Array
    gain_weight: Array
    rate_per_day: float
    noise: Array
    noise_weight: Array
    assumed: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SensorSettings:
    """Pools by kind of cell, the prior of antibodies, and the grid of histories; times in days.

    ``shares_left`` of the blockade that antibodies may leave have the probabilities
    ``share_chances``.
    """

    pools: Mapping[str, Pool]
    onset: OnsetPrior
    over_days: float
    neutralised_below: float
    shares_left: tuple[float, ...]
    share_chances: tuple[float, ...]
    onset_step: float
    late_edges: tuple[float, ...]
    transient_parts: int
    most_counts: int
    shown_least: float


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Ways the blockade may have gone until a day; arrays (H,), the first undisturbed.

    It is 1 until ``start``, ``share`` until ``end``, then 1 again (days after the first dose).
    """

    start: Array
    end: Array
    share: Array
    chance: Array

    def held(self, day: Array, rate_per_day: float) -> Array:
        """How far (H, n) a pool has come towards full blockade on days (n,), 0-1."""
        t = np.maximum(day, 0)[None, :]
        start, end, share = (x[:, None] for x in (self.start, self.end, self.share))
        before = np.minimum(t, start)
        during = np.clip(t, start, end) - start
        after = np.maximum(t - end, 0)
        h = -np.expm1(-rate_per_day * before)
        h = share + (h - share) * np.exp(-rate_per_day * during)
        return 1 + (h - 1) * np.exp(-rate_per_day * after)

    def blockade(self, day: float, over_days: float) -> Array:
        """Mean blockade (H,) of the ``over_days`` up to a day, of those since the first dose."""
        first = max(day - over_days, 0.0)
        lost = np.clip(np.minimum(self.end, day) - np.maximum(self.start, first), 0, None)
        return 1 - (1 - self.share) * lost / max(day - first, 1.0)


def _onsets(day: float, s: SensorSettings) -> tuple[Array, Array]:
    """Middles (K,) of intervals of onset up to a day, and the share of antibodies in each."""
    known = min(s.onset.appeared[-1][0], day)
    # Two at least, so that early and late can differ in the first weeks.
    early = np.linspace(0.0, known, max(math.ceil(known / s.onset_step), 2) + 1)
    late = [e for e in (day - x for x in s.late_edges) if e > known]
    edges = np.concatenate([early, late, [day] if day > known else []])
    return (edges[1:] + edges[:-1]) / 2, np.diff(s.onset.by(edges, day))


# People of a clinic are counted on the same few days after the first dose.
@lru_cache
def histories(day: float, s: SensorSettings) -> Histories:
    """All histories until a day after the first dose, with their chances before counting.

    Onsets after that day cannot be told from an undisturbed course and belong to it.
    """
    onset, appeared = _onsets(day, s)
    parts = s.transient_parts
    # Middles of equally likely parts of an exponential distribution.
    quantile = (np.arange(parts) + _HALF) / parts
    lasting = np.append(-np.log1p(-quantile) * s.onset.transient_days, np.inf)
    kind = np.append(np.full(parts, s.onset.transient / parts), s.onset.persistent)
    beyond = day + 1
    k, d, c = len(onset), len(lasting), len(s.shares_left)
    start = np.repeat(onset, d * c)
    end = np.minimum(start + np.tile(np.repeat(lasting, c), k), beyond)
    share = np.tile(np.asarray(s.shares_left), k * d)
    chance = np.einsum("k,d,c->kdc", appeared, kind, np.asarray(s.share_chances)).ravel()
    return Histories(
        np.append(beyond, start),
        np.append(beyond, end),
        np.append(1.0, share),
        np.append(1 - chance.sum(), chance),
    )


@lru_cache
def _coefficients(pool: Pool, n: int) -> tuple[Array, Array]:
    """What 1'r, r'r and (1'r)^2 of n counts weigh at each noise, and the rest (S, G).

    The quadratic form is linear in the three, so that they are summed once for every noise. The
    weights have the shape (3, S, 1, 1).
    """
    s2, tau2 = pool.noise**2, pool.before_log_sd**2
    # A laboratory's count has the true count as its mean, not as its median: r + s^2 / 2.
    shift, taken = s2 / 2, tau2 / (s2 + n * tau2)
    parts = np.stack([s2 * (1 - n * taken), np.ones_like(s2), -taken]) / s2
    rest = n * shift**2 * (1 - n * taken) / s2 + n * np.log(s2) + np.log1p(n * tau2 / s2)
    weight = np.log(np.multiply.outer(pool.noise_weight, pool.gain_weight))
    return -parts[..., None, None] / 2, weight - rest[:, None] / 2


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
    terms = a * one + b * two + c * (one * one) + rest[..., None]
    terms = terms.reshape(-1, len(ways.chance))
    top = terms.max()
    # Below the smallest float exp takes ten times as long, and what is left weighs nothing.
    np.maximum(terms - top, _LEAST, out=terms)
    return top + np.log(np.exp(terms).sum(axis=0))


def usable(counts: Sequence[BloodCount], day: float, s: SensorSettings) -> list[BloodCount]:
    """Counts the sensor weighs: baseline and the latest ones of kinds that have both.

    Counts after ``day``, counts of 0, which have no logarithm, and kinds it has no pool of are
    left out.
    """
    found: list[BloodCount] = []
    for cell in s.pools:
        own = sorted(
            (c for c in counts if c.cell == cell and c.day <= day and c.value > 0),
            key=lambda c: (c.day, c.value),
        )
        before, later = [c for c in own if c.day <= 0], [c for c in own if c.day > 0]
        if before and later:
            found += [*before, *later[-s.most_counts :]]
    return found


@dataclass(frozen=True, slots=True)
class Neutralised:
    """Probability that the drug is neutralised on a day, after and before counting.

    ``bayes_factor`` is how much the counts speak for it: posterior odds over prior odds.
    """

    probability: float
    prior: float
    bayes_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsAlone:
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
        or before. Without any that can be used the prior is returned.
    day : float
        Days after the first dose, above 0.
    """
    ways = histories(day, s)
    lost = ways.blockade(day, s.over_days) < s.neutralised_below
    prior = float(ways.chance[lost].sum())
    kept = usable(counts, day, s)
    if not kept:
        return Neutralised(prior, prior, 1.0)
    with np.errstate(divide="ignore"):
        log_weight = np.log(ways.chance)
    for cell, pool in s.pools.items():
        own = [c for c in kept if c.cell == cell]
        if own:
            log_weight = log_weight + log_likelihood(own, pool, ways)
    weight = np.exp(log_weight - log_weight.max())
    against, speaks = float(weight[~lost].sum()), float(weight[lost].sum())
    odds = speaks / against if against else math.inf
    return Neutralised(speaks / (speaks + against), prior, odds * (1 - prior) / prior)
