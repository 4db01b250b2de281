"""What a test result means for one person: predictive values at a stated prevalence."""

from __future__ import annotations

from msgspec import Struct

from openntz.errors import InputError


class PredictiveValues(Struct, frozen=True, kw_only=True):
    """Predictive values of a test, as fractions; None where no result of that kind can occur.

    ``positive`` is the chance of the condition when the test is positive, ``negative`` the
    chance of being without it when the test is negative.
    """

    sensitivity: float
    specificity: float
    prevalence: float
    positive: float | None
    negative: float | None


def predictive_values(
    *, sensitivity: float, specificity: float, prevalence: float
) -> PredictiveValues:
    """Bayes' theorem for a test with two results.

    Parameters
    ----------
    sensitivity, specificity, prevalence : float
        Fractions from 0 to 1.

    Raises
    ------
    InputError
        When one of them is not a fraction.
    """
    given = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "prevalence": prevalence,
    }
    for name, value in given.items():
        if not 0 <= value <= 1:
            raise InputError(
                f"{name} of {value!r} is no fraction.", remedy="Give it as a fraction of one."
            )
    hits, misses = prevalence * sensitivity, prevalence * (1 - sensitivity)
    clear, alarms = (1 - prevalence) * specificity, (1 - prevalence) * (1 - specificity)
    return PredictiveValues(
        sensitivity=sensitivity,
        specificity=specificity,
        prevalence=prevalence,
        positive=hits / (hits + alarms) if hits + alarms else None,
        negative=clear / (clear + misses) if clear + misses else None,
    )
