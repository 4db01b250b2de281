"""Statistics the analyses share; statsmodels and scipy do the work where they have it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import sqrt
from typing import Any, Literal

import numpy as np
from lifelines.exceptions import ConvergenceError
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import chi2, norm, rankdata
from scipy.stats import f as f_distribution
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.tools.sm_exceptions import ConvergenceWarning, ModelWarning

from openntz.errors import InputError

Array = NDArray[np.float64]
Method = Literal["wilson", "exact"]
LEVEL = 0.95


def settled(fit: Callable[[], Any]) -> Any | None:
    """A fitted model, or None where it did not settle: separation, overflow, no convergence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in (RuntimeWarning, ModelWarning, ConvergenceWarning):
            warnings.simplefilter("error", kind)
        try:
            return fit()
        except (RuntimeWarning, UserWarning, ArithmeticError, ConvergenceError, ValueError):
            return None


class Interval(Struct, frozen=True):
    """An estimate with the ends of its interval; None where it cannot be estimated."""

    value: float | None
    low: float | None
    high: float | None
    level: float = LEVEL


class Proportion(Struct, frozen=True):
    """``count`` of ``n``, with the ends of its interval."""

    count: int
    n: int
    low: float | None
    high: float | None
    method: Method
    level: float = LEVEL

    @property
    def value(self) -> float | None:
        """The share, None of nobody."""
        return self.count / self.n if self.n else None


def proportion(count: int, n: int, method: Method = "wilson", level: float = LEVEL) -> Proportion:
    """A share with its Wilson (1927) or exact (Clopper and Pearson 1934) interval.

    With a count of zero the exact upper end is what can still be excluded.

    Raises
    ------
    InputError
        When the count is negative or above ``n``.
    """
    if not 0 <= count <= n:
        raise InputError(f"{count} of {n} is no proportion.", remedy="Check how it was counted.")
    if n == 0:
        return Proportion(count, n, None, None, method, level)
    how = {"wilson": "wilson", "exact": "beta"}[method]
    ends: Any = proportion_confint(count, n, alpha=1 - level, method=how)
    # Rounding leaves a trace where the limit is the end of the scale.
    low = float(ends[0]) if count else 0.0
    high = float(ends[1]) if count < n else 1.0
    return Proportion(count, n, low, high, method, level)


def share_difference(first: Proportion, second: Proportion, level: float = LEVEL) -> Interval:
    """Difference of two independent shares with Newcombe's interval (Newcombe 1998, method 10)."""
    if first.value is None or second.value is None:
        return Interval(None, None, None, level)
    ends: Any = confint_proportions_2indep(
        first.count, first.n, second.count, second.n, method="newcomb", alpha=1 - level
    )
    return Interval(first.value - second.value, float(ends[0]), float(ends[1]), level)


class Diagnostic(Struct, frozen=True):
    """A test against the truth: counts of a two-by-two table and what follows from them."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def sensitivity(self) -> Proportion:
        """Share of those with the condition whose test is positive."""
        return proportion(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Proportion:
        """Share of those without the condition whose test is negative."""
        return proportion(self.true_negative, self.true_negative + self.false_positive)

    def predictive(self, prevalence: float) -> tuple[float | None, float | None]:
        """Positive and negative predictive value at a prevalence, by Bayes' theorem."""
        sensitivity, specificity = self.sensitivity.value, self.specificity.value
        if sensitivity is None or specificity is None:
            return None, None
        return predictive_values(sensitivity, specificity, prevalence)


def predictive_values(
    sensitivity: float, specificity: float, prevalence: float
) -> tuple[float | None, float | None]:
    """Positive and negative predictive value; None where no such result can occur."""
    positive = sensitivity * prevalence + (1 - specificity) * (1 - prevalence)
    negative = specificity * (1 - prevalence) + (1 - sensitivity) * prevalence
    return (
        sensitivity * prevalence / positive if positive else None,
        specificity * (1 - prevalence) / negative if negative else None,
    )


def poisson_rate(events: int, years: float) -> tuple[float | None, float | None, float | None]:
    """Events a year with the exact interval of a Poisson count (Garwood 1936)."""
    if years <= 0:
        return None, None, None
    low = chi2.ppf(0.025, 2 * events) / 2 / years if events else 0.0
    return events / years, float(low), float(chi2.ppf(0.975, 2 * events + 2) / 2 / years)


