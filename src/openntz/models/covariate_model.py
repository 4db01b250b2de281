"""Covariates: which the card needs, how some follow from others, what they do to parameters.

Effects act in the order written: first those before variability, then those after it. Every
effect is parameter x multiplier + shift. Everything is vectorised. What a card file says of them
is turned into this by ``covariate_tables``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.models.numbers import Quantity

Floats = NDArray[np.float64]
Carry = Literal["nocb", "locf"]
Missing = Literal["refuse", "reference", "distribution"]
# (multiplier, shift) of a parameter at covariate values.
Affine = tuple[Floats | float, Floats | float]

_SHOWN: Final = 3


class CovariateInput(Struct, frozen=True):
    """A covariate the data must give, in ``unit``; categories as their codes.

    ``carry``: between records the value is the next one's ('nocb') or the last one's ('locf').
    ``missing``: without any value the person is refused, or ``reference`` stands in, or a
    log-normal distribution with ``median`` and standard deviation ``log_sd`` of the logarithm.
    ``codes`` are the only values there can be; empty when any number may stand.
    """

    name: str
    unit: str
    column: str
    carry: Carry
    missing: Missing
    reference: float | None
    median: float | None
    log_sd: float | None
    codes: tuple[float, ...]
    quantities: tuple[Quantity, ...]


class Derived(Struct, frozen=True):
    """offset + scale x product of covariate ^ power, held inside ``low`` and ``high``."""

    name: str
    unit: str
    product: tuple[tuple[str, float], ...]
    scale: float
    offset: float
    low: float
    high: float

    def value(self, known: Mapping[str, Floats]) -> Floats:
        """The covariate from those it is defined by."""
        result: Floats = np.asarray(self.scale, float)
        for name, power in self.product:
            x = known[name]
            result = result * (x if power == 1.0 else x**power)
        result = self.offset + result
        # A limit must not hide that there is no value, as after a division by zero.
        return np.where(np.isfinite(result), np.clip(result, self.low, self.high), np.nan)


class CovariateEffect(Struct, frozen=True):
    """One effect: ``quantities`` are its numbers as published, in the order of its form.

    ``late``: it acts after variability.
    """

    parameter: str
    covariate: str
    form: str
    late: bool
    quantities: tuple[Quantity, ...]
    terms: Callable[[Floats], Affine]


class Population(Struct, frozen=True, eq=False):
    """Typical values of all symbols for given covariates: arrays where a covariate acts.

    ``late`` holds (multiplier, shift) of the effects that act after variability.
    """

    values: Mapping[str, Floats | float]
    late: Mapping[str, Affine]


class CovariateModel(Struct, frozen=True):
    """All covariates and effects of a card."""

    inputs: tuple[CovariateInput, ...]
    derived: tuple[Derived, ...]
    effects: tuple[CovariateEffect, ...]

    def values(self, given: Mapping[str, ArrayLike], card: str) -> Mapping[str, Floats]:
        """All covariates, derived ones too, from those of the data.

        Raises
        ------
        ModelError
            When one is missing, not finite or no code of the card, or cannot be derived.
        """
        known: dict[str, Floats] = {}
        for wanted in self.inputs:
            known[wanted.name] = _checked(wanted, given, card)
        for derived in self.derived:
            with np.errstate(all="ignore"):
                found = derived.value(known)
            if not np.isfinite(found).all():
                raise ModelError(
                    f"covariate {derived.name!r} cannot be computed from "
                    f"{', '.join(name for name, _ in derived.product)}.",
                    where=card,
                    remedy="Look for zero, negative or extreme values among them.",
                )
            known[derived.name] = found
        return known

    def population(
        self, theta: Mapping[str, float], given: Mapping[str, ArrayLike], card: str
    ) -> Population:
        """``theta`` after the covariates.

        Raises
        ------
        ModelError
            As ``values``; or when an effect leaves a parameter that is not positive.
        """
        known = self.values(given, card)
        found: dict[str, Floats | float] = dict(theta)
        late: dict[str, Affine] = {}
        for effect in self.effects:
            x = known[effect.covariate]
            if effect.form == "power" and not (x > 0.0).all():
                raise ModelError(
                    f"covariate {effect.covariate!r} is {_some(x, x <= 0.0)}, which has no "
                    f"power; {effect.parameter} needs it positive.",
                    where=card,
                    remedy="Correct the value, or treat it as missing.",
                )
            with np.errstate(all="ignore"):
                times, plus = effect.terms(x)
                if effect.late:
                    before = late.get(effect.parameter, (1.0, 0.0))
                    late[effect.parameter] = (before[0] * times, before[1] * times + plus)
                else:
                    found[effect.parameter] = found[effect.parameter] * times + plus
        self._check(found, late, card)
        return Population(found, late)

    def _check(
        self, found: Mapping[str, Floats | float], late: Mapping[str, Affine], card: str
    ) -> None:
        """Refuse covariates that leave no usable parameter."""
        for name in {effect.parameter: None for effect in self.effects}:
            times, plus = late.get(name, (1.0, 0.0))
            for value in (np.asarray(found[name]), np.asarray(found[name] * times + plus)):
                positive = (value >= 0.0) if name == "lag" else (value > 0.0)
                usable = np.isfinite(value) & positive
                if not usable.all():
                    by = ", ".join(e.covariate for e in self.effects if e.parameter == name)
                    raise ModelError(
                        f"{name} becomes {_some(value, ~usable)} for these covariates ({by}).",
                        where=card,
                        remedy="Check their values and units; the model does not reach so far.",
                    )


def _some(value: Floats, chosen: NDArray[np.bool_]) -> str:
    worst = np.unique(np.broadcast_to(value, chosen.shape)[chosen])[:_SHOWN]
    return ", ".join(f"{x:.4g}" for x in worst)


def _checked(wanted: CovariateInput, given: Mapping[str, ArrayLike], card: str) -> Floats:
    if wanted.name not in given:
        raise ModelError(
            f"covariate {wanted.name!r} ({wanted.unit}) is not given.",
            where=card,
            remedy="Give it, or leave the person out.",
        )
    value = np.asarray(given[wanted.name], float)
    if not np.isfinite(value).all():
        raise ModelError(
            f"covariate {wanted.name!r} is missing or not finite.",
            where=card,
            remedy=f"Give it in {wanted.unit}; what stands in for a missing one is decided before.",
        )
    if wanted.codes and not (known := np.isin(value, wanted.codes)).all():
        raise ModelError(
            f"covariate {wanted.name!r} has the unknown code {_some(value, ~known)}.",
            where=card,
            remedy=f"Codes are {', '.join(f'{c:g}' for c in wanted.codes)}.",
        )
    return value
