"""Statistics the analyses share; statsmodels and scipy do the work where they have it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np
from lifelines.exceptions import ConvergenceError
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from statsmodels.stats.proportion import proportion_confint
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


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its interval; None where it cannot be estimated."""

    value: float | None
    low: float | None
    high: float | None
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Proportion:
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
    return Proportion(count, n, float(ends[0]), float(ends[1]), method, level)


@dataclass(frozen=True, slots=True)
class Diagnostic:
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
    """Area under the ROC curve with DeLong's interval (DeLong, DeLong and Clarke-Pearson 1988).

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
    return Interval(area, max(0.0, area - width), min(1.0, area + width), level)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of the variance of a measure lies between people.

    ``icc`` is the one-way intraclass correlation ICC(1) of Shrout and Fleiss 1979 for groups of
    unequal size (Donner 1986), ``cv`` the within-person coefficient of variation.
    """

    people: int
    values: int
    icc: float | None
    cv: float | None


def within_person(groups: list[Array]) -> Agreement:
    """Agreement of repeated positive values, one array a person with at least two values."""
    used = [g for g in groups if len(g) > 1]
    total = sum(len(g) for g in used)
    if len(used) < 2:
        return Agreement(len(used), total, None, None)
    sizes = np.array([len(g) for g in used], float)
    means = np.array([g.mean() for g in used])
    inside = float(sum(((g - g.mean()) ** 2).sum() for g in used))
    within = inside / (total - len(used))
    between = float((sizes * (means - np.concatenate(used).mean()) ** 2).sum()) / (len(used) - 1)
    size = (total - (sizes**2).sum() / total) / (len(used) - 1)
    icc = (between - within) / (between + (size - 1) * within) if between + within > 0 else None
    # On the logarithm, where a coefficient of variation does not depend on the level.
    if min(g.min() for g in used) > 0:
        logs = [np.log(g) for g in used]
        spread = float(sum(((g - g.mean()) ** 2).sum() for g in logs)) / (total - len(used))
        cv = sqrt(np.expm1(spread))
    else:
        cv = None
    return Agreement(len(used), total, icc, cv)