def rate_difference(events: tuple[int, int], time: tuple[float, float], level: float) -> Interval:
    """Difference of two incidence rates (first minus second) with its normal interval.

    Rothman, Greenland and Lash 2008: the variance is the sum of events over time squared.
    """
    (a, b), (s, t) = events, time
    if s <= 0 or t <= 0:
        return Interval(None, None, None, level)
    value, spread = a / s - b / t, sqrt(a / s**2 + b / t**2)
    width = float(norm.ppf(0.5 + level / 2)) * spread
    return Interval(value, value - width, value + width, level)


def roc_area(scores: Array, truth: NDArray[np.bool_], level: float = LEVEL) -> Interval:
    """Area under the ROC curve with the interval of DeLong's variance on the logit scale.

    DeLong, DeLong and Clarke-Pearson 1988; of a dozen cases the plain interval, symmetric around
    the area, covers too little, and that of the logit does not (Qin and Hotilovac 2008). An area
    of 0 or 1, or without spread, has no logit and gets the plain interval.

    Parameters
    ----------
    scores : array (n,)
        Higher speaks for the condition; ties count half.
    truth : array (n,)
        Whether each has the condition.
    """
    cases, controls = scores[truth], scores[~truth]
    m, n = len(cases), len(controls)
    if m < 2 or n < 2:
        return Interval(None, None, None, level)
    # Placements by mid-ranks (Sun and Xu 2014): the same numbers without m x n comparisons.
    both = rankdata(np.concatenate([cases, controls]))
    by_case = (both[:m] - rankdata(cases)) / n
    by_control = 1 - (both[m:] - rankdata(controls)) / m
    area = float(by_case.mean())
    spread = sqrt(by_case.var(ddof=1) / m + by_control.var(ddof=1) / n)
    width = float(norm.ppf(0.5 + level / 2)) * spread
    if not 0 < area < 1:
        return Interval(area, max(0.0, area - width), min(1.0, area + width), level)
    stretched = width / (area * (1 - area))
    return Interval(
        area,
        float(expit(logit(area) - stretched)),
        float(expit(logit(area) + stretched)),
        level,
    )


class Agreement(Struct, frozen=True):
    """How much of the variance of a measure lies between people.

    ``icc`` is the one-way intraclass correlation ICC(1) of Shrout and Fleiss 1979 for groups of
    unequal size (Donner 1986) with their F interval, ``cv`` the within-person coefficient of
    variation with the chi-square interval of the variance of logarithms.
    """

    people: int
    values: int
    icc: Interval
    cv: Interval


_UNKNOWN = Interval(None, None, None)


def within_person(groups: list[Array], level: float = LEVEL) -> Agreement:
    """Agreement of repeated positive values, one array a person with at least two values."""
    used = [g for g in groups if len(g) > 1]
    total = sum(len(g) for g in used)
    if len(used) < 2:
        return Agreement(len(used), total, _UNKNOWN, _UNKNOWN)
    return Agreement(len(used), total, _intraclass(used, level), _variation(used, level))


def _intraclass(used: list[Array], level: float) -> Interval:
    total, many = sum(len(g) for g in used), len(used)
    sizes = np.array([len(g) for g in used], float)
    means = np.array([g.mean() for g in used])
    inside = float(sum(((g - g.mean()) ** 2).sum() for g in used))
    within = inside / (total - many)
    between = float((sizes * (means - np.concatenate(used).mean()) ** 2).sum()) / (many - 1)
    size = (total - (sizes**2).sum() / total) / (many - 1)
    if between + within <= 0:
        return _UNKNOWN
    icc = (between - within) / (between + (size - 1) * within)
    if within <= 0:
        return Interval(icc, None, None, level)
    tail = 0.5 + level / 2
    low = between / within / float(f_distribution.ppf(tail, many - 1, total - many))
    high = between / within * float(f_distribution.ppf(tail, total - many, many - 1))
    return Interval(icc, (low - 1) / (low + size - 1), (high - 1) / (high + size - 1), level)


def _variation(used: list[Array], level: float) -> Interval:
    """On the logarithm, where a coefficient of variation does not depend on the level."""
    if min(g.min() for g in used) <= 0:
        return _UNKNOWN
    logs = [np.log(g) for g in used]
    free = sum(len(g) for g in used) - len(used)
    squares = float(sum(((g - g.mean()) ** 2).sum() for g in logs))
    low, high = (squares / float(chi2.ppf(0.5 + side * level / 2, free)) for side in (1, -1))
    value, *ends = (sqrt(np.expm1(variance)) for variance in (squares / free, low, high))
    return Interval(value, ends[0], ends[1], level)
